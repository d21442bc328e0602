//! One [`crate::results::summary::Summary`], many formats: terminal, Markdown, CSV, LaTeX, JUnit, JSON, pages for a browser. No format computes a number.

mod board;
pub mod card;
pub mod changes;
pub mod comparison;
pub mod csv;
pub mod eee;
pub mod html;
pub mod junit;
pub mod latex;
pub mod markdown;
pub mod terminal;

use eval_stats::annotators::Distance;

use crate::definition::metric::ValueMetric;
use crate::results::summary::{Cell, Column, Data, Outcome, ReferenceLine, Summary};

use crate::score::Score;
use crate::store::record::{Reason, ReasonKind};
use crate::text::format;
pub(crate) use crate::text::format::percent;
use crate::text::table;

/// An interval as it is in a table.
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

/// Shown beside a score whose model has seen something of the benchmark.
pub const CONTAMINATED: &str = "†";

/// The mark of a score: [`CONTAMINATED`] or nothing.
pub fn mark(summary: &Summary, model: &str, benchmark: &str) -> &'static str {
    if summary.contamination(model, benchmark).is_some() { CONTAMINATED } else { "" }
}

/// What must be known of the board's scores, in board order: warnings of the data, every known overlap of training data, every
/// model that another tool asked, and what has no score.
pub fn remarks(summary: &Summary) -> Vec<String> {
    let mut lines = main_remarks(summary);
    for column in &summary.benchmarks {
        let of = refusals(summary, &column.name);
        lines.extend(of.into_iter().map(|line| format!("{}: {line}", column.title)));
    }
    lines
}

/// The same without what has no score.
fn main_remarks(summary: &Summary) -> Vec<String> {
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
            "{}: answers imported from {tools}; none of them was run here",
            row.name
        ));
    }
    lines.extend(summary.benchmarks.iter().filter_map(references));
    lines
}

/// What people reach on a column who do not agree, in one line.
fn references(column: &Column) -> Option<String> {
    let one = |line: &ReferenceLine| {
        let on = line.split.as_ref().map(|split| format!(" on {split}")).unwrap_or_default();
        let ends = format::interval(line.low, line.high);
        format!("{}{on} {} {ends}", line.kind.title(), percent(line.value))
    };
    let lines: Vec<String> = column.references.iter().map(one).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "{}: what the votes of annotators allow, accuracy: {}",
            column.title,
            lines.join(", ")
        )
    })
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

/// What is under every format: how to read it, and with what it was made.
pub fn legend(summary: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "Percent with {} % intervals; n = evaluated examples; scores of different protocols are not comparable.",
        format::level(summary.confidence)
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

/// Why columns use sample data, each reason once with the columns it is for.
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
    use crate::results::summary::{Detail, MACRO_MEAN, MICRO_MEAN, Reference, Refused};
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

    /// A board of which one score lacks one answer in six, and is the micro mean of an aggregate.
    pub(super) fn half_answered(mut summary: Summary) -> Summary {
        let at = summary.cells.iter().position(|c| matches!(c.outcome, Outcome::Score(_))).unwrap();
        let cell = &mut summary.cells[at];
        let Outcome::Score(score) = &mut cell.outcome else { unreachable!("it is a score") };
        (score.n, score.answered, score.unparsable, score.missing) = (60, 50, 4, 6);
        let column = summary.benchmarks.iter_mut().find(|c| c.name == cell.benchmark).unwrap();
        (column.metric, column.mean_over_cultures) = (format!("accuracy{MICRO_MEAN}"), Some(false));
        let mut mean = score.clone();
        mean.metric = format!("accuracy{MACRO_MEAN}");
        (mean.value, mean.low, mean.high) = (0.4142, 0.4031, 0.4253);
        let detail = Detail {
            model: cell.model.clone(),
            benchmark: cell.benchmark.clone(),
            protocol: cell.protocol.clone(),
            variant: cell.variant.clone(),
            sample: cell.sample,
            score: mean,
        };
        summary.scores.push(detail);
        summary
    }

    #[test]
    fn every_table_shows_the_unanswered_share_and_the_macro_mean() {
        let summary = half_answered(summary());
        let report: crate::compare::Report =
            serde_json::from_str(include_str!("../../tests/fixtures/report/comparison.v1.json"))
                .unwrap();
        let tex = latex::render(&summary, &report);
        for (format, text) in [
            ("lists", terminal::render(&summary, terminal::View { width: 200, wide: false })),
            ("grid", terminal::render(&summary, terminal::View { width: 80, wide: true })),
            ("md", markdown::render(&summary)),
            ("latex", tex.replace("\\%", "%")),
        ] {
            for part in ["17 % unanswered", "macro 41.4", "[40.3, 42.5]"] {
                assert_eq!(text.matches(part).count(), 1, "{format}: {part}: {text}");
            }
        }
    }

    #[test]
    fn what_the_votes_allow_is_below_every_board() {
        let mut summary = summary();
        let line = |kind, split: Option<&str>, value| ReferenceLine {
            kind,
            split: split.map(str::to_owned),
            value,
            low: value - 0.01,
            high: value + 0.01,
        };
        summary.benchmarks[0].references = vec![
            line(Reference::NoiseCeiling, Some("test"), 0.878),
            line(Reference::BlindToCulture, None, 0.851),
        ];
        let expected = "CREHate: what the votes of annotators allow, accuracy: ceiling on test 87.8 [86.8, 88.8], ceiling without the culture 85.1 [84.1, 86.1]";
        assert!(remarks(&summary).iter().any(|l| l == expected), "{:?}", remarks(&summary));
    }

    #[test]
    fn a_warning_stands_once_with_its_columns() {
        let lines = remarks(&summary());
        assert_eq!(lines[0], "warning on CREHate, EMGSD: strange");
        assert_eq!(lines.iter().filter(|line| line.contains("strange")).count(), 1);
        assert!(lines.iter().any(|line| line.starts_with("CREHate: no acc@5 of majority")));
    }
}
