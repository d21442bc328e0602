//! What a few votes an item leave open about the ceiling.

use super::majority_of_yes;
use super::simplex::maximise;
use crate::error::{Result, StatsError};

/// The least and the highest value of a figure that the data allow, whatever the number of items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CeilingBounds {
    /// Least.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

/// The bounds of `E max(m, 1 - m)`, m the majority of a panel of `size`, over all distributions on `shares` with these
/// values of `E p^yes (1 - p)^(size - yes)`: two linear programs (as Manski 2003, "Partial identification of probability
/// distributions", has them for a mixture).
pub(super) fn of(
    moments: &[f64],
    size: u32,
    shares: impl Iterator<Item = f64> + Clone,
) -> Result<CeilingBounds> {
    // Scaled by the binomial coefficients, rows are probabilities of the numbers of votes.
    let mut ways = vec![1.0];
    for k in 0..size {
        ways.push(ways[k as usize] * f64::from(size - k) / f64::from(k + 1));
    }
    let columns: Vec<Vec<f64>> = (shares.clone())
        .map(|p| {
            let of =
                |k: u32| ways[k as usize] * p.powi(k as i32) * (1.0 - p).powi((size - k) as i32);
            (0..=size).map(of).collect()
        })
        .collect();
    let right: Vec<f64> = moments.iter().zip(&ways).map(|(m, w)| m * w).collect();
    let value: Vec<f64> =
        shares.map(|p| majority_of_yes(p, size)).map(|yes| yes.max(1.0 - yes)).collect();
    let negative: Vec<f64> = value.iter().map(|v| -v).collect();
    let none = StatsError::Degenerate {
        what: "the linear program of the bounds does not end",
        remedy: "report the ceiling without them",
    };
    let high = maximise(&columns, &right, &value).ok_or_else(|| none.clone())?;
    let low = maximise(&columns, &right, &negative).ok_or(none)?;
    Ok(CeilingBounds { low: -low, high })
}
