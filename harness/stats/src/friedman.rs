//! Several models on several benchmarks: Friedman with Iman-Davenport, Nemenyi, all against a control, Quade, Cochran's Q.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::correction::{bonferroni, hochberg, holm};
use super::descriptive::midranks;
use super::dist::{chi2_sf, f_sf, norm_isf, norm_sf};
use super::error::{Result, StatsError, rectangular};
use super::studentized::{Range, nemenyi_critical_value};

/// Mean ranks of the models and the two customary statistics of the Friedman test.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    pub benchmarks: usize,
    pub models: usize,
    /// Rank 1 = best.
    pub mean_ranks: Vec<f64>,
    /// Corrected for ties (Conover 1999, section 5.8).
    pub chi2: f64,
    /// Demšar 2006, section 3.2.2, first equation: no tie correction.
    pub chi2_no_tie_correction: f64,
    pub df: f64,
    /// Of `chi2`.
    pub p_value: f64,
    /// `(N - 1) chi2 / (N (k - 1) - chi2)`; infinite when every benchmark ranks the models alike.
    pub iman_davenport_f: f64,
    pub iman_davenport_p: f64,
    pub iman_davenport_f_no_tie_correction: f64,
    /// `chi2 / (N (k - 1))`.
    pub kendall_w: f64,
}

/// Friedman's test by permuting ranks within benchmarks: `(1 + hits) / (R + 1)`, valid at any N and k, where Iman and
/// Davenport's F is a little liberal for few benchmarks (about .056 at .05 with 11 benchmarks and 4 models).
pub fn friedman_permutation(
    scores: &[Vec<f64>],
    resamples: usize,
    stream: &super::rng::Stream,
) -> Result<f64> {
    let models = rectangular("scores", scores, 2)?;
    at_least_two_models(models)?;
    if resamples == 0 {
        return Err(StatsError::TooFew { argument: "resamples", needed: 1, got: 0 });
    }
    // Doubled midranks are integers: sums compare exactly.
    let doubled: Vec<Vec<i64>> = scores
        .iter()
        .map(|row| rank_row(row, false).0.iter().map(|r| (2.0 * r) as i64).collect())
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
    let hits = super::bootstrap::replicate_on(
        stream,
        resamples,
        || (vec![0_i64; models], vec![0_i64; models]),
        |rng, (sums, row)| {
            sums.fill(0);
            for ranks in &doubled {
                row.copy_from_slice(ranks);
                for last in (1..models).rev() {
                    row.swap(last, super::rng::below(rng, last as u32 + 1) as usize);
                }
                for (sum, rank) in sums.iter_mut().zip(row.iter()) {
                    *sum += rank;
                }
            }
            spread(sums) >= observed
        },
    );
    Ok(super::permutation::plus_one(hits.iter().filter(|h| **h).count(), resamples))
}

/// Ranks of one benchmark's scores, 1 = best; scores equal up to rounding are tied.
pub fn rank_row(scores: &[f64], higher_is_better: bool) -> (Vec<f64>, Vec<usize>) {
    let largest = scores.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let keyed: Vec<f64> = scores.iter().map(|s| if higher_is_better { -s } else { *s }).collect();
    midranks(&keyed, 1e-12 * largest)
}

fn at_least_two_models(k: usize) -> Result<()> {
    if k < 2 {
        Err(StatsError::TooFew { argument: "models (columns of scores)", needed: 2, got: k })
    } else {
        Ok(())
    }
}

