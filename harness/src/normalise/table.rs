//! Other files whose rows a step uses. They are read once, held in memory and looked up by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::text::template::Bound;

use super::problem::NoRow;

/// The rows of one other file.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// As messages name it.
    pub(super) file: String,
    pub(super) rows: Vec<Found>,
    /// Key -> place in `rows`, and of a second row.
    pub(super) by_key: FxHashMap<String, (usize, Option<usize>)>,
}

/// A row of another file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) cells: Vec<String>,
    pub(super) row: u64,
}

/// All other files of a pipeline: for each lookup, path below its source's folder (empty for one file) -> rows.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// In the order of `Pipeline::lookups`.
    pub files: Vec<BTreeMap<String, Arc<Loaded>>>,
}

/// Cells as one text; each is preceded by its length, so that no two lists of cells give the same.
pub(super) fn key(columns: &[usize], row: &[String]) -> String {
    let mut key = String::new();
    for &column in columns {
        key.push_str(&row[column].len().to_string());
        key.push(' ');
        key.push_str(&row[column]);
    }
    key
}

impl Tables {
    /// The rows of the file that a row needs.
    fn of(
        &self,
        source: &str,
        table: usize,
        file: Option<&Bound>,
        row: &[String],
    ) -> Result<&Loaded, NoRow> {
        let mut name = String::new();
        if let Some(file) = file {
            file.render(row, &mut name);
        }
        let found = self.files.get(table).and_then(|files| files.get(&name));
        found.map(Arc::as_ref).ok_or_else(|| NoRow::File { file: name, table: source.to_owned() })
    }

    /// The cells that a join adds.
    pub(super) fn joined(
        &self,
        source: &str,
        action: (usize, Option<&Bound>),
        on: &[usize],
        row: &[String],
        names: &[String],
    ) -> Result<&[String], NoRow> {
        let loaded = self.of(source, action.0, action.1, row)?;
        match loaded.by_key.get(&key(on, row)) {
            Some((one, None)) => Ok(&loaded.rows[*one].cells),
            Some((one, Some(other))) => Err(NoRow::Twice {
                file: loaded.file.clone(),
                key: shown(on, row, names),
                first: loaded.rows[*one].row,
                second: loaded.rows[*other].row,
            }),
            None => Err(NoRow::None { file: loaded.file.clone(), key: shown(on, row, names) }),
        }
    }

    /// All rows of the file that a row needs.
    pub(super) fn all(
        &self,
        source: &str,
        action: (usize, Option<&Bound>),
        row: &[String],
    ) -> Result<Vec<&[String]>, NoRow> {
        let loaded = self.of(source, action.0, action.1, row)?;
        Ok(loaded.rows.iter().map(|found| found.cells.as_slice()).collect())
    }
}

fn shown(on: &[usize], row: &[String], names: &[String]) -> String {
    let pairs = on.iter().map(|&column| format!("{} = `{}`", names[column], row[column]));
    pairs.collect::<Vec<_>>().join(", ")
}
