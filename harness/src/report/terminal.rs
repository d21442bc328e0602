//! The leaderboard on a terminal.

use std::fmt::Write;

use super::{Footnotes, board, legend, remarks, sample_reasons};
use crate::results::summary::{Column, Data, Summary};
use crate::text::table::{Cell, Line, Table};

/// The whole board as text.
pub fn render(summary: &Summary) -> String {
    let mut notes = Footnotes::default();
    let rows = board::rows(summary, &mut notes);
    let head = summary.benchmarks.iter().map(|column| title(summary, column));
    let table = Table::new(std::iter::once("model".into()).chain(head))
        .right(1..=summary.benchmarks.len())
        .with(rows)
        .framed();

    let mut text = String::new();
    if summary.sample {
        let _ = writeln!(
            text,
            "SAMPLE · SAMPLE · SAMPLE   some columns use synthetic data, not on the benchmark\n"
        );
    }
    let _ = writeln!(text, "{}\n{table}", summary.title);
    below(&mut text, summary, &notes);
    text
}

/// Reasons, remarks and how to read the board.
fn below(text: &mut String, summary: &Summary, notes: &Footnotes) {
    for (number, reason) in notes.iter() {
        let _ = writeln!(text, "[{number}] {}: {}", reason.kind.name(), reason.message);
    }
    for line in remarks(summary) {
        let _ = writeln!(text, "{line}");
    }
    for (titles, because) in sample_reasons(summary) {
        let _ = writeln!(text, "SAMPLE for {}: {because}", titles.join(", "));
    }
    for line in legend(summary) {
        let _ = writeln!(text, "{line}");
    }
}

/// The head of a column, narrow.
fn title(summary: &Summary, column: &Column) -> Cell {
    let mut words: Vec<Cell> = column.title.split(' ').map(Cell::from).collect();
    words.extend(column.metric.split(", ").map(Cell::from));
    words.push(summary.n_of(&column.name).map_or_else(|| "n varies".into(), Cell::Count));
    if matches!(column.data, Data::Sample { .. }) {
        words.push("SAMPLE".into());
    }
    Cell::Lines(words.into_iter().map(Line::of).collect())
}
