//! The named pure steps that turn an upstream row into a row that maps to an `Example`.
//!
//! A row is a list of named text cells. A step takes a row and gives none, one or several; [`Step::Tally`] takes all rows of a file.
//! A cell may hold a list or an object as JSON text (a list cell).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::Format;
use super::rows::RowPath;

/// One normalise step. `[[task.step]]` or `[[task.input.step]]` in a dataset's TOML: `do = "…"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Wide to long: one row for each of `columns`; its name on the right goes to `key`, its cell to `value`.
    Unpivot {
        /// Upstream column -> name written to `key`. Rows come out in the order of this list.
        columns: Vec<(String, String)>,
        /// Column that receives the name.
        key: String,
        /// Column that receives the cell.
        value: String,
    },
    /// Sets `column` from a template over the row's columns: `"Q: {question|trim}"`.
    Set {
        /// Column to write (new or existing).
        column: String,
        /// Template: `{name}` or `{name|filter}`; filters: `trim`, `lower`.
        template: String,
    },
    /// Replaces the cells of `column` by `values`; a cell that is not listed is an error, or `otherwise`.
    Map {
        /// Column to read.
        column: String,
        /// Column to write; if absent, `column` itself.
        to: Option<String>,
        /// Cell -> replacement.
        values: BTreeMap<String, String>,
        /// Replacement of everything else.
        otherwise: Option<String>,
    },
    /// Removes outer white space.
    Trim {
        /// Columns to trim.
        columns: Vec<String>,
    },
    /// Cuts `column` before the first `at`.
    CutAt {
        /// Column to cut.
        column: String,
        /// The marker; it and what follows go.
        at: String,
    },
    /// Drops rows whose `column` is empty (after trimming); each is counted as a warning.
    SkipEmpty {
        /// Column to look at.
        column: String,
    },
    /// Drops rows whose `column` is one of `values`; counted, not warned about.
    Drop {
        /// Column to look at.
        column: String,
        /// The cells to drop.
        values: Vec<String>,
    },
    /// Empties the cells of `columns` that pandas' `read_csv` takes for missing: `NA`, `N/A`, `None`, `nan`, `null`, `NULL` and
    /// twelve more, written just so.
    BlankNa {
        /// Columns to look at.
        columns: Vec<String>,
    },
    /// Empties `column` where its cell is one of `values`.
    Blank {
        /// Column to look at.
        column: String,
        /// The cells to empty.
        values: Vec<String>,
    },
    /// Writes the first cell of `columns` that is not empty to `to`.
    FirstOf {
        /// Columns in order.
        columns: Vec<String>,
        /// Column to write (new or existing).
        to: String,
    },
    /// Replaces each part between two `mark`s by `_`: a template of the texts that differ in it.
    Mask {
        /// Column to read.
        column: String,
        /// What is before and after the part.
        mark: String,
        /// Column to write; if absent, `column` itself.
        to: Option<String>,
    },
    /// Empties `keep` unless `column` is one of `is`.
    KeepIf {
        /// Column to look at.
        column: String,
        /// Cells that keep it.
        is: Vec<String>,
        /// Column that is kept or emptied.
        keep: String,
    },
    /// Reads a cell that spells a list or an object: `as = "python"` (what `repr` prints), `"json"`, or a separator:
    /// `{ split = ";" }`. It becomes a list cell. A text that is neither is an error; nothing is ever evaluated.
    Parse {
        /// Column to read.
        column: String,
        /// How it is written.
        #[serde(rename = "as")]
        form: ListForm,
        /// Column to write; if absent, `column` itself.
        to: Option<String>,
        /// Added to each element that does not end with it.
        ending: Option<String>,
    },
    /// Writes the named groups of a regular expression to columns of their names. A cell that does not match is an error.
    Capture {
        /// Column to read.
        column: String,
        /// In the syntax of the crate `regex` (linear time), with `(?<name>...)`.
        pattern: String,
    },
    /// Drops rows for which any condition holds. They are counted, without a warning.
    DropWhere {
        /// The conditions.
        any: Vec<Condition>,
    },
    /// One row for each member of an object cell, or for each element of a list cell.
    Explode {
        /// Column with the object or list.
        column: String,
        /// Column that receives the member's name, or the element's place from 0.
        key: String,
        /// Column that receives the value.
        value: String,
    },
    /// Wide to long with several columns each: one row for each of `sets`, its name in `key`, its cells in `to`.
    UnpivotSets {
        /// Name written to `key` -> columns, as many as `to` has. Rows come out in the order of this list.
        sets: Vec<(String, Vec<String>)>,
        /// Column that receives the name.
        key: String,
        /// Columns that receive the cells.
        to: Vec<String>,
    },
    /// Groups the rows of a file by the cells of `by` and counts the cells of `column`. One row for each group is left: its first, in
    /// the order of the file. A cell that `counts` does not list is an error.
    Tally {
        /// Columns that make a group.
        by: Vec<String>,
        /// Column whose cells are counted.
        column: String,
        /// Cell -> column that receives its count.
        counts: Vec<(String, String)>,
    },
    /// Writes the place (from 0) of the one set of columns with a cell that is `is`, or an element of the list cell
    /// `among`.
    Find {
        /// Sets of columns; one such column is enough.
        of: Vec<Vec<String>>,
        /// The cell that is looked for.
        is: Option<String>,
        /// List cell, one of whose elements is looked for.
        among: Option<String>,
        /// Column that receives the place.
        to: String,
        /// Column that receives the first cell of that set.
        cell: Option<String>,
    },
    /// Compares two sums of cells; writes `less`, `equal` or `more`.
    Compare {
        /// Columns with numbers; without columns the sum is 0.
        left: Vec<String>,
        /// Columns with numbers; without columns the sum is 0.
        right: Vec<String>,
        /// Column to write.
        to: String,
    },
    /// Counts the elements of a list cell that are the text of `is`, or lists that contain it.
    Count {
        /// Column with the list.
        column: String,
        /// Template of the text.
        is: String,
        /// Column to write.
        to: String,
    },
    /// Writes a short name computed from the cells of `columns`: twelve hexadecimal digits of their SHA-256.
    Hash {
        /// Columns.
        columns: Vec<String>,
        /// Column to write.
        to: String,
        /// Whether the order of the cells matters.
        #[serde(default)]
        order: CellOrder,
    },
    /// Adds the columns of the row of another file that has the same cells in `on`. Two such rows are an error. No
    /// such row is an error, too, unless `missing` gives the cells for this case.
    Join {
        /// The other file.
        from: Table,
        /// Columns that both have.
        on: Vec<String>,
        /// Columns to add.
        columns: Vec<String>,
        /// Cells if there is no such row.
        missing: Option<String>,
    },
    /// One row for each row of another file, with its columns.
    Cross {
        /// The other file.
        from: Table,
        /// Columns to add.
        columns: Vec<String>,
    },
}

impl Step {
    /// The other file that it uses.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Self::Join { from, .. } | Self::Cross { from, .. } => Some(from),
            _ => None,
        }
    }
}

/// Another file whose rows a step uses; it is held in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Id of its source.
    pub source: String,
    /// Path below the source's folder, a template over the row's columns; absent if the source is one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Format; if absent, it follows from the file's ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Where the rows of a JSON document are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowPath>,
    /// Columns that are read; if absent, those that the step names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// Steps on its rows.
    #[serde(rename = "step", default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// Whether the order of cells matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellOrder {
    /// The order matters.
    #[default]
    Given,
    /// The order does not matter: the same cells in any order give the same name.
    Any,
}

/// How a cell writes a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListForm {
    /// A Python literal.
    Python,
    /// JSON.
    Json,
    /// Texts between separators, without outer white space; an empty end after the last separator is not an element.
    Split(String),
}

/// When a row is dropped: one of `at_least` and `at_most` with `sum`, or `empty`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Columns whose numbers are summed; those of a list cell, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sum: Vec<String>,
    /// The sum is this or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// The sum is this or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// The cell of this column is empty, or an empty list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<String>,
}
