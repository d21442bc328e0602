//! LaTeX for a paper (booktabs): the board with its best score bold, tie letters and intervals; the pairs; the words.

use std::fmt::Write;

use super::{ranks, verdict};
use crate::compare::{Outcome, OverBenchmarks, Report};
use crate::text::escape::latex as escape;
use crate::text::format::{p_value, percent, points};

/// The whole comparison: one table a benchmark, then its paragraphs.
pub fn render(report: &Report) -> String {
    let mut text = String::from(
        "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}.\n",
    );
    if report.sample {
        text.push_str("% SAMPLE: synthetic data, not the benchmarks.\n");
    }
    for outcome in &report.benchmarks {
        board(&mut text, report, outcome);
        pairs(&mut text, outcome);
        for pair in &outcome.pairs {
            // The signature has no blanks: it may break behind each of its parts.
            let words = escape(&pair.text).replace("\\textbar{}", "\\textbar{}\\allowbreak{}");
            let _ = writeln!(text, "{{\\sloppy {words}\\par}}\n");
        }
    }
    if let OverBenchmarks::Found(over) = &report.over {
        text.push_str(
            "\\begin{tabular}{lrl}\n\\toprule\nModel & Mean rank & Letters \\\\\n\\midrule\n",
        );
        for m in &over.models {
            let _ = writeln!(
                text,
                "{} & {:.2} & {} \\\\",
                escape(&m.model),
                m.mean_rank,
                letters(&m.letters)
            );
        }
        text.push_str("\\bottomrule\n\\end{tabular}\n\n");
        if let Some(f) = &over.friedman {
            let _ = writeln!(
                text,
                "Over {} benchmarks ({}), the Friedman test gives $\\chi^2({}) = {:.2}$ ($p$ {} by permutation within benchmarks); Nemenyi's critical difference is {:.2} mean ranks. ({})\n",
                over.benchmarks.len(),
                escape(&over.benchmarks.join(", ")),
                f.df,
                f.chi2,
                math(&p_value(f.f_p)),
                f.critical_difference,
                escape(&over.test.signature)
            );
        }
    }
    text
}

fn board(text: &mut String, report: &Report, outcome: &Outcome) {
    let sample = if outcome.sample { ", SAMPLE data" } else { "" };
    let _ = writeln!(
        text,
        "\\begin{{table}}\n\\centering\n\\caption{{{}: {} ({} protocol, $n = {}${sample}), {:.0}\\,\\% intervals. Models that share a letter are not told apart ({}, {} correction, $\\alpha = {}$), which does not make them equal.}}",
        escape(&outcome.title),
        escape(&outcome.metric),
        escape(&outcome.protocol),
        outcome.n,
        report.options.confidence * 100.0,
        escape(&outcome.test.title),
        escape(report.options.correction.title()),
        report.options.alpha
    );
    text.push_str("\\begin{tabular}{lrrlr}\n\\toprule\nModel & Score & Interval & Letters & Rank \\\\\n\\midrule\n");
    let best = outcome.models.first().map(|m| percent(m.value));
    for m in &outcome.models {
        let score = percent(m.value);
        let score =
            if best.as_ref() == Some(&score) { format!("\\textbf{{{score}}}") } else { score };
        let interval = m
            .interval
            .map_or_else(|| "---".to_owned(), |(l, h)| format!("[{}, {}]", percent(l), percent(h)));
        let _ = writeln!(
            text,
            "{} & {score} & {interval} & {} & {} \\\\",
            escape(&m.model),
            letters(&m.letters),
            ranks(m).replace('–', "--")
        );
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n\\end{table}\n\n");
}

fn pairs(text: &mut String, outcome: &Outcome) {
    if outcome.pairs.is_empty() {
        return;
    }
    text.push_str(
        "{\\small\\setlength{\\tabcolsep}{4pt}%\n\\begin{tabular}{@{}llrrrrl@{}}\n\\toprule\nA & B & $A - B$ & Interval & $p$ & Corrected $p$ & Verdict \\\\\n\\midrule\n",
    );
    for pair in &outcome.pairs {
        let interval = (pair.interval.as_ref()).map_or_else(
            || "---".to_owned(),
            |i| format!("[${}$, ${}$]", points(i.low), points(i.high)),
        );
        let _ = writeln!(
            text,
            "{} & {} & ${}$ & {interval} & {} & {} & {} \\\\",
            escape(&pair.a),
            escape(&pair.b),
            points(pair.difference),
            math(&p_value(pair.p)),
            math(&p_value(pair.p_corrected)),
            escape(&verdict(pair))
        );
    }
    text.push_str("\\bottomrule\n\\end{tabular}}\n\n");
}

fn letters(letters: &str) -> String {
    if letters.is_empty() { String::new() } else { format!("\\textit{{{}}}", escape(letters)) }
}

/// `< .001` in mathematics.
fn math(p: &str) -> String {
    p.replace("< ", "$<$ ")
}
