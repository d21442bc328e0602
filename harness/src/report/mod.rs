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

/// Stands beside a score whose model has seen something of the benchmark.
pub const CONTAMINATED: &str = "†";

/// The mark of a score: [`CONTAMINATED`] or nothing.
pub fn mark(summary: &Summary, model: &str, benchmark: &str) -> &'static str {
    if summary.contamination(model, benchmark).is_some() { CONTAMINATED } else { "" }
}

/// What must be known of the board's scores, in board order: a line for every known overlap of training data, and for
/// every model that another tool asked.
pub fn remarks(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
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
    lines
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
