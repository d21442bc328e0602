//! The answer first, on a terminal: who leads, and who differs significantly from the leader.

use std::fmt::Write;

use super::{left_out, two_levels};
use crate::compare::{Outcome, OverBenchmarks, Pair, RankedModel, Report, Verdict};
use crate::text::format::{interval, p_value, percent, points};
use crate::text::table::{Cell, Table};
use crate::text::wrap::wrap;

/// For each benchmark a sentence and the models in order, in lines of at most `width` columns; `--all` has the rest.
pub fn render(report: &Report, width: usize) -> String {
    let mut text = format!("{}\n", report.title);
    if report.sample {
        text.push_str("SAMPLE: synthetic data, not the benchmarks\n");
    }
    for outcome in &report.benchmarks {
        let _ = writeln!(text, "\n{}", wrap(&heading(outcome), width, 2));
        for line in answers(report, outcome) {
            let _ = writeln!(text, "{}", wrap(&format!("  {line}"), width, 4));
        }
        let _ = writeln!(text, "\n{}", models(outcome).indented());
    }
    if let OverBenchmarks::Found(over) = &report.over {
        let all: Vec<String> =
            over.models.iter().map(|m| format!("{} {:.2}", m.model, m.mean_rank)).collect();
        let line = format!(
            "Mean ranks over {} benchmarks, best first: {}",
            over.benchmarks.len(),
            all.join(", ")
        );
        let _ = writeln!(text, "\n{}", wrap(&line, width, 2));
    }
    if !report.not_compared.is_empty() {
        let _ = writeln!(text, "\nNot compared\n{}", left_out(&report.not_compared).indented());
    }
    text.push('\n');
    for line in below(report) {
        let _ = writeln!(text, "{}", wrap(&line, width, 2));
    }
    text
}

fn heading(outcome: &Outcome) -> String {
    let clusters = if outcome.clusters < outcome.n {
        format!(" in {} clusters", outcome.clusters)
    } else {
        String::new()
    };
    let sample = if outcome.sample { " · SAMPLE" } else { "" };
    let Outcome { title, protocol, metric, n, .. } = outcome;
    format!("{title} · {protocol} · {metric} · n = {n}{clusters}{sample}")
}

/// What the pairs with one model say: the baseline, or the leader.
fn answers(report: &Report, outcome: &Outcome) -> Vec<String> {
    let baseline = report.options.baseline.as_deref();
    let one = match baseline {
        Some(name) => outcome.models.iter().find(|m| m.model == name),
        None => outcome.models.first(),
    };
    let Some(one) = one else { return Vec::new() };
    let role = if baseline.is_some() { "Baseline" } else { "Leader" };
    let mut lines = vec![format!("{role}: {} {}.", one.model, score(one))];
    let (mut better, mut worse, mut alike) = (Vec::new(), Vec::new(), Vec::new());
    for other in outcome.models.iter().filter(|m| m.model != one.model) {
        let Some(pair) = outcome.pairs.iter().find(|p| is_of(p, &one.model, &other.model)) else {
            continue;
        };
        let first = pair.a == other.model;
        let difference = if first { pair.difference } else { -pair.difference };
        let named =
            format!("{} ({}, p {})", other.model, points(difference), p_value(pair.p_corrected));
        match (pair.verdict, first) {
            (Verdict::ABetter, true) | (Verdict::BBetter, false) => better.push(named),
            (Verdict::ABetter, false) | (Verdict::BBetter, true) => worse.push(named),
            (Verdict::Equivalent, _) => alike.push(format!("{named}, equivalent")),
            (Verdict::Undecided, _) => alike.push(named),
        }
    }
    for (what, names) in [
        ("Significantly better", better),
        ("No significant difference", alike),
        ("Significantly worse", worse),
    ] {
        if !names.is_empty() {
            lines.push(format!("{what}: {}.", names.join(", ")));
        }
    }
    lines
}

fn is_of(pair: &Pair, one: &str, other: &str) -> bool {
    (pair.a == one && pair.b == other) || (pair.a == other && pair.b == one)
}

fn score(model: &RankedModel) -> String {
    let ends = model.interval.map_or_else(String::new, |i| format!(" {}", interval(i.low, i.high)));
    format!("{}{ends}", percent(model.value))
}

fn models(outcome: &Outcome) -> Table {
    let row = |model: &RankedModel| {
        let mut row = super::standing(outcome, model);
        let rank = row.pop().unwrap_or(Cell::None);
        row.insert(0, rank);
        row
    };
    Table::new(["rank", "model", "score", "95 % interval", "letters"])
        .with(outcome.models.iter().map(row))
}

fn below(report: &Report) -> Vec<String> {
    let tests: std::collections::BTreeSet<&str> =
        report.benchmarks.iter().map(|outcome| outcome.test.title.as_str()).collect();
    let tests: Vec<&str> = tests.into_iter().collect();
    let mut lines = vec![format!(
        "p-values: {}, corrected over the pairs of a benchmark ({}). Models that share a letter do not differ significantly, which does not make them equal.",
        tests.join("; "),
        report.options.correction.title()
    )];
    lines.extend(two_levels(report));
    lines.push(
        "`culture-eval compare --all`: every pair with its interval, effect size and detectable difference, seeds, cultures, notes."
            .to_owned(),
    );
    lines
}
