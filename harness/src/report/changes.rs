//! What changed between two runs as text and as Markdown.

use std::fmt::Write;

use crate::results::changes::{Change, Changes, Figure, Tested};
use crate::score::CONFIDENCE;
use crate::text::escape::markdown as escape;
use crate::text::format::{interval, interval_of_points, level, p_value, percent, points};
use crate::text::table::{Cell, Table};

fn shown(figure: &Figure) -> Cell {
    match figure {
        Figure::Score { value, low, high, .. } => {
            Cell::Number(format!("{} {}", percent(*value), interval(*low, *high)))
        }
        Figure::Reason(reason) => reason.split(':').next().unwrap_or_default().into(),
        Figure::Absent => "not there".into(),
    }
}

fn row(change: &Change) -> Vec<Cell> {
    let (n, interval, p) = match &change.tested {
        Tested::Paired(t) => (
            t.n.to_string(),
            t.interval.map(|i| interval_of_points(i.low, i.high)).unwrap_or_default(),
            p_value(t.p_corrected),
        ),
        Tested::SameAnswers | Tested::Reason(_) => Default::default(),
    };
    let sample = if change.sample { " (SAMPLE)" } else { "" };
    vec![
        change.benchmark.as_str().into(),
        change.model.as_str().into(),
        change.protocol.as_str().into(),
        shown(&change.before),
        shown(&change.after),
        Cell::Number(change.difference.map(points).unwrap_or_default()),
        Cell::Number(interval),
        Cell::Number(p),
        Cell::Number(n),
        format!("{}{sample}", change.verdict()).into(),
    ]
}

fn table(changes: &Changes) -> Table {
    let head = [
        "benchmark",
        "model",
        "protocol",
        "before",
        "after",
        "difference",
        "interval",
        "corrected p",
        "n paired",
        "verdict",
    ];
    Table::new(head).with(changes.scores.iter().map(row))
}

/// For the eye, on a terminal.
pub fn text(changes: &Changes) -> String {
    let mut text = String::new();
    if changes.after.sample || changes.before.sample {
        text.push_str(
            "SAMPLE · SAMPLE · SAMPLE   some scores use synthetic data, not the benchmark's\n\n",
        );
    }
    let _ = writeln!(text, "{} against {}", changes.after.run, changes.before.run);
    for line in news(changes) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "\n{}\n", table(changes).terminal());
    for line in notes(changes).into_iter().chain(legend(changes)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// GitHub Markdown.
pub fn markdown(changes: &Changes) -> String {
    let mut text =
        format!("# {} against {}\n\n", escape(&changes.after.run), escape(&changes.before.run));
    if changes.after.sample || changes.before.sample {
        text.push_str("> **SAMPLE**: some scores use synthetic data, not the benchmark's.\n\n");
    }
    for line in news(changes) {
        let _ = writeln!(text, "- {}", escape(&line));
    }
    let _ = write!(text, "\n{}", table(changes).markdown());
    text.push('\n');
    for line in notes(changes).into_iter().chain(legend(changes)) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

fn news(changes: &Changes) -> Vec<String> {
    let lists = [
        ("new models", &changes.new_models),
        ("gone models", &changes.gone_models),
        ("new benchmarks", &changes.new_benchmarks),
        ("gone benchmarks", &changes.gone_benchmarks),
    ];
    let mut lines: Vec<String> = (lists.iter().filter(|(_, names)| !names.is_empty()))
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect();
    let mut verdicts: Vec<(&str, usize)> = Vec::new();
    for change in &changes.scores {
        match verdicts.iter_mut().find(|(known, _)| *known == change.verdict()) {
            Some((_, count)) => *count += 1,
            None => verdicts.push((change.verdict(), 1)),
        }
    }
    verdicts.sort_unstable();
    let counts: Vec<String> =
        verdicts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    lines.push(format!("{} scores: {}", changes.scores.len(), counts.join(", ")));
    lines
}

/// Why scores were not tested, each reason once; and what is to be known of tests.
fn notes(changes: &Changes) -> Vec<String> {
    let mut notes: Vec<(String, Vec<String>)> = Vec::new();
    for change in &changes.scores {
        let place = format!("{} on {}", change.model, change.benchmark);
        let said: Vec<String> = match &change.tested {
            Tested::Reason(reason) if change.verdict() == "not tested" => {
                vec![format!("not tested: {reason}")]
            }
            Tested::Paired(p) => p.notes.clone(),
            _ => Vec::new(),
        };
        for text in said {
            match notes.iter_mut().find(|(known, _)| *known == text) {
                Some((_, places)) => places.push(place.clone()),
                None => notes.push((text, vec![place.clone()])),
            }
        }
        for (when, figure) in [("before", &change.before), ("after", &change.after)] {
            if let Figure::Reason(reason) = figure {
                notes.push((format!("{when}: {reason}"), vec![place.clone()]));
            }
        }
    }
    notes.into_iter().map(|(text, places)| format!("{}: {text}", places.join(", "))).collect()
}

fn legend(changes: &Changes) -> Vec<String> {
    vec![
        format!(
            "Scores in percent with {} % intervals; difference = after minus before in points, its {} % interval on the examples that both runs answered.",
            level(CONFIDENCE),
            level(changes.confidence)
        ),
        format!(
            "{}; alpha = {}. \"No significant difference\" does not mean equal.",
            changes.family, changes.alpha
        ),
        format!("after: {}", changes.after.signature),
        format!("before: {}", changes.before.signature),
    ]
}
