//! Other files whose rows a step uses: read once, held in memory, looked up by key.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::definition::dataset::{BadRows, Format};
use crate::definition::rows::RowPath;
use crate::definition::step::{Step, Table};
use crate::text::template::{Bound, Template};

use super::action::{Action, bind, find_all, find_or_add};
use super::error::{Error, Place};
use super::reader::Rows;
use super::steps::{Chain, Emit, Stop, run};
use super::warnings::Tally;

/// Why a row of another file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No row of this key.
    #[error(
        "{file} has no row with {key}; add it, say `missing = \"...\"` in the step `join`, or set `bad_rows = \"skip\"`"
    )]
    None {
        /// The other file.
        file: String,
        /// `ID = x`.
        key: String,
    },
    /// Two rows of this key.
    #[error(
        "{file} has two rows with {key} (rows {first} and {second}); remove one of them, or add a column to `on`"
    )]
    Twice {
        /// The other file.
        file: String,
        /// `ID = x`.
        key: String,
        /// 1-based data row.
        first: u64,
        /// 1-based data row.
        second: u64,
    },
    /// A file that is not there.
    #[error(
        "the row needs the file `{file}`, which the source `{table}` does not have; correct `file` of the step"
    )]
    File {
        /// Its path below the source's folder.
        file: String,
        /// Id of the source.
        table: String,
    },
}

impl Problem {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::None { .. } => "no row to join",
            Self::Twice { .. } => "two rows to join",
            Self::File { .. } => "no file to join",
        }
    }
}

/// Another file as a step needs it.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Id of the source.
    pub source: String,
    /// Pattern of its files below the source's folder; none where it is one file.
    pub files: Option<String>,
    /// Format; by the file's ending where absent.
    pub format: Option<Format>,
    /// Where the rows of a JSON document are.
    pub rows: Option<RowPath>,
    chain: Chain,
    on: Vec<usize>,
    values: Vec<usize>,
}

/// The rows of one other file.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// As messages name it.
    file: String,
    rows: Vec<Found>,
    /// Key -> place in `rows`, and of a second row.
    by_key: FxHashMap<String, (usize, Option<usize>)>,
}

#[derive(Debug, Clone)]
struct Found {
    cells: Vec<String>,
    row: u64,
}

/// All other files of a pipeline: for each lookup, path below its source's folder (empty for one file) -> rows.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// In the order of `Pipeline::lookups`.
    pub files: Vec<BTreeMap<String, Loaded>>,
}

impl Lookup {
    /// The columns that a reader must give.
    pub fn read(&self) -> &[String] {
        &self.chain.read
    }

    /// Reads a file; `file` is its name for messages, `stem` the `{file}` of its rows.
    ///
    /// # Errors
    /// As of the rows of an input.
    pub fn load(&self, file: &str, stem: &str, rows: &mut Rows<'_>) -> Result<Loaded, Error> {
        let mut loading =
            Loading { of: self, loaded: Loaded { file: file.to_owned(), ..Loaded::default() } };
        let none = Tables::default();
        run::<Error>(&self.chain, &none, rows, stem, &mut Tally::default(), &mut loading)?;
        Ok(loading.loaded)
    }
}

struct Loading<'l> {
    of: &'l Lookup,
    loaded: Loaded,
}

impl Emit<Error> for Loading<'_> {
    fn row(
        &mut self,
        row: &mut [String],
        place: &Place,
        tally: &mut Tally,
    ) -> Result<(), Stop<Error>> {
        tally.examples += 1;
        let at = self.loaded.rows.len();
        let cells = self.of.values.iter().map(|&column| row[column].clone()).collect();
        self.loaded.rows.push(Found { cells, row: place.row.unwrap_or_default() });
        let entry = self.loaded.by_key.entry(key(&self.of.on, row));
        let (first, second) = entry.or_insert((at, None));
        if *first != at && second.is_none() {
            *second = Some(at);
        }
        Ok(())
    }
}

/// Cells as one text; each is preceded by its length, so that no two lists of cells give the same.
fn key(columns: &[usize], row: &[String]) -> String {
    columns.iter().map(|&column| format!("{} {}", row[column].len(), row[column])).collect()
}

impl Tables {
    /// The rows of the file that a row needs.
    fn of(
        &self,
        lookup: &Lookup,
        table: usize,
        file: Option<&Bound>,
        row: &[String],
    ) -> Result<&Loaded, Problem> {
        let mut name = String::new();
        if let Some(file) = file {
            file.render(row, &mut name);
        }
        let found = self.files.get(table).and_then(|files| files.get(&name));
        found.ok_or_else(|| Problem::File { file: name, table: lookup.source.clone() })
    }

