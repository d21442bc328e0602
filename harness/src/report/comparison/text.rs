//! For the eye, on a terminal.

use std::fmt::Write;

use super::{legend, pair_head, pair_row, ranks};
use crate::compare::{Outcome, Over, OverBenchmarks, Report, Standing};
use crate::text::format::{p_value, percent, points};
use crate::text::table::aligned as table;

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
        text.push_str("\nNot compared\n");
        let rows = report.not_compared.iter().map(|n| {
            vec![
                format!("  {}", n.benchmark),
                n.model.clone(),
                n.protocol.clone(),
                n.reason.clone(),
            ]
        });
        let _ = writeln!(text, "{}", table(&["  benchmark", "model", "protocol", "reason"], rows));
    }
    text.push('\n');
    for line in legend(report) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn benchmark(text: &mut String, report: &Report, outcome: &Outcome) {
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
    let rows = outcome.models.iter().map(|m| {
        vec![
            format!("  {}", m.model),
            percent(m.value),
            m.interval.map_or_else(
                || "none".to_owned(),
                |(low, high)| format!("{}–{}", percent(low), percent(high)),
            ),
            m.letters.clone(),
            ranks(m),
            seeds(m),
            m.cultures.as_ref().map_or_else(String::new, |c| {
                format!(
                    "{} ({}–{})  worst {} {}",
                    percent(c.gap),
                    percent(c.gap_interval.0),
                    percent(c.gap_interval.1),
                    c.worst,
                    percent(c.worst_value)
                )
            }),
        ]
    });
    let head = ["  model", "score", "interval", "letters", "rank", "seeds", "gap of cultures"];
    let _ = writeln!(text, "\n{}", table(&head, rows));
    if outcome.pairs.is_empty() {
        return;
    }
    let mut head = pair_head(report);
    "  A".clone_into(&mut head[0]);
    head.push("same in all cultures? p".to_owned());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = outcome.pairs.iter().map(|pair| {
        let mut row = pair_row(report, pair);
        row[0] = format!("  {}", row[0]);
        row.push(pair.cultures.as_ref().map_or_else(String::new, |c| p_value(c.p_corrected)));
        row
    });
    let _ = writeln!(text, "\n{}\n  {}", table(&head, rows), outcome.test.signature);
}

/// How many; the score of each where they are fewer than five.
fn seeds(standing: &Standing) -> String {
    let scores: Vec<String> = standing.of_seeds.iter().map(|v| percent(*v)).collect();
    match scores.len() {
        2..5 => format!("{}: {}", scores.len(), scores.join(" ")),
        _ => standing.seeds.len().to_string(),
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
    for (name, reason) in over.left_out.iter().chain(&over.models_left_out) {
        let _ = writeln!(text, "  left out: {name}: {reason}");
    }
    if let Some(f) = &over.friedman {
        let value = f.f.map_or_else(|| "infinite".to_owned(), |f| format!("{f:.2}"));
        let _ = writeln!(
            text,
            "  Friedman chi2({}) = {:.2}, p {}; Iman-Davenport F = {value}, p {} by permutation; Nemenyi's critical difference {:.2} mean ranks",
            f.df,
            f.chi2,
            p_value(f.p),
            p_value(f.f_p),
            f.critical_difference
        );
    }
    for note in &over.notes {
        let _ = writeln!(text, "  note: {note}");
    }
    let rows = over
        .models
        .iter()
        .map(|m| vec![format!("  {}", m.model), format!("{:.2}", m.mean_rank), m.letters.clone()]);
    let _ = writeln!(text, "\n{}", table(&["  model", "mean rank", "letters"], rows));
    let rows = over.pairs.iter().map(|p| {
        vec![
            format!("  {}", p.a),
            p.b.clone(),
            points(p.mean_difference),
            p_value(p.p),
            p_value(p.p_corrected),
            p.p_nemenyi.map_or_else(String::new, p_value),
            format!("{}/{}/{}", p.win_tie_loss.0, p.win_tie_loss.1, p.win_tie_loss.2),
            format!("{} / {}", p.replicated.0, p.replicated.1),
        ]
    });
    let head = [
        "  A",
        "B",
        "mean A - B",
        "p",
        "Holm p",
        "Nemenyi p",
        "win/tie/loss",
        "benchmarks that show A / B better",
    ];
    let _ = writeln!(text, "\n{}\n  {}", table(&head, rows), over.test.signature);
}
