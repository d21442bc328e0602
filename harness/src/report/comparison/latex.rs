//! LaTeX for a paper (booktabs): the board with its best score bold, tie letters and intervals; the pairs; the words.

use std::fmt::Write;

use super::{difference, level_of_differences, ranked, standing, verdict};
use crate::compare::{FriedmanOver, Outcome, Over, OverBenchmarks, Report};
use crate::score::CONFIDENCE;
use crate::text::escape::latex as escape;
use crate::text::format::{level, p_value};
use crate::text::table::{Cell, Table};

/// The whole comparison: one table a benchmark, then its paragraphs.
pub fn render(report: &Report) -> String {
    let mut text = String::from(
        "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}.\n",
    );
    if report.sample {
        text.push_str("% SAMPLE: synthetic data, not the benchmarks.\n");
    }
    for outcome in &report.benchmarks {
        models(&mut text, report, outcome);
        pairs(&mut text, report, outcome);
        for pair in &outcome.pairs {
            // The signature has no blanks: it may break behind each of its parts.
            let words = escape(&pair.text).replace("\\textbar{}", "\\textbar{}\\allowbreak{}");
            let _ = writeln!(text, "{{\\sloppy {words}\\par}}\n");
        }
    }
    if let OverBenchmarks::Found(over) = &report.over {
        let table = Table::new(["Model", "Mean rank", "Letters"]).right([1]);
        let _ = writeln!(text, "{}\n", table.with(over.models.iter().map(ranked)).latex(("", "")));
        if let Some(found) = &over.friedman {
            friedman(&mut text, over, found);
        }
    }
    text
}

fn friedman(text: &mut String, over: &Over, found: &FriedmanOver) {
    let _ = writeln!(
        text,
        "Over {} benchmarks ({}), the Friedman test gives $\\chi^2({}) = {:.2}$ ($p$ {} by permutation within benchmarks); Nemenyi's critical difference is {:.2} mean ranks. ({})\n",
        over.benchmarks.len(),
        escape(&over.benchmarks.join(", ")),
        found.df,
        found.chi2,
        escape(&p_value(found.f_p)),
        found.critical_difference,
        escape(&over.test.signature)
    );
}

fn models(text: &mut String, report: &Report, outcome: &Outcome) {
    let sample = if outcome.sample { ", SAMPLE data" } else { "" };
    let _ = writeln!(
        text,
        "\\begin{{table}}\n\\centering\n\\caption{{{}: {} ({} protocol, $n = {}${sample}), {}\\,\\% intervals. Models that share a letter do not differ significantly ({}, {} correction, $\\alpha = {}$), which does not make them equal.}}",
        escape(&outcome.title),
        escape(&outcome.metric),
        escape(&outcome.protocol),
        outcome.n,
        level(CONFIDENCE),
        escape(&outcome.test.title),
        escape(report.options.correction.title()),
        report.options.alpha
    );
    let table = Table::new(["Model", "Score", "Interval", "Letters", "Rank"])
        .right([1, 2, 4])
        .with(outcome.models.iter().map(|m| standing(outcome, m)));
    let _ = writeln!(text, "{}\n\\end{{table}}\n", table.latex(("", "")));
}

fn pairs(text: &mut String, report: &Report, outcome: &Outcome) {
    if outcome.pairs.is_empty() {
        return;
    }
    let (p, corrected) = (Cell::Ready("$p$"), Cell::Ready("Corrected $p$"));
    let head = [
        "A".into(),
        "B".into(),
        Cell::Ready("$A - B$"),
        level_of_differences(report).into(),
        p,
        corrected,
        "Verdict".into(),
    ];
    let table = Table::new(head).right(2..6).with(outcome.pairs.iter().map(|pair| {
        let mut row = difference(pair);
        row.push(verdict(pair).into());
        row
    }));
    let _ = writeln!(
        text,
        "{{\\small\\setlength{{\\tabcolsep}}{{4pt}}%\n{}}}\n",
        table.latex(("@{}", "@{}"))
    );
}
