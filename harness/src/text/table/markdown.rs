//! GitHub Markdown.

use super::{Align, Cell, Table};
use crate::text::escape::markdown as escape;

impl Table {
    /// Every line of it, with the break behind the last.
    pub(crate) fn markdown(&self) -> String {
        let rule = self.columns.iter().map(|align| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        });
        let row = |cells: &Vec<Cell>| line(cells.iter().map(inline));
        let mut text: String = self.head.iter().map(row).collect();
        text += &line(rule);
        text.extend(self.rows.iter().map(row));
        text
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn inline(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Letters(text) => escape(text),
        // Nothing in a number is markup but the sign of a small p.
        Cell::Number(text) => text.replace('<', "&lt;"),
        Cell::Count(n) => format!("n = {n}"),
        Cell::Marked { number, marks, .. } => format!("{number}{}", escape(&marks.concat())),
        Cell::Missing { why, note } => format!("{} [{note}]", escape(why)),
        Cell::None => "none".to_owned(),
        Cell::Ready(text) => (*text).to_owned(),
        Cell::Lines(lines) => {
            let mut text = String::new();
            for (i, line) in lines.iter().enumerate() {
                if i > 0 {
                    text += if line.beside { " " } else { "<br>" };
                }
                let words = line.by(inline);
                if line.small {
                    text.extend(["<sub>", &words, "</sub>"]);
                } else {
                    text += &words;
                }
            }
            text
        }
    }
}
