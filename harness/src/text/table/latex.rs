//! LaTeX with the rules of booktabs.

use std::fmt::Write as _;

use super::{Align, Cell, Line, Table};
use crate::text::escape::latex as escape;

impl Table {
    /// A `tabular`, without a line break at its end; `edges` are before the first and behind the last column.
    pub(crate) fn latex(&self, (before, behind): (&str, &str)) -> String {
        let columns: String = (self.columns.iter())
            .map(|align| match align {
                Align::Left => 'l',
                Align::Right => 'r',
            })
            .collect();
        let mut text = format!("\\begin{{tabular}}{{{before}{columns}{behind}}}\n\\toprule\n");
        for (i, head) in self.head.iter().enumerate() {
            // Heads of one column meet: upper ones stand low, the lowest one stands high.
            let at = if i + 1 < self.head.len() { 'b' } else { 't' };
            row(&mut text, head.iter().map(|cell| title(cell, at)));
        }
        text.push_str("\\midrule\n");
        let loose = self.rows.iter().flatten().any(|cell| matches!(cell, Cell::Lines(_)));
        for (i, cells) in self.rows.iter().enumerate() {
            if loose && i > 0 {
                text.push_str("\\addlinespace[2pt]\n");
            }
            lines_of(&mut text, cells);
        }
        text.push_str("\\bottomrule\n\\end{tabular}");
        text
    }
}

fn row(text: &mut String, cells: impl Iterator<Item = String>) {
    let _ = writeln!(text, "{} \\\\", cells.collect::<Vec<_>>().join(" & "));
}

/// A row of the table for each line of its cells; lines of which nothing is left are left out.
fn lines_of(text: &mut String, cells: &[Cell]) {
    let high = cells.iter().map(height).max().unwrap_or(0);
    for place in 0..high {
        let there: Vec<String> = cells.iter().map(|cell| at(cell, place)).collect();
        if there.iter().any(|cell| !cell.is_empty()) {
            row(text, there.into_iter());
        }
    }
}

fn height(cell: &Cell) -> usize {
    if let Cell::Lines(lines) = cell { lines.len() } else { 1 }
}

/// The line of a cell at this place.
fn at(cell: &Cell, place: usize) -> String {
    match cell {
        Cell::Lines(lines) => lines.get(place).map_or_else(String::new, line),
        cell if place == 0 => inline(cell),
        _ => String::new(),
    }
}

fn line(line: &Line) -> String {
    let words = line.by(inline);
    if line.small && !words.is_empty() { format!("\\scriptsize {words}") } else { words }
}

/// A head: several lines are stacked over the middle of their column.
fn title(cell: &Cell, at: char) -> String {
    let Cell::Lines(lines) = cell else { return inline(cell) };
    let there: Vec<String> = lines.iter().filter(|l| !l.is_empty()).map(line).collect();
    format!(
        "\\multicolumn{{1}}{{c}}{{\\begin{{tabular}}[{at}]{{@{{}}c@{{}}}}{}\\end{{tabular}}}}",
        there.join(" \\\\ ")
    )
}

fn inline(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escape(text),
        Cell::Number(text) => number(text),
        Cell::Count(n) => format!("$n = {n}$"),
        Cell::Marked { number, best, marks } => marked(number, *best, marks),
        Cell::Letters(text) if text.is_empty() => String::new(),
        Cell::Letters(text) => format!("\\textit{{{}}}", escape(text)),
        Cell::Missing { why, note } => format!("\\emph{{{}}}\\,[{note}]", escape(why)),
        Cell::None => "---".to_owned(),
        Cell::Ready(text) => (*text).to_owned(),
        Cell::Lines(lines) => lines.iter().map(line).collect::<Vec<_>>().join(" "),
    }
}

/// Numbers with a sign are mathematics, so that a minus is one, and so is the sign of a small p.
fn number(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['+', '-', '<']) {
        let (before, from) = rest.split_at(start);
        let more = from[1..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let (signed, behind) = from.split_at(more.map_or(from.len(), |length| length + 1));
        let _ = write!(out, "{before}${signed}$");
        rest = behind;
    }
    out + rest
}

fn marked(number: &str, best: bool, marks: &[String]) -> String {
    let score = if best { format!("\\textbf{{{number}}}") } else { number.to_owned() };
    if marks.is_empty() {
        return score;
    }
    // A command ends at the next thin space or brace.
    let raised = marks.iter().map(|mark| {
        let sign = escape(mark);
        format!("\\,{}", sign.strip_suffix("{}").unwrap_or(&sign))
    });
    format!("{score}\\rlap{{\\textsuperscript{{{}}}}}", raised.collect::<String>())
}
