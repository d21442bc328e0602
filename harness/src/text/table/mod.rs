//! A table as one value, and three writers of it: text for a terminal, GitHub Markdown, LaTeX (booktabs).
//!
//! Who makes a table says what a cell is, not how it looks: each writer escapes, aligns and marks in its own way, once for
//! all tables of the program.

mod cell;
mod latex;
mod markdown;
mod terminal;

pub(crate) use cell::{Cell, Line};

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Head, alignments, rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    head: Vec<Vec<Cell>>,
    columns: Vec<Align>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with all columns to the left.
    pub(crate) fn new<C: Into<Cell>>(head: impl IntoIterator<Item = C>) -> Self {
        let head: Vec<Cell> = head.into_iter().map(Into::into).collect();
        Self { columns: vec![Align::Left; head.len()], head: vec![head], rows: Vec::new() }
    }

    /// The same with these columns to the right.
    #[must_use]
    pub(crate) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        for column in columns {
            self.columns[column] = Align::Right;
        }
        self
    }

    /// The same with a further row of heads.
    #[must_use]
    pub(crate) fn under(mut self, head: Vec<Cell>) -> Self {
        self.head.push(head);
        self
    }

    /// The same with these rows.
    #[must_use]
    pub(crate) fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }
}

/// Rows of plain text under a head, for a terminal.
pub(crate) fn aligned(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::from).collect());
    Table::new(head.iter().copied()).with(rows).terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with every kind of cell, and text that means something in Markdown and LaTeX.
    fn sample() -> Table {
        let score = Cell::Lines(vec![
            Line::of(Cell::Marked {
                number: "68.9".to_owned(),
                best: true,
                marks: vec!["a".to_owned(), "†".to_owned()],
            }),
            Line::of(Cell::Number("[60.0, 76.5]".to_owned())).small().beside(),
            Line { cells: vec!["zero_shot".into(), Cell::Count(12)], ..Line::default() }.small(),
        ]);
        Table::new(["model", "score"]).right([1]).with([
            vec!["a|b & <c>".into(), score],
            vec!["d".into(), Cell::Missing { why: "not served".to_owned(), note: 1 }],
            vec![Cell::Number("-1.9".to_owned()), Cell::Number("< .001".to_owned())],
            vec![Cell::Letters("ab".to_owned()), Cell::None],
        ])
    }

    #[test]
    fn a_terminal_shows_the_words_as_they_are() {
        let text = sample().terminal();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["model", "score"]);
        assert!(
            lines[1].contains("a|b & <c>") && lines[1].trim_end().ends_with("68.9a†"),
            "{text}"
        );
        assert!(lines[2].contains("[60.0, 76.5]") && lines[3].contains("zero_shot, n = 12"));
        assert!(text.contains("-1.9") && text.contains("< .001") && text.contains("none"));
        assert!(lines.iter().all(|l| l.trim_end() == *l), "no blank at an end: {text:?}");
        let framed = sample().framed();
        assert!(framed.starts_with('╭') && framed.contains("│            not    │"), "{framed}");
    }

    #[test]
    fn markdown_escapes_text_and_not_numbers() {
        let expected = "\
| model | score |
| --- | ---: |
| a\\|b &amp; &lt;c&gt; | 68.9a† <sub>[60.0, 76.5]</sub><br><sub>zero\\_shot, n = 12</sub> |
| d | not served [1] |
| -1.9 | &lt; .001 |
| ab | none |
";
        assert_eq!(sample().markdown(), expected);
    }

    #[test]
    fn latex_has_a_row_for_each_line_and_signs_as_mathematics() {
        let expected = "\
\\begin{tabular}{@{}lr}
\\toprule
model & score \\\\
\\midrule
a\\textbar{}b \\& $<$c$>$ & \\textbf{68.9}\\rlap{\\textsuperscript{\\,a\\,\\dag}} \\\\
 & \\scriptsize [60.0, 76.5] \\\\
 & \\scriptsize zero\\_shot, $n = 12$ \\\\
\\addlinespace[2pt]
d & \\emph{not served}\\,[1] \\\\
\\addlinespace[2pt]
$-1.9$ & $<$ .001 \\\\
\\addlinespace[2pt]
\\textit{ab} & --- \\\\
\\bottomrule
\\end{tabular}";
        assert_eq!(sample().latex(("@{}", "")), expected);
    }

    #[test]
    fn heads_of_several_lines_are_stacked_in_latex() {
        let stack = |words: &[&'static str]| {
            Cell::Lines(words.iter().map(|w| Line::of((*w).into())).collect())
        };
        let table = Table::new(["".into(), stack(&["two", "words"])])
            .under(vec!["model".into(), stack(&["below"])]);
        let text = table.latex(("", ""));
        assert!(text.contains(
            "\n & \\multicolumn{1}{c}{\\begin{tabular}[b]{@{}c@{}}two \\\\ words\\end{tabular}} \\\\\n"
        ), "{text}");
        assert!(
            text.contains("\nmodel & \\multicolumn{1}{c}{\\begin{tabular}[t]{@{}c@{}}below\\end"),
            "{text}"
        );
    }
}
