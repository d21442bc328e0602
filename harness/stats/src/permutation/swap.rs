//! Paired approximate randomisation: the two models' answers to an example change places.

use super::outcome::{Permutation, PermutationMethod, at_least_one, extreme, plus_one};
use crate::bootstrap::{replicate_on, tie_tolerance};
use crate::cells::Cells;
use crate::error::{Result, StatsError};
use crate::mcnemar::Alternative;
use crate::metric::{Margins, Metric, MetricOptions};
use crate::rng::{Bits, Stream};
use crate::sampling::fair_coins;

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
        Some(crate::mcnemar::sign_test(count - only_b, only_b, alternative).p_value)
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
            .map(|s| (0..=s.count).map(|k| crate::dist::binom_pmf(k, s.count, 0.5)).collect())
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
