//! The rows of the leaderboard, the same on a terminal and in Markdown: a score with its interval, protocol and n, or a reason.

use super::{Footnotes, interval, mark, percent};
use crate::results::summary::{self, Column, Outcome, Summary, lines};
use crate::text::table::{Cell, Line};

/// All rows; the reasons join `notes`.
pub(super) fn rows(summary: &Summary, notes: &mut Footnotes) -> Vec<Vec<Cell>> {
    let row = |(model, line): (&str, std::collections::BTreeMap<&str, &summary::Cell>)| {
        let mut cells = vec![model.into()];
        for column in &summary.benchmarks {
            cells.push(match line.get(column.name.as_str()) {
                Some(cell) => evaluated(summary, model, column, cell, notes),
                None => "".into(),
            });
        }
        cells
    };
    lines(summary).into_iter().map(row).collect()
}

fn evaluated(
    summary: &Summary,
    model: &str,
    column: &Column,
    cell: &summary::Cell,
    notes: &mut Footnotes,
) -> Cell {
    let score = match &cell.outcome {
        Outcome::Score(score) => score,
        Outcome::Reason(reason) => return notes.cell(reason),
    };
    let mut lines = vec![
        Line::of(Cell::Marked {
            number: percent(score.value),
            best: false,
            marks: vec![mark(summary, model, &column.name).to_owned()],
        }),
        Line::of(Cell::Number(interval(score))).small().beside(),
        Line::of(cell.protocol.as_str().into()).small(),
    ];
    if summary.n_of(&column.name).is_none() {
        lines.push(Line::of(Cell::Count(score.n)));
    }
    Cell::Lines(lines)
}
