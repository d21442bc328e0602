//! Cells as lists, objects and numbers.

use sha2::{Digest, Sha256};

use crate::definition::step::{self, CellOrder, ListForm};

use super::error::Kind;
use super::literal;
use super::names::{find, find_all};
use super::value::Value;

/// When a row is dropped.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Sum { columns: Vec<usize>, at_least: Option<i64>, at_most: Option<i64> },
    Empty(usize),
}

impl Condition {
    pub(super) fn new(condition: &step::Condition, columns: &[String]) -> Result<Self, String> {
        let step::Condition { sum, at_least, at_most, empty } = condition;
        match empty {
            Some(column) if sum.is_empty() && at_least.is_none() && at_most.is_none() => {
                Ok(Self::Empty(find(column, columns)?))
            }
            None if !sum.is_empty() && (at_least.is_some() || at_most.is_some()) => {
                let columns = find_all(sum, columns)?;
                Ok(Self::Sum { columns, at_least: *at_least, at_most: *at_most })
            }
            _ => Err("a condition of `drop-where` is either `empty`, or `sum` with `at_least` or `at_most`".to_owned()),
        }
    }

    pub(super) fn holds(&self, row: &[String], names: &[String]) -> Result<bool, Kind> {
        match self {
            Self::Empty(column) => Ok(matches!(row[*column].trim(), "" | "[]" | "{}" | "null")),
            Self::Sum { columns, at_least, at_most } => {
                let sum = sum(columns, row, names)?;
                Ok(at_least.is_some_and(|least| sum >= least as f64)
                    || at_most.is_some_and(|most| sum <= most as f64))
            }
        }
    }
}

/// The sum of cells: numbers, or lists of numbers.
pub(super) fn sum(columns: &[usize], row: &[String], names: &[String]) -> Result<f64, Kind> {
    let mut sum = 0.0;
    for &column in columns {
        let cell = row[column].trim();
        let trouble = |problem: &str| Kind::Cell {
            field: names[column].clone(),
            problem: format!("{problem} `{}`", short(cell)),
        };
        if cell.starts_with('[') {
            let Ok(Value::List(elements)) = Value::from_json(cell) else {
                return Err(trouble("not a list of numbers:"));
            };
            for element in &elements {
                sum += element.number().ok_or_else(|| trouble("not a list of numbers:"))?;
            }
        } else {
            let number = cell.parse().ok().filter(|n: &f64| n.is_finite());
            sum += number.ok_or_else(|| trouble("not a number:"))?;
        }
    }
    Ok(sum)
}

/// The beginning of a cell, for messages.
pub(super) fn short(cell: &str) -> String {
    const SHOWN: usize = 60;
    match cell.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &cell[..end]),
        None => cell.to_owned(),
    }
}

/// The elements of a list cell.
pub(super) fn elements(cell: &str, field: &str) -> Result<Vec<Value>, Kind> {
    match Value::from_json(cell) {
        Ok(Value::List(elements)) => Ok(elements),
        _ => Err(Kind::Cell {
            field: field.to_owned(),
            problem: format!(
                "not a list: `{}` (a `parse` step turns a text into a list)",
                short(cell)
            ),
        }),
    }
}

/// The rows that `explode` makes of a cell: key and value.
pub(super) fn members(cell: &str, field: &str) -> Result<Vec<(String, String)>, Kind> {
    match Value::from_json(cell) {
        Ok(Value::Object(members)) => {
            Ok(members.into_iter().map(|(name, value)| (name, value.cell())).collect())
        }
        Ok(Value::List(elements)) => {
            let numbered = elements.iter().enumerate();
            Ok(numbered.map(|(place, value)| (place.to_string(), value.cell())).collect())
        }
        _ => Err(Kind::Cell {
            field: field.to_owned(),
            problem: format!("neither a list nor an object: `{}`", short(cell)),
        }),
    }
}

/// A cell as the list that it spells.
pub(super) fn parse(cell: &str, form: &ListForm, ending: Option<&str>) -> Result<Value, String> {
    let value = match form {
        ListForm::Python => {
            literal::parse(cell).map_err(|e| format!("not a Python literal: {e}"))?
        }
        ListForm::Json => Value::from_json(cell).map_err(|e| format!("not JSON: {e}"))?,
        ListForm::Split(separator) => {
            let mut texts: Vec<&str> = cell.split(separator.as_str()).map(str::trim).collect();
            if texts.last().is_some_and(|last| last.is_empty()) {
                texts.pop();
            }
            Value::List(texts.into_iter().map(|text| Value::Text(text.to_owned())).collect())
        }
    };
    Ok(match (value, ending) {
        (Value::List(mut elements), Some(ending)) => {
            for element in &mut elements {
                if let Value::Text(text) = element
                    && !text.ends_with(ending)
                {
                    text.push_str(ending);
                }
            }
            Value::List(elements)
        }
        (value, _) => value,
    })
}

/// Twelve hexadecimal digits of the SHA-256 of cells, each preceded by its length.
pub(super) fn hashed(columns: &[usize], order: CellOrder, row: &[String]) -> String {
    let mut cells: Vec<&str> = columns.iter().map(|&column| row[column].as_str()).collect();
    if order == CellOrder::Any {
        cells.sort_unstable();
    }
    let mut hash = Sha256::new();
    for cell in cells {
        hash.update((cell.len() as u64).to_le_bytes());
        hash.update(cell);
    }
    crate::store::hex(&hash.finalize())[..12].to_owned()
}
