//! What makes the scores of a benchmark mean less than they seem: told by `prepare` and on every board.

use std::collections::BTreeMap;

use crate::definition::dataset::{Benchmark, Task};
use crate::definition::nearest;
use crate::text::unicode::same;

use super::Statistics;

/// Warnings about one benchmark on the data of its task, one line each.
pub fn warnings(task: &Task, benchmark: &Benchmark, statistics: &Statistics) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(culture_tells(task, statistics));
    out.extend(absent_cultures(task, benchmark, statistics));
    out.extend(unexpected(task, statistics));
    out
}

/// Counts of one culture: label -> examples.
type Labels = BTreeMap<String, u64>;

/// How often the commonest label is right: that of the example's culture, and that of all.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shares {
    by_culture: f64,
    by_all: f64,
    n: f64,
}

impl Shares {
    /// Least share of the errors of the commonest label that the culture takes away (Goodman and Kruskal's lambda), and
    /// standard errors that it is away from none.
    const LEAST: (f64, f64) = (0.05, 3.0);

    fn of(train: &BTreeMap<String, Labels>, test: &BTreeMap<String, Labels>) -> Option<Self> {
        let mut all = Labels::new();
        for (label, n) in train.values().flatten() {
            *all.entry(label.clone()).or_default() += n;
        }
        let overall = commonest(&all)?;
        let (mut right, mut right_of_all, mut n) = (0, 0, 0);
        for (culture, labels) in test {
            let own = train.get(culture).and_then(commonest).unwrap_or(overall);
            right += labels.get(own).copied().unwrap_or_default();
            right_of_all += labels.get(overall).copied().unwrap_or_default();
            n += labels.values().sum::<u64>();
        }
        let share = |count: u64| count as f64 / n as f64;
        (n > 0).then(|| Self { by_culture: share(right), by_all: share(right_of_all), n: n as f64 })
    }

    fn is_telling(self) -> bool {
        let (lambda, errors) = Self::LEAST;
        let gain = self.by_culture - self.by_all;
        let error = (self.by_culture * (1.0 - self.by_culture) / self.n).sqrt();
        gain > lambda * (1.0 - self.by_all) && gain > errors * error
    }
}

/// The commonest label, the first by name of equals.
fn commonest(labels: &Labels) -> Option<&str> {
    let most = labels.values().max()?;
    labels.iter().find(|(_, n)| *n == most).map(|(label, _)| label.as_str())
}

/// Where models see the culture and the culture alone predicts the label.
fn culture_tells(task: &Task, statistics: &Statistics) -> Option<String> {
    if !task.shows_culture() {
        return None;
    }
    let part = |name: &str| statistics.counts.get(name);
    let shares = Shares::of(part("train")?, part("test")?)?;
    shares.is_telling().then(|| {
        format!(
            "models see the culture, and the culture alone predicts {:.1} % of {} test labels, where the commonest label predicts {:.1} %; \
             if the official setup does not show it, take `culture` out of `sees`",
            100.0 * shares.by_culture,
            shares.n,
            100.0 * shares.by_all,
        )
    })
}

