//! Quade's test.

use super::ranks::{at_least_two_models, rank_row};
use crate::descriptive::midranks;
use crate::direction::Direction;
use crate::dist::{f_sf, ln_gamma};
use crate::error::{Result, rectangular};

/// An F test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    /// F statistic; infinite for perfectly concordant ranks.
    pub statistic: f64,
    /// Degrees of freedom above.
    pub df_numerator: f64,
    /// Degrees of freedom below.
    pub df_denominator: f64,
    /// P-value, upper tail.
    pub p_value: f64,
}

/// Quade's test (1979; Conover 1999, section 5.8): Friedman with benchmarks weighted by the rank of their range.
/// Perfectly concordant ranks have p = (1/k!)^(N-1) (Conover's note); no difference at all: F = 0, p = 1.
pub fn quade(scores: &[Vec<f64>]) -> Result<FTest> {
    let models = rectangular("scores", scores, 2)?;
    at_least_two_models(models)?;
    let (n, k) = (scores.len() as f64, models as f64);
    let ranges: Vec<f64> = scores
        .iter()
        .map(|row| {
            let (low, high) = row
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
            high - low
        })
        .collect();
    let largest = scores.iter().flatten().fold(0.0_f64, |m, s| m.max(s.abs()));
    let (weights, _) = midranks(&ranges, 1e-12 * largest);
    let mut sums = vec![0.0; models];
    let mut total = 0.0;
    for (row, weight) in scores.iter().zip(&weights) {
        let (ranks, _) = rank_row(row, Direction::LowerIsBetter);
        for (sum, rank) in sums.iter_mut().zip(&ranks) {
            let s = weight * (rank - 0.5 * (k + 1.0));
            *sum += s;
            total += s * s;
        }
    }
    let between = sums.iter().map(|s| s * s).sum::<f64>() / n;
    let (df_numerator, df_denominator) = (k - 1.0, (n - 1.0) * (k - 1.0));
    let answer =
        |statistic, p_value| Ok(FTest { statistic, df_numerator, df_denominator, p_value });
    if total == 0.0 {
        return answer(0.0, 1.0);
    }
    if total - between <= 1e-12 * total {
        let factorial = ln_gamma(k + 1.0);
        return answer(f64::INFINITY, (-(n - 1.0) * factorial).exp().max(f64::MIN_POSITIVE));
    }
    let statistic = (n - 1.0) * between / (total - between);
    answer(statistic, f_sf(statistic, df_numerator, df_denominator))
}
