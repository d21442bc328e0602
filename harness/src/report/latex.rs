//! The leaderboard for a paper: booktabs, intervals below the scores, the best of those that are comparable in bold, tie
//! letters, and every missing number with its reason below the table.
//!
//! Marks: a letter that two models share: no significant difference; ‡ significantly different from every other model of the column; † training
//! data known to overlap. What is best and what differs significantly comes from the comparison; a score of a protocol that no
//! other model ran by gets no mark.

use std::fmt::Write;

use super::board::beneath;
use super::{CONTAMINATED, Footnotes, interval, legend, percent, remarks};
use crate::compare::{self, Report, Verdict};
use crate::results::summary::{self, Column, Data, Outcome, Summary, lines};
use crate::text::escape::latex as escape;
use crate::text::format;
use crate::text::table::{Cell, Line, Table};

/// Columns of one table: more are in a further one, so that a page of 16 cm holds them.
const ACROSS: usize = 4;

/// Longest name of a model in the table; longer ones are in full below.
const NAME: usize = 26;

/// The whole table: a float for every few columns, the notes below the last.
pub fn render(summary: &Summary, report: &Report) -> String {
    let mut text = String::from(
        "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}; 16 cm wide.\n",
    );
    if summary.sample {
        text.push_str("% SAMPLE: some columns use synthetic data, not the benchmark's.\n");
    }
    let sample = if summary.sample {
        " \\textbf{SAMPLE} columns use synthetic data and do not rank models."
    } else {
        ""
    };
    let mut notes = Footnotes::default();
    let blocks = summary.benchmarks.chunks(ACROSS).count();
    for (i, columns) in summary.benchmarks.chunks(ACROSS).enumerate() {
        let (caption, number) = if i == 0 {
            let level = format::level(summary.confidence);
            let title = escape(&summary.title);
            (format!("{title}: percent with {level}\\,\\% intervals.{sample}"), String::new())
        } else {
            (format!("{} (continued).{sample}", escape(&summary.title)), format!("-{}", i + 1))
        };
        let _ = writeln!(
            text,
            "\\begin{{table*}}\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:{}{number}}}\n\\small\n\\setlength{{\\tabcolsep}}{{5pt}}",
            label(&summary.suite)
        );
        let table = table(summary, report, columns, &mut notes);
        let _ = writeln!(text, "{}", table.latex(("", "@{\\hspace{2em}}")));
        if i + 1 == blocks {
            below(&mut text, summary, report, &notes);
        }
        text.push_str("\\end{table*}\n\n");
    }
    text
}

/// What most scores of a column have in common: said in its head, and not in each of its cells.
struct Usual<'a> {
    column: &'a Column,
    protocol: &'a str,
    n: u64,
}

/// A block of columns.
fn table(summary: &Summary, report: &Report, columns: &[Column], notes: &mut Footnotes) -> Table {
    let usual: Vec<Usual<'_>> = columns.iter().map(|c| commonest(summary, c)).collect();
    let titles = columns
        .iter()
        .map(|c| Cell::Lines(c.title.split(' ').map(|word| Line::of(word.into())).collect()));
    let below = usual.iter().map(second_head);
    let mut rows = Vec::new();
    for (model, line) in lines(summary) {
        let mut row = vec![short(model).into()];
        for usual in &usual {
            row.push(match line.get(usual.column.name.as_str()) {
                Some(cell) => evaluated(summary, report, cell, usual, notes),
                None => "".into(),
            });
        }
        rows.push(row);
    }
    rows.extend(super::board::references(summary, columns));
    Table::new(std::iter::once("".into()).chain(titles))
        .under(std::iter::once("Model".into()).chain(below).collect())
        .right(1..=columns.len())
        .with(rows)
}

/// Metric, protocol and n of a column.
fn second_head(usual: &Usual<'_>) -> Cell {
    let mean = if usual.column.is_mean_over_cultures() { "mean " } else { "" };
    let metric = format!("{mean}{}", usual.column.metric_name());
    let mut lines: Vec<Cell> = vec![metric.into(), usual.protocol.into()];
    if usual.n > 0 {
        lines.push(Cell::Count(usual.n));
    }
    if matches!(usual.column.data, Data::Sample { .. }) {
        lines.push("SAMPLE".into());
    }
    Cell::Lines(lines.into_iter().map(|cell| Line::of(cell).small()).collect())
}

/// Score, interval, and what is not as usual in its column; or the reason why there is no score.
fn evaluated(
    summary: &Summary,
    report: &Report,
    cell: &summary::Cell,
    usual: &Usual<'_>,
    notes: &mut Footnotes,
) -> Cell {
    let score = match &cell.outcome {
        Outcome::Reason(reason) => return Cell::Lines(vec![Line::of(notes.cell(reason)).small()]),
        Outcome::Score(score) => score,
    };
    let standing = RankedModel::of(report, &cell.benchmark, &cell.protocol, &cell.model);
    let known = summary.contamination(&cell.model, &cell.benchmark).is_some();
    let mut unusual: Vec<Cell> = Vec::new();
    if cell.protocol != usual.protocol {
        unusual.push(cell.protocol.as_str().into());
    }
    if score.n != usual.n {
        unusual.push(Cell::Count(score.n));
    }
    let mut lines = vec![
        Line::of(standing.marked(percent(score.value), known)),
        Line::of(Cell::Number(interval(score))).small(),
        Line { cells: unusual, ..Line::default() }.small(),
    ];
    lines.extend(beneath(summary, cell, score));
    Cell::Lines(lines)
}

/// What the comparison says of one score.
struct RankedModel<'a> {
    letters: &'a str,
    best: bool,
    apart: bool,
}

impl<'a> RankedModel<'a> {
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

    fn marked(&self, number: String, contaminated: bool) -> Cell {
        let marks = [
            (!self.letters.is_empty(), self.letters),
            (self.apart, "‡"),
            (contaminated, CONTAMINATED),
        ];
        let marks = marks.iter().filter(|(there, _)| *there).map(|(_, mark)| (*mark).to_owned());
        Cell::Marked { number, best: self.best, marks: marks.collect() }
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
fn commonest<'a>(summary: &'a Summary, column: &'a Column) -> Usual<'a> {
    let mut counts: Vec<((&str, u64), usize)> = Vec::new();
    for cell in summary.cells.iter().filter(|c| c.benchmark == column.name) {
        let Outcome::Score(score) = &cell.outcome else { continue };
        let key = (&*cell.protocol, score.n);
        match counts.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => counts.push((key, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    let usual = counts.into_iter().find(|(_, count)| Some(*count) == most);
    let (protocol, n) = usual.map_or(("", 0), |(key, _)| key);
    Usual { column, protocol, n }
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
            "Bold: the best of the models that ran by the same protocol. Models that share a letter do not differ significantly ({} correction over the pairs of a benchmark, $\\alpha = {}$), which does not make them equal. \\ddag: significantly different from every other model.",
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
