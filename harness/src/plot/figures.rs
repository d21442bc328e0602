//! Which figures a run has: the list that `report --format svg` writes.

use super::Frame;
use super::critical_difference::{self, Diagram};
use super::forest::{self, Forest};
use super::heatmap::{self, Heatmap};
use super::rank_interval::{self, Intervals};
use crate::compare::{self, OverBenchmarks, Report};
use crate::report::summary::Summary;

/// A figure of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Name of its file, without the ending.
    pub name: String,
    /// The drawing, as for a page.
    pub svg: String,
}

/// Models of the forest plots: the best over benchmarks against each other one, at most so many.
const FORESTS: usize = 24;

/// All figures of a summary and its comparison, in order of their importance; and what is left out, with the reason.
pub fn of(summary: &Summary, report: &Report) -> (Vec<Figure>, Vec<String>) {
    let mut figures = Vec::new();
    let mut left_out = Vec::new();
    let mut put =
        |name: String, title: String, sample: bool, draw: &dyn Fn(&Frame<'_>) -> String| {
            let mut name = clean(&name);
            // Names that differ in signs only must not share a file.
            while figures.iter().any(|f: &Figure| f.name == name) {
                name.push('-');
            }
            let svg = draw(&Frame::new(&name, &title).sample(sample));
            figures.push(Figure { name, svg });
        };
    let board = Heatmap::board(summary);
    put("board".to_owned(), summary.title.clone(), summary.sample, &|f| heatmap::draw(f, &board));
    match Diagram::of(report) {
        Ok(diagram) => put(
            "critical-difference".to_owned(),
            "Mean ranks over benchmarks".to_owned(),
            diagram.sample,
            &|f| critical_difference::draw(f, &diagram),
        ),
        Err(reason) => left_out.push(format!("critical-difference: {reason}")),
    }
    for (a, b) in duels(report) {
        let data = Forest::of(report, a, b);
        if !data.rows.iter().any(|r| matches!(r.found, forest::Found::Difference { .. })) {
            continue;
        }
        let sample = data.rows.iter().any(|r| r.sample);
        put(format!("forest-{a}-{b}"), format!("{a} against {b}"), sample, &|f| {
            forest::draw(f, &data)
        });
    }
    for outcome in &report.benchmarks {
        let place = format!("{}-{}", outcome.benchmark, outcome.protocol);
        let title = |what: &str| {
            format!("{what} on {} ({}, n = {})", outcome.title, outcome.protocol, outcome.n)
        };
        let scores = Intervals::scores(outcome, report.options.confidence);
        put(format!("scores-{place}"), title("Scores"), outcome.sample, &|f| {
            rank_interval::draw(f, &scores)
        });
        let ranks = Intervals::ranks(outcome);
        put(format!("ranks-{place}"), title("Ranks"), outcome.sample, &|f| {
            rank_interval::draw(f, &ranks)
        });
        let pairs = Heatmap::p_values(outcome, report.options.alpha);
        put(format!("pairs-{place}"), title("Pairs"), outcome.sample, &|f| {
            heatmap::draw(f, &pairs)
        });
    }
    for column in &summary.benchmarks {
        let Some(data) = Heatmap::cultures(summary, &column.name) else { continue };
        let sample = summary.cells.iter().any(|c| c.benchmark == column.name && c.sample);
        put(
            format!("cultures-{}", column.name),
            format!("Cultures of {}", column.title),
            sample,
            &|f| heatmap::draw(f, &data),
        );
    }
    (figures, left_out)
}

/// The best model over benchmarks (else of the first benchmark) against each of the others, in order of rank.
fn duels(report: &Report) -> Vec<(&str, &str)> {
    let mut names: Vec<&str> = match &report.over {
        OverBenchmarks::Found(over) => over.models.iter().map(|m| &*m.model).collect(),
        OverBenchmarks::Reason(_) => Vec::new(),
    };
    let standings = report.benchmarks.iter().flat_map(|b: &compare::Outcome| &b.models);
    for standing in standings {
        if !names.contains(&&*standing.model) {
            names.push(&standing.model);
        }
    }
    let Some((best, others)) = names.split_first() else { return Vec::new() };
    others.iter().take(FORESTS).map(|other| (*best, *other)).collect()
}

/// Letters, digits, dots and hyphens: a name for a file and an id.
fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