    /// The cells that a join adds; none where `missing` says them.
    pub(super) fn joined(
        &self,
        lookup: &Lookup,
        action: (usize, Option<&Bound>),
        on: &[usize],
        row: &[String],
        names: &[String],
    ) -> Result<Option<&[String]>, Problem> {
        let loaded = self.of(lookup, action.0, action.1, row)?;
        match loaded.by_key.get(&key(on, row)) {
            Some((one, None)) => Ok(Some(&loaded.rows[*one].cells)),
            Some((one, Some(other))) => Err(Problem::Twice {
                file: loaded.file.clone(),
                key: shown(on, row, names),
                first: loaded.rows[*one].row,
                second: loaded.rows[*other].row,
            }),
            None => Ok(None),
        }
    }

    /// What to say where there is no row.
    pub(super) fn none(
        &self,
        lookup: &Lookup,
        action: (usize, Option<&Bound>),
        on: &[usize],
        row: &[String],
        names: &[String],
    ) -> Problem {
        match self.of(lookup, action.0, action.1, row) {
            Err(problem) => problem,
            Ok(loaded) => Problem::None { file: loaded.file.clone(), key: shown(on, row, names) },
        }
    }

    /// All rows of the file that a row needs.
    pub(super) fn all(
        &self,
        lookup: &Lookup,
        action: (usize, Option<&Bound>),
        row: &[String],
    ) -> Result<Vec<&[String]>, Problem> {
        let loaded = self.of(lookup, action.0, action.1, row)?;
        Ok(loaded.rows.iter().map(|found| found.cells.as_slice()).collect())
    }
}

fn shown(on: &[usize], row: &[String], names: &[String]) -> String {
    let pairs = on.iter().map(|&column| format!("{} = `{}`", names[column], row[column]));
    pairs.collect::<Vec<_>>().join(", ")
}

/// The step `join` or `cross` over positions.
pub(super) fn lookup(
    step: &Step,
    columns: &mut Vec<String>,
    tables: &mut Vec<Lookup>,
) -> Result<Action, String> {
    let none = Vec::new();
    let (from, on, names) = match step {
        Step::Join { from, on, columns, .. } => (from, on, columns),
        Step::Cross { from, columns } => (from, &none, columns),
        other => return Err(format!("`{other:?}` uses no other file")),
    };
    if names.is_empty() {
        return Err("`columns` is empty; name the columns to add".to_owned());
    }
    let file = from.file.as_ref().map(|file| bind(file, columns)).transpose()?;
    let at = find_all(on, columns)?;
    tables.push(other(from, on, names).map_err(|e| format!("the file of `{}`: {e}", from.source))?);
    let table = tables.len() - 1;
    let to = names.iter().map(|name| find_or_add(name, columns)).collect();
    match step {
        Step::Join { on, .. } if on.is_empty() => {
            Err("`on` of `join` is empty; name the columns that both have".to_owned())
        }
        Step::Join { missing, .. } => {
            Ok(Action::Join { table, file, on: at, to, missing: missing.clone() })
        }
        _ => Ok(Action::Cross { table, file, to }),
    }
}

fn other(from: &Table, on: &[String], names: &[String]) -> Result<Lookup, String> {
    let mut read = from.read.clone();
    if read.is_empty() {
        read.extend(on.iter().chain(names).cloned());
        let key = from.rows.as_ref().and_then(RowPath::key);
        let mut seen = std::collections::BTreeSet::new();
        read.retain(|name| Some(name.as_str()) != key && seen.insert(name.clone()));
    }
    let chain = Chain::new(&read, &[], from.rows.as_ref(), &from.steps, None, BadRows::Error)?;
    if !chain.tables.is_empty() {
        return Err(
            "a joined file joins another; join both to the row, one after the other".to_owned()
        );
    }
    Ok(Lookup {
        source: from.source.clone(),
        files: from.file.as_deref().map(pattern).transpose()?,
        format: from.format,
        rows: from.rows.clone(),
        on: find_all(on, &chain.columns)?,
        values: find_all(names, &chain.columns)?,
        chain,
    })
}

/// A template as a pattern of files: `*` for each name.
fn pattern(file: &str) -> Result<String, String> {
    let template = Template::parse(file).map_err(|e| e.to_string())?;
    Ok(template.render(|_| Some("*")))
}
