//! GitHub Markdown.

use std::fmt::Write;

use super::{legend, pair_head, pair_row, ranks};
use crate::compare::{OverBenchmarks, Report};
use crate::text::escape::markdown as escape;
use crate::text::format::{p_value, percent, points};

/// The whole comparison.
pub fn render(report: &Report) -> String {
    let mut text = format!("# {}: which model is better?\n\n", escape(&report.title));
    if report.sample {
        text.push_str(
            "> **SAMPLE**: some benchmarks stand on synthetic data, not on the benchmark.\n\n",
        );
    }
    for outcome in &report.benchmarks {
        let sample = if outcome.sample { " (SAMPLE)" } else { "" };
        let _ = writeln!(text, "## {}{sample}\n", escape(&outcome.title));
        let _ = writeln!(
            text,
            "{}, protocol {}, n = {}, {} clusters. Pairs by {}: {}.\n",
            escape(&outcome.metric),
            escape(&outcome.protocol),
            outcome.n,
            outcome.clusters,
            escape(&outcome.test.title),
            escape(&outcome.test.why)
        );
        if let Some(all) = &outcome.omnibus {
            let _ = writeln!(
                text,
                "{}: Q({}) = {:.2}, p {}.\n",
                all.title,
                all.df,
                all.statistic,
                escape(&p_value(all.p))
            );
        }
        row(
            &mut text,
            &["model", "score", "interval", "letters", "rank", "gap of cultures"]
                .map(str::to_owned),
        );
        rule(&mut text, 6);
        for m in &outcome.models {
            let interval = m.interval.map_or_else(
                || "none".to_owned(),
                |(l, h)| format!("{}–{}", percent(l), percent(h)),
            );
            let gap = m.cultures.as_ref().map_or_else(String::new, |c| {
                format!(
                    "{} ({}–{})",
                    percent(c.gap),
                    percent(c.gap_interval.0),
                    percent(c.gap_interval.1)
                )
            });
            let rank = ranks(m);
            row(
                &mut text,
                &[m.model.clone(), percent(m.value), interval, m.letters.clone(), rank, gap],
            );
        }
        text.push('\n');
        let head = pair_head(report);
        row(&mut text, &head);
        rule(&mut text, head.len());
        for pair in &outcome.pairs {
            row(&mut text, &pair_row(report, pair));
        }
        let _ = writeln!(text, "\n`{}`\n", outcome.test.signature.replace('`', ""));
        for note in &outcome.notes {
            let _ = writeln!(text, "- {}", escape(note));
        }
        text.push('\n');
        for pair in &outcome.pairs {
            let _ = writeln!(text, "> {}\n", escape(&pair.text));
        }
    }
    text.push_str("## Over benchmarks\n\n");
    match &report.over {
        OverBenchmarks::Reason(reason) => {
            let _ = writeln!(text, "Not compared: {}\n", escape(reason));
        }
        OverBenchmarks::Found(over) => {
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
            row(&mut text, &["model", "mean rank", "letters"].map(str::to_owned));
            rule(&mut text, 3);
            for m in &over.models {
                row(
                    &mut text,
                    &[m.model.clone(), format!("{:.2}", m.mean_rank), m.letters.clone()],
                );
            }
            text.push('\n');
            row(
                &mut text,
                &["A", "B", "mean A - B", "p", "Holm p", "win/tie/loss", "show A / B better"]
                    .map(str::to_owned),
            );
            rule(&mut text, 7);
            for p in &over.pairs {
                let (w, t, l) = p.win_tie_loss;
                row(
                    &mut text,
                    &[
                        p.a.clone(),
                        p.b.clone(),
                        points(p.mean_difference),
                        p_value(p.p),
                        p_value(p.p_corrected),
                        format!("{w}/{t}/{l}"),
                        format!("{} / {}", p.replicated.0, p.replicated.1),
                    ],
                );
            }
            text.push('\n');
            for (name, reason) in over.left_out.iter().chain(&over.models_left_out) {
                let _ = writeln!(text, "- left out: {}: {}", escape(name), escape(reason));
            }
            for note in &over.notes {
                let _ = writeln!(text, "- {}", escape(note));
            }
            text.push('\n');
        }
    }
    if !report.not_compared.is_empty() {
        text.push_str("## Not compared\n\n");
        row(&mut text, &["benchmark", "model", "protocol", "reason"].map(str::to_owned));
        rule(&mut text, 4);
        for n in &report.not_compared {
            row(
                &mut text,
                &[n.benchmark.clone(), n.model.clone(), n.protocol.clone(), n.reason.clone()],
            );
        }
        text.push('\n');
    }
    for line in legend(report) {
        let _ = writeln!(text, "{}  ", escape(&line));
    }
    text
}

fn row(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|c| escape(c)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn rule(text: &mut String, columns: usize) {
    let _ = writeln!(text, "|{}", " --- |".repeat(columns));
}
