//! One [`crate::results::summary::Summary`], many formats: terminal, Markdown, CSV, LaTeX, JUnit, JSON, pages for a browser. No format computes a number.

mod board;
pub mod card;
pub mod changes;
pub mod comparison;
pub mod csv;
pub mod html;
pub mod junit;
pub mod latex;
pub mod markdown;
pub mod terminal;

use eval_stats::annotators::Distance;

use crate::definition::metric::ValueMetric;
use crate::results::summary::{Cell, Data, Outcome, Summary};

use crate::score::Score;
use crate::store::record::{Reason, ReasonKind};
use crate::text::format;
pub(crate) use crate::text::format::percent;
use crate::text::table;

/// An interval as it stands in a table.
pub fn interval(score: &Score) -> String {
    format::interval(score.low, score.high)
}

/// A score in print: a share in percent, a distance from votes or shares as it is, with three decimals.
pub fn figure(metric: &str, value: f64) -> String {
    let of_values = ValueMetric::ALL.into_iter().find(|known| known.name() == metric);
    if Distance::parse(metric).is_some() || of_values.is_some_and(|known| !known.is_share()) {
        format!("{value:.3}")
    } else {
        percent(value)
    }
}

/// Its interval likewise.
pub fn interval_of(score: &Score) -> String {
    let end = |value| figure(&score.metric, value);
    format!("[{}, {}]", end(score.low), end(score.high))
}

/// Stands beside a score whose model has seen something of the benchmark.
pub const CONTAMINATED: &str = "†";

/// The mark of a score: [`CONTAMINATED`] or nothing.
pub fn mark(summary: &Summary, model: &str, benchmark: &str) -> &'static str {
    if summary.contamination(model, benchmark).is_some() { CONTAMINATED } else { "" }
}

/// What must be known of the board's scores, in board order: warnings of the data, every known overlap of training data, every
/// model that another tool asked, and what has no score.
pub fn remarks(summary: &Summary) -> Vec<String> {
    let mut lines = warnings(summary);
    for cell in summary.cells.iter().filter(|c| matches!(c.outcome, Outcome::Score(_))) {
        let Some(known) = summary.contamination(&cell.model, &cell.benchmark) else { continue };
        let title = summary.benchmarks.iter().find(|c| c.name == cell.benchmark);
        let title = title.map_or(cell.benchmark.as_str(), |column| &column.title);
        let line = format!(
            "{CONTAMINATED} {} on {title}: training data known to overlap: {known}",
            cell.model
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    for row in summary.models.iter().filter(|row| !row.imported.is_empty()) {
        let tools = row.imported.join(", ");
        lines.push(format!(
            "{}: answers imported from {tools}; none of them was asked here",
            row.name
        ));
    }
    for column in &summary.benchmarks {
        let of = refusals(summary, &column.name);
        lines.extend(of.into_iter().map(|line| format!("{}: {line}", column.title)));
    }
    lines
}

/// What makes scores mean less than they seem, each warning once with the columns it is for.
fn warnings(summary: &Summary) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for column in &summary.benchmarks {
        for warning in &column.warnings {
            match found.iter_mut().find(|(known, _)| known == warning) {
                Some((_, titles)) => titles.push(&column.title),
                None => found.push((warning, vec![&column.title])),
            }
        }
    }
    let line = |(warning, titles): (&str, Vec<&str>)| {
        format!("warning on {}: {warning}", titles.join(", "))
    };
    found.into_iter().map(line).collect()
}

/// What has no score on a benchmark beside the cells of the board: a line for each cause and the same metrics and models.
pub fn refusals(summary: &Summary, benchmark: &str) -> Vec<String> {
    let on = |name: &str| name == benchmark;
    let answered = |cell: &&Cell| match &cell.outcome {
        Outcome::Score(_) => true,
        Outcome::Reason(reason) => reason.kind == ReasonKind::NoScore,
    };
    let cells = summary.cells.iter().filter(|c| on(&c.benchmark)).filter(answered);
    let models: Vec<&str> = cells.map(|cell| cell.model.as_str()).collect();
    let mut found: Vec<Lacking<'_>> = Vec::new();
    for refused in summary.refusals.iter().filter(|r| on(&r.benchmark)) {
        let (subset, model) = (refused.subset.to_string(), refused.model.as_str());
        let known = found
            .iter_mut()
            .find(|l| l.cause == refused.cause && l.subsets[0] == subset && l.models[0] == model);
        match known {
            Some(lacking) if lacking.metrics.contains(&refused.metric.as_str()) => {}
            Some(lacking) => lacking.metrics.push(&refused.metric),
            None => found.push(Lacking {
                cause: &refused.cause,
                subsets: vec![subset],
                metrics: vec![&refused.metric],
                models: vec![model],
            }),
        }
    }
    // Models that lack the same of the same examples share a line, then examples of which the same is lacking.
    let by_models = merged(found, |a, b| a.subsets == b.subsets, |a, b| a.models.extend(b.models));
    let lines = merged(by_models, |a, b| a.models == b.models, |a, b| a.subsets.extend(b.subsets));
    lines.iter().map(|lacking| lacking.line(&models)).collect()
}

/// Puts those of one cause and the same metrics together that are `alike`.
fn merged<'a>(
    all: Vec<Lacking<'a>>,
    alike: impl Fn(&Lacking<'a>, &Lacking<'a>) -> bool,
    take: impl Fn(&mut Lacking<'a>, Lacking<'a>),
) -> Vec<Lacking<'a>> {
    let mut found: Vec<Lacking<'a>> = Vec::new();
    for one in all {
        let same = |l: &&mut Lacking<'a>| {
            l.cause == one.cause && l.metrics == one.metrics && alike(l, &one)
        };
        match found.iter_mut().find(same) {
            Some(known) => take(known, one),
            None => found.push(one),
        }
    }
    found
}

