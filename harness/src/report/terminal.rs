//! The leaderboard on a terminal.

use std::fmt::Write;

use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Style};

use super::{Footnotes, interval, legend, mark, percent, remarks, sample_reasons};
use crate::results::summary::{Data, Outcome, Summary, lines};

/// The whole board as text.
pub fn render(summary: &Summary) -> String {
    let mut notes = Footnotes::default();
    let mut builder = Builder::default();
    let mut head = vec!["model".to_owned()];
    for column in &summary.benchmarks {
        let n = summary
            .n_of(&column.name)
            .map_or_else(|| "n varies".to_owned(), |n| format!("n = {n}"));
        let sample = if matches!(column.data, Data::Sample { .. }) { "\nSAMPLE" } else { "" };
        head.push(format!(
            "{}\n{}\n{n}{sample}",
            column.title.replace(' ', "\n"),
            column.metric.replace(", ", "\n")
        ));
    }
    builder.push_record(head);
    for (model, line) in lines(summary) {
        let mut row = vec![model.to_owned()];
        for column in &summary.benchmarks {
            row.push(
                match line.get(column.name.as_str()).map(|cell| (&cell.outcome, &cell.protocol)) {
                    Some((Outcome::Score(score), protocol)) => {
                        let n = if summary.n_of(&column.name).is_none() {
                            format!("\nn = {}", score.n)
                        } else {
                            String::new()
                        };
                        format!(
                            "{}{}\n{}\n{protocol}{n}",
                            percent(score.value),
                            mark(summary, model, &column.name),
                            interval(score)
                        )
                    }
                    Some((Outcome::Reason(reason), _)) => {
                        format!("{} [{}]", reason.kind.name(), notes.number(reason))
                            .replace(' ', "\n")
                    }
                    None => String::new(),
                },
            );
        }
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::modern_rounded());
    table.modify(Columns::new(1..), Alignment::right());
    table.modify(Rows::first(), Alignment::center());

    let mut text = String::new();
    if summary.sample {
        let _ = writeln!(
            text,
            "SAMPLE · SAMPLE · SAMPLE   some columns stand on synthetic data, not on the benchmark\n"
        );
    }
    let _ = writeln!(text, "{}\n{table}", summary.title);
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
    text
}
