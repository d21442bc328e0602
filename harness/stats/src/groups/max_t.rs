//! Differences of two models on many cultures: intervals that hold for all of them at once, from one bootstrap.

use rayon::prelude::*;

use crate::descriptive::quantile_sorted;
use crate::error::{Result, StatsError, open_unit, same_length};

/// Simultaneous intervals of differences by max-t (Romano & Wolf 2005; Hothorn, Bretz & Westfall 2008).
///
/// `drawn(r, i)` is difference i in resample r of `draws`; all differences come from the same resample, so that what they
/// have in common is counted once. A NaN is left out. `units[i]` is the number of independent examples behind difference i.
///
/// The multiplier is the quantile of the largest studentised distance of a resample from the observed differences. The
/// standard error is that of the score: `sqrt(variance + d^2 / units)`. So ten of ten examples in favour of one model are a
/// z of sqrt(10), as in McNemar's test, and not infinity.
///
/// # Errors
/// No difference, fewer than two draws, lists of different lengths, or a confidence outside (0, 1).
pub fn max_t(
    observed: &[f64],
    units: &[f64],
    draws: usize,
    drawn: impl Fn(usize, usize) -> f64 + Sync,
    confidence: f64,
) -> Result<Vec<(f64, f64)>> {
    open_unit("confidence", confidence)?;
    crate::error::finite("observed", observed, 1)?;
    same_length("observed", observed.len(), "units", units.len())?;
    if draws < 2 {
        return Err(StatsError::TooFew { argument: "draws", needed: 2, got: draws });
    }
    let spread: Vec<f64> = (0..observed.len())
        .into_par_iter()
        .map(|i| {
            let values = || (0..draws).map(|r| drawn(r, i)).filter(|v| v.is_finite());
            let n = values().count() as f64;
            let mean = values().sum::<f64>() / n;
            let squares = values().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 }
        })
        .collect();
    let mut largest: Vec<f64> = (0..draws)
        .into_par_iter()
        .map(|r| {
            let distances = observed.iter().zip(&spread).enumerate();
            distances
                .filter(|(_, (_, se))| **se > 1e-9)
                .map(|(i, (d, se))| (drawn(r, i) - d).abs() / se)
                .filter(|t| t.is_finite())
                .fold(0.0, f64::max)
        })
        .collect();
    largest.sort_unstable_by(f64::total_cmp);
    // Few or discrete resamples never make the intervals narrower than that of one difference.
    let alone = crate::dist::z_of_confidence(confidence)?;
    let times = quantile_sorted(&largest, confidence).max(alone);
    let ends = |((d, se), n): ((&f64, &f64), &f64)| {
        let half = times * (se * se + d * d / n.max(1.0)).sqrt();
        (d - half, d + half)
    };
    Ok(observed.iter().zip(&spread).zip(units).map(ends).collect())
}
