//! GitHub Markdown.

use std::fmt::Write;

use super::votes;
use super::{
    gap, left_out, legend, mean_ranks, pair_head, pair_row, replicated, standing, win_tie_loss,
};
use crate::compare::{Outcome, Over, OverBenchmarks, Report};
use crate::text::escape::markdown as escape;
use crate::text::format::{p_value, points};
use crate::text::table::{Cell, Table};

/// The whole comparison.
pub fn render(report: &Report) -> String {
    let mut text = format!("# {}: which model is better?\n\n", escape(&report.title));
    if report.sample {
        text.push_str("> **SAMPLE**: some benchmarks use synthetic data, not the benchmark's.\n\n");
    }
    for outcome in &report.benchmarks {
        heading(&mut text, outcome);
        models(&mut text, outcome);
        pairs(&mut text, report, outcome);
    }
    text.push_str("## Over benchmarks\n\n");
    match &report.over {
        OverBenchmarks::Reason(reason) => {
            let _ = writeln!(text, "Not compared: {}\n", escape(reason));
        }
        OverBenchmarks::Found(found) => over(&mut text, found),
    }
    if !report.not_compared.is_empty() {
        let table = left_out(&report.not_compared).markdown();
        let _ = writeln!(text, "## Not compared\n\n{table}");
    }
    for line in legend(report) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

/// What was compared on a benchmark, and how.
fn heading(text: &mut String, outcome: &Outcome) {
    let sample = if outcome.sample { " (SAMPLE)" } else { "" };
    let _ = writeln!(
        text,
        "## {}{sample}\n\n{}, protocol {}, n = {}, {} clusters. Pairs by {}: {}.\n",
        escape(&outcome.title),
        escape(&outcome.metric),
        escape(&outcome.protocol),
        outcome.n,
        outcome.clusters,
        escape(&outcome.test.title),
        escape(&outcome.test.why)
    );
    if let Some(all) = &outcome.omnibus {
        let p = escape(&p_value(all.p));
        let _ = writeln!(text, "{}: Q({}) = {:.2}, p {p}.\n", all.title, all.df, all.statistic);
    }
}

fn models(text: &mut String, outcome: &Outcome) {
    let head = ["model", "score", "95 % interval", "letters", "rank", "gap of cultures"];
    let table = Table::new(head).with(outcome.models.iter().map(|m| {
        let mut row = standing(outcome, m);
        row.push(Cell::Number(gap(m)));
        row
    }));
    text.push_str(&table.markdown());
    text.push('\n');
}

/// The pairs of a benchmark: table, signature, notes, and a paragraph for each.
fn pairs(text: &mut String, report: &Report, outcome: &Outcome) {
    let rows = outcome.pairs.iter().map(|pair| pair_row(report, pair));
    text.push_str(&Table::new(pair_head(report)).with(rows).markdown());
    let _ = writeln!(text, "\n`{}`\n", outcome.test.signature.replace('`', ""));
    for note in &outcome.notes {
        let _ = writeln!(text, "- {}", escape(note));
    }
    text.push('\n');
    if !outcome.votes.is_empty() {
        let table = votes::table(&outcome.votes, report.options.correction.title()).markdown();
        let _ = writeln!(text, "{}\n\n{table}", votes::ABOUT);
    }
    for pair in &outcome.pairs {
        let _ = writeln!(text, "> {}\n", escape(&pair.text));
    }
}

fn over(text: &mut String, over: &Over) {
    let _ = writeln!(
        text,
        "{}: {}. {}.\n",
        escape(&over.benchmarks.join(", ")),
        escape(&over.test.title),
        escape(&over.test.why)
    );
    if let Some(f) = &over.friedman {
        let _ = writeln!(
            text,
            "Friedman chi2({}) = {:.2}, p {} by permutation; critical difference {:.2} mean ranks.\n",
            f.df,
            f.chi2,
            escape(&p_value(f.f_p)),
            f.critical_difference
        );
    }
    let _ = writeln!(text, "{}\n{}", mean_ranks(over).markdown(), pairs_over(over).markdown());
    for left in over.left_out.iter().chain(&over.models_left_out) {
        let _ = writeln!(text, "- left out: {}: {}", escape(&left.name), escape(&left.reason));
    }
    for note in &over.notes {
        let _ = writeln!(text, "- {}", escape(note));
    }
    text.push('\n');
}

fn pairs_over(over: &Over) -> Table {
    let head =
        ["A", "B", "mean A - B", "p", "Holm p", "win/tie/loss", "p < alpha for A / B, uncorrected"];
    Table::new(head).with(over.pairs.iter().map(|p| {
        vec![
            p.a.as_str().into(),
            p.b.as_str().into(),
            Cell::Number(points(p.mean_difference)),
            Cell::Number(p_value(p.p)),
            Cell::Number(p_value(p.p_corrected)),
            win_tie_loss(p),
            replicated(p),
        ]
    }))
}
