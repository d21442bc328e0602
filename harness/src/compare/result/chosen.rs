//! Which test was made, and the test of all models at once.

use serde::{Deserialize, Serialize};

/// The chosen test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Name, as `--test` has it.
    pub name: String,
    /// Name in prose.
    pub title: String,
    /// Why this one.
    pub why: String,
    /// How many hypotheses are corrected together.
    pub family: usize,
    /// The line that can be quoted.
    pub signature: String,
}

/// All models at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Omnibus {
    /// Name in prose.
    pub title: String,
    /// Its statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Its p.
    pub p: f64,
}
