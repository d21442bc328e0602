//! Precision or F1 of one class of two models: a permutation test whose statistic is studentised.

use super::outcome::{Permutation, extreme};
use crate::cells::Cells;
use crate::dist::binom_pmf;
use crate::error::{Result, StatsError};
use crate::mcnemar::Alternative;
use crate::metric::{Metric, MetricOptions};

/// States that are enumerated in full; beyond them the far tails of the swaps (below 1e-17) are left out.
const STATES: f64 = 2e7;

/// Permutation test of equal precision, or of equal F1, of one class: the two models' answers to an example change places,
/// and differences are compared after division by their standard error.
///
/// Plain randomisation ([`permutation_metric`](super::permutation_metric)) tests whether the models are exchangeable. Where
/// one says yes far more often than the other they are not, and it rejects equal precision in up to 28 % of cases. The
/// studentised statistic has the same limiting distribution under the permutations as under equality of the metric alone
/// (Janssen 1997; Chung & Romano 2013; Konietschke & Pauly 2014 for pairs). Its standard error is that of the score, at the
/// common value of the metric (Kosinski 2013 for predictive values).
///
/// Swaps matter in two counts only, of examples with and without the class, so all of them are enumerated.
///
/// # Errors
/// Not two models, another metric than precision or F1, or a positive class that is none.
pub fn studentised_permutation_metric(
    cells: &Cells,
    metric: Metric,
    options: MetricOptions,
    alternative: Alternative,
) -> Result<Permutation> {
    let problem = Problem::new(cells, metric, options)?;
    let observed = problem.statistic(problem.observed);
    let tolerance = 1e-9 * observed.abs().max(1.0);
    let [gold, other] =
        [0, 1].map(|kind| Swaps::new(problem.discordant[kind], problem.observed[kind]));
    let (gold, other) = if (gold.all() * other.all()) as f64 > STATES {
        (gold.without_far_tails(), other.without_far_tails())
    } else {
        (gold, other)
    };
    let mut p = 0.0;
    for (x, weight) in gold.states() {
        let tail: f64 = (other.states())
            .filter(|(y, _)| extreme(problem.statistic([x, *y]), observed, tolerance, alternative))
            .map(|(_, weight)| weight)
            .sum();
        p += weight * tail;
    }
    let [a, b] = problem.values(problem.observed);
    Ok(Permutation { observed: a - b, p_value: p.min(1.0), exact: true })
}

/// Examples of one kind that one model alone answers with the class: each is A's with probability 1/2.
struct Swaps {
    count: u64,
    observed: u64,
    low: u64,
    high: u64,
}

impl Swaps {
    fn new(count: u64, observed: u64) -> Self {
        Self { count, observed, low: 0, high: count }
    }

    fn all(&self) -> u64 {
        self.count + 1
    }

    /// Nine standard deviations on both sides, and the data themselves.
    fn without_far_tails(self) -> Self {
        let middle = self.count as f64 / 2.0;
        let reach = 4.5 * (self.count as f64).sqrt() + 1.0;
        let low = ((middle - reach).max(0.0) as u64).min(self.observed);
        let high = ((middle + reach).ceil() as u64).min(self.count).max(self.observed);
        Self { low, high, ..self }
    }

    fn states(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        (self.low..=self.high).map(|x| (x, binom_pmf(x, self.count, 0.5)))
    }
}

struct Problem {
    f1: bool,
    options: MetricOptions,
    /// Examples of the class, and all others, that both models answer with it.
    both: [u64; 2],
    /// That one of them alone does.
    discordant: [u64; 2],
    /// Of these, A's.
    observed: [u64; 2],
    /// Examples of the class.
    gold: f64,
    /// Common value of the metric.
    common: f64,
    /// Sum of the products of the two models' influences; no swap changes it.
    together: f64,
}

