//! The normal distribution.

use std::f64::consts::{SQRT_2, TAU};

use crate::error::{Result, open_unit};

/// Standard normal density.
pub fn norm_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// P(Z > x), through the complementary error function: full relative accuracy in the far tail.
pub fn norm_sf(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

/// P(Z <= x).
pub fn norm_cdf(x: f64) -> f64 {
    norm_sf(-x)
}

/// Normal quantile: statrs' inverse error function, polished by Newton steps on the log tail.
pub fn norm_ppf(p: f64) -> Result<f64> {
    open_unit("p", p)?;
    Ok(if p <= 0.5 { -norm_isf_small(p) } else { norm_isf_small(1.0 - p) })
}

/// The x with P(Z > x) = p.
pub fn norm_isf(p: f64) -> Result<f64> {
    open_unit("p", p)?;
    Ok(if p <= 0.5 { norm_isf_small(p) } else { -norm_isf_small(1.0 - p) })
}

/// [`norm_isf`] for 0 < p <= 1/2.
pub(super) fn norm_isf_small(p: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    let mut x = SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p);
    if !x.is_finite() || x <= 0.0 {
        x = (-2.0 * p.ln()).sqrt();
    }
    for _ in 0..8 {
        let tail = norm_sf(x);
        let step = (tail / p).ln() * tail / norm_pdf(x);
        x += step;
        if step.abs() <= 1e-16 * x.abs() {
            break;
        }
    }
    x
}

/// The two-sided standard normal multiplier of a confidence level: 1.96 at .95.
pub fn z_of_confidence(confidence: f64) -> Result<f64> {
    open_unit("confidence", confidence)?;
    norm_isf((1.0 - confidence) / 2.0)
}
