//! A comparison in three formats: text for the eye, Markdown, LaTeX. No format computes a number.

mod answer;
mod latex;
mod markdown;
mod text;
mod votes;

pub use answer::render as answer;
pub use latex::render as latex;
pub use markdown::render as markdown;
pub use text::render as text;

use crate::compare::{
    Effect, NotCompared, Outcome, Over, Pair, PairOver, Ranked, RankedModel, Report, Verdict,
};
use crate::score::CONFIDENCE;
use crate::text::format::{
    interval, interval_of_points, interval_of_ranks, level, p_value, percent, points, rank,
};
use crate::text::table::{Cell, Table};

fn verdict(pair: &Pair) -> String {
    let verdict = two_sided(pair);
    match &pair.non_inferiority {
        Some(n) if n.shown && pair.verdict != Verdict::ABetter => {
            format!("{verdict}; not inferior")
        }
        Some(n) if !n.shown => format!("{verdict}; non-inferiority not shown"),
        _ => verdict,
    }
}

fn two_sided(pair: &Pair) -> String {
    match pair.verdict {
        Verdict::ABetter => format!("{} is better", pair.a),
        Verdict::BBetter => format!("{} is better", pair.b),
        Verdict::Equivalent => "equivalent within the margin".to_owned(),
        Verdict::Undecided => "no significant difference".to_owned(),
    }
}

/// An effect size in one cell.
pub fn effect(effect: &Effect) -> String {
    format!("{} = {:+.2}", effect.name.symbol(), effect.value)
}

/// Model, score, interval, letters, rank; the best score is the first one and those that print the same.
fn standing(outcome: &Outcome, model: &RankedModel) -> Vec<Cell> {
    let best = outcome.models.first().map(|m| percent(m.value));
    let number = percent(model.value);
    vec![
        model.model.as_str().into(),
        Cell::Marked { best: best.as_ref() == Some(&number), number, marks: Vec::new() },
        model.interval.map_or(Cell::None, |i| Cell::Number(interval(i.low, i.high))),
        Cell::Letters(model.letters.clone()),
        Cell::Number(ranks(model)),
    ]
}

/// `2 [1, 3.5]`: a model's rank and its interval.
fn ranks(model: &RankedModel) -> String {
    let of = model.rank_interval;
    format!("{} {}", rank(model.rank), interval_of_ranks(of.low, of.high))
}

/// `5.9 [0.0, 8.9] (7.1 if equal, p .440)`: best minus worst culture; empty where there are no cultures.
fn gap(model: &RankedModel) -> String {
    model.cultures.as_ref().map_or_else(String::new, |c| {
        let ends = interval(c.gap_interval.low, c.gap_interval.high);
        let equal = c.figures.map_or_else(String::new, |f| {
            format!(" ({} if equal, p {})", percent(f.expected_if_equal), p_value(f.p_equal))
        });
        format!("{} {ends}{equal}", percent(c.gap))
    })
}

/// A, B, A - B, its interval, p, corrected p.
fn difference(pair: &Pair) -> Vec<Cell> {
    let ends = pair.interval.as_ref().map(|i| interval_of_points(i.low, i.high));
    vec![
        pair.a.as_str().into(),
        pair.b.as_str().into(),
        Cell::Number(points(pair.difference)),
        ends.map_or(Cell::None, Cell::Number),
        Cell::Number(p_value(pair.p)),
        Cell::Number(p_value(pair.p_corrected)),
    ]
}

/// The head of the intervals of differences, which have a level of their own.
fn level_of_differences(report: &Report) -> String {
    format!("{} % interval", level(report.options.confidence))
}

/// What is said where differences and scores have intervals of different levels.
fn two_levels(report: &Report) -> Option<String> {
    let (of_scores, of_differences) = (level(CONFIDENCE), level(report.options.confidence));
    (of_scores != of_differences).then(|| {
        format!(
            "Intervals of scores and of gaps of cultures are {of_scores} % intervals, as on the leaderboard, at any --alpha and --confidence; those of differences are {of_differences} % intervals."
        )
    })
}

