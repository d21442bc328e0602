//! A comparison in three formats: text for the eye, Markdown, LaTeX. No format computes a number.

mod latex;
mod markdown;
mod text;

pub use latex::render as latex;
pub use markdown::render as markdown;
pub use text::render as text;

use crate::compare::{Ends, Pair, Report, Standing, Verdict};
use crate::text::format::{p_value, percent, points, rank};

fn ends(interval: Option<&Ends>) -> String {
    interval
        .map_or_else(|| "none".to_owned(), |i| format!("{} to {}", points(i.low), points(i.high)))
}

/// `2 (1–3.5)`: a model's rank and its interval.
fn ranks(model: &Standing) -> String {
    let (low, high) = model.rank_interval;
    format!("{} ({}–{})", rank(model.rank), rank(low), rank(high))
}

fn verdict(pair: &Pair) -> String {
    match pair.verdict {
        Verdict::ABetter => format!("{} is better", pair.a),
        Verdict::BBetter => format!("{} is better", pair.b),
        Verdict::Equivalent => "equivalent within the margin".to_owned(),
        Verdict::Undecided if pair.these_runs_only => "not told apart beyond these runs".to_owned(),
        Verdict::Undecided => "not told apart".to_owned(),
    }
}

/// Effect sizes in one cell.
pub fn effect(pair: &Pair) -> String {
    pair.effects.first().map_or_else(String::new, |(name, value)| {
        let short = name.strip_prefix("Cohen's ").unwrap_or(name);
        format!("{short} = {value:+.2}")
    })
}

/// Columns of the pairs, and one row a pair.
const PAIR_HEAD: [&str; 9] =
    ["A", "B", "A - B", "95 % interval", "p", "corrected p", "effect", "detectable", "verdict"];

fn pair_head(report: &Report) -> Vec<String> {
    let mut head = PAIR_HEAD.map(str::to_owned).to_vec();
    head[3] = format!("{:.0} % interval", report.options.confidence * 100.0);
    if report.options.margin.is_some() {
        head.insert(8, "p equivalence".to_owned());
    }
    head
}

fn pair_row(report: &Report, pair: &Pair) -> Vec<String> {
    let mut row = vec![
        pair.a.clone(),
        pair.b.clone(),
        points(pair.difference),
        ends(pair.interval.as_ref()),
        p_value(pair.p),
        p_value(pair.p_corrected),
        effect(pair),
        pair.minimum_detectable.map_or_else(|| "none".to_owned(), percent),
        verdict(pair),
    ];
    if report.options.margin.is_some() {
        row.insert(
            8,
            pair.equivalence.as_ref().map_or_else(|| "none".to_owned(), |e| p_value(e.p)),
        );
    }
    row
}

/// What the columns mean.
fn legend(report: &Report) -> Vec<String> {
    let mut lines = vec![
        "A - B, intervals and detectable differences in points (hundredths of the score).".to_owned(),
        "Models that share a letter are not told apart; that does not make them equal. \"detectable\" is the smallest difference that a sample of this size shows with 80 % power, before correction.".to_owned(),
        format!("{}; alpha = {}. Intervals are not corrected for the number of pairs.", report.families, report.options.alpha),
    ];
    if let Some(margin) = report.options.margin {
        lines.push(format!(
            "Equivalence: within {} points, by two one-sided tests (not corrected).",
            percent(margin)
        ));
    }
    lines
}
