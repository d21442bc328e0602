//! What a permutation test is asked and what it answers.

use crate::error::Result;
use crate::mcnemar::Alternative;
use crate::rng::Stream;

/// How a permutation p-value is obtained.
#[derive(Debug, Clone)]
pub enum PermutationMethod {
    /// All assignments.
    Exact,
    /// `(1 + hits) / (resamples + 1)` (Phipson & Smyth 2010: never 0).
    MonteCarlo {
        /// Number of random assignments, at least 1.
        resamples: usize,
        /// Where they come from.
        stream: Stream,
    },
    /// Exact when affordable, else Monte Carlo.
    Auto {
        /// Number of random assignments where exact is too costly, at least 1.
        resamples: usize,
        /// Where they come from.
        stream: Stream,
    },
}

/// A permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permutation {
    /// The statistic of the data themselves.
    pub observed: f64,
    /// The p-value, never 0.
    pub p_value: f64,
    /// All assignments were counted; else a sample of them.
    pub exact: bool,
}

/// Whether a resampled statistic is at least as extreme as the observed one, up to `tolerance`.
pub(super) fn extreme(
    resampled: f64,
    observed: f64,
    tolerance: f64,
    alternative: Alternative,
) -> bool {
    match alternative {
        Alternative::TwoSided => resampled.abs() >= observed.abs() - tolerance,
        Alternative::Greater => resampled >= observed - tolerance,
        Alternative::Less => resampled <= observed + tolerance,
    }
}

/// (1 + hits) / (R + 1).
pub fn plus_one(hits: usize, resamples: usize) -> f64 {
    (1.0 + hits as f64) / (resamples as f64 + 1.0)
}

pub(super) fn at_least_one(resamples: usize) -> Result<()> {
    crate::error::resamples("resamples", resamples, 1)
}
