//! The leaderboard on a terminal: a ranked list for each benchmark, or all benchmarks side by side.

mod ranked;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use super::{Footnotes, board, legend, main_remarks, refusals, sample_reasons};
use crate::results::summary::{Column, Data, Summary};
use crate::text::table::{Cell, Line, Table};
use crate::text::wrap::wrap;

/// How the board is put on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Columns of the screen.
    pub width: usize,
    /// All benchmarks in one table, however wide it is, and every figure that is missing.
    pub wide: bool,
}

/// The whole board as text.
pub fn render(summary: &Summary, view: View) -> String {
    let mut notes = Footnotes::default();
    let board =
        if view.wide { grid(summary, &mut notes) } else { lists(summary, view.width, &mut notes) };
    let mut text = String::new();
    if summary.sample {
        let _ = writeln!(
            text,
            "SAMPLE · SAMPLE · SAMPLE   some columns use synthetic data, not the benchmark's\n"
        );
    }
    let _ = writeln!(text, "{}\n{board}", summary.title);
    for line in below(summary, &notes, view.wide) {
        let line = if view.wide { line } else { wrap(&line, view.width, 4) };
        let _ = writeln!(text, "{line}");
    }
    text
}

/// A list for each benchmark, the best model first.
fn lists(summary: &Summary, width: usize, notes: &mut Footnotes) -> String {
    let list = |column: &Column| ranked::list(summary, column, width, notes);
    let lists: Vec<String> = summary.benchmarks.iter().map(list).collect();
    format!("\n{}", lists.join("\n"))
}

/// One table: a row for each model, a column for each benchmark.
fn grid(summary: &Summary, notes: &mut Footnotes) -> String {
    let rows = board::rows(summary, notes);
    let head = summary.benchmarks.iter().map(|column| title(summary, column));
    Table::new(std::iter::once("model".into()).chain(head))
        .right(1..=summary.benchmarks.len())
        .with(rows)
        .framed()
}

/// Reasons, remarks and how to read the board.
fn below(summary: &Summary, notes: &Footnotes, all: bool) -> Vec<String> {
    let reason = |(number, reason): (usize, &crate::store::record::Reason)| {
        format!("[{number}] {}: {}", reason.kind.name(), reason.message)
    };
    let mut lines: Vec<String> = notes.iter().map(reason).collect();
    lines.extend(main_remarks(summary));
    let refused = summary.benchmarks.iter().map(|column| (column, refusals(summary, &column.name)));
    if all {
        let of = |(column, lines): (&Column, Vec<String>)| {
            lines.into_iter().map(|line| format!("{}: {line}", column.title)).collect::<Vec<_>>()
        };
        lines.extend(refused.flat_map(of));
    } else {
        let count: usize = refused.map(|(_, lines)| lines.len()).sum();
        if count > 0 {
            lines.push(format!(
                "Some figures of cultures, groups or further metrics are missing, for {count} reasons: `culture-eval report --wide` lists them."
            ));
        }
    }
    for (titles, because) in sample_reasons(summary) {
        lines.push(format!("SAMPLE for {}: {because}", titles.join(", ")));
    }
    lines.extend(legend(summary));
    lines
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