/// Friedman's test (1937) of rows = benchmarks, columns = models, with Iman & Davenport's F (1980).
/// All scores tied: statistic 0, p = 1.
pub fn friedman(scores: &[Vec<f64>], higher_is_better: bool) -> Result<Friedman> {
    let models = rectangular("scores", scores, 2)?;
    at_least_two_models(models)?;
    let (n, k) = (scores.len() as f64, models as f64);
    let mut sums = vec![0.0; models];
    let mut ties = 0.0;
    for row in scores {
        let (ranks, groups) = rank_row(row, higher_is_better);
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

/// Nemenyi's critical difference `q_alpha sqrt(k (k + 1) / 6N)` (Demšar 2006, section 3.2.2).
pub fn critical_difference(models: usize, benchmarks: usize, alpha: f64) -> Result<f64> {
    at_least_two_models(models)?;
    Ok(nemenyi_critical_value(models, alpha)? * rank_se(models, benchmarks))
}

fn rank_se(models: usize, benchmarks: usize) -> f64 {
    let k = models as f64;
    (k * (k + 1.0) / (6.0 * benchmarks as f64)).sqrt()
}

/// Nemenyi's all-pairs p-values: studentized range of `|R_i - R_j| sqrt 2 / sqrt(k (k + 1) / 6N)`.
pub fn nemenyi(result: &Friedman) -> Result<Vec<Vec<f64>>> {
    let se = rank_se(result.models, result.benchmarks);
    let range = Range::new(result.models)?;
    let ranks = &result.mean_ranks;
    // Pairs that lie equally far apart share their integral, the two orders of a pair among them.
    let gap = |i: &f64, j: &f64| (i - j).abs().to_bits();
    let gaps = ranks.iter().flat_map(|i| ranks.iter().map(move |j| gap(i, j)));
    let gaps: Vec<u64> = gaps.collect::<BTreeSet<_>>().into_iter().collect();
    let tail = |gap: u64| {
        let q = f64::from_bits(gap) / se * std::f64::consts::SQRT_2;
        Ok((gap, range.sf(q)?))
    };
    let tails: BTreeMap<u64, f64> = gaps.into_par_iter().map(tail).collect::<Result<_>>()?;
    Ok(ranks.iter().map(|i| ranks.iter().map(|j| tails[&gap(i, j)]).collect()).collect())
}

/// All models against one control by Friedman ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct AgainstControl {
    /// The other models' columns, in order.
    pub others: Vec<usize>,
    /// `(R_control - R_i) / sqrt(k (k + 1) / 6N)`: above 0 when the other model ranks better.
    pub z: Vec<f64>,
    pub p: Vec<f64>,
    pub p_holm: Vec<f64>,
    pub p_hochberg: Vec<f64>,
    pub p_bonferroni: Vec<f64>,
    /// Bonferroni-Dunn's critical difference of mean ranks at .05 and .10.
    pub cd_05: f64,
    pub cd_10: f64,
}

/// Comparisons with a control (Demšar 2006, section 3.2.2).
pub fn friedman_vs_control(
    scores: &[Vec<f64>],
    control: usize,
    higher_is_better: bool,
) -> Result<AgainstControl> {
    let result = friedman(scores, higher_is_better)?;
    if control >= result.models {
        return Err(StatsError::OutOfRange {
            argument: "control",
            value: control as f64,
            allowed: "the 0-based column of a model",
        });
    }
    let se = rank_se(result.models, result.benchmarks);
    let others: Vec<usize> = (0..result.models).filter(|&i| i != control).collect();
    let z: Vec<f64> =
        others.iter().map(|&i| (result.mean_ranks[control] - result.mean_ranks[i]) / se).collect();
    let p: Vec<f64> = z.iter().map(|z| (2.0 * norm_sf(z.abs())).min(1.0)).collect();
    let tests = others.len() as f64;
    Ok(AgainstControl {
        p_holm: holm(&p)?,
        p_hochberg: hochberg(&p)?,
        p_bonferroni: bonferroni(&p)?,
        cd_05: norm_isf(0.05 / 2.0 / tests)? * se,
        cd_10: norm_isf(0.10 / 2.0 / tests)? * se,
        others,
        z,
        p,
    })
}

/// An F test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    pub statistic: f64,
    pub df_numerator: f64,
    pub df_denominator: f64,
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
        let (ranks, _) = rank_row(row, false);
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
        let factorial = super::dist::ln_gamma(k + 1.0);
        return answer(f64::INFINITY, (-(n - 1.0) * factorial).exp().max(f64::MIN_POSITIVE));
    }
    let statistic = (n - 1.0) * between / (total - between);
    answer(statistic, f_sf(statistic, df_numerator, df_denominator))
}

/// A chi-square test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chi2Test {
    pub statistic: f64,
    pub df: f64,
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