impl Problem {
    fn new(cells: &Cells, metric: Metric, options: MetricOptions) -> Result<Self> {
        let f1 = match metric {
            Metric::F1 => true,
            Metric::Precision => false,
            other => {
                return Err(StatsError::Request(format!(
                    "the studentised permutation test is of precision and f1, not of {}: use permutation_metric",
                    other.name()
                )));
            }
        };
        let [a, b] = cells.predicted.as_slice() else {
            return Err(StatsError::Request(format!(
                "a paired test needs 2 models, got {}",
                cells.predicted.len()
            )));
        };
        if options.positive as usize >= cells.num_classes {
            return Err(StatsError::OutOfRange {
                argument: "positive",
                value: options.positive.into(),
                allowed: "one of the classes",
            });
        }
        let yes = |label: u16| u32::from(label) == options.positive;
        let (mut both, mut discordant, mut observed, mut gold) = ([0; 2], [0; 2], [0; 2], 0.0);
        for (cell, &count) in cells.counts.iter().enumerate() {
            let kind = usize::from(!yes(cells.gold[cell]));
            if kind == 0 {
                gold += count as f64;
            }
            match (yes(a[cell]), yes(b[cell])) {
                (true, true) => both[kind] += count,
                (true, false) => {
                    discordant[kind] += count;
                    observed[kind] += count;
                }
                (false, true) => discordant[kind] += count,
                (false, false) => {}
            }
        }
        let mut problem =
            Self { f1, options, both, discordant, observed, gold, common: 0.0, together: 0.0 };
        problem.pool();
        Ok(problem)
    }

    /// The common value, half a success and half a failure added, and what the models' errors have in common.
    fn pool(&mut self) {
        let [hit, miss] = [0, 1].map(|kind| (2 * self.both[kind] + self.discordant[kind]) as f64);
        let (both, one) = (self.both.map(|n| n as f64), self.discordant.map(|n| n as f64));
        if self.f1 {
            let v = (2.0 * hit + 0.5) / (hit + miss + 2.0 * self.gold + 1.0);
            let neither = self.gold - both[0] - one[0];
            self.common = v;
            self.together = both[0] * (2.0 - 2.0 * v).powi(2) - one[0] * (2.0 - 2.0 * v) * v
                + neither * v * v
                + both[1] * v * v;
        } else {
            let v = (hit + 0.5) / (hit + miss + 1.0);
            self.common = v;
            self.together = both[0] * (1.0 - v).powi(2) + both[1] * v * v;
        }
    }

    /// Hits and false alarms of A and of B where A has so many of the discordant examples.
    fn counts(&self, of_a: [u64; 2]) -> [[f64; 2]; 2] {
        let a = [0, 1].map(|kind| (self.both[kind] + of_a[kind]) as f64);
        let b = [0, 1].map(|kind| (self.both[kind] + self.discordant[kind] - of_a[kind]) as f64);
        [a, b]
    }

    fn values(&self, of_a: [u64; 2]) -> [f64; 2] {
        self.counts(of_a).map(|[tp, fp]| {
            let s = self.options.smoothing;
            let (part, whole) = if self.f1 {
                (2.0 * (tp + s), tp + fp + self.gold + 4.0 * s)
            } else {
                (tp + s, tp + fp + 2.0 * s)
            };
            if whole > 0.0 { part / whole } else { self.options.zero_division }
        })
    }

    /// The difference over its standard error at the common value.
    fn statistic(&self, of_a: [u64; 2]) -> f64 {
        let [a, b] = self.values(of_a);
        let v = self.common;
        let one = if self.f1 { v * (1.0 - v) * (2.0 - v) } else { v * (1.0 - v) };
        let [n_a, n_b] = self
            .counts(of_a)
            .map(|[tp, fp]| (if self.f1 { tp + fp + self.gold } else { tp + fp }).max(1.0));
        let apart = one / n_a + one / n_b;
        let variance = (apart - 2.0 * self.together / (n_a * n_b)).max(1e-3 * apart);
        (a - b) / variance.sqrt()
    }
}
