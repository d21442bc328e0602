//! Which examples a benchmark covers, and the distinct terms of their answers.

use std::collections::{BTreeMap, HashMap};

use crate::example::Coded;
use crate::text::unicode::same;

/// Distinct rows of terms.
pub(crate) struct Table {
    pub(crate) rows: Vec<f64>,
    width: usize,
    numbers: HashMap<Vec<u64>, u32>,
}

impl Table {
    pub(crate) fn new(width: usize) -> Self {
        Self { rows: Vec::new(), width, numbers: HashMap::new() }
    }

    /// The number of the terms of a row of a column; without terms 0.
    pub(crate) fn number(&mut self, column: Option<&[f64]>, row: usize) -> u32 {
        let Some(column) = column.filter(|_| self.width > 0) else { return 0 };
        let terms = &column[row * self.width..(row + 1) * self.width];
        let bits: Vec<u64> = terms.iter().map(|term| term.to_bits()).collect();
        let next = self.numbers.len() as u32;
        *self.numbers.entry(bits).or_insert_with(|| {
            self.rows.extend_from_slice(terms);
            next
        })
    }
}

/// Whether the groups of an example have one of the wanted values.
pub(crate) fn in_groups(
    groups: &BTreeMap<String, Coded>,
    only: &BTreeMap<String, Vec<String>>,
    row: usize,
) -> bool {
    only.iter().all(|(name, values)| {
        let own = groups.get(name).map_or("", |coded| coded.get(row));
        values.iter().any(|value| value == own)
    })
}

/// Rows by culture: those of `wanted` in its order, or all in order of first appearance.
pub(crate) fn select(cultures: &Coded, wanted: &[String]) -> (Vec<u32>, Vec<(String, Vec<u32>)>) {
    let mut places = vec![None; cultures.names.len()];
    let mut parts: Vec<(String, Vec<u32>)> = Vec::new();
    if wanted.is_empty() {
        for (code, name) in cultures.names.iter().enumerate() {
            places[code] = Some(code);
            parts.push((name.clone(), Vec::new()));
        }
    } else {
        for name in wanted {
            for (code, _) in cultures.names.iter().enumerate().filter(|(_, n)| same(n, name)) {
                places[code] = Some(parts.len());
            }
            parts.push((name.clone(), Vec::new()));
        }
    }
    let mut rows = Vec::new();
    for (row, &code) in cultures.codes.iter().enumerate() {
        if let Some(place) = places[code as usize] {
            rows.push(row as u32);
            parts[place].1.push(row as u32);
        }
    }
    if wanted.is_empty() {
        parts.retain(|(_, rows)| !rows.is_empty());
    }
    (rows, parts)
}
