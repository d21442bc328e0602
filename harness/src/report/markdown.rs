//! The leaderboard as GitHub Markdown.

use std::fmt::Write;

use super::{Footnotes, interval, legend, mark, percent, remarks};
use crate::results::summary::{Data, Detail, Outcome, Summary, lines};
use crate::score::Subset;
use crate::text::escape::markdown as escape;

/// The whole board.
pub fn render(summary: &Summary) -> String {
    let mut text = format!("# {}\n\n", escape(&summary.title));
    if summary.sample {
        text.push_str(
            "> **SAMPLE**: some columns stand on synthetic data, not on the benchmark.\n\n",
        );
    }
    board(&mut text, summary);
    gaps(&mut text, summary);
    published(&mut text, summary);
    data(&mut text, summary);
    text.push('\n');
    for line in legend(summary) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

fn board(text: &mut String, summary: &Summary) {
    let mut notes = Footnotes::default();
    let mut row = |cells: &[String]| {
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    let mut head = vec!["model".to_owned()];
    for column in &summary.benchmarks {
        let sample = if matches!(column.data, Data::Sample { .. }) { "<br>SAMPLE" } else { "" };
        let n = summary.n_of(&column.name).map(|n| format!("<br>n = {n}")).unwrap_or_default();
        head.push(format!("{}<br>{}{n}{sample}", escape(&column.title), escape(&column.metric)));
    }
    row(&head);
    row(&std::iter::once("---".to_owned())
        .chain(summary.benchmarks.iter().map(|_| "---:".to_owned()))
        .collect::<Vec<_>>());
    for (model, line) in lines(summary) {
        let mut cells = vec![escape(model)];
        for column in &summary.benchmarks {
            cells.push(match line.get(column.name.as_str()).map(|c| (&c.outcome, &c.protocol)) {
                Some((Outcome::Score(score), protocol)) => {
                    let n = if summary.n_of(&column.name).is_none() {
                        format!("<br>n = {}", score.n)
                    } else {
                        String::new()
                    };
                    format!(
                        "{}{} <sub>{}</sub><br><sub>{}</sub>{n}",
                        percent(score.value),
                        mark(summary, model, &column.name),
                        interval(score),
                        escape(protocol)
                    )
                }
                Some((Outcome::Reason(reason), _)) => {
                    format!("{} [{}]", reason.kind.name(), notes.number(reason))
                }
                None => String::new(),
            });
        }
        row(&cells);
    }
    text.push('\n');
    for (number, reason) in notes.iter() {
        let _ = writeln!(text, "[{number}] {}: {}  ", reason.kind.name(), escape(&reason.message));
    }
    for line in remarks(summary) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
}

/// Culture gap and worst culture of every primary score that has them.
fn gaps(text: &mut String, summary: &Summary) {
    let primary = |d: &&Detail| {
        let column = summary.benchmarks.iter().find(|c| c.name == d.benchmark);
        column.is_some_and(|c| c.metric.split(',').next() == Some(&d.score.metric))
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
    text.push_str("\n## Cultures\n\n| benchmark | model | protocol | metric | what | value | n |\n|---|---|---|---|---|---:|---:|\n");
    for d in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} <sub>{}</sub> | {} |",
            escape(&d.benchmark),
            escape(&d.model),
            escape(&d.protocol),
            escape(&d.score.metric),
            escape(&d.score.subset.to_string()),
            percent(d.score.value),
            interval(&d.score),
            d.score.n
        );
    }
}

fn published(text: &mut String, summary: &Summary) {
    if summary.published.is_empty() {
        return;
    }
    text.push_str(
        "\n## Published by others\n\nAs printed in the source; other splits and protocols, so in no rank and no test here.\n\n\
         | benchmark | model | metric | subset | value | protocol | source | year |\n|---|---|---|---|---:|---|---|---|\n",
    );
    for p in &summary.published {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} {} | {} | {} | {} |",
            escape(&p.benchmark),
            escape(&p.model),
            escape(&p.metric),
            escape(p.subset.as_deref().unwrap_or("all")),
            p.value,
            escape(&p.unit),
            escape(&p.protocol),
            escape(&p.source),
            escape(&p.date)
        );
    }
}

fn data(text: &mut String, summary: &Summary) {
    text.push_str("\n## Data\n\n| benchmark | data | licence | notes |\n|---|---|---|---|\n");
    for column in &summary.benchmarks {
        let what = match &column.data {
            Data::Official { .. } => "official".to_owned(),
            Data::Sample { because, .. } if because.is_empty() => "SAMPLE (asked for)".to_owned(),
            Data::Sample { because, .. } => format!("SAMPLE: {}", escape(because)),
            Data::Missing { reason } => escape(&reason.message),
        };
        let _ = writeln!(
            text,
            "| {} | {what} | {} | {} |",
            escape(&column.title),
            escape(&column.licence),
            escape(&column.notes.join("; "))
        );
    }
}
