//! Permutation tests: sign flips of differences, swaps of two models' answers; exact where that is affordable.

use super::bootstrap::{replicate_on, tie_tolerance};
use super::cells::Cells;
use super::error::{Result, StatsError, finite, same_length};
use super::mcnemar::Alternative;
use super::metric::{Margins, Metric, MetricOptions};
use super::rng::{Bits, Stream};
use super::sampling::fair_coins;

/// P(S <= limit) for S = sum of a fair random subset of the integer weights: dynamic programming in O(n limit), all
/// terms positive, so the far tail keeps its digits.
pub(crate) fn subset_sum_tail(weights: &[u64], limit: u64) -> f64 {
    // In units of the greatest common divisor: doubled ranks without ties are all even.
    let unit = weights.iter().copied().fold(0, gcd).max(1);
    // A weight of 0 changes no sum.
    let weights = weights.iter().filter(|w| **w > 0).map(|w| w / unit).collect();
    tail_in_units(weights, limit / unit)
}

/// Euclid's algorithm.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn tail_in_units(mut weights: Vec<u64>, limit: u64) -> f64 {
    let total: u64 = weights.iter().sum();
    if limit >= total {
        return 1.0;
    }
    // The lower half by symmetry: P(S <= l) = 1 - P(S <= total - l - 1).
    if 2 * limit >= total {
        return 1.0 - tail_in_units(weights, total - limit - 1);
    }
    let size = limit as usize + 1;
    let mut mass = vec![0.0_f64; size];
    mass[0] = 1.0;
    let mut reach = 0_usize;
    weights.sort_unstable();
    // Counts are halved in blocks of 512 weights: neither 2^n nor 2^-n leaves the range of doubles on the way.
    let mut pending = 0_i32;
    for w in weights {
        let w = w as usize;
        if w < size {
            reach = (reach + w).min(limit as usize);
            // Downwards, so that a weight counts once; `w` cells at a time, which do not touch those that they add.
            let mut end = reach + 1;
            while end > w {
                let start = end.saturating_sub(w).max(w);
                let (from, to) = mass.split_at_mut(start);
                to[..end - start]
                    .iter_mut()
                    .zip(&from[start - w..end - w])
                    .for_each(|(to, m)| *to += m);
                end = start;
            }
        }
        pending += 1;
        if pending == 512 {
            let factor = 2.0_f64.powi(-512);
            for m in &mut mass {
                *m *= factor;
            }
            pending = 0;
        }
    }
    (mass.iter().sum::<f64>() * 2.0_f64.powi(-pending)).max(f64::MIN_POSITIVE)
}

/// How a permutation p-value is obtained.
#[derive(Debug, Clone)]
pub enum PermutationMethod {
    /// All assignments.
    Exact,
    /// `(1 + hits) / (resamples + 1)` (Phipson & Smyth 2010: never 0).
    MonteCarlo { resamples: usize, stream: Stream },
    /// Exact when affordable, else Monte Carlo.
    Auto { resamples: usize, stream: Stream },
}

/// A permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permutation {
    pub observed: f64,
    pub p_value: f64,
    pub exact: bool,
}

/// Sign-flip test of a mean difference (Fisher 1935): each difference may as well have had the other sign.
///
/// Exact by an integer dynamic programme when the differences are multiples of a common unit (counts, rounded scores),
/// by meet-in-the-middle up to 40 other differences. Hits are counted with >= and a tie tolerance.
pub fn permutation_mean(
    differences: &[f64],
    method: &PermutationMethod,
    alternative: Alternative,
) -> Result<Permutation> {
    finite("differences", differences, 1)?;
    let sum: f64 = differences.iter().sum();
    let nonzero: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let observed = super::descriptive::mean(differences);
    let answer = |p_value: f64, exact| Ok(Permutation { observed, p_value, exact });
    if nonzero.is_empty() {
        return answer(1.0, true);
    }
    match method {
        PermutationMethod::Exact => answer(exact_sign_flips(&nonzero, alternative)?, true),
        PermutationMethod::Auto { resamples, stream } => {
            match exact_sign_flips(&nonzero, alternative) {
                Ok(p) => answer(p, true),
                Err(_) => {
                    answer(sign_flip_mc(&nonzero, sum, *resamples, stream, alternative)?, false)
                }
            }
        }
        PermutationMethod::MonteCarlo { resamples, stream } => {
            answer(sign_flip_mc(&nonzero, sum, *resamples, stream, alternative)?, false)
        }
    }
}

