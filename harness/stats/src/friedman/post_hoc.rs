//! What follows a Friedman test: all pairs (Nemenyi), or all against one control.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::ranks::at_least_two_models;
use super::test::{Friedman, friedman};
use crate::correction::{bonferroni, hochberg, holm};
use crate::direction::Direction;
use crate::dist::{norm_isf, norm_sf};
use crate::error::{Result, StatsError};
use crate::studentized::{Range, nemenyi_critical_value};

/// Nemenyi's critical difference `q_alpha sqrt(k (k + 1) / 6N)` (Demšar 2006, section 3.2.2).
pub fn critical_difference(models: usize, benchmarks: usize, alpha: f64) -> Result<f64> {
    at_least_two_models(models)?;
    Ok(nemenyi_critical_value(models, alpha)? * rank_se(models, benchmarks))
}

fn rank_se(models: usize, benchmarks: usize) -> f64 {
    let k = models as f64;
    (k * (k + 1.0) / (6.0 * benchmarks as f64)).sqrt()
}

/// Nemenyi's all-pairs p-values: studentized range of `|R_i - R_j| sqrt 2 / sqrt(k (k + 1) / 6N)`.
pub fn nemenyi(result: &Friedman) -> Result<Vec<Vec<f64>>> {
    let se = rank_se(result.models, result.benchmarks);
    let range = Range::new(result.models)?;
    let ranks = &result.mean_ranks;
    // Pairs that lie equally far apart share their integral, the two orders of a pair among them.
    let gap = |i: &f64, j: &f64| (i - j).abs().to_bits();
    let gaps = ranks.iter().flat_map(|i| ranks.iter().map(move |j| gap(i, j)));
    let gaps: Vec<u64> = gaps.collect::<BTreeSet<_>>().into_iter().collect();
    let tail = |gap: u64| {
        let q = f64::from_bits(gap) / se * std::f64::consts::SQRT_2;
        Ok((gap, range.sf(q)?))
    };
    let tails: BTreeMap<u64, f64> = gaps.into_par_iter().map(tail).collect::<Result<_>>()?;
    Ok(ranks.iter().map(|i| ranks.iter().map(|j| tails[&gap(i, j)]).collect()).collect())
}

/// All models against one control by Friedman ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct AgainstControl {
    /// The other models' columns, in order.
    pub others: Vec<usize>,
    /// `(R_control - R_i) / sqrt(k (k + 1) / 6N)`: above 0 when the other model ranks better.
    pub z: Vec<f64>,
    /// Two-sided p-values, not corrected.
    pub p: Vec<f64>,
    /// Corrected by Holm.
    pub p_holm: Vec<f64>,
    /// Corrected by Hochberg.
    pub p_hochberg: Vec<f64>,
    /// Corrected by Bonferroni (with Dunn's test these are its p-values).
    pub p_bonferroni: Vec<f64>,
    /// Bonferroni-Dunn's critical difference of mean ranks at .05 and .10.
    pub cd_05: f64,
    /// The same at .10.
    pub cd_10: f64,
}

/// Comparisons with a control (Demšar 2006, section 3.2.2).
pub fn friedman_vs_control(
    scores: &[Vec<f64>],
    control: usize,
    direction: Direction,
) -> Result<AgainstControl> {
    let result = friedman(scores, direction)?;
    if control >= result.models {
        return Err(StatsError::OutOfRange {
            argument: "control",
            value: control as f64,
            allowed: "the 0-based column of a model",
        });
    }
    let se = rank_se(result.models, result.benchmarks);
    let others: Vec<usize> = (0..result.models).filter(|&i| i != control).collect();
    let z: Vec<f64> =
        others.iter().map(|&i| (result.mean_ranks[control] - result.mean_ranks[i]) / se).collect();
    let p: Vec<f64> = z.iter().map(|z| (2.0 * norm_sf(z.abs())).min(1.0)).collect();
    let tests = others.len() as f64;
    Ok(AgainstControl {
        p_holm: holm(&p)?,
        p_hochberg: hochberg(&p)?,
        p_bonferroni: bonferroni(&p)?,
        cd_05: norm_isf(0.05 / 2.0 / tests)? * se,
        cd_10: norm_isf(0.10 / 2.0 / tests)? * se,
        others,
        z,
        p,
    })
}
