//! Many p-values: corrections, combinations, and how many benchmarks replicate an effect.
//!
//! Every correction returns adjusted p-values in the order given. All functions refuse an empty list and p-values outside
//! [0, 1].

use super::dist::{chi2_sf, norm_isf, norm_sf};
use super::error::{Result, StatsError, closed_unit};

fn check(p: &[f64]) -> Result<()> {
    super::error::finite("p", p, 1)?;
    p.iter().try_for_each(|&v| closed_unit("p", v))
}

/// Positions in ascending order of p.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order
}

/// Adjusts p-values in ascending order by `factor(rank from 0, p)`, made monotone upwards (step down).
fn step_down(p: &[f64], adjust: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut out = vec![0.0; p.len()];
    let mut highest = 0.0_f64;
    for (rank, i) in ascending(p).into_iter().enumerate() {
        highest = highest.max(adjust(rank, p[i])).min(1.0);
        out[i] = highest;
    }
    out
}

/// As [`step_down`], made monotone downwards from the largest p (step up).
fn step_up(p: &[f64], adjust: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut out = vec![0.0; p.len()];
    let mut lowest = 1.0_f64;
    for (rank, i) in ascending(p).into_iter().enumerate().rev() {
        lowest = lowest.min(adjust(rank, p[i]));
        out[i] = lowest;
    }
    out
}

/// `1 - (1 - p)^m` without cancellation.
fn sidak_of(p: f64, m: f64) -> f64 {
    if p >= 1.0 { 1.0 } else { -(m * (-p).ln_1p()).exp_m1() }
}

/// Bonferroni: `m p`.
pub fn bonferroni(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(p.iter().map(|v| (v * p.len() as f64).min(1.0)).collect())
}

/// Šidák 1967: `1 - (1 - p)^m`, for independent tests.
pub fn sidak(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(p.iter().map(|v| sidak_of(*v, p.len() as f64)).collect())
}

/// Holm 1979, step down: familywise error without assumptions. The default within a benchmark.
pub fn holm(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(step_down(p, |rank, v| (p.len() - rank) as f64 * v))
}

/// Holm's step-down with Šidák's factor.
pub fn holm_sidak(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(step_down(p, |rank, v| sidak_of(v, (p.len() - rank) as f64)))
}

/// Hochberg 1988, step up: for independent or positively dependent tests.
pub fn hochberg(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(step_up(p, |rank, v| (p.len() - rank) as f64 * v))
}

/// Hommel 1988 (adjusted p-values after Wright 1992, appendix): at least as powerful as Hochberg.
pub fn hommel(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    let n = p.len();
    let order = ascending(p);
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let simes = (0..n).map(|i| n as f64 * sorted[i] / (i + 1) as f64).fold(f64::INFINITY, f64::min);
    let mut q = vec![simes; n];
    let mut adjusted = q.clone();
    for m in (2..n).rev() {
        let split = n - m + 1;
        let tail = (split..n)
            .map(|i| m as f64 * sorted[i] / (i + 2 - split) as f64)
            .fold(f64::INFINITY, f64::min);
        for i in 0..split {
            q[i] = (m as f64 * sorted[i]).min(tail);
        }
        for i in split..n {
            q[i] = q[n - m];
        }
        for (a, v) in adjusted.iter_mut().zip(&q) {
            *a = a.max(*v);
        }
    }
    let mut out = vec![0.0; n];
    for (rank, &i) in order.iter().enumerate() {
        out[i] = adjusted[rank].max(sorted[rank]).min(1.0);
    }
    Ok(out)
}

/// Benjamini & Hochberg 1995: false discovery rate. The default across benchmarks.
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    Ok(step_up(p, |rank, v| p.len() as f64 * v / (rank + 1) as f64))
}

/// Benjamini & Yekutieli 2001: false discovery rate under any dependence.
pub fn benjamini_yekutieli(p: &[f64]) -> Result<Vec<f64>> {
    check(p)?;
    let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
    Ok(step_up(p, |rank, v| harmonic * p.len() as f64 * v / (rank + 1) as f64))
}

/// Fisher's and Stouffer's combination of independent (one-sided) p-values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// `-2 sum ln p`, chi-square with 2m df (Fisher 1932).
    pub fisher_stat: f64,
    /// P-value of `fisher_stat`.
    pub fisher_p: f64,
    /// `sum z / sqrt(m)` (Stouffer 1949); `None` when p-values of both 0 and 1 are present.
    pub stouffer: Option<(f64, f64)>,
}

/// Combines independent p-values.
pub fn combine(p: &[f64]) -> Result<Combined> {
    check(p)?;
    let (fisher_stat, fisher_p) = fisher_combination(p);
    let z = |v: f64| match v {
        0.0 => Ok(f64::INFINITY),
        1.0 => Ok(f64::NEG_INFINITY),
        _ => norm_isf(v),
    };
    let sum = p.iter().map(|&v| z(v)).sum::<Result<f64>>()? / (p.len() as f64).sqrt();
    Ok(Combined { fisher_stat, fisher_p, stouffer: (!sum.is_nan()).then(|| (sum, norm_sf(sum))) })
}

fn fisher_combination(p: &[f64]) -> (f64, f64) {
    let statistic = -2.0 * p.iter().map(|v| v.ln()).sum::<f64>();
    (statistic, chi2_sf(statistic, 2.0 * p.len() as f64))
}

/// How p-values over benchmarks are joined in [`replicability_count`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartialConjunction {
    /// Any dependence.
    Bonferroni,
    /// Independent benchmarks.
    Fisher,
}

/// On how many benchmarks is A better? The largest u for which "at least u effects" is claimed at level alpha by the
/// partial-conjunction p-values (Benjamini & Heller 2008), made monotone in u; Dror et al. 2017, section 3.
pub fn replicability_count(p: &[f64], alpha: f64, method: PartialConjunction) -> Result<usize> {
    check(p)?;
    super::error::open_unit("alpha", alpha)?;
    let mut sorted = p.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let mut highest = 0.0_f64;
    let mut count = 0;
    for u in 1..=n {
        let joined = match method {
            PartialConjunction::Bonferroni => ((n - u + 1) as f64 * sorted[u - 1]).min(1.0),
            PartialConjunction::Fisher => fisher_combination(&sorted[u - 1..]).1,
        };
        highest = highest.max(joined);
        if highest <= alpha {
            count = u;
        }
    }
    Ok(count)
}

/// Benchmarks where the effect is claimed after Holm (Dror et al. 2017, section 4): their positions.
pub fn replicated_benchmarks(p: &[f64], alpha: f64) -> Result<Vec<usize>> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatsError::OutOfRange {
            argument: "alpha",
            value: alpha,
            allowed: "a level between 0 and 1",
        });
    }
    Ok(holm(p)?.iter().enumerate().filter(|(_, v)| **v <= alpha).map(|(i, _)| i).collect())
}