/// Differences as integers of a common unit, when 1e-9 of the unit suffices to tell.
fn as_multiples(values: &[f64]) -> Option<Vec<i64>> {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let smallest = values.iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
    // Euclid's algorithm on floats with a tolerance, started from the smallest magnitude.
    let mut unit = smallest;
    let floor = largest * 1e-7;
    for v in values {
        let (mut x, mut y) = (v.abs(), unit);
        while y > largest * 1e-11 {
            let r = x - (x / y).round() * y;
            (x, y) = (y, r.abs());
        }
        unit = x;
        if unit < floor {
            return None;
        }
    }
    let multiples: Vec<i64> = values.iter().map(|v| (v / unit).round() as i64).collect();
    let top = *multiples.iter().max_by_key(|m| m.abs())?;
    let refined = largest / top.abs() as f64;
    values
        .iter()
        .zip(&multiples)
        .all(|(v, m)| (v - *m as f64 * refined).abs() <= 1e-6 * refined)
        .then_some(multiples)
}

fn exact_sign_flips(values: &[f64], alternative: Alternative) -> Result<f64> {
    if let Some(multiples) = as_multiples(values) {
        let weights: Vec<u64> = multiples.iter().map(|m| m.unsigned_abs()).collect();
        let total: u64 = weights.iter().sum();
        let positive: u64 = multiples.iter().filter(|m| **m > 0).map(|m| m.unsigned_abs()).sum();
        let negative = total - positive;
        let cost = total as f64 / 2.0 * weights.len() as f64;
        if cost <= 2e10 && total < 1 << 30 {
            return Ok(match alternative {
                Alternative::TwoSided => {
                    (2.0 * subset_sum_tail(&weights, positive.min(negative))).min(1.0)
                }
                Alternative::Greater => subset_sum_tail(&weights, negative),
                Alternative::Less => subset_sum_tail(&weights, positive),
            });
        }
    }
    if values.len() <= 40 {
        return Ok(meet_in_the_middle(values, alternative));
    }
    Err(StatsError::TooCostly {
        what: "exact sign-flip test",
        cost: 2.0_f64.powi(values.len().min(1000) as i32),
        remedy: "use method = mc, or round the differences to a common unit",
    })
}

/// All signed sums of one half, sorted, against all of the other, by two pointers: O(2^{n/2} n).
fn meet_in_the_middle(values: &[f64], alternative: Alternative) -> f64 {
    let sums = |part: &[f64]| {
        let mut sums = vec![0.0];
        for v in part {
            sums = sums.iter().flat_map(|s| [s + v, s - v]).collect();
        }
        sums.sort_unstable_by(f64::total_cmp);
        sums
    };
    let (left, right) = (sums(&values[..values.len() / 2]), sums(&values[values.len() / 2..]));
    let observed: f64 = values.iter().sum();
    let tolerance = 1e-10 * values.iter().map(|v| v.abs()).sum::<f64>();
    let at_least = |limit: f64| {
        let mut from = right.len();
        let mut count = 0_u64;
        for s in &left {
            while from > 0 && s + right[from - 1] >= limit - tolerance {
                from -= 1;
            }
            count += (right.len() - from) as u64;
        }
        count as f64 / (left.len() as f64 * right.len() as f64)
    };
    // The distribution is symmetric.
    match alternative {
        Alternative::TwoSided => (2.0 * at_least(observed.abs())).min(1.0),
        Alternative::Greater => at_least(observed),
        Alternative::Less => at_least(-observed),
    }
}

fn sign_flip_mc(
    values: &[f64],
    sum: f64,
    resamples: usize,
    stream: &Stream,
    alternative: Alternative,
) -> Result<f64> {
    at_least_one(resamples)?;
    // Equal magnitudes are exchangeable: the number of plus signs among them is one binomial.
    let magnitudes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    let cells = super::bootstrap::distinct(&magnitudes);
    let total: f64 = magnitudes.iter().sum();
    let tolerance = 1e-10 * total;
    let hits = replicate_on(
        stream,
        resamples,
        || (),
        |rng, ()| {
            let plus: f64 = if cells.len() * 2 < values.len() {
                {
                    let mut bits = Bits::default();
                    cells
                        .iter()
                        .map(|(v, count)| v * fair_coins(rng, &mut bits, *count) as f64)
                        .sum()
                }
            } else {
                use rand_chacha::rand_core::Rng;
                let mut plus = 0.0;
                for chunk in magnitudes.chunks(64) {
                    let mut bits = rng.next_u64();
                    for v in chunk {
                        plus += if bits & 1 == 1 { *v } else { 0.0 };
                        bits >>= 1;
                    }
                }
                plus
            };
            extreme(2.0 * plus - total, sum, tolerance, alternative)
        },
    );
    Ok(plus_one(hits.iter().filter(|h| **h).count(), resamples))
}

fn extreme(resampled: f64, observed: f64, tolerance: f64, alternative: Alternative) -> bool {
    match alternative {
        Alternative::TwoSided => resampled.abs() >= observed.abs() - tolerance,
        Alternative::Greater => resampled >= observed - tolerance,
        Alternative::Less => resampled <= observed + tolerance,
    }
}

