//! Empirical Bayes: a small group's value is drawn towards that of all groups, as far as the groups look alike.

use super::Groups;
use crate::error::Result;

/// A value after shrinkage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunken {
    /// `mean + weight (value - mean)`.
    pub value: f64,
    /// How much the group's own examples count, from 0 (nothing: all groups look equal) to 1.
    pub weight: f64,
}

/// Empirical-Bayes estimates of all groups (Efron & Morris 1975): true values are taken as normal around a common mean, with
/// the variance that makes the observed spread what it is (Paule & Mandel 1982). A group's sampling variance is that of the
/// pooled value on its units, so that a group that is all right by luck does not count as certain. What groups that share
/// clusters have in common says nothing about their differences: it is taken out by the mean correlation.
///
/// # Errors
/// Fewer than three groups (two tell nothing of how groups spread), lists of different lengths, values outside [0, 1].
pub fn shrink(groups: &Groups<'_>) -> Result<Vec<Shrunken>> {
    groups.check()?;
    crate::error::finite("values", groups.values, 3)?;
    let pooled = groups.pooled();
    let alike = groups.correlation.map_or(0.0, mean_off_diagonal).clamp(0.0, 0.99);
    let spread = pooled * (1.0 - pooled) * (1.0 - alike);
    let own: Vec<f64> = groups.units.iter().map(|u| spread / u).collect();
    let between = between(groups.values, &own);
    let mean = weighted_mean(groups.values, &own, between);
    let one = |(value, own): (&f64, &f64)| {
        let whole = between + own;
        let weight = if whole > 0.0 { between / whole } else { 1.0 };
        Shrunken { value: mean + weight * (value - mean), weight }
    };
    Ok(groups.values.iter().zip(&own).map(one).collect())
}

fn mean_off_diagonal(rows: &[Vec<f64>]) -> f64 {
    let k = rows.len() as f64;
    let all: f64 = rows.iter().flatten().sum();
    let diagonal: f64 = (0..rows.len()).map(|i| rows[i][i]).sum();
    (all - diagonal) / (k * (k - 1.0))
}

fn weighted_mean(values: &[f64], own: &[f64], between: f64) -> f64 {
    let weights: Vec<f64> =
        own.iter().map(|o| if between + o > 0.0 { 1.0 / (between + o) } else { 1.0 }).collect();
    let sum: f64 = weights.iter().sum();
    values.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>() / sum
}

/// The variance between groups at which the weighted squares about the mean are their number less one; 0 where the groups
/// spread no more than equal ones.
fn between(values: &[f64], own: &[f64]) -> f64 {
    let target = values.len() as f64 - 1.0;
    let excess = |between: f64| {
        let mean = weighted_mean(values, own, between);
        let squares = values.iter().zip(own).map(|(v, o)| (v - mean).powi(2) / (between + o));
        squares.sum::<f64>() - target
    };
    if own.iter().any(|o| *o <= 0.0) || excess(0.0) <= 0.0 {
        return 0.0;
    }
    // Shares spread by 1/4 at most; the excess falls with the variance.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
