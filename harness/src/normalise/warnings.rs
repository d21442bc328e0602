//! What was read, kept, skipped and dropped: trouble with rows is data, counted and shown once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::Place;

/// How many places are kept for each kind.
const PLACES: usize = 5;

/// Counted trouble, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Warnings {
    /// Kind (`empty 9`, `invalid UTF-8`) -> how often, and where first.
    pub kinds: BTreeMap<String, Warned>,
}

/// One kind of trouble.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// How often.
    pub count: u64,
    /// The first few places.
    pub first: Vec<String>,
}

impl Warnings {
    /// Counts one.
    pub fn add(&mut self, kind: &str, place: &Place, detail: &str) {
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), Warned::default());
        }
        if let Some(warned) = self.kinds.get_mut(kind) {
            warned.count += 1;
            if warned.first.len() < PLACES {
                let separator = if detail.is_empty() { "" } else { ": " };
                warned.first.push(format!("{place}{separator}{detail}"));
            }
        }
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.kinds.values().map(|warned| warned.count).sum()
    }
}

/// Where every row went: `read + made = examples + skipped + dropped + merged`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Upstream rows read.
    pub read: u64,
    /// Rows that `unpivot` and the like made beyond the one they took.
    pub made: u64,
    /// Rows that `tally` put into the group of an earlier one.
    #[serde(default)]
    pub merged: u64,
    /// Examples that came out.
    pub examples: u64,
    /// Rows skipped with a warning.
    pub skipped: u64,
    /// Rows that a `drop` step took out.
    pub dropped: u64,
    /// Why rows were skipped.
    pub warnings: Warnings,
}

impl Tally {
    /// Whether every row is accounted for.
    pub fn balances(&self) -> bool {
        self.read + self.made == self.examples + self.skipped + self.dropped + self.merged
    }
}