/// Subsets that lack the same metrics of the same models for the same cause.
struct Lacking<'a> {
    cause: &'a str,
    subsets: Vec<String>,
    metrics: Vec<&'a str>,
    models: Vec<&'a str>,
}

impl Lacking<'_> {
    fn line(&self, all: &[&str]) -> String {
        let models = if all.iter().all(|model| self.models.contains(model)) {
            "all models".to_owned()
        } else {
            self.models.join(", ")
        };
        let (subsets, metrics) = (self.subsets.join(", "), self.metrics.join(", "));
        format!("no {metrics} of {models} for {subsets}: {}", self.cause)
    }
}

/// Footnotes: each distinct reason once, numbered in order of appearance on the board.
#[derive(Debug, Default)]
pub struct Footnotes(Vec<Reason>);

impl Footnotes {
    /// The number of a reason.
    pub fn number(&mut self, reason: &Reason) -> usize {
        if let Some(place) = self.0.iter().position(|known| known == reason) {
            return place + 1;
        }
        self.0.push(reason.clone());
        self.0.len()
    }

    /// A reason in a table, with the number of its note.
    pub(crate) fn cell(&mut self, reason: &Reason) -> table::Cell {
        table::Cell::Missing { why: reason.kind.name().to_owned(), note: self.number(reason) }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Reason)> {
        self.0.iter().enumerate().map(|(i, reason)| (i + 1, reason))
    }
}

/// What stands under every format: how to read it, and with what it was made.
pub fn legend(summary: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "Percent with {:.0} % intervals; n = evaluated examples; scores of different protocols are not comparable.",
        summary.confidence * 100.0
    )];
    if summary.sample {
        lines.push(
            "SAMPLE: computed on the project's own synthetic data, not on the benchmark; it ranks nothing."
                .to_owned(),
        );
    }
    lines.push(summary.signature.clone());
    lines
}

/// Why columns stand on sample data, each reason once with the columns it is for.
pub fn sample_reasons(summary: &Summary) -> Vec<(Vec<&str>, &str)> {
    let mut reasons: Vec<(Vec<&str>, &str)> = Vec::new();
    for column in &summary.benchmarks {
        let Data::Sample { because, .. } = &column.data else { continue };
        if because.is_empty() {
            continue;
        }
        match reasons.iter_mut().find(|(_, known)| known == because) {
            Some((titles, _)) => titles.push(&column.title),
            None => reasons.push((vec![&column.title], because)),
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::summary::Refused;
    use crate::score::Subset;

    fn summary() -> Summary {
        let old = include_str!("../../tests/fixtures/report/summary.v1.json");
        let mut summary: Summary = serde_json::from_str(old).unwrap();
        let culture = |name: &str| Subset::Culture { name: name.to_owned() };
        let all = ["majority", "stratified-random"];
        let refused = |model: &str, metric: &str, subset: Subset, cause: &str| Refused {
            model: model.to_owned(),
            benchmark: "crehate".to_owned(),
            protocol: "finetuned".to_owned(),
            variant: "direct".to_owned(),
            sample: true,
            metric: metric.to_owned(),
            subset,
            cause: cause.to_owned(),
            message: String::new(),
        };
        for model in all {
            for metric in ["accuracy", "f1"] {
                for name in ["NZ", "IE"] {
                    summary.refusals.push(refused(model, metric, culture(name), "no example"));
                }
            }
        }
        summary.refusals.push(refused("majority", "acc@5", Subset::All, "one answer"));
        summary.benchmarks[0].warnings = vec!["strange".to_owned()];
        summary.benchmarks[1].warnings = vec!["strange".to_owned()];
        summary
    }

    #[test]
    fn what_lacks_alike_shares_a_line() {
        let expected = [
            "no accuracy, f1 of all models for culture `NZ`, culture `IE`: no example",
            "no acc@5 of majority for all examples: one answer",
        ];
        assert_eq!(refusals(&summary(), "crehate"), expected);
        assert!(refusals(&summary(), "emgsd").is_empty());
    }

    #[test]
    fn a_warning_stands_once_with_its_columns() {
        let lines = remarks(&summary());
        assert_eq!(lines[0], "warning on CREHate, EMGSD: strange");
        assert_eq!(lines.iter().filter(|line| line.contains("strange")).count(), 1);
        assert!(lines.iter().any(|line| line.starts_with("CREHate: no acc@5 of majority")));
    }
}
