//! Correlated standard normals, drawn once, and the quantiles of their maxima.

use rayon::prelude::*;

use crate::bootstrap::replicate_on;
use crate::descriptive::quantile_sorted;
use crate::permutation::plus_one;
use crate::rng::{Stream, normal};

/// Draws of as many standard normals as there are groups.
#[derive(Debug, Clone)]
pub struct Normals {
    draws: Vec<Vec<f64>>,
}

impl Normals {
    /// `draws` vectors of `k` standard normals: independent, or with a correlation, by its Cholesky root. Rows of the
    /// correlation that follow from those above add nothing of their own.
    pub fn new(k: usize, correlation: Option<&[Vec<f64>]>, draws: usize, stream: &Stream) -> Self {
        let root = correlation.map(cholesky);
        let draws = replicate_on(
            stream,
            draws,
            || vec![0.0; k],
            |rng, plain| {
                for slot in plain.iter_mut() {
                    *slot = normal(rng);
                }
                match &root {
                    None => plain.clone(),
                    Some(root) => root
                        .iter()
                        .map(|row| row.iter().zip(plain.iter()).map(|(r, z)| r * z).sum())
                        .collect(),
                }
            },
        );
        Self { draws }
    }

    /// The statistic of every draw, ascending.
    fn sorted(&self, statistic: impl Fn(&[f64]) -> f64 + Sync) -> Vec<f64> {
        let mut all: Vec<f64> = self.draws.par_iter().map(|draw| statistic(draw)).collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    /// Quantile of the largest of all normals.
    pub fn largest(&self, p: f64) -> f64 {
        quantile_sorted(&self.sorted(|z| z.iter().copied().fold(f64::NEG_INFINITY, f64::max)), p)
    }

    /// Quantile of the largest absolute value.
    pub fn largest_absolute(&self, p: f64) -> f64 {
        quantile_sorted(&self.sorted(|z| z.iter().fold(0.0, |most, v| v.abs().max(most))), p)
    }

    /// Mean of the range of the normals times the groups' standard errors.
    pub(super) fn mean_range(&self, errors: &[f64]) -> f64 {
        let ranges = self.sorted(|z| {
            let scaled = z.iter().zip(errors).map(|(z, e)| z * e);
            let (low, high) =
                scaled.fold((f64::INFINITY, f64::NEG_INFINITY), |t, v| (t.0.min(v), t.1.max(v)));
            high - low
        });
        crate::descriptive::mean(&ranges)
    }

    /// Of every draw the largest studentised difference of two groups, ascending.
    pub(super) fn studentised_ranges(&self, errors: &[f64], apart: &[Vec<f64>]) -> Vec<f64> {
        self.sorted(|z| {
            let scaled: Vec<f64> = z.iter().zip(errors).map(|(z, e)| z * e).collect();
            largest_difference(&scaled, apart)
        })
    }
}

/// The largest absolute difference of two values after division by its standard error; `apart[i][j]` for j < i.
pub(super) fn largest_difference(values: &[f64], apart: &[Vec<f64>]) -> f64 {
    let mut most = 0.0_f64;
    for (i, row) in apart.iter().enumerate() {
        let own = values[i];
        for (other, error) in values.iter().zip(row) {
            most = most.max((own - other).abs() / error);
        }
    }
    most
}

/// Share of the draws at or above an observed value, never 0.
pub(super) fn tail(sorted: &[f64], observed: f64) -> f64 {
    let below = sorted.partition_point(|v| *v < observed - 1e-12);
    plus_one(sorted.len() - below, sorted.len())
}

/// Lower triangular root of a correlation matrix; a pivot that rounding leaves at or below 0 is 0.
fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut root: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (i, row) in matrix.iter().enumerate() {
        let mut own = vec![0.0; i + 1];
        for j in 0..=i {
            let other = if j < i { root[j].clone() } else { own.clone() };
            let known: f64 = own[..j].iter().zip(&other).map(|(a, b)| a * b).sum();
            let rest = row[j] - known;
            own[j] = if j == i {
                rest.max(0.0).sqrt()
            } else if root[j][j] > 1e-7 {
                rest / root[j][j]
            } else {
                0.0
            };
        }
        root.push(own);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_correlation_that_was_asked_for() {
        let asked = vec![vec![1.0, 0.6, 0.6], vec![0.6, 1.0, 1.0], vec![0.6, 1.0, 1.0]];
        let normals = Normals::new(3, Some(&asked), 40_000, &Stream::new(1, "correlated"));
        let n = normals.draws.len() as f64;
        for i in 0..3 {
            for j in 0..3 {
                let got = normals.draws.iter().map(|z| z[i] * z[j]).sum::<f64>() / n;
                assert!((got - asked[i][j]).abs() < 0.03, "{i} {j}: {got}");
            }
        }
    }

    /// Two-sided 95 % of one normal; Šidák's multiplier of five; the studentised range of five over sqrt 2 (table: 3.858).
    #[test]
    fn quantiles_of_maxima_are_those_of_the_tables() {
        let stream = Stream::new(2, "maxima");
        let one = Normals::new(1, None, 40_000, &stream);
        assert!((one.largest_absolute(0.95) - 1.96).abs() < 0.03);
        let five = Normals::new(5, None, 40_000, &stream);
        assert!((five.largest_absolute(0.95) - 2.569).abs() < 0.03);
        assert!((five.largest(0.95) - 2.319).abs() < 0.03);
        let apart: Vec<Vec<f64>> = (0..5).map(|i| vec![2.0_f64.sqrt(); i]).collect();
        let ranges = five.studentised_ranges(&[1.0; 5], &apart);
        assert!((quantile_sorted(&ranges, 0.95) - 3.858 / 2.0_f64.sqrt()).abs() < 0.03);
        assert!((five.mean_range(&[1.0; 5]) - 2.326).abs() < 0.02);
    }
}
