//! Ranks of models on one benchmark.

use crate::descriptive::midranks;
use crate::direction::Direction;
use crate::error::{Result, StatsError};

/// Ranks of one benchmark's scores, 1 = best; scores equal up to rounding are tied.
pub fn rank_row(scores: &[f64], direction: Direction) -> (Vec<f64>, Vec<usize>) {
    let largest = scores.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let keyed: Vec<f64> = scores.iter().map(|s| direction.cost(*s)).collect();
    midranks(&keyed, 1e-12 * largest)
}

pub(super) fn at_least_two_models(k: usize) -> Result<()> {
    if k < 2 {
        Err(StatsError::TooFew { argument: "models (columns of scores)", needed: 2, got: k })
    } else {
        Ok(())
    }
}
