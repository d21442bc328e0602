//! From resamples to a standard error, an interval and p-values.

use super::options::{BootstrapMethod, BootstrapOptions};
use crate::descriptive::{mean, quantile_sorted};
use crate::dist::{norm_cdf, norm_ppf};
use crate::error::{Result, StatsError};
use crate::interval::{Interval, Method};

/// A bootstrap: estimate, standard error, interval, and the two customary p-values of `estimate = 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The statistic of the data themselves.
    pub estimate: f64,
    /// Standard deviation of the resamples (R - 1 below the line).
    pub se: f64,
    /// Interval of the estimate.
    pub interval: Interval,
    /// BCa's z0, ties counted half.
    pub bias_correction: Option<f64>,
    /// BCa's acceleration, from the jackknife.
    pub acceleration: Option<f64>,
    /// Null-centred: (1 + #{|t* - t| >= |t|}) / (R + 1).
    pub p_shift: f64,
    /// Interval inversion: 2 min of the two one-sided (1 + #) / (R + 1), at most 1.
    pub p_inversion: f64,
    /// Every resample gave the same value: `se` is 0 because the data cannot vary, not because the estimate is sure.
    /// Never print it as a standard error; for a proportion show [`crate::interval::wilson`] instead.
    pub degenerate: bool,
    /// Number of resamples R.
    pub resamples: usize,
}

/// Tie tolerance of resampled statistics: sums of decimals are not exact, so `>=` needs it.
pub fn tie_tolerance(scale: f64) -> f64 {
    1e-10 * scale.abs().max(1e-10)
}

/// Jackknife acceleration `sum (m - t_i)^3 / (6 [sum (m - t_i)^2]^{3/2})` over leave-one-out values t_i with
/// multiplicities (Efron & Tibshirani 1993, eq. 14.15); 0 when they do not vary.
pub(crate) fn acceleration(leave_one_out: &[(f64, f64)]) -> f64 {
    let total: f64 = leave_one_out.iter().map(|(_, weight)| weight).sum();
    let centre = leave_one_out.iter().map(|(value, weight)| value * weight).sum::<f64>() / total;
    let (mut square, mut cube) = (0.0, 0.0);
    for (value, weight) in leave_one_out {
        let d = centre - value;
        square += weight * d * d;
        cube += weight * d * d * d;
    }
    if square <= 0.0 { 0.0 } else { cube / (6.0 * square.powf(1.5)) }
}

/// Standard error, interval and p-values from an estimate and its resamples.
pub fn summarise(
    estimate: f64,
    mut replicates: Vec<f64>,
    options: &BootstrapOptions,
    jackknife: impl FnOnce() -> f64,
) -> Result<Bootstrap> {
    if !estimate.is_finite() {
        return Err(StatsError::Degenerate {
            what: "the statistic is not a finite number on the data themselves",
            remedy: "choose a statistic that is defined on them",
        });
    }
    if let Some(index) = replicates.iter().position(|v| !v.is_finite()) {
        return Err(StatsError::NotFinite { argument: "the statistic of a resample", index });
    }
    let resamples = replicates.len();
    let centre = mean(&replicates);
    let se = (replicates.iter().map(|v| (v - centre) * (v - centre)).sum::<f64>()
        / (resamples - 1) as f64)
        .sqrt();
    let tolerance = tie_tolerance(estimate);
    let count = |f: &dyn Fn(f64) -> bool| replicates.iter().filter(|v| f(**v)).count() as f64;
    let plus_one = |hits: f64| (1.0 + hits) / (resamples as f64 + 1.0);
    let p_shift = plus_one(count(&|v| (v - estimate).abs() >= estimate.abs() - tolerance));
    let p_low = plus_one(count(&|v| v <= tolerance));
    let p_high = plus_one(count(&|v| v >= -tolerance));
    let p_inversion = (2.0 * p_low.min(p_high)).min(1.0);
    let below_share = (count(&|v| v < estimate - tolerance)
        + 0.5 * count(&|v| (v - estimate).abs() <= tolerance))
        / resamples as f64;
    replicates.sort_unstable_by(f64::total_cmp);
    let spread = replicates[resamples - 1] - replicates[0];
    let degenerate = spread <= tie_tolerance(estimate);
    let tail = (1.0 - options.confidence) / 2.0;
    let at = |p: f64| quantile_sorted(&replicates, p);
    let (mut bias_correction, mut accelerated) = (None, None);
    let (low, high, method) = match options.method {
        BootstrapMethod::Percentile => (at(tail), at(1.0 - tail), Method::Percentile),
        BootstrapMethod::Basic => {
            (2.0 * estimate - at(1.0 - tail), 2.0 * estimate - at(tail), Method::Basic)
        }
        BootstrapMethod::Bca => {
            let a = jackknife();
            let edge = 0.5 / resamples as f64;
            let z0 = norm_ppf(below_share.clamp(edge, 1.0 - edge))?;
            (bias_correction, accelerated) = (Some(z0), Some(a));
            // Efron & Tibshirani 1993, eq. 14.10.
            let end = |p: f64| -> Result<f64> {
                let z = z0 + norm_ppf(p)?;
                let below = 1.0 - a * z;
                // Past the pole of the acceleration the map has no value: the extreme resample is the answer.
                Ok(if below <= 0.0 {
                    at(f64::from(u8::from(z > 0.0)))
                } else {
                    at(norm_cdf(z0 + z / below))
                })
            };
            (end(tail)?, end(1.0 - tail)?, Method::Bca)
        }
    };
    Ok(Bootstrap {
        estimate,
        se: if degenerate { 0.0 } else { se },
        interval: Interval { low, high, confidence: options.confidence, method },
        bias_correction,
        acceleration: accelerated,
        p_shift,
        p_inversion,
        degenerate,
        resamples,
    })
}
