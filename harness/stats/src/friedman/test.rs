//! Friedman's test, by its approximations and by permutation.

use super::ranks::{at_least_two_models, rank_row};
use crate::bootstrap::replicate_on;
use crate::direction::Direction;
use crate::dist::{chi2_sf, f_sf};
use crate::error::{Result, rectangular};
use crate::permutation::plus_one;
use crate::rng::{Stream, below};

/// Mean ranks of the models and the two customary statistics of the Friedman test.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// Number of benchmarks N (rows).
    pub benchmarks: usize,
    /// Number of models k (columns).
    pub models: usize,
    /// Rank 1 = best.
    pub mean_ranks: Vec<f64>,
    /// Corrected for ties (Conover 1999, section 5.8).
    pub chi2: f64,
    /// Demšar 2006, section 3.2.2, first equation: no tie correction.
    pub chi2_no_tie_correction: f64,
    /// Degrees of freedom of `chi2`, k - 1.
    pub df: f64,
    /// Of `chi2`.
    pub p_value: f64,
    /// `(N - 1) chi2 / (N (k - 1) - chi2)`; infinite when every benchmark ranks the models alike.
    pub iman_davenport_f: f64,
    /// P-value of `iman_davenport_f` with k - 1 and (k - 1)(N - 1) degrees of freedom.
    pub iman_davenport_p: f64,
    /// The same from `chi2_no_tie_correction`.
    pub iman_davenport_f_no_tie_correction: f64,
    /// `chi2 / (N (k - 1))`.
    pub kendall_w: f64,
}

/// Friedman's test (1937) of rows = benchmarks, columns = models, with Iman & Davenport's F (1980).
/// All scores tied: statistic 0, p = 1.
pub fn friedman(scores: &[Vec<f64>], direction: Direction) -> Result<Friedman> {
    let models = rectangular("scores", scores, 2)?;
    at_least_two_models(models)?;
    let (n, k) = (scores.len() as f64, models as f64);
    let mut sums = vec![0.0; models];
    let mut ties = 0.0;
    for row in scores {
        let (ranks, groups) = rank_row(row, direction);
        for (sum, rank) in sums.iter_mut().zip(&ranks) {
            *sum += rank;
        }
        ties += groups.iter().map(|&t| (t as f64).powi(3) - t as f64).sum::<f64>();
    }
    let expected = n * (k + 1.0) / 2.0;
    let spread: f64 = sums.iter().map(|s| (s - expected) * (s - expected)).sum();
    let plain = 12.0 * spread / (n * k * (k + 1.0));
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    let chi2 = if spread == 0.0 || correction <= 0.0 { 0.0 } else { plain / correction };
    let most = n * (k - 1.0);
    let f_of = |chi2: f64| {
        let below = most - chi2;
        if below <= 1e-12 * most { f64::INFINITY } else { (n - 1.0) * chi2 / below }
    };
    let df = k - 1.0;
    let f = f_of(chi2);
    Ok(Friedman {
        benchmarks: scores.len(),
        models,
        mean_ranks: sums.iter().map(|s| s / n).collect(),
        chi2,
        chi2_no_tie_correction: plain,
        df,
        p_value: chi2_sf(chi2, df),
        iman_davenport_f: f,
        iman_davenport_p: f_sf(f, df, df * (n - 1.0)),
        iman_davenport_f_no_tie_correction: f_of(plain),
        kendall_w: chi2 / most,
    })
}

/// Friedman's test by permuting ranks within benchmarks: `(1 + hits) / (R + 1)`, valid at any N and k, where Iman and
/// Davenport's F is a little liberal for few benchmarks (about .056 at .05 with 11 benchmarks and 4 models).
pub fn friedman_permutation(scores: &[Vec<f64>], resamples: usize, stream: &Stream) -> Result<f64> {
    let models = rectangular("scores", scores, 2)?;
    at_least_two_models(models)?;
    crate::error::resamples("resamples", resamples, 1)?;
    // Doubled midranks are integers: sums compare exactly.
    let doubled: Vec<Vec<i64>> = scores
        .iter()
        .map(|row| {
            rank_row(row, Direction::LowerIsBetter).0.iter().map(|r| (2.0 * r) as i64).collect()
        })
        .collect();
    // The spread of the rank sums is monotone in chi2, whose other parts do not change under permutation.
    let spread = |sums: &[i64]| sums.iter().map(|s| s * s).sum::<i64>();
    let mut observed = vec![0_i64; models];
    for row in &doubled {
        for (sum, rank) in observed.iter_mut().zip(row) {
            *sum += rank;
        }
    }
    let observed = spread(&observed);
    let hits = replicate_on(
        stream,
        resamples,
        || (vec![0_i64; models], vec![0_i64; models]),
        |rng, (sums, row)| {
            sums.fill(0);
            for ranks in &doubled {
                row.copy_from_slice(ranks);
                for last in (1..models).rev() {
                    row.swap(last, below(rng, last as u32 + 1) as usize);
                }
                for (sum, rank) in sums.iter_mut().zip(row.iter()) {
                    *sum += rank;
                }
            }
            spread(sums) >= observed
        },
    );
    Ok(plus_one(hits.iter().filter(|h| **h).count(), resamples))
}
