//! The rows of the leaderboard, the same on a terminal and in Markdown: a score with its interval, protocol and n, or a reason.

use super::{Footnotes, interval, mark, percent};
use crate::results::summary::{self, Column, Outcome, Summary, lines};
use crate::score::Score;
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
    let references = references(summary, &summary.benchmarks);
    lines(summary).into_iter().map(row).chain(references).collect()
}

/// What simple rules score on some columns: a row each, below the models.
pub(super) fn references(summary: &Summary, columns: &[Column]) -> Vec<Vec<Cell>> {
    let mut names: Vec<&str> = Vec::new();
    let shown = |benchmark: &String| columns.iter().any(|column| column.name == *benchmark);
    for one in summary.references.iter().filter(|one| shown(&one.benchmark)) {
        if !names.contains(&one.line.name.as_str()) {
            names.push(&one.line.name);
        }
    }
    let row = |name: &str| {
        let mut cells: Vec<Cell> = vec![format!("reference: {name}").into()];
        cells.extend(columns.iter().map(|column| {
            let own = (summary.references.iter())
                .find(|one| one.benchmark == column.name && one.line.name == name);
            own.map_or_else(|| "".into(), |one| Cell::Number(percent(one.line.value)))
        }));
        cells
    };
    names.into_iter().map(row).collect()
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
    lines.extend(beneath(summary, cell, score));
    if let Some(reference) = summary.not_beaten(&column.name, score) {
        let text = format!("not above: {}", reference.name);
        lines.push(Line::of(text.as_str().into()).small());
    }
    if summary.n_of(&column.name).is_none() {
        lines.push(Line::of(Cell::Count(score.n)));
    }
    Cell::Lines(lines)
}

/// What is below a score in every table: the share without an answer, and the macro mean of an aggregate.
pub(super) fn beneath(summary: &Summary, cell: &summary::Cell, score: &Score) -> Vec<Line> {
    let mut lines: Vec<Line> =
        unanswered(score).map(|share| Line::of(share.into())).into_iter().collect();
    if let Some(mean) = summary.macro_mean(cell) {
        lines.push(Line::of(format!("macro {}", percent(mean.value)).into()));
        lines.push(Line::of(Cell::Number(interval(mean))));
    }
    lines.into_iter().map(Line::small).collect()
}

/// The share of answers that are no label, where it rounds to a percent or more: such a score says as much of the parser, the
/// limit of tokens or the server as of the model. Every format shows it.
pub(super) fn unanswered(score: &Score) -> Option<String> {
    let without = score.unparsable + score.missing;
    let share = 100.0 * without as f64 / (score.answered + without) as f64;
    (share >= 0.5).then(|| format!("{share:.0} % unanswered"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_tells_its_unanswered_share() {
        let share = |answered, unparsable, missing| {
            let score = Score {
                metric: "accuracy".to_owned(),
                subset: crate::score::Subset::All,
                value: 0.5,
                low: 0.4,
                high: 0.6,
                method: String::new(),
                n: answered + unparsable + missing,
                variants: 1,
                answered,
                unparsable,
                missing,
                clusters: 1,
                majority: None,
                gap: None,
                among: None,
            };
            unanswered(&score)
        };
        assert_eq!(share(6, 0, 0), None);
        assert_eq!(share(996, 4, 0), None, "less than half a percent");
        assert_eq!(share(990, 4, 6).as_deref(), Some("1 % unanswered"));
        assert_eq!(share(5, 1, 0).as_deref(), Some("17 % unanswered"));
        assert_eq!(share(0, 3, 3).as_deref(), Some("100 % unanswered"));
        assert_eq!(share(0, 0, 0), None);
    }
}
