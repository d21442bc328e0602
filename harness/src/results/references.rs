//! Reference lines of a column from the votes of annotators: the best that a model can reach.

use super::summary::{Reference, ReferenceLine};
use crate::definition::dataset::{Benchmark, Metric};
use crate::score::annotators::{Annotators, Estimate};

/// The lines of a benchmark; none where it is not about the accuracy of the cultures that voted, whole or one alone.
pub(super) fn lines(benchmark: &Benchmark, votes: &Annotators) -> Vec<ReferenceLine> {
    if benchmark.metric.counts() != Some(Metric::Accuracy) {
        return Vec::new();
    }
    let (of, whole) = match benchmark.cultures.as_slice() {
        [] => (&votes.mean, true),
        [one] => match votes.cultures.get(one) {
            Some(agreement) => (agreement, false),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let mut lines = Vec::new();
    let mut put = |kind: Reference, split: Option<&str>, figure: Option<Estimate>| {
        lines.extend(figure.map(|Estimate { value, low, high }| ReferenceLine {
            kind,
            split: split.map(str::to_owned),
            value,
            low,
            high,
        }));
    };
    put(Reference::NoiseCeiling, None, of.ceiling);
    for (split, figure) in &of.ceiling_by_split {
        put(Reference::NoiseCeiling, Some(split), Some(*figure));
    }
    let blind = votes.culture.as_ref().filter(|_| whole).map(|c| c.culture_blind);
    put(Reference::BlindToCulture, None, blind);
    put(Reference::SecondPanel, None, of.second_panel);
    put(Reference::OneAnnotator, None, of.one_against_the_rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::catalogue::{self, Catalogue};
    use crate::prepare::Statistics;

    /// The committed figures of CREHate: ceiling .869, on the test posts .878, blind to culture .851, one annotator .737.
    #[test]
    fn crehate_has_its_published_votes_as_lines() {
        let text = catalogue::statistics("crehate", false).unwrap();
        let votes = serde_json::from_str::<Statistics>(text).unwrap().annotators.unwrap();
        let catalogue = Catalogue::load(&[]).unwrap();
        let benchmark = catalogue.benchmark("crehate").unwrap();
        let shown: Vec<String> = lines(benchmark, &votes)
            .iter()
            .map(|l| format!("{:?} {:?} {:.3}", l.kind, l.split.as_deref(), l.value))
            .collect();
        for line in [
            "NoiseCeiling None 0.869",
            "NoiseCeiling Some(\"test\") 0.878",
            "BlindToCulture None 0.851",
            "OneAnnotator None 0.737",
        ] {
            assert!(shown.iter().any(|s| s == line), "{line}: {shown:?}");
        }
        // A column of two cultures has no such line, nor has one of another metric.
        let two = Benchmark { cultures: vec!["US".into(), "SG".into()], ..benchmark.clone() };
        assert!(lines(&two, &votes).is_empty());
        let f1 = Benchmark { metric: Metric::MacroF1.into(), ..benchmark.clone() };
        assert!(lines(&f1, &votes).is_empty());
        let one = Benchmark { cultures: vec!["US".into()], ..benchmark.clone() };
        let one = lines(&one, &votes);
        assert!(one.iter().all(|l| l.kind != Reference::BlindToCulture));
        assert_eq!(format!("{:.3}", one[0].value), "0.880");
    }
}
