//! The leaderboard for a paper: booktabs, intervals below the scores, the best of those that are comparable in bold, tie
//! letters, and every missing number with its reason below the table.
//!
//! Marks: a letter that two models share: not told apart; ‡ told apart from every other model of the column; † training
//! data known to overlap. What is best and what is told apart comes from the comparison; a score of a protocol that no
//! other model ran by gets no mark.

use std::fmt::Write;

use super::{Footnotes, legend, percent, remarks};
use crate::compare::{self, Report, Verdict};
use crate::results::summary::{Column, Data, Outcome, Summary, lines};
use crate::text::escape::latex as escape;

/// Columns of one table: more stand in a further one, so that a page of 16 cm holds them.
const ACROSS: usize = 4;

/// Longest name of a model in the table; longer ones stand in full below.
const NAME: usize = 26;

/// The whole table: a float for every few columns, the notes below the last.
pub fn render(summary: &Summary, report: &Report) -> String {
    let mut text = String::from(
        "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}; 16 cm wide.\n",
    );
    if summary.sample {
        text.push_str("% SAMPLE: some columns stand on synthetic data, not on the benchmark.\n");
    }
    let sample = if summary.sample {
        " \\textbf{SAMPLE} columns stand on synthetic data and rank nothing."
    } else {
        ""
    };
    let mut notes = Footnotes::default();
    let blocks = summary.benchmarks.chunks(ACROSS).count();
    for (i, columns) in summary.benchmarks.chunks(ACROSS).enumerate() {
        let (caption, number) = if i == 0 {
            let level = summary.confidence * 100.0;
            let title = escape(&summary.title);
            (format!("{title}: percent with {level:.0}\\,\\% intervals.{sample}"), String::new())
        } else {
            (format!("{} (continued).{sample}", escape(&summary.title)), format!("-{}", i + 1))
        };
        let _ = writeln!(
            text,
            "\\begin{{table*}}\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:{}{number}}}\n\\small\n\\setlength{{\\tabcolsep}}{{5pt}}",
            label(&summary.suite)
        );
        tabular(&mut text, summary, report, columns, &mut notes);
        if i + 1 == blocks {
            below(&mut text, summary, report, &notes);
        }
        text.push_str("\\end{table*}\n\n");
    }
    text
}

fn tabular(
    text: &mut String,
    summary: &Summary,
    report: &Report,
    columns: &[Column],
    notes: &mut Footnotes,
) {
    let usual: Vec<(&str, u64)> = columns.iter().map(|c| commonest(summary, &c.name)).collect();
    let (mut title, mut second) = (vec![String::new()], vec!["Model".to_owned()]);
    let stack = |parts: Vec<String>, at: char| {
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let lines = parts.join(" \\\\ ");
        format!(
            "\\multicolumn{{1}}{{c}}{{\\begin{{tabular}}[{at}]{{@{{}}c@{{}}}}{lines}\\end{{tabular}}}}"
        )
    };
    for (column, (protocol, n)) in columns.iter().zip(&usual) {
        title.push(stack(column.title.split(' ').map(escape).collect(), 'b'));
        let metric = column.metric.split(',').next().unwrap_or_default();
        let mean = if column.metric.contains(',') { "mean " } else { "" };
        let sample = matches!(column.data, Data::Sample { .. });
        let parts = [
            format!("{mean}{}", escape(metric)),
            escape(protocol),
            if *n > 0 { format!("$n = {n}$") } else { String::new() },
            if sample { "SAMPLE".to_owned() } else { String::new() },
        ];
        let small =
            |part: String| if part.is_empty() { part } else { format!("\\scriptsize {part}") };
        second.push(stack(parts.map(small).to_vec(), 't'));
    }
    let _ = writeln!(
        text,
        "\\begin{{tabular}}{{l{}@{{\\hspace{{2em}}}}}}\n\\toprule",
        "r".repeat(columns.len())
    );
    let mut row = |cells: &[String]| {
        let _ = writeln!(text, "{} \\\\", cells.join(" & "));
    };
    row(&title);
    row(&second);
    text.push_str("\\midrule\n");
    for (i, (model, line)) in lines(summary).into_iter().enumerate() {
        let (mut scores, mut intervals, mut ran) =
            (vec![escape(&short(model))], vec![String::new()], vec![String::new()]);
        for (column, (protocol, usual_n)) in columns.iter().zip(&usual) {
            let (score, interval, how) = match line.get(column.name.as_str()) {
                None => (String::new(), String::new(), String::new()),
                Some(cell) => match &cell.outcome {
                    Outcome::Reason(reason) => {
                        let number = notes.number(reason);
                        let text = format!("\\emph{{{}}}\\,[{number}]", escape(reason.kind.name()));
                        (format!("\\scriptsize {text}"), String::new(), String::new())
                    }
                    Outcome::Score(score) => {
                        let standing = Standing::of(report, &column.name, &cell.protocol, model);
                        let known = summary.contamination(model, &column.name).is_some();
                        let mut how = Vec::new();
                        if cell.protocol != *protocol {
                            how.push(escape(&cell.protocol));
                        }
                        if score.n != *usual_n {
                            how.push(format!("$n = {}$", score.n));
                        }
                        (
                            standing.marked(&percent(score.value), known),
                            format!(
                                "\\scriptsize [{}, {}]",
                                percent(score.low),
                                percent(score.high)
                            ),
                            if how.is_empty() {
                                String::new()
                            } else {
                                format!("\\scriptsize {}", how.join(", "))
                            },
                        )
                    }
                },
            };
            scores.push(score);
            intervals.push(interval);
            ran.push(how);
        }
        if i > 0 {
            text.push_str("\\addlinespace[2pt]\n");
        }
        for cells in [scores, intervals, ran] {
            if cells.iter().any(|c| !c.is_empty()) {
                let _ = writeln!(text, "{} \\\\", cells.join(" & "));
            }
        }
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
}

/// What the comparison says of one score.
struct Standing<'a> {
    letters: &'a str,
    best: bool,
    apart: bool,
}

