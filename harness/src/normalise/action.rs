//! Steps over positions: a [`Step`] with its names resolved.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::definition::step::{CellOrder, ListForm, Step};
use crate::text::template::Bound;

use super::error::Kind;
use super::lists::Condition;
use super::names::{bind, find, find_or_add};

/// A [`Step`] over positions.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Unpivot {
        columns: Vec<(usize, String)>,
        key: usize,
        value: usize,
    },
    Set {
        column: usize,
        template: Bound,
    },
    Map {
        from: usize,
        to: usize,
        values: BTreeMap<String, String>,
        otherwise: Option<String>,
    },
    Trim {
        columns: Vec<usize>,
    },
    CutAt {
        column: usize,
        at: String,
    },
    SkipEmpty {
        column: usize,
    },
    Drop {
        column: usize,
        values: BTreeSet<String>,
    },
    BlankNa {
        columns: Vec<usize>,
    },
    Blank {
        column: usize,
        values: BTreeSet<String>,
    },
    FirstOf {
        columns: Vec<usize>,
        to: usize,
    },
    Mask {
        column: usize,
        mark: String,
        to: usize,
    },
    KeepIf {
        column: usize,
        values: BTreeSet<String>,
        of: usize,
    },
    Parse {
        column: usize,
        form: ListForm,
        to: usize,
        ending: Option<String>,
    },
    Capture {
        column: usize,
        pattern: Regex,
        to: Vec<(usize, usize)>,
    },
    DropWhere {
        any: Vec<Condition>,
    },
    Explode {
        column: usize,
        key: usize,
        value: usize,
    },
    UnpivotSets {
        sets: Vec<(String, Vec<usize>)>,
        key: usize,
        to: Vec<usize>,
    },
    Tally {
        by: Vec<usize>,
        column: usize,
        counts: Vec<(String, usize)>,
    },
    Find {
        of: Vec<Vec<usize>>,
        is: Option<String>,
        among: Option<usize>,
        to: usize,
        cell: Option<usize>,
    },
    Compare {
        left: Vec<usize>,
        right: Vec<usize>,
        to: usize,
    },
    Count {
        column: usize,
        is: Bound,
        to: usize,
    },
    Hash {
        columns: Vec<usize>,
        order: CellOrder,
        to: usize,
    },
    /// `table` is the place of the other file among the chain's.
    Join {
        table: usize,
        file: Option<Bound>,
        on: Vec<usize>,
        to: Vec<usize>,
        missing: Option<String>,
    },
    Cross {
        table: usize,
        file: Option<Bound>,
        to: Vec<usize>,
    },
}

/// What a step made of a row.
pub(super) enum Fate {
    Kept,
    SkippedEmpty(usize),
    Dropped,
}

impl Action {
    pub(super) fn new(step: &Step, columns: &mut Vec<String>) -> Result<Self, String> {
        Ok(match step {
            Step::Unpivot { columns: wide, key, value } => {
                if wide.is_empty() {
                    return Err(
                        "`columns` of `unpivot` is empty; name the columns to turn into rows"
                            .to_owned(),
                    );
                }
                let wide =
                    wide.iter().map(|(column, name)| Ok((find(column, columns)?, name.clone())));
                Self::Unpivot {
                    columns: wide.collect::<Result<_, String>>()?,
                    key: find_or_add(key, columns),
                    value: find_or_add(value, columns),
                }
            }
            Step::Set { column, template } => Self::Set {
                template: bind(template, columns)?,
                column: find_or_add(column, columns),
            },
            Step::Map { column, to, values, otherwise } => Self::Map {
                from: find(column, columns)?,
                to: find_or_add(to.as_ref().unwrap_or(column), columns),
                values: values.clone(),
                otherwise: otherwise.clone(),
            },
            Step::Trim { columns: names } => Self::Trim {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
            },
            Step::CutAt { column, at } => {
                Self::CutAt { column: find(column, columns)?, at: at.clone() }
            }
            Step::SkipEmpty { column } => Self::SkipEmpty { column: find(column, columns)? },
            Step::Drop { column, values } => Self::Drop {
                column: find(column, columns)?,
                values: values.iter().cloned().collect(),
            },
            Step::BlankNa { columns: names } => Self::BlankNa {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
            },
            Step::Blank { column, values } => Self::Blank {
                column: find(column, columns)?,
                values: values.iter().cloned().collect(),
            },
            Step::FirstOf { columns: names, to } => Self::FirstOf {
                columns: names.iter().map(|name| find(name, columns)).collect::<Result<_, _>>()?,
                to: find_or_add(to, columns),
            },
            Step::Mask { column, mark, to } => {
                if mark.is_empty() {
                    return Err(
                        "`mark` of `mask` is empty; give the mark around what is masked".to_owned()
                    );
                }
                Self::Mask {
                    column: find(column, columns)?,
                    mark: mark.clone(),
                    to: find_or_add(to.as_ref().unwrap_or(column), columns),
                }
            }
            Step::KeepIf { column, is, keep } => Self::KeepIf {
                column: find(column, columns)?,
                values: is.iter().cloned().collect(),
                of: find(keep, columns)?,
            },
            _ => Self::of_lists(step, columns)?,
        })
    }

