//! Which figures a run has: the list that `report --format svg` writes.

use super::Frame;
use super::critical_difference::{self, Diagram};
use super::forest::{self, Forest};
use super::heatmap::{self, Heatmap};
use super::rank_interval::{self, Intervals};
use crate::compare::{self, OverBenchmarks, Report};
use crate::results::summary::Summary;

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

/// Figures under names that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// In the order in which they were put.
    pub figures: Vec<Figure>,
    /// What was left out, with the reason.
    pub left_out: Vec<String>,
}

impl Sheet {
    /// Draws a figure with its title into it.
    pub fn put(
        &mut self,
        name: &str,
        title: &str,
        sample: bool,
        draw: impl Fn(&Frame<'_>) -> String,
    ) {
        let mut name = clean(name);
        // Names that differ in signs only must not share a file.
        while self.figures.iter().any(|f| f.name == name) {
            name.push('-');
        }
        let svg = draw(&Frame::new(&name, title).sample(sample));
        self.figures.push(Figure { name, svg });
    }
}

/// The figures of a summary and its comparison, in order of their importance.
pub fn of(summary: &Summary, report: &Report) -> Sheet {
    let mut sheet = Sheet::default();
    let board = Heatmap::board(summary);
    sheet.put("board", &summary.title, summary.sample, |f| heatmap::draw(f, &board));
    match Diagram::of(report) {
        Ok(diagram) => {
            sheet.put("critical-difference", "Mean ranks over benchmarks", diagram.sample, |f| {
                critical_difference::draw(f, &diagram)
            });
        }
        Err(reason) => sheet.left_out.push(format!("critical-difference: {reason}")),
    }
    for (a, b) in duels(report) {
        let data = Forest::of(report, a, b);
        if !data.rows.iter().any(|r| matches!(r.found, forest::Found::Difference { .. })) {
            continue;
        }
        let sample = data.rows.iter().any(|r| r.sample);
        sheet.put(&format!("forest-{a}-{b}"), &format!("{a} against {b}"), sample, |f| {
            forest::draw(f, &data)
        });
    }
    for outcome in &report.benchmarks {
        let place = format!("{}-{}", outcome.benchmark, outcome.protocol);
        let title = |what: &str| {
            format!("{what} on {} ({}, n = {})", outcome.title, outcome.protocol, outcome.n)
        };
        let scores = Intervals::scores(outcome);
        sheet.put(&format!("scores-{place}"), &title("Scores"), outcome.sample, |f| {
            rank_interval::draw(f, &scores)
        });
        let ranks = Intervals::ranks(outcome);
        sheet.put(&format!("ranks-{place}"), &title("Ranks"), outcome.sample, |f| {
            rank_interval::draw(f, &ranks)
        });
        let pairs = Heatmap::p_values(outcome, report.options.alpha);
        sheet.put(&format!("pairs-{place}"), &title("Pairs"), outcome.sample, |f| {
            heatmap::draw(f, &pairs)
        });
    }
    for column in &summary.benchmarks {
        let Some(data) = Heatmap::cultures(summary, &column.name) else { continue };
        let sample = summary.cells.iter().any(|c| c.benchmark == column.name && c.sample);
        sheet.put(
            &format!("cultures-{}", column.name),
            &format!("Cultures of {}", column.title),
            sample,
            |f| heatmap::draw(f, &data),
        );
    }
    sheet
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
