//! For the eye, on a terminal.

use std::fmt::Write;

use super::votes;
use super::{
    gap, left_out, legend, mean_ranks, pair_head, pair_row, replicated, standing, win_tie_loss,
};
use crate::compare::{FriedmanOver, Outcome, Over, OverBenchmarks, RankedModel, Report};
use crate::text::format::{p_value, percent, points};
use crate::text::table::{Cell, Table};

/// The whole comparison.
pub fn render(report: &Report) -> String {
    let mut text = format!("{}\n", report.title);
    if report.sample {
        text.push_str("SAMPLE: synthetic data, not the benchmarks\n");
    }
    for outcome in &report.benchmarks {
        benchmark(&mut text, report, outcome);
    }
    match &report.over {
        OverBenchmarks::Found(found) => over(&mut text, found),
        OverBenchmarks::Reason(reason) => {
            let _ = writeln!(text, "\nOver benchmarks: not compared: {reason}");
        }
    }
    if !report.not_compared.is_empty() {
        let _ = writeln!(text, "\nNot compared\n{}", left_out(&report.not_compared).indented());
    }
    text.push('\n');
    for line in legend(report) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn benchmark(text: &mut String, report: &Report, outcome: &Outcome) {
    heading(text, outcome);
    let _ = writeln!(text, "\n{}", models(outcome).indented());
    if outcome.pairs.is_empty() {
        return;
    }
    let table = pairs(report, outcome).indented();
    let _ = writeln!(text, "\n{table}\n  {}", outcome.test.signature);
    if !outcome.votes.is_empty() {
        let table = votes::table(&outcome.votes, report.options.correction.title()).indented();
        let _ = writeln!(text, "\n  {}\n\n{table}", votes::ABOUT);
    }
}

/// What was compared on a benchmark, and how.
fn heading(text: &mut String, outcome: &Outcome) {
    let sample = if outcome.sample { "  SAMPLE" } else { "" };
    let _ = writeln!(
        text,
        "\n{} · {} · {} · n = {}{}{sample}",
        outcome.title,
        outcome.protocol,
        outcome.metric,
        outcome.n,
        if outcome.clusters < outcome.n {
            format!(" in {} clusters", outcome.clusters)
        } else {
            String::new()
        }
    );
    let _ = writeln!(
        text,
        "  test: {} ({})\n  why: {}",
        outcome.test.title, outcome.test.name, outcome.test.why
    );
    if let Some(all) = &outcome.omnibus {
        let _ = writeln!(
            text,
            "  all models: {}, Q({}) = {:.2}, p {}",
            all.title,
            all.df,
            all.statistic,
            p_value(all.p)
        );
    }
    for note in &outcome.notes {
        let _ = writeln!(text, "  note: {note}");
    }
}

fn models(outcome: &Outcome) -> Table {
    let head = ["model", "score", "95 % interval", "letters", "rank", "seeds", "gap of cultures"];
    Table::new(head).with(outcome.models.iter().map(|m| {
        let worst = m.cultures.as_ref().map_or_else(String::new, |c| {
            let n = c.figures.map_or_else(String::new, |f| format!(" (n = {})", f.worst_n));
            format!("  worst {}{n} {}", c.worst, percent(c.worst_value))
        });
        let mut row = standing(outcome, m);
        row.extend([seeds(m).into(), format!("{}{worst}", gap(m)).into()]);
        row
    }))
}

fn pairs(report: &Report, outcome: &Outcome) -> Table {
    let mut head = pair_head(report);
    head.push("cultures differ: corrected p".into());
    Table::new(head).with(outcome.pairs.iter().map(|pair| {
        let cultures = pair.cultures.as_ref().map(|c| p_value(c.p_corrected));
        let mut row = pair_row(report, pair);
        row.push(Cell::Number(cultures.unwrap_or_default()));
        row
    }))
}

/// How many; the score of each where they are fewer than five; their share of the variance of the score, and its degrees of
/// freedom.
fn seeds(standing: &RankedModel) -> String {
    let scores: Vec<String> = standing.of_seeds.iter().map(|v| percent(*v)).collect();
    let count = match scores.len() {
        2..5 => format!("{}: {}", scores.len(), scores.join(" ")),
        _ => standing.seeds.len().to_string(),
    };
    match standing.variance.filter(|v| v.seed_sd.is_some() && v.df.is_finite()) {
        Some(v) => format!("{count} ({:.0} % of the variance, df {:.0})", 100.0 * v.seeds, v.df),
        None => count,
    }
}

fn over(text: &mut String, over: &Over) {
    let _ = writeln!(
        text,
        "\nOver {} benchmarks: {}\n  test: {}\n  why: {}",
        over.benchmarks.len(),
        over.benchmarks.join(", "),
        over.test.title,
        over.test.why
    );
    for left in over.left_out.iter().chain(&over.models_left_out) {
        let _ = writeln!(text, "  left out: {}: {}", left.name, left.reason);
    }
    if let Some(found) = &over.friedman {
        friedman(text, found);
    }
    for note in &over.notes {
        let _ = writeln!(text, "  note: {note}");
    }
    let _ = writeln!(text, "\n{}", mean_ranks(over).indented());
    let table = pairs_over(over).indented();
    let _ = writeln!(text, "\n{table}\n  {}", over.test.signature);
}

fn friedman(text: &mut String, found: &FriedmanOver) {
    let value = found.f.map_or_else(|| "infinite".to_owned(), |f| format!("{f:.2}"));
    let _ = writeln!(
        text,
        "  Friedman chi2({}) = {:.2}, p {}; Iman-Davenport F = {value}, p {} by permutation; Nemenyi's critical difference {:.2} mean ranks",
        found.df,
        found.chi2,
        p_value(found.p),
        p_value(found.f_p),
        found.critical_difference
    );
}

fn pairs_over(over: &Over) -> Table {
    let head = [
        "A",
        "B",
        "mean A - B",
        "p",
        "Holm p",
        "Nemenyi p",
        "win/tie/loss",
        "benchmarks with p < alpha for A / B, uncorrected",
    ];
    Table::new(head).with(over.pairs.iter().map(|p| {
        vec![
            p.a.as_str().into(),
            p.b.as_str().into(),
            Cell::Number(points(p.mean_difference)),
            Cell::Number(p_value(p.p)),
            Cell::Number(p_value(p.p_corrected)),
            Cell::Number(p.p_nemenyi.map(p_value).unwrap_or_default()),
            win_tie_loss(p),
            replicated(p),
        ]
    }))
}