/// Heads of the pairs.
fn pair_head(report: &Report) -> Vec<Cell> {
    let mut head: Vec<Cell> = ["A", "B", "A - B"].map(Cell::from).to_vec();
    head.push(level_of_differences(report).into());
    head.extend(["p", "corrected p", "effect", "detectable"].map(Cell::from));
    head.extend(report.options.margin.map(|_| "p equivalence".into()));
    head.extend(report.options.non_inferior.map(|_| "p non-inferior".into()));
    head.push("verdict".into());
    head
}

fn pair_row(report: &Report, pair: &Pair) -> Vec<Cell> {
    let mut row = difference(pair);
    row.push(pair.effects.first().map(effect).unwrap_or_default().into());
    row.push(pair.minimum_detectable.map_or(Cell::None, |mde| Cell::Number(percent(mde))));
    row.extend(report.options.margin.map(|_| {
        pair.equivalence.as_ref().map_or(Cell::None, |e| Cell::Number(p_value(e.corrected())))
    }));
    row.extend(report.options.non_inferior.map(|_| {
        let of = pair.non_inferiority.as_ref();
        of.map_or(Cell::None, |n| Cell::Number(p_value(n.p_corrected)))
    }));
    row.push(verdict(pair).into());
    row
}

/// Models over benchmarks: name, mean rank, letters.
fn ranked(model: &Ranked) -> Vec<Cell> {
    vec![
        model.model.as_str().into(),
        Cell::Number(format!("{:.2}", model.mean_rank)),
        Cell::Letters(model.letters.clone()),
    ]
}

fn mean_ranks(over: &Over) -> Table {
    Table::new(["model", "mean rank", "letters"]).with(over.models.iter().map(ranked))
}

/// `2/1/0`: on how many benchmarks A is better, neither is, B is.
fn win_tie_loss(pair: &PairOver) -> Cell {
    let of = pair.win_tie_loss;
    Cell::Number(format!("{}/{}/{}", of.wins, of.ties, of.losses))
}

fn replicated(pair: &PairOver) -> Cell {
    Cell::Number(format!("{} / {}", pair.replicated.a, pair.replicated.b))
}

fn left_out(all: &[NotCompared]) -> Table {
    Table::new(["benchmark", "model", "protocol", "reason"]).with(all.iter().map(|n| {
        [&n.benchmark, &n.model, &n.protocol, &n.reason].map(|text| text.as_str().into()).to_vec()
    }))
}

/// What the columns mean.
fn legend(report: &Report) -> Vec<String> {
    let mut lines = vec![
        "A - B, intervals and detectable differences in points (hundredths of the score).".to_owned(),
        "Models that share a letter do not differ significantly; that does not make them equal. \"detectable\" is the smallest difference that a sample of this size shows with 80 % power, after correction over the pairs of the benchmark.".to_owned(),
        "A rank runs from 1 + the models that are significantly better to k - those that are significantly worse: true of all models at once.".to_owned(),
        format!("{}; alpha = {}. Intervals are not corrected for the number of pairs.", report.families, report.options.alpha),
    ];
    lines.extend(two_levels(report));
    let gaps = report.benchmarks.iter().flat_map(|b| &b.models).filter_map(|m| m.cultures.as_ref());
    if gaps.into_iter().any(|c| c.figures.is_some()) {
        lines.push("Gap of cultures: best minus worst with at least ten independent examples. \"if equal\" is the gap that such cultures would show if the model were equally good on all of them, p that of the test that it is. The interval holds whichever cultures are the best and the worst.".to_owned());
    }
    if let Some(margin) = report.options.margin {
        lines.push(format!(
            "Equivalence: within {} points, by two one-sided tests; p is corrected over the pairs of a benchmark.",
            percent(margin)
        ));
    }
    if let Some(margin) = report.options.non_inferior {
        lines.push(format!(
            "Not inferior: A is worse than B by less than {} points, if at all, by a one-sided test; p is corrected over the pairs of a benchmark.",
            percent(margin)
        ));
    }
    lines
}