/// Cultures that the benchmark names and the data, or their test split, do not have.
pub fn absent_cultures(task: &Task, benchmark: &Benchmark, statistics: &Statistics) -> Vec<String> {
    let test = statistics.counts.get("test");
    let scored_on_test = task.protocols.iter().any(|p| p.eval.iter().all(|s| s.name() == "test"));
    let in_test =
        |name: &String| test.is_some_and(|test| test.keys().any(|there| same(there, name)));
    let absent = |name: &String| {
        if !statistics.cultures.iter().any(|there| same(there, name)) {
            let near = nearest(name, statistics.cultures.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Some(format!(
                "culture `{name}` of `{}` is not in the data{near}",
                benchmark.name
            ));
        }
        (scored_on_test && !in_test(name)).then(|| {
            format!("culture `{name}` of `{}` has no example in the test split", benchmark.name)
        })
    };
    benchmark.cultures.iter().filter_map(absent).collect()
}

/// Where official data do not hold what they are known to.
fn unexpected(task: &Task, statistics: &Statistics) -> Vec<String> {
    let Some(expect) = task.expect.filter(|_| !statistics.sample) else { return Vec::new() };
    let mut out = Vec::new();
    let mut differs = |what: &str, found: u64, expected: Option<u64>| {
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            out.push(format!(
                "the data have {found} {what}, the official ones {expected}: scores are not comparable with those of the paper"
            ));
        }
    };
    differs("labels", statistics.labels.len() as u64, expect.labels);
    differs("examples", statistics.examples, expect.rows);
    let mut of_label: BTreeMap<&str, u64> = BTreeMap::new();
    for (label, n) in statistics.counts.values().flat_map(BTreeMap::values).flatten() {
        *of_label.entry(label).or_default() += n;
    }
    if let Some(expected) = expect.rows_per_label {
        let mut other = of_label.iter().filter(|(_, n)| **n != expected).peekable();
        if let Some((label, n)) = other.peek().copied() {
            out.push(format!(
                "{} of {} labels have not {expected} examples, as the official data have about (first `{label}`: {n})",
                other.count(),
                of_label.len()
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::catalogue::{self, Catalogue};

    fn counts(rows: &[(&str, &str, u64)]) -> BTreeMap<String, Labels> {
        let mut counts: BTreeMap<String, Labels> = BTreeMap::new();
        for (culture, label, n) in rows {
            counts.entry((*culture).to_owned()).or_default().insert((*label).to_owned(), *n);
        }
        counts
    }

    /// As GLOBE of UniVaR's paper: a class is model and language, so the language leaves 15 models of 375 pairs.
    #[test]
    fn a_culture_that_is_half_of_the_label_is_telling() {
        let rows: Vec<(String, String)> = (0..25)
            .flat_map(|l| (0..15).map(move |m| (format!("l{l:02}"), format!("m{m:02}$l{l:02}"))))
            .collect();
        let rows: Vec<(&str, &str, u64)> =
            rows.iter().map(|(culture, label)| (&**culture, &**label, 20)).collect();
        let shares = Shares::of(&counts(&rows), &counts(&rows)).unwrap();
        assert_eq!(shares, Shares { by_culture: 1.0 / 15.0, by_all: 1.0 / 375.0, n: 7500.0 });
        assert!(shares.is_telling());
    }

    #[test]
    fn cultures_with_the_same_commonest_label_tell_nothing() {
        let rows = counts(&[
            ("US", "hate", 87),
            ("US", "no", 150),
            ("AU", "hate", 113),
            ("AU", "no", 124),
        ]);
        let shares = Shares::of(&rows, &rows).unwrap();
        assert_eq!(shares.by_culture.to_bits(), shares.by_all.to_bits());
        assert!(!shares.is_telling());
        // A gain that chance explains: 52 of 100 where 50 of 100 are expected.
        let train = counts(&[("A", "no", 9), ("A", "yes", 8), ("B", "yes", 9), ("B", "no", 9)]);
        let test = counts(&[("A", "no", 25), ("A", "yes", 25), ("B", "no", 27), ("B", "yes", 23)]);
        assert!(!Shares::of(&train, &test).unwrap().is_telling());
        assert_eq!(Shares::of(&counts(&[]), &test), None, "nothing to learn from");
    }

    #[test]
    fn other_numbers_than_the_papers_are_told() {
        let all = Catalogue::embedded().unwrap();
        let (_, task) = all.task("wvs").unwrap();
        let text = catalogue::statistics("wvs", true).unwrap();
        let mut statistics: Statistics = serde_json::from_str(text).unwrap();
        assert!(unexpected(task, &statistics).is_empty(), "the sample is known to be smaller");
        statistics.sample = false;
        let said = unexpected(task, &statistics);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("the data have 12 labels, the official ones 128"), "{said:?}");
        assert!(said[1].starts_with("12 of 12 labels have not 251 examples"), "{said:?}");
    }
}
