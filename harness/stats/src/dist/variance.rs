//! Chi-square and F: upper tails of variances and of their ratios.

use super::beta::beta_tails;
use super::normal::norm_sf;

/// P(F > x) of the F distribution.
pub fn f_sf(x: f64, d1: f64, d2: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let total = d2 + d1 * x;
    beta_tails(0.5 * d2, 0.5 * d1, d2 / total, d1 * x / total).0
}

/// P(X > x) of chi-square; one degree of freedom through the normal tail.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    if df == 1.0 {
        return 2.0 * norm_sf(x.sqrt());
    }
    if df == 2.0 {
        return (-0.5 * x).exp();
    }
    statrs::function::gamma::checked_gamma_ur(0.5 * df, 0.5 * x).unwrap_or(0.0).clamp(0.0, 1.0)
}
