//! For the eye, on a terminal.

use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Style};

use super::{Align, Cell, Table};

impl Table {
    /// Columns with blanks between them.
    pub(crate) fn terminal(&self) -> String {
        let mut table = self.build(inline);
        table.with(Style::blank());
        table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The same with every line set in by two blanks.
    pub(crate) fn indented(&self) -> String {
        self.terminal().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }

    /// In a frame, with narrow columns.
    pub(crate) fn framed(&self) -> String {
        let mut table = self.build(|cell| match cell {
            Cell::Missing { .. } => inline(cell).replace(' ', "\n"),
            cell => inline(cell),
        });
        table.with(Style::modern_rounded());
        table.modify(Rows::first(), Alignment::center());
        table.to_string()
    }

    fn build(&self, write: impl Fn(&Cell) -> String) -> tabled::Table {
        let mut builder = Builder::default();
        for row in self.head.iter().chain(&self.rows) {
            builder.push_record(row.iter().map(&write));
        }
        let mut table = builder.build();
        for (place, align) in self.columns.iter().enumerate() {
            if *align == Align::Right {
                table.modify(Columns::one(place), Alignment::right());
            }
        }
        table
    }
}

fn inline(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Number(text) | Cell::Letters(text) => text.clone(),
        Cell::Count(n) => format!("n = {n}"),
        Cell::Marked { number, marks, .. } => format!("{number}{}", marks.concat()),
        Cell::Missing { why, note } => format!("{why} [{note}]"),
        Cell::None => "none".to_owned(),
        Cell::Ready(text) => (*text).to_owned(),
        Cell::Lines(lines) => lines.iter().map(|l| l.by(inline)).collect::<Vec<_>>().join("\n"),
    }
}
