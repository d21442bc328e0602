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

use crate::results::summary::{Data, Outcome, Summary};

use crate::score::Score;
use crate::store::record::Reason;
use crate::text::format;
pub(crate) use crate::text::format::percent;
use crate::text::table::Cell;

/// An interval as it stands in a table.
pub fn interval(score: &Score) -> String {
    format::interval(score.low, score.high)
}

/// A score in print: a share in percent, a distance from votes as it is, with three decimals.
pub fn figure(metric: &str, value: f64) -> String {
    match Distance::parse(metric) {
        Some(_) => format!("{value:.3}"),
        None => percent(value),
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
    let mut models: Vec<&str> =
        summary.cells.iter().filter(|c| on(&c.benchmark)).map(|c| c.model.as_str()).collect();
    models.dedup();
    // (cause, subset) -> metrics and models; then subsets that lack the same in the same way share a line.
    let mut found: Vec<Lacking<'_>> = Vec::new();
    for refused in summary.refusals.iter().filter(|r| on(&r.benchmark)) {
        let subset = refused.subset.to_string();
        let known = found.iter_mut().find(|l| l.cause == refused.cause && l.subsets[0] == subset);
        match known {
            Some(lacking) => lacking.add(&refused.metric, &refused.model),
            None => found.push(Lacking {
                cause: &refused.cause,
                subsets: vec![subset],
                metrics: vec![&refused.metric],
                models: vec![&refused.model],
            }),
        }
    }
    let mut lines: Vec<Lacking<'_>> = Vec::new();
    for lacking in found {
        let alike = |l: &&mut Lacking<'_>| {
            (l.cause, &l.metrics, &l.models) == (lacking.cause, &lacking.metrics, &lacking.models)
        };
        match lines.iter_mut().find(alike) {
            Some(line) => line.subsets.extend(lacking.subsets),
            None => lines.push(lacking),
        }
    }
    lines.iter().map(|lacking| lacking.line(&models)).collect()
}

/// Subsets that lack the same metrics of the same models for the same cause.
struct Lacking<'a> {
    cause: &'a str,
    subsets: Vec<String>,
    metrics: Vec<&'a str>,
    models: Vec<&'a str>,
}

impl<'a> Lacking<'a> {
    fn add(&mut self, metric: &'a str, model: &'a str) {
        if !self.metrics.contains(&metric) {
            self.metrics.push(metric);
        }
        if !self.models.contains(&model) {
            self.models.push(model);
        }
    }

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
    pub(crate) fn cell(&mut self, reason: &Reason) -> Cell {
        Cell::Missing { why: reason.kind.name().to_owned(), note: self.number(reason) }
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
