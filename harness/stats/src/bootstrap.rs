//! Bootstrap intervals for any statistic, and the fast paths: means and label metrics cost O(cells), not O(n).
//!
//! Efron & Tibshirani 1993 ("An introduction to the bootstrap"): percentile (ch. 13), basic, BCa (ch. 14).

use rayon::prelude::*;

use super::descriptive::{mean, quantile_sorted};
use super::dist::{norm_cdf, norm_ppf};
use super::error::{Result, StatsError, finite, open_unit, same_length};
use super::interval::{Interval, Method};
use super::lanes::LANES;
use super::rng::{Batch, Stream};
use super::sampling::Multinomial;

/// How the ends are read off the resamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BootstrapMethod {
    /// Quantiles of the resamples (type 7).
    #[default]
    Percentile,
    /// Quantiles reflected at the estimate: `2 t - q`.
    Basic,
    /// Bias-corrected and accelerated.
    Bca,
}

/// What a bootstrap needs beside the data.
#[derive(Debug, Clone)]
pub struct BootstrapOptions {
    pub resamples: usize,
    pub confidence: f64,
    pub method: BootstrapMethod,
    pub stream: Stream,
}

impl BootstrapOptions {
    /// 10,000 resamples, 95 %, percentile.
    pub fn new(stream: Stream) -> Self {
        Self { resamples: 10_000, confidence: 0.95, method: BootstrapMethod::Percentile, stream }
    }

    pub(crate) fn check(&self) -> Result<()> {
        open_unit("confidence", self.confidence)?;
        if self.resamples < 2 {
            return Err(StatsError::TooFew {
                argument: "resamples",
                needed: 2,
                got: self.resamples,
            });
        }
        Ok(())
    }
}

/// A bootstrap: estimate, standard error, interval, and the two customary p-values of `estimate = 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    pub estimate: f64,
    /// Standard deviation of the resamples (R - 1 below the line).
    pub se: f64,
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
    /// Never print it as a standard error; for a proportion show [`super::interval::wilson`] instead.
    pub degenerate: bool,
    pub resamples: usize,
}

/// Tie tolerance of resampled statistics: sums of decimals are not exact, so `>=` needs it.
pub fn tie_tolerance(scale: f64) -> f64 {
    1e-10 * scale.abs().max(1e-10)
}

