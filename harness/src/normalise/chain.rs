//! The steps of a file's rows with all names resolved, and the other files that they use.

use crate::definition::dataset::{BadRows, Format};
use crate::definition::rows::RowPath;
use crate::definition::split::Split;
use crate::definition::step::{Step, Table};
use crate::text::template::Template;

use super::action::Action;
use super::names::{bind, find_all, find_or_add};

/// The steps of a file's rows.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// All columns: those read, `row`, `file`, `part`, then what steps add.
    pub(super) columns: Vec<String>,
    /// Those that are read from the file, as [`Rows`] takes them; they are the first of `columns`.
    pub(super) read: Vec<String>,
    /// Other files that steps use.
    pub(super) tables: Vec<Lookup>,
    pub(super) actions: Vec<Action>,
    pub(super) part: Option<Split>,
    pub(super) bad_rows: BadRows,
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
    pub(super) chain: Chain,
    pub(super) on: Vec<usize>,
    pub(super) values: Vec<usize>,
    /// What it was made from: the file, the columns that both have, and the columns to add.
    said: (Table, Vec<String>, Vec<String>),
}

/// Lookups are equal if the same words of a definition made them.
impl PartialEq for Lookup {
    fn eq(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

impl Chain {
    /// Resolves every name; the problem is one sentence that names the step.
    pub(super) fn new<'s>(
        columns: &[String],
        optional: &[String],
        rows: Option<&RowPath>,
        steps: impl IntoIterator<Item = &'s Step>,
        part: Option<Split>,
        bad_rows: BadRows,
    ) -> Result<Self, String> {
        let key: Vec<String> = rows.and_then(RowPath::key).map(str::to_owned).into_iter().collect();
        let mut all = [columns, optional, &key].concat();
        let maybe = optional.iter().map(|name| format!("{name}?"));
        let read = columns.iter().cloned().chain(maybe).chain(key).collect();
        for own in ["row", "file", "part"] {
            if all.iter().any(|column| column == own) {
                return Err(format!(
                    "`columns`: `{own}` is a reserved name; read it under a template of another column"
                ));
            }
            all.push(own.to_owned());
        }
        let (mut actions, mut tables) = (Vec::new(), Vec::new());
        for (i, step) in steps.into_iter().enumerate() {
            let action = match step {
                Step::Join { .. } | Step::Cross { .. } => lookup(step, &mut all, &mut tables),
                _ => Action::new(step, &mut all),
            };
            actions.push(action.map_err(|e| format!("step {}: {e}", i + 1))?);
        }
        let tallies = actions.iter().filter(|action| matches!(action, Action::Tally { .. }));
        if tallies.count() > 1 {
            return Err("`tally` occurs twice; only one is allowed".to_owned());
        }
        Ok(Self { columns: all, read, tables, actions, part, bad_rows })
    }
}

impl Lookup {
    /// The columns that a reader must give.
    pub fn read(&self) -> &[String] {
        &self.chain.read
    }
}

/// The step `join` or `cross` over positions.
fn lookup(
    step: &Step,
    columns: &mut Vec<String>,
    tables: &mut Vec<Lookup>,
) -> Result<Action, String> {
    let none = Vec::new();
    let (from, on, names) = match step {
        Step::Join { from, on, columns, .. } => (from, on, columns),
        Step::Cross { from, columns } => (from, &none, columns),
        other => return Err(format!("`{other:?}` does not use another file")),
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
            "a joined file cannot join another one; join both to the row, one after the other"
                .to_owned(),
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
        said: (from.clone(), on.to_vec(), names.to_vec()),
    })
}

/// A template as a pattern of files: `*` for each name.
fn pattern(file: &str) -> Result<String, String> {
    let template = Template::parse(file).map_err(|e| e.to_string())?;
    Ok(template.render(|_| Some("*")))
}