impl<'a> Standing<'a> {
    fn of(report: &'a Report, benchmark: &str, protocol: &str, model: &str) -> Self {
        let none = Self { letters: "", best: false, apart: false };
        let found =
            report.benchmarks.iter().find(|o| o.benchmark == benchmark && o.protocol == protocol);
        let Some((outcome, own)) =
            found.and_then(|o| Some((o, o.models.iter().find(|m| m.model == model)?)))
        else {
            return none;
        };
        let best = outcome.models.first().is_some_and(|m| percent(m.value) == percent(own.value));
        Self { letters: &own.letters, best, apart: apart(outcome, model) }
    }

    fn marked(&self, score: &str, contaminated: bool) -> String {
        let mut marks = String::new();
        if !self.letters.is_empty() {
            let _ = write!(marks, "\\,{}", escape(self.letters));
        }
        if self.apart {
            marks.push_str("\\,\\ddag");
        }
        if contaminated {
            marks.push_str("\\,\\dag");
        }
        let score = if self.best { format!("\\textbf{{{score}}}") } else { score.to_owned() };
        if marks.is_empty() {
            score
        } else {
            format!("{score}\\rlap{{\\textsuperscript{{{marks}}}}}")
        }
    }
}

/// Whether a model is significantly better than every other one of its benchmark and protocol.
fn apart(outcome: &compare::Outcome, model: &str) -> bool {
    let mut own = outcome.pairs.iter().filter(|p| p.a == model || p.b == model).peekable();
    own.peek().is_some()
        && own.all(|p| {
            matches!(
                (p.verdict, p.a == model),
                (Verdict::ABetter, true) | (Verdict::BBetter, false)
            )
        })
}

/// Protocol and n of most scores of a column, the first of equals; empty and 0 where it has none.
fn commonest<'a>(summary: &'a Summary, benchmark: &str) -> (&'a str, u64) {
    let mut counts: Vec<((&str, u64), usize)> = Vec::new();
    for cell in summary.cells.iter().filter(|c| c.benchmark == benchmark) {
        let Outcome::Score(score) = &cell.outcome else { continue };
        let key = (&*cell.protocol, score.n);
        match counts.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => counts.push((key, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.into_iter().find(|(_, count)| Some(*count) == most).map_or(("", 0), |(key, _)| key)
}

/// A note, escaped, that may break within paths and addresses.
fn note(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(['/', '.', ',', '=', ':', '_']) {
        out.push_str(&escape(part));
        out.push_str("\\allowbreak{}");
    }
    out
}

fn below(text: &mut String, summary: &Summary, report: &Report, notes: &Footnotes) {
    text.push_str("\n\\medskip\n\\begin{minipage}{\\textwidth}\\footnotesize\\raggedright\n");
    let mut line = |words: String| {
        let _ = writeln!(text, "{words}\\par");
    };
    if !report.benchmarks.is_empty() {
        line(format!(
            "Bold: the best of the models that ran by the same protocol. Models that share a letter are not told apart ({} correction over the pairs of a benchmark, $\\alpha = {}$), which does not make them equal. \\ddag: told apart from every other model.",
            escape(report.options.correction.title()),
            report.options.alpha
        ));
    }
    line(
        "Below an interval: protocol or $n$ where it is not the one in the head of its column."
            .to_owned(),
    );
    for (number, reason) in notes.iter() {
        line(format!("[{number}] {}: {}", escape(reason.kind.name()), note(&reason.message)));
    }
    for (title, because) in super::sample_reasons(summary) {
        line(format!("SAMPLE for {}: {}", escape(&title.join(", ")), note(because)));
    }
    for row in summary.models.iter().filter(|m| short(&m.name) != m.name) {
        line(format!("{}: {}", escape(&short(&row.name)), note(&row.name)));
    }
    for words in remarks(summary).into_iter().chain(legend(summary)) {
        line(note(&words));
    }
    text.push_str("\\end{minipage}\n");
}

/// Head and tail of a long name.
fn short(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME {
        return name.to_owned();
    }
    let (head, tail) = (NAME * 2 / 3, NAME / 3 - 1);
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{}…{end}", letters[..head].iter().collect::<String>())
}

/// A name for `\ref`.
fn label(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
