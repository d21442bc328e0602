//! The named pure steps that turn an upstream row into a row that maps to an `Example`.
//!
//! A row is a list of named text cells. A step takes a row and gives none, one or several.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
        /// Column to write; `column` itself where absent.
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
        /// What stands before and after the part.
        mark: String,
        /// Column to write; `column` itself where absent.
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
}