/// Bootstrap of any statistic of `n_units` units: `statistic` gets the indices of a resample (the first call: 0..n).
///
/// The resamples run on rayon's threads, in blocks with a generator each: the answer does not depend on their number.
pub fn bootstrap(
    n_units: usize,
    options: &BootstrapOptions,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Result<Bootstrap> {
    options.check()?;
    let n = unit_count(n_units)?;
    let all: Vec<u32> = (0..n).collect();
    let estimate = statistic(&all);
    let batch = Batch::new(n);
    let replicates = replicate(
        options,
        || Vec::with_capacity(n_units),
        |rng, indices: &mut Vec<u32>| {
            indices.clear();
            batch.draw(rng, u64::from(n), |index| indices.push(index as u32));
            statistic(indices)
        },
    );
    let jackknife = || {
        let values = (0..n)
            .into_par_iter()
            .map(|out| {
                let kept: Vec<u32> = (0..n).filter(|&i| i != out).collect();
                (statistic(&kept), 1.0)
            })
            .collect::<Vec<_>>();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}

/// Cluster bootstrap: whole clusters are drawn, as many as there are (Davison & Hinkley 1997, section 3.8, first kind).
/// `clusters[i]` is the cluster of unit i; `statistic` gets the indices of the units of the drawn clusters, whose number
/// may vary from resample to resample.
pub fn cluster_bootstrap(
    clusters: &[u32],
    options: &BootstrapOptions,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Result<Bootstrap> {
    options.check()?;
    let members = cluster_members(clusters)?;
    let n = unit_count(members.len())?;
    let batch = Batch::new(n);
    let all: Vec<u32> = (0..clusters.len() as u32).collect();
    let estimate = statistic(&all);
    let replicates = replicate(options, Vec::new, |rng, indices: &mut Vec<u32>| {
        indices.clear();
        batch.draw(rng, u64::from(n), |index| indices.extend_from_slice(&members[index]));
        statistic(indices)
    });
    let jackknife = || {
        let values = (0..members.len())
            .into_par_iter()
            .map(|out| {
                let kept: Vec<u32> = members
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != out)
                    .flat_map(|(_, m)| m.iter().copied())
                    .collect();
                (statistic(&kept), 1.0)
            })
            .collect::<Vec<_>>();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}

/// Units by cluster, clusters in order of first appearance. Refuses fewer than two clusters.
pub(crate) fn cluster_members(clusters: &[u32]) -> Result<Vec<Vec<u32>>> {
    let mut position = std::collections::HashMap::new();
    let mut members: Vec<Vec<u32>> = Vec::new();
    for (unit, cluster) in clusters.iter().enumerate() {
        let slot = *position.entry(*cluster).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[slot].push(unit as u32);
    }
    if members.len() < 2 {
        return Err(StatsError::TooFew { argument: "clusters", needed: 2, got: members.len() });
    }
    Ok(members)
}

fn unit_count(n: usize) -> Result<u32> {
    match u32::try_from(n) {
        Ok(n) if n >= 1 => Ok(n),
        Ok(_) => Err(StatsError::TooFew { argument: "units", needed: 1, got: 0 }),
        Err(_) => Err(StatsError::TooCostly {
            what: "bootstrap over units",
            cost: n as f64,
            remedy: "bootstrap the cells of the table instead",
        }),
    }
}

/// Runs the resamples in parallel; element r depends on the stream and r alone.
pub(crate) fn replicate<S: Send>(
    options: &BootstrapOptions,
    scratch: impl Fn() -> S + Sync + Send,
    one: impl Fn(&mut super::rng::Generator, &mut S) -> f64 + Sync + Send,
) -> Vec<f64> {
    replicate_on(&options.stream, options.resamples, scratch, one)
}

/// Resamples that share one generator: making a generator costs as much as a few draws.
const BLOCK: usize = 32;

/// Runs `resamples` draws; resample r is draw r mod [`BLOCK`] of generator r / [`BLOCK`], whatever thread runs it.
pub fn replicate_on<S: Send, T: Send>(
    stream: &Stream,
    resamples: usize,
    scratch: impl Fn() -> S + Sync + Send,
    one: impl Fn(&mut super::rng::Generator, &mut S) -> T + Sync + Send,
) -> Vec<T> {
    (0..resamples.div_ceil(BLOCK))
        .into_par_iter()
        .map_init(&scratch, |s, block| {
            let mut rng = stream.at(block as u64);
            let count = BLOCK.min(resamples - block * BLOCK);
            (0..count).map(|_| one(&mut rng, s)).collect::<Vec<T>>()
        })
        .flatten_iter()
        .collect()
}

/// Runs the resamples [`LANES`] at a time: `many` fills a slice of as many values or, the last time, fewer. Group g has
/// generator g, whatever thread runs it.
pub(crate) fn replicate_lanes<S: Send>(
    options: &BootstrapOptions,
    scratch: impl Fn() -> S + Sync + Send,
    many: impl Fn(&mut super::rng::Generator, &mut S, &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    let mut values = vec![0.0; options.resamples];
    values.par_chunks_mut(LANES).enumerate().for_each_init(scratch, |s, (group, values)| {
        many(&mut options.stream.at(group as u64), s, values);
    });
    values
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

/// Values collapsed to (distinct value, count), ascending.
pub(crate) fn distinct(values: &[f64]) -> Vec<(f64, u64)> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cells: Vec<(f64, u64)> = Vec::new();
    for v in sorted {
        match cells.last_mut() {
            Some((value, count)) if *value == v => *count += 1,
            _ => cells.push((v, 1)),
        }
    }
    cells
}

/// Bootstrap of a function of the first two moments, `of(pivot, n, sum, sum of squares)`, the sums taken around the
/// mean as pivot, so that a large common level does not cancel.
fn bootstrap_moments(
    cells: &[(f64, u64)],
    options: &BootstrapOptions,
    of: impl Fn(f64, f64, f64, f64) -> f64 + Sync + Send,
) -> Result<Bootstrap> {
    options.check()?;
    let total: u64 = cells.iter().map(|(_, count)| count).sum();
    let n = total as f64;
    let pivot = cells.iter().map(|(v, c)| v * *c as f64).sum::<f64>() / n;
    let centred: Vec<f64> = cells.iter().map(|(v, _)| v - pivot).collect();
    let (mut one, mut two) = (0.0, 0.0);
    for (v, (_, count)) in centred.iter().zip(cells) {
        one += *count as f64 * v;
        two += *count as f64 * v * v;
    }
    let estimate = of(pivot, n, one, two);
    let counts: Vec<u64> = cells.iter().map(|(_, count)| *count).collect();
    let sampler = Multinomial::new(&counts);
    let replicates = replicate(
        options,
        || (),
        |rng, ()| {
            let (mut one, mut two) = (0.0, 0.0);
            sampler.visit(rng, |cell, count| {
                let v = centred[cell];
                let w = f64::from(count) * v;
                one += w;
                two += w * v;
            });
            of(pivot, n, one, two)
        },
    );
    let jackknife = || {
        let values: Vec<(f64, f64)> = cells
            .iter()
            .zip(&centred)
            .map(|((_, count), v)| (of(pivot, n - 1.0, one - v, two - v * v), *count as f64))
            .collect();
        acceleration(&values)
    };
    summarise(estimate, replicates, options, jackknife)
}

/// Bootstrap of a mean (of differences, of scores): multinomial over the distinct values, so a list of 0/1 costs O(1).
pub fn bootstrap_mean(values: &[f64], options: &BootstrapOptions) -> Result<Bootstrap> {
    finite("values", values, 1)?;
    bootstrap_moments(&distinct(values), options, |pivot, n, one, _| pivot + one / n)
}

/// Bootstrap of the plug-in variance `sum (x - mean)^2 / n` (the worked example of Efron & Tibshirani 1993, ch. 14).
pub fn bootstrap_variance(values: &[f64], options: &BootstrapOptions) -> Result<Bootstrap> {
    finite("values", values, 2)?;
    bootstrap_moments(&distinct(values), options, |_, n, one, two| two / n - (one / n) * (one / n))
}

/// Cluster bootstrap of a mean: clusters are collapsed to (sum, size), so a resample costs O(clusters). The estimate is
/// the ratio sum / size, as Miller 2024 ("Adding error bars to evals") takes the mean over questions.
pub fn cluster_bootstrap_mean(
    values: &[f64],
    clusters: &[u32],
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    options.check()?;
    finite("values", values, 1)?;
    same_length("values", values.len(), "clusters", clusters.len())?;
    let members = cluster_members(clusters)?;
    let parts: Vec<(f64, f64)> = members
        .iter()
        .map(|m| (m.iter().map(|&i| values[i as usize]).sum(), m.len() as f64))
        .collect();
    let whole = parts.iter().fold((0.0, 0.0), |t, p| (t.0 + p.0, t.1 + p.1));
    let n = unit_count(parts.len())?;
    let batch = Batch::new(n);
    let replicates = replicate(
        options,
        || (),
        |rng, ()| {
            let (mut sum, mut size) = (0.0, 0.0);
            batch.draw(rng, u64::from(n), |index| {
                sum += parts[index].0;
                size += parts[index].1;
            });
            sum / size
        },
    );
    let jackknife = || {
        let values: Vec<(f64, f64)> =
            parts.iter().map(|p| ((whole.0 - p.0) / (whole.1 - p.1), 1.0)).collect();
        acceleration(&values)
    };
    summarise(whole.0 / whole.1, replicates, options, jackknife)
}

/// Paired bootstrap of an accuracy difference: multinomial over the 2 x 2 table, O(R) at any n.
pub fn paired_bootstrap_accuracy(
    table: &super::mcnemar::PairedTable,
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    table.not_empty()?;
    let cells: Vec<(f64, u64)> =
        [(-1.0, table.only_b), (0.0, table.both_right + table.both_wrong), (1.0, table.only_a)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
    bootstrap_moments(&cells, options, |pivot, n, one, _| pivot + one / n)
}