/// (1 + hits) / (R + 1).
pub fn plus_one(hits: usize, resamples: usize) -> f64 {
    (1.0 + hits as f64) / (resamples as f64 + 1.0)
}

fn at_least_one(resamples: usize) -> Result<()> {
    if resamples == 0 {
        Err(StatsError::TooFew { argument: "resamples", needed: 1, got: 0 })
    } else {
        Ok(())
    }
}

/// Cluster-level sign flips: all differences of a cluster change sign together, the statistic is their overall sum.
pub fn cluster_permutation_mean(
    differences: &[f64],
    clusters: &[u32],
    method: &PermutationMethod,
    alternative: Alternative,
) -> Result<Permutation> {
    finite("differences", differences, 1)?;
    same_length("differences", differences.len(), "clusters", clusters.len())?;
    let sums: Vec<f64> = super::bootstrap::cluster_members(clusters)?
        .iter()
        .map(|members| members.iter().map(|&i| differences[i as usize]).sum())
        .collect();
    let mut result = permutation_mean(&sums, method, alternative)?;
    result.observed = super::descriptive::mean(differences);
    Ok(result)
}

/// Paired approximate randomisation (Noreen 1989; Yeh 2000) of a label metric: the two models' answers to an example are
/// exchangeable under the null. Only cells where they differ are drawn, one binomial a cell.
pub fn permutation_metric(
    cells: &Cells,
    metric: Metric,
    metric_options: MetricOptions,
    method: &PermutationMethod,
    alternative: Alternative,
) -> Result<Permutation> {
    let problem = SwapProblem::new(cells, metric, metric_options)?;
    let exact = |limit: f64| -> Result<Permutation> {
        if let Some(p_value) = problem.exact_accuracy(alternative) {
            return Ok(Permutation { observed: problem.observed, p_value, exact: true });
        }
        let cost = problem.assignments();
        if cost > limit {
            return Err(StatsError::TooCostly {
                what: "exact randomisation",
                cost,
                remedy: "use method = mc",
            });
        }
        Ok(Permutation {
            observed: problem.observed,
            p_value: problem.enumerate(alternative),
            exact: true,
        })
    };
    let monte_carlo = |resamples: usize, stream: &Stream| -> Result<Permutation> {
        at_least_one(resamples)?;
        Ok(Permutation {
            observed: problem.observed,
            p_value: problem.sample(resamples, stream, alternative),
            exact: false,
        })
    };
    match method {
        PermutationMethod::Exact => exact(5e7),
        PermutationMethod::MonteCarlo { resamples, stream } => monte_carlo(*resamples, stream),
        PermutationMethod::Auto { resamples, stream } => {
            exact(1e5).or_else(|_| monte_carlo(*resamples, stream))
        }
    }
}

/// Examples whose answers can be swapped: `count` of them, of which `turned` have B's answer `a` and A's answer `b`.
///
/// After the swaps of a resample Binomial(count, 1/2) of them have A's answer `b`, whichever way they stood before: so
/// (gold, a, b) and (gold, b, a) are one cell, and where both are wrong the gold label does not matter either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SwapCell {
    a: u16,
    b: u16,
    /// `a` is the gold label; else neither is.
    right: bool,
    count: u64,
    turned: u64,
}

struct SwapScratch {
    margins: [Margins; 2],
    predicted: Vec<i32>,
    hits: Vec<i32>,
}

struct SwapProblem {
    swaps: Vec<SwapCell>,
    base: [Margins; 2],
    metric: Metric,
    options: MetricOptions,
    observed: f64,
    tolerance: f64,
}

impl SwapProblem {
    fn new(cells: &Cells, metric: Metric, options: MetricOptions) -> Result<Self> {
        if cells.predicted.len() != 2 {
            return Err(StatsError::Request(format!(
                "a paired test needs 2 models, got {}",
                cells.predicted.len()
            )));
        }
        let base = [0, 1].map(|model| cells.margins(model));
        let mut swaps = Self::swap_cells(cells);
        if metric.is_mean_over_examples() {
            // Only right against wrong matters, of whatever class.
            swaps = (swaps.into_iter().filter(|s| s.right))
                .reduce(|whole, s| SwapCell {
                    count: whole.count + s.count,
                    turned: whole.turned + s.turned,
                    ..whole
                })
                .into_iter()
                .collect();
        }
        let value = |m: &Margins| m.value(metric, options);
        let (Some(a), Some(b)) = (value(&base[0]), value(&base[1])) else {
            return Err(StatsError::Degenerate {
                what: "the metric is 0/0 on these data",
                remedy: "choose a metric that is defined with one class",
            });
        };
        Ok(Self { swaps, base, metric, options, observed: a - b, tolerance: tie_tolerance(1.0) })
    }

