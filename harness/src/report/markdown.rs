//! The leaderboard as GitHub Markdown.

use std::fmt::Write;

use super::{Footnotes, board, interval, legend, percent, remarks};
use crate::results::summary::{Column, Data, Detail, Summary};
use crate::score::Subset;
use crate::text::escape::markdown as escape;
use crate::text::format::{p_value, points};
use crate::text::table::{Cell, Line, Table};

/// The whole board.
pub fn render(summary: &Summary) -> String {
    let mut text = format!("# {}\n\n", escape(&summary.title));
    if summary.sample {
        text.push_str("> **SAMPLE**: some columns use synthetic data, not the benchmark's.\n\n");
    }
    scores(&mut text, summary);
    gaps(&mut text, summary);
    published(&mut text, summary);
    data(&mut text, summary);
    text.push('\n');
    for line in legend(summary) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

fn scores(text: &mut String, summary: &Summary) {
    let mut notes = Footnotes::default();
    let rows = board::rows(summary, &mut notes);
    let head = summary.benchmarks.iter().map(|column| title(summary, column));
    let table = Table::new(std::iter::once("model".into()).chain(head))
        .right(1..=summary.benchmarks.len())
        .with(rows);
    text.push_str(&table.markdown());
    text.push('\n');
    for (number, reason) in notes.iter() {
        let _ = writeln!(text, "[{number}] {}: {}  ", reason.kind.name(), escape(&reason.message));
    }
    for line in remarks(summary) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
}

fn title(summary: &Summary, column: &Column) -> Cell {
    let mut lines: Vec<Cell> = vec![column.title.as_str().into(), column.metric.as_str().into()];
    lines.extend(summary.n_of(&column.name).map(Cell::Count));
    if matches!(column.data, Data::Sample { .. }) {
        lines.push("SAMPLE".into());
    }
    Cell::Lines(lines.into_iter().map(Line::of).collect())
}

/// Culture gap and worst culture of every primary score that has them.
fn gaps(text: &mut String, summary: &Summary) {
    let primary = |d: &&Detail| {
        let column = summary.benchmarks.iter().find(|c| c.name == d.benchmark);
        column.is_some_and(|c| c.metric_name() == d.score.metric)
    };
    let rows: Vec<_> = summary
        .scores
        .iter()
        .filter(|d| {
            matches!(d.score.subset, Subset::CultureGap { .. } | Subset::WorstCulture { .. })
        })
        .filter(primary)
        .filter(|d| {
            summary.cells.iter().any(|c| {
                c.model == d.model
                    && c.benchmark == d.benchmark
                    && c.protocol == d.protocol
                    && c.variant == d.variant
            })
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let head = [
        "benchmark",
        "model",
        "protocol",
        "metric",
        "what",
        "value",
        "n",
        "if equal",
        "excess",
        "p equal",
    ];
    let table = Table::new(head).right(5..10).with(rows.into_iter().map(gap));
    let _ = write!(text, "\n## Cultures\n\n{}\n{GAPS}\n", table.markdown());
}

/// What the columns of the gaps say.
const GAPS: &str = "Only cultures with at least ten independent examples are compared; n of a gap is that of its best and of its worst culture. \
\"if equal\": the gap that such cultures would show if the model were equally good on all of them; \"excess\": what is left of the gap. \
\"p equal\": test that it is equally good on all. The intervals of gap and worst culture hold whichever cultures are the best and the worst.  ";

fn gap(d: &Detail) -> Vec<Cell> {
    let figures = d.score.gap.as_ref();
    let n =
        figures.map_or_else(|| d.score.n.to_string(), |g| format!("{} / {}", g.best_n, g.worst_n));
    let of = |text: Option<String>| text.map_or_else(|| "".into(), Cell::Number);
    vec![
        d.benchmark.as_str().into(),
        d.model.as_str().into(),
        d.protocol.as_str().into(),
        d.score.metric.as_str().into(),
        d.score.subset.to_string().into(),
        Cell::Lines(vec![
            Line::of(Cell::Number(percent(d.score.value))),
            Line::of(Cell::Number(interval(&d.score))).small().beside(),
        ]),
        Cell::Number(n),
        of(figures.map(|g| percent(g.expected_if_equal))),
        of(figures.map(|g| points(g.excess))),
        of(figures.map(|g| p_value(g.p_equal))),
    ]
}

fn published(text: &mut String, summary: &Summary) {
    if summary.published.is_empty() {
        return;
    }
    let head = ["benchmark", "model", "metric", "subset", "value", "protocol", "source", "year"];
    let table = Table::new(head).right([4]).with(summary.published.iter().map(|p| {
        vec![
            p.benchmark.as_str().into(),
            p.model.as_str().into(),
            p.metric.as_str().into(),
            p.subset.as_deref().unwrap_or("all").into(),
            format!("{} {}", p.value, p.unit).into(),
            p.protocol.as_str().into(),
            p.source.as_str().into(),
            p.date.as_str().into(),
        ]
    }));
    let _ = write!(
        text,
        "\n## Published by others\n\nAs printed in the source; other splits and protocols, so in no rank and no test here.\n\n{}",
        table.markdown()
    );
}

fn data(text: &mut String, summary: &Summary) {
    let table = Table::new(["benchmark", "data", "license", "notes"]).with(
        summary.benchmarks.iter().map(|column| {
            let what = match &column.data {
                Data::Official { .. } => "official".to_owned(),
                Data::Sample { because, .. } if because.is_empty() => {
                    "SAMPLE (requested)".to_owned()
                }
                Data::Sample { because, .. } => format!("SAMPLE: {because}"),
                Data::Missing { reason } => reason.message.clone(),
            };
            let notes = column.notes.join("; ");
            vec![
                column.title.as_str().into(),
                what.into(),
                column.license.as_str().into(),
                notes.into(),
            ]
        }),
    );
    let _ = write!(text, "\n## Data\n\n{}", table.markdown());
}
