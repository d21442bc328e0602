//! The table of two models' correctness, and the direction of a test on it.

use crate::error::{Result, StatsError, same_length};

/// The 2 x 2 table of two models' correctness on the same examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairedTable {
    /// Examples that both models got right.
    pub both_right: u64,
    /// Examples that A alone got right.
    pub only_a: u64,
    /// Examples that B alone got right.
    pub only_b: u64,
    /// Examples that both models got wrong.
    pub both_wrong: u64,
}

impl PairedTable {
    /// Counts two lists of right/wrong.
    pub fn count(a: &[bool], b: &[bool]) -> Result<Self> {
        same_length("a", a.len(), "b", b.len())?;
        let mut table = Self::default();
        for pair in a.iter().zip(b) {
            match pair {
                (true, true) => table.both_right += 1,
                (true, false) => table.only_a += 1,
                (false, true) => table.only_b += 1,
                (false, false) => table.both_wrong += 1,
            }
        }
        Ok(table)
    }

    /// Number of examples.
    pub fn n(&self) -> u64 {
        self.both_right + self.only_a + self.only_b + self.both_wrong
    }

    /// Examples that exactly one model got right.
    pub fn discordant(&self) -> u64 {
        self.only_a + self.only_b
    }

    /// Cell counts in the order both right, only A, only B, both wrong.
    pub fn counts(&self) -> [u64; 4] {
        [self.both_right, self.only_a, self.only_b, self.both_wrong]
    }

    /// Accuracy of A minus accuracy of B.
    pub fn difference(&self) -> Result<f64> {
        self.not_empty()?;
        Ok((self.only_a as f64 - self.only_b as f64) / self.n() as f64)
    }

    pub(crate) fn not_empty(&self) -> Result<()> {
        if self.n() == 0 {
            Err(StatsError::TooFew { argument: "table", needed: 1, got: 0 })
        } else {
            Ok(())
        }
    }
}

/// The direction of a test; differences are A - B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// The models differ, in either direction.
    #[default]
    TwoSided,
    /// A is better: the difference is above 0.
    Greater,
    /// B is better: the difference is below 0.
    Less,
}