    fn swap_cells(cells: &Cells) -> Vec<SwapCell> {
        let mut joined: std::collections::BTreeMap<(bool, u16, u16), (u64, u64)> =
            std::collections::BTreeMap::new();
        for (cell, &gold) in cells.gold.iter().enumerate() {
            let (a, b) = (cells.predicted[0][cell], cells.predicted[1][cell]);
            if a == b {
                continue;
            }
            let right = a == gold || b == gold;
            let turned = if right { b == gold } else { b < a };
            let labels = if turned { (right, b, a) } else { (right, a, b) };
            let slot = joined.entry(labels).or_default();
            slot.0 += cells.counts[cell];
            slot.1 += if turned { cells.counts[cell] } else { 0 };
        }
        (joined.into_iter())
            .map(|((right, a, b), (count, turned))| SwapCell { a, b, right, count, turned })
            .collect()
    }

    /// For accuracy the null distribution of the number of swaps in A's favour is Binomial(b + c, 1/2).
    fn exact_accuracy(&self, alternative: Alternative) -> Option<f64> {
        if !self.metric.is_mean_over_examples() {
            return None;
        }
        let (count, only_b) = self.swaps.first().map_or((0, 0), |s| (s.count, s.turned));
        Some(super::mcnemar::sign_test(count - only_b, only_b, alternative).p_value)
    }

    fn assignments(&self) -> f64 {
        self.swaps.iter().map(|s| s.count as f64 + 1.0).product()
    }

    /// Difference when of swap cell i `drawn[i]` examples have A's answer `b`.
    fn difference(&self, drawn: &[u32], scratch: &mut SwapScratch) -> f64 {
        let SwapScratch { margins, predicted, hits } = scratch;
        predicted.fill(0);
        hits.fill(0);
        for (swap, &count) in self.swaps.iter().zip(drawn) {
            let moved = count as i32 - swap.turned as i32;
            predicted[usize::from(swap.a)] -= moved;
            predicted[usize::from(swap.b)] += moved;
            if swap.right {
                hits[usize::from(swap.a)] -= moved;
            }
        }
        for (sign, to, from) in [(1.0, 0, 0), (-1.0, 1, 1)] {
            let (to, from): (&mut Margins, &Margins) = (&mut margins[to], &self.base[from]);
            for class in 0..predicted.len() {
                to.predicted[class] = from.predicted[class] + sign * f64::from(predicted[class]);
                to.hits[class] = from.hits[class] + sign * f64::from(hits[class]);
            }
        }
        let value = |m: &Margins| m.value(self.metric, self.options).unwrap_or(0.0);
        value(&margins[0]) - value(&margins[1])
    }

    fn scratch(&self) -> SwapScratch {
        let classes = self.base[0].gold.len();
        SwapScratch {
            margins: self.base.clone(),
            predicted: vec![0; classes],
            hits: vec![0; classes],
        }
    }

    fn hit(&self, difference: f64, alternative: Alternative) -> bool {
        extreme(difference, self.observed, self.tolerance, alternative)
    }

    fn sample(&self, resamples: usize, stream: &Stream, alternative: Alternative) -> f64 {
        let hits = replicate_on(
            stream,
            resamples,
            || (self.scratch(), vec![0_u32; self.swaps.len()]),
            |rng, (scratch, drawn)| {
                let mut bits = Bits::default();
                for (slot, swap) in drawn.iter_mut().zip(&self.swaps) {
                    *slot = fair_coins(rng, &mut bits, swap.count) as u32;
                }
                self.hit(self.difference(drawn, scratch), alternative)
            },
        );
        plus_one(hits.iter().filter(|h| **h).count(), resamples)
    }

    /// Exact: every vector of swap counts with its product of binomial weights.
    fn enumerate(&self, alternative: Alternative) -> f64 {
        let weights: Vec<Vec<f64>> = self
            .swaps
            .iter()
            .map(|s| (0..=s.count).map(|k| super::dist::binom_pmf(k, s.count, 0.5)).collect())
            .collect();
        let mut drawn = vec![0_u32; self.swaps.len()];
        let mut scratch = self.scratch();
        let mut p = 0.0;
        loop {
            if self.hit(self.difference(&drawn, &mut scratch), alternative) {
                p += drawn.iter().zip(&weights).map(|(k, w)| w[*k as usize]).product::<f64>();
            }
            let Some(place) = (0..drawn.len()).find(|&i| u64::from(drawn[i]) < self.swaps[i].count)
            else {
                break;
            };
            drawn[place] += 1;
            drawn[..place].fill(0);
        }
        p.min(1.0)
    }
}
