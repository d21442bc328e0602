//! Cochran's Q.

use super::ranks::at_least_two_models;
use crate::dist::chi2_sf;
use crate::error::{Result, StatsError};

/// A chi-square test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chi2Test {
    /// Chi-square statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// P-value, upper tail.
    pub p_value: f64,
}

/// Cochran's Q (1950): are several models equally accurate on the same examples? Rows = examples, columns = models.
/// No row varies: Q = 0, p = 1.
pub fn cochran_q(correct: &[Vec<bool>]) -> Result<Chi2Test> {
    let models = correct.first().map_or(0, Vec::len);
    if correct.is_empty() {
        return Err(StatsError::TooFew { argument: "correct", needed: 1, got: 0 });
    }
    at_least_two_models(models)?;
    let mut columns = vec![0.0; models];
    let (mut total, mut row_squares) = (0.0, 0.0);
    for (row, values) in correct.iter().enumerate() {
        if values.len() != models {
            return Err(StatsError::Ragged {
                argument: "correct",
                row,
                expected: models,
                got: values.len(),
            });
        }
        let hits = values.iter().filter(|v| **v).count() as f64;
        total += hits;
        row_squares += hits * hits;
        for (column, value) in columns.iter_mut().zip(values) {
            *column += f64::from(u8::from(*value));
        }
    }
    let k = models as f64;
    let below = k * total - row_squares;
    let spread: f64 = columns.iter().map(|c| (c - total / k) * (c - total / k)).sum();
    let statistic = if below == 0.0 { 0.0 } else { k * (k - 1.0) * spread / below };
    Ok(Chi2Test { statistic, df: k - 1.0, p_value: chi2_sf(statistic, k - 1.0) })
}
