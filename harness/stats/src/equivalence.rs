//! Are two paired accuracies equivalent, is one not inferior? By the score test with the constrained estimate.
//!
//! Wald tests on the observed discordance reject up to twice as often as they should, because few discordant examples also
//! make the standard error small. The score takes the discordance that fits the difference under test best.

use super::dist::norm_sf;
use super::error::{Result, StatsError};
use super::mcnemar::PairedTable;
use super::ttest::{Tost, margins};

/// Tango's score of the hypothesis that accuracy A - accuracy B is `difference`, standard normal under it (Tango 1998,
/// eqs. 5-8; the test of Nam 1997). For `difference` = 0 it is the root of McNemar's chi-square.
///
/// `z = (b - c - n d) / sqrt(n (2 q + d (1 - d)))`, where q is the likeliest share of "only B right" given d.
///
/// # Errors
/// An empty table, or a difference outside (-1, 1).
pub fn tango_score(table: &PairedTable, difference: f64) -> Result<f64> {
    table.not_empty()?;
    if !(difference > -1.0 && difference < 1.0) {
        return Err(StatsError::OutOfRange {
            argument: "difference",
            value: difference,
            allowed: "a difference of two accuracies, above -1 and below 1",
        });
    }
    let (b, c, n) = (table.only_a as f64, table.only_b as f64, table.n() as f64);
    // The score turns its sign with the models; for d >= 0 the root below is not negative.
    Ok(if difference >= 0.0 { score(b, c, n, difference) } else { -score(c, b, n, -difference) })
}

fn score(b: f64, c: f64, n: f64, d: f64) -> f64 {
    let linear = (2.0 * n - b + c) * d - b - c;
    let constant = -c * d * (1.0 - d);
    let root = (linear * linear - 8.0 * n * constant).sqrt();
    // Of the two forms of the root the one without cancellation.
    let q =
        if linear > 0.0 { -2.0 * constant / (linear + root) } else { (root - linear) / (4.0 * n) };
    let variance = n * (2.0 * q + d * (1.0 - d));
    let distance = b - c - n * d;
    // Only without discordant examples and with d = 0: nothing speaks against it.
    if variance > 0.0 { distance / variance.sqrt() } else { 0.0 }
}

/// Equivalence of two paired accuracies within (low, high) by two one-sided score tests ([`tango_score`]). Margins are
/// shares: -.02 and .02 for two points.
///
/// By enumeration the level at a difference equal to the margin is at most .053 for a nominal .05, whatever the
/// discordance (n = 200 to 1,185, margins of 1 to 5 points).
///
/// # Errors
/// An empty table, or margins that are not low < high within (-1, 1).
pub fn tost_accuracy(table: &PairedTable, low: f64, high: f64) -> Result<Tost> {
    margins(low, high)?;
    let p_lower = norm_sf(tango_score(table, low)?);
    let p_upper = norm_sf(-tango_score(table, high)?);
    Ok(Tost {
        p_value: p_lower.max(p_upper),
        p_lower,
        p_upper,
        mean_difference: table.difference()?,
    })
}

/// A one-sided test against a margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonInferiority {
    /// Small: A is worse than B by less than the margin, if at all.
    pub p_value: f64,
    /// The statistic, standard normal at the margin.
    pub z: f64,
    /// Accuracy A - accuracy B.
    pub difference: f64,
}

/// Is A not inferior to B? One-sided score test of the hypothesis that A is worse by `margin` or more (Nam 1997; Tango
/// 1998). The margin is a share: .02 for two points.
///
/// # Errors
/// An empty table, or a margin outside (0, 1).
pub fn non_inferior_accuracy(table: &PairedTable, margin: f64) -> Result<NonInferiority> {
    super::error::open_unit("margin", margin)?;
    let z = tango_score(table, -margin)?;
    Ok(NonInferiority { p_value: norm_sf(z), z, difference: table.difference()? })
}