    pub(super) fn apply(&self, row: &mut [String], columns: &[String]) -> Result<Fate, Kind> {
        match self {
            Self::Set { column, template } => {
                let mut cell = String::new();
                template.render(row, &mut cell);
                row[*column] = cell;
            }
            Self::Map { from, to, values, otherwise } => {
                let cell = values.get(&row[*from]).or(otherwise.as_ref()).ok_or_else(|| {
                    Kind::Unlisted {
                        field: columns[*from].clone(),
                        value: row[*from].clone(),
                        expected: values.keys().cloned().collect(),
                        table: "values",
                    }
                })?;
                row[*to].clone_from(cell);
            }
            Self::Trim { columns } => {
                for &column in columns {
                    let cell = &mut row[column];
                    if cell.trim().len() != cell.len() {
                        *cell = cell.trim().to_owned();
                    }
                }
            }
            Self::CutAt { column, at } => {
                if let Some(end) = row[*column].find(at.as_str()) {
                    row[*column].truncate(end);
                }
            }
            Self::SkipEmpty { column } if row[*column].trim().is_empty() => {
                return Ok(Fate::SkippedEmpty(*column));
            }
            Self::Drop { column, values } if values.contains(&row[*column]) => {
                return Ok(Fate::Dropped);
            }
            Self::BlankNa { columns } => {
                for &column in columns {
                    if PANDAS_NA.contains(&row[column].as_str()) {
                        row[column].clear();
                    }
                }
            }
            Self::Blank { column, values } => {
                if values.contains(&row[*column]) {
                    row[*column].clear();
                }
            }
            Self::FirstOf { columns, to } => {
                let first =
                    columns.iter().map(|&column| row[column].trim()).find(|c| !c.is_empty());
                let first = first.unwrap_or_default().to_owned();
                row[*to] = first;
            }
            Self::Mask { column, mark, to } => row[*to] = masked(&row[*column], mark),
            Self::KeepIf { column, values, of } => {
                if !values.contains(&row[*column]) {
                    row[*of].clear();
                }
            }
            Self::DropWhere { any } => {
                for condition in any {
                    if condition.holds(row, columns)? {
                        return Ok(Fate::Dropped);
                    }
                }
            }
            Self::SkipEmpty { .. } | Self::Drop { .. } => {}
            _ => self.apply_to_lists(row, columns)?,
        }
        Ok(Fate::Kept)
    }
}

/// What pandas' `read_csv` takes for missing by default (`keep_default_na`), the empty cell aside.
const PANDAS_NA: [&str; 18] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// A text with `_` for each part between two marks, or from a last single mark on.
fn masked(text: &str, mark: &str) -> String {
    let parts: Vec<&str> =
        text.split(mark).enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, p)| p).collect();
    let mut out = parts.join("_");
    if text.matches(mark).count() % 2 == 1 {
        out.push('_');
    }
    out.trim().to_owned()
}
