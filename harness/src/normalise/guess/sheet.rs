//! A file as a sheet of named text cells, and how a cell writes a list.

use std::collections::BTreeSet;

use super::trouble::Trouble;
use crate::definition::dataset::Format;
use crate::definition::rows::RowPath;
use crate::definition::step::ListForm;
use crate::normalise::value::Value;
use crate::normalise::{lists, literal};

/// The first rows of a file, by column.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Name of the file, without its folder.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// Where the rows of a JSON document are.
    pub rows: Option<RowPath>,
    /// Columns in the order of the file.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name, or a path below a JSON row.
    pub name: String,
    /// Its cells, one a row.
    pub cells: Vec<String>,
    /// Whether every row has it.
    pub presence: Presence,
}

/// Whether every row has a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// All rows have it.
    Always,
    /// Some JSON rows lack it.
    Sometimes,
}

impl Sheet {
    /// Rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column of a name that the user gave for an option of the command.
    pub(super) fn named(&self, name: &str, option: &'static str) -> Result<&Column, Trouble> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| Trouble::NoColumn {
            option,
            name: name.to_owned(),
            there: self.names(),
        })
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }
}

impl Column {
    /// Empty cells up to a row, where JSON rows lack the member.
    pub fn fill(&mut self, rows: usize) {
        if self.cells.len() < rows {
            self.presence = Presence::Sometimes;
            self.cells.resize(rows, String::new());
        }
    }

    /// Distinct cells that are not empty, sorted.
    pub(super) fn distinct(&self) -> BTreeSet<&str> {
        self.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect()
    }

    /// Whether a cell is empty.
    pub(super) fn has_empty(&self) -> bool {
        self.cells.iter().any(|cell| cell.trim().is_empty())
    }

    /// Whether a cell begins or ends with white space.
    pub(super) fn has_blanks(&self) -> bool {
        self.cells.iter().any(|cell| cell.trim() != cell)
    }

    /// How its cells spell lists; none where they are something else. Separators count only where `separated` allows them.
    pub(super) fn list(&self, separated: Separated) -> Option<List> {
        let filled: Vec<&str> =
            self.cells.iter().map(String::as_str).filter(|cell| !cell.trim().is_empty()).collect();
        if filled.is_empty() {
            return None;
        }
        let all =
            |read: &dyn Fn(&str) -> Option<Vec<Value>>| filled.iter().all(|c| read(c).is_some());
        if all(&json) {
            return Some(List::Json);
        }
        if all(&python) {
            return Some(List::Other(ListForm::Python));
        }
        let has = |separator: &&str| filled.iter().all(|cell| cell.contains(*separator));
        let some = |separator: &&str| filled.iter().any(|cell| cell.contains(*separator));
        let marks = ["|", ";", "\n"];
        let mark = match separated {
            Separated::Never => None,
            Separated::Everywhere => marks.iter().find(|mark| has(mark)),
            Separated::Somewhere => marks.iter().find(|mark| some(mark)).or(Some(&"\n")),
        };
        mark.map(|mark| List::Other(ListForm::Split((*mark).to_owned())))
    }
}

/// Which cells may hold a list as texts between separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separated {
    /// None.
    Never,
    /// All cells have the separator: a question has two options or more.
    Everywhere,
    /// One element has no separator.
    Somewhere,
}

/// How a list is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum List {
    /// As JSON, which is read without a step.
    Json,
    /// Otherwise.
    Other(ListForm),
}

impl List {
    /// The elements of a cell of which [`Column::list`] said that it is one; none of an empty cell.
    pub(super) fn of(&self, cell: &str) -> Vec<Value> {
        let elements = match self {
            Self::Json => json(cell),
            Self::Other(ListForm::Python) => python(cell),
            Self::Other(form) => match lists::parse(cell, form, None) {
                Ok(Value::List(elements)) => Some(elements),
                _ => None,
            },
        };
        elements.unwrap_or_default()
    }
}

fn json(cell: &str) -> Option<Vec<Value>> {
    match Value::from_json(cell) {
        Ok(Value::List(elements)) => Some(elements),
        _ => None,
    }
}

fn python(cell: &str) -> Option<Vec<Value>> {
    match literal::parse(cell) {
        Ok(Value::List(elements)) => Some(elements),
        _ => None,
    }
}
