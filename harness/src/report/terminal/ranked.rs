//! The models of one benchmark, the best one first, no wider than the screen.

use console::measure_text_width as width_of;
use eval_stats::Direction;

use super::super::{Footnotes, board, interval, mark, percent};
use crate::results::summary::{Cell, Column, Data, Outcome, Summary};
use crate::score::Score;
use crate::text::wrap::wrap;

/// The longest bar.
const LONGEST_BAR: usize = 24;
/// With less room there are no bars.
const SHORTEST_BAR: usize = 8;

/// One line of the list.
struct Entry<'s> {
    rank: String,
    model: &'s str,
    score: String,
    interval: String,
    value: Option<f64>,
    /// What must be known of the score.
    remarks: Vec<String>,
}

/// Head, models, reference line, and models without a score.
pub(super) fn list(
    summary: &Summary,
    column: &Column,
    width: usize,
    notes: &mut Footnotes,
) -> String {
    let cells = || summary.cells.iter().filter(|cell| cell.benchmark == column.name);
    let scored: Vec<(&Cell, &Score)> = cells()
        .filter_map(|cell| match &cell.outcome {
            Outcome::Score(score) => Some((cell, score)),
            Outcome::Reason(_) => None,
        })
        .collect();
    let protocol = one_of(scored.iter().map(|(cell, _)| cell.protocol.as_str()));
    let mut lines = vec![wrap(&head(summary, column, protocol), width, 2)];
    lines.extend(rows(&entries(summary, column, scored, protocol.is_none()), width));
    if let Some(best) = summary.best_reference(&column.name) {
        let (name, value) = (&best.name, percent(best.value));
        lines.push(wrap(&format!("      reference: {name} {value}"), width, 6));
    }
    let mut without: Vec<(String, Vec<&str>)> = Vec::new();
    for cell in cells() {
        let Outcome::Reason(reason) = &cell.outcome else { continue };
        let why = format!("{} [{}]", reason.kind.name(), notes.number(reason));
        match without.iter_mut().find(|(known, _)| *known == why) {
            Some((_, models)) => models.push(&cell.model),
            None => without.push((why, vec![&cell.model])),
        }
    }
    for (why, models) in without {
        lines.push(wrap(&format!("      {why}: {}", models.join(", ")), width, 8));
    }
    lines.join("\n") + "\n"
}

/// The value that all have.
fn one_of<'s>(mut all: impl Iterator<Item = &'s str>) -> Option<&'s str> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn head(summary: &Summary, column: &Column, protocol: Option<&str>) -> String {
    let sample = matches!(column.data, Data::Sample { .. }).then(|| "SAMPLE".to_owned());
    let n = summary.n_of(&column.name).map(|n| format!("n = {n}"));
    let parts = [Some(column.title.clone()), sample, Some(column.metric.clone()), n]
        .into_iter()
        .chain([protocol.map(str::to_owned)]);
    parts.flatten().collect::<Vec<_>>().join(" · ")
}

/// The scores in the order of the metric. Equal scores share a rank.
fn entries<'s>(
    summary: &'s Summary,
    column: &Column,
    mut scored: Vec<(&'s Cell, &'s Score)>,
    several_protocols: bool,
) -> Vec<Entry<'s>> {
    let lower = column.direction() == Some(Direction::LowerIsBetter);
    scored.sort_by(|(_, a), (_, b)| {
        let order = b.value.total_cmp(&a.value);
        if lower { order.reverse() } else { order }
    });
    // SAMPLE data rank nothing, nor does a metric of which neither end is better.
    let ranks = column.direction().is_some() && !matches!(column.data, Data::Sample { .. });
    let same_n = summary.n_of(&column.name).is_some();
    let entry = |(cell, score): &(&'s Cell, &'s Score)| {
        let better = |other: &Score| {
            if lower { other.value < score.value } else { other.value > score.value }
        };
        let rank = 1 + scored.iter().filter(|(_, other)| better(other)).count();
        let mut remarks = Vec::new();
        if several_protocols {
            remarks.push(cell.protocol.clone());
        }
        if !same_n {
            remarks.push(format!("n = {}", score.n));
        }
        remarks.extend(board::unanswered(score));
        if let Some(mean) = summary.macro_mean(cell) {
            remarks.push(format!("macro {} {}", percent(mean.value), interval(mean)));
        }
        if let Some(reference) = summary.not_beaten(&column.name, score) {
            remarks.push(format!("not above: {}", reference.name));
        }
        Entry {
            rank: if ranks { rank.to_string() } else { "-".to_owned() },
            model: &cell.model,
            score: percent(score.value) + mark(summary, &cell.model, &column.name),
            interval: interval(score),
            value: Some(score.value).filter(|value| (0.0..=1.0).contains(value)),
            remarks,
        }
    };
    scored.iter().map(entry).collect()
}

/// The lines of the entries, aligned. Remarks that do not fit behind are on a line of their own.
fn rows(entries: &[Entry<'_>], width: usize) -> Vec<String> {
    let most = |width: fn(&Entry<'_>) -> usize| entries.iter().map(width).max().unwrap_or(0);
    let rank = most(|entry| width_of(&entry.rank)).max(3);
    let model = most(|entry| width_of(entry.model));
    let score = most(|entry| width_of(&entry.score));
    let ends = most(|entry| width_of(&entry.interval));
    let plain = rank + 1 + model + 2 + score + 2 + ends;
    let remarks = entries.iter().map(|entry| width_of(&entry.remarks.join(", "))).max();
    let remarks = remarks.filter(|width| *width > 0).map_or(0, |width| width + 2);
    let beside = plain + remarks <= width;
    let room = width.saturating_sub(plain + 2 + if beside { remarks } else { 0 });
    let bar = if room < SHORTEST_BAR { 0 } else { room.min(LONGEST_BAR) };
    let mut lines = Vec::new();
    for entry in entries {
        let mut line = format!(
            "{} {}  {}  {}",
            padded(&entry.rank, rank, true),
            padded(entry.model, model, false),
            padded(&entry.score, score, true),
            padded(&entry.interval, ends, false)
        );
        if bar > 0 {
            line.push_str("  ");
            line.push_str(&padded(&drawn(entry.value, bar), bar, false));
        }
        let said = entry.remarks.join(", ");
        if beside && !said.is_empty() {
            line.push_str("  ");
            line.push_str(&said);
        }
        lines.push(line.trim_end().to_owned());
        if !beside && !said.is_empty() {
            let set_in = " ".repeat(rank + 3);
            lines.push(wrap(&format!("{set_in}{said}"), width, rank + 3));
        }
    }
    lines
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(width_of(text)));
    if right { blanks + text } else { text.to_owned() + &blanks }
}

/// A bar from 0 to the value, `width` columns for 1.
fn drawn(value: Option<f64>, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = value.map_or(0, |value| (value * width as f64 * 8.0).round() as usize);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}
