//! Two models over all benchmarks: a paired test over scores, and how many benchmarks show which one better.

use eval_stats::correction::{PartialConjunction, holm, replicability_count};
use eval_stats::friedman::{Friedman, friedman_vs_control, nemenyi};
use eval_stats::wilcoxon::{WilcoxonOptions, ZeroMethod, wilcoxon};
use eval_stats::{Direction, StatsError};

use super::super::result::{Outcome, Pair, PairOver, Replicated, Verdict, WinTieLoss};
use super::Table;

impl Table<'_> {
    /// The pairs that are compared; with a baseline it is B of each.
    pub(super) fn pair_numbers(&self) -> Vec<(usize, usize)> {
        let k = self.names.len();
        match self.baseline {
            Some(b) => (0..k).filter(|a| *a != b).map(|a| (a, b)).collect(),
            None => (0..k).flat_map(|a| (a + 1..k).map(move |b| (a, b))).collect(),
        }
    }

    /// Every pair, its p corrected by Holm. `of_all` is Friedman's test, for three models or more.
    pub(super) fn pairs(&self, of_all: Option<&Friedman>) -> Result<Vec<PairOver>, StatsError> {
        let nemenyi_p = match of_all {
            Some(found) if self.baseline.is_none() => Some(nemenyi(found)?),
            _ => None,
        };
        let raw = self.p_values()?;
        let corrected = holm(&raw)?;
        let numbers = self.pair_numbers();
        let with_p = numbers.iter().zip(raw.iter().zip(corrected));
        with_p
            .map(|(&(a, b), (&p, p_corrected))| {
                let tally = self.tally(a, b);
                Ok(PairOver {
                    a: self.names[a].to_owned(),
                    b: self.names[b].to_owned(),
                    mean_difference: self.differences(a, b).iter().sum::<f64>()
                        / self.used.len() as f64,
                    p,
                    p_corrected,
                    p_nemenyi: nemenyi_p.as_ref().map(|p| p[a][b]),
                    win_tie_loss: tally.win_tie_loss,
                    replicated: Replicated {
                        a: self.replicated(&tally.a_better)?,
                        b: self.replicated(&tally.b_better)?,
                    },
                })
            })
            .collect()
    }

    fn differences(&self, a: usize, b: usize) -> Vec<f64> {
        self.scores.iter().map(|row| row[a] - row[b]).collect()
    }

    /// Against a baseline z of the mean ranks, else Wilcoxon's signed-rank test.
    fn p_values(&self) -> Result<Vec<f64>, StatsError> {
        if let (Some(control), true) = (self.baseline, self.names.len() > 2) {
            return Ok(friedman_vs_control(&self.scores, control, Direction::HigherIsBetter)?.p);
        }
        let zero_method = ZeroMethod::Zsplit;
        let options = WilcoxonOptions { zero_method, ..WilcoxonOptions::default() };
        let p = |&(a, b): &(usize, usize)| Ok(wilcoxon(&self.differences(a, b), &options)?.p_value);
        self.pair_numbers().iter().map(p).collect()
    }

    /// On how many benchmarks which model is better.
    fn tally(&self, a: usize, b: usize) -> Tally {
        let mut tally = Tally::default();
        for outcome in &self.used {
            if let Some((pair, turned)) = find(outcome, self.names[a], self.names[b]) {
                tally.add(pair, turned);
            }
        }
        tally
    }

    /// Of all benchmarks, how many at least show the model better (Dror et al. 2017).
    fn replicated(&self, p: &[f64]) -> Result<usize, StatsError> {
        match p {
            [] => Ok(0),
            p => replicability_count(p, self.options.alpha, PartialConjunction::Bonferroni),
        }
    }
}

/// The pair of two models on a benchmark, and whether it has them the other way round.
fn find<'a>(outcome: &'a Outcome, a: &str, b: &str) -> Option<(&'a Pair, bool)> {
    outcome.pairs.iter().find_map(|pair| match (&*pair.a, &*pair.b) {
        (first, second) if first == a && second == b => Some((pair, false)),
        (first, second) if first == b && second == a => Some((pair, true)),
        _ => None,
    })
}

/// Two models benchmark by benchmark.
#[derive(Default)]
struct Tally {
    win_tie_loss: WinTieLoss,
    /// One-sided p of "A is better", a benchmark each.
    a_better: Vec<f64>,
    /// One-sided p of "B is better".
    b_better: Vec<f64>,
}

impl Tally {
    fn add(&mut self, pair: &Pair, turned: bool) {
        match (pair.verdict, turned) {
            (Verdict::ABetter, false) | (Verdict::BBetter, true) => self.win_tie_loss.wins += 1,
            (Verdict::ABetter, true) | (Verdict::BBetter, false) => self.win_tie_loss.losses += 1,
            _ => self.win_tie_loss.ties += 1,
        }
        let difference = if turned { -pair.difference } else { pair.difference };
        let (with, against) = (pair.p / 2.0, 1.0 - pair.p / 2.0);
        self.a_better.push(if difference > 0.0 { with } else { against });
        self.b_better.push(if difference < 0.0 { with } else { against });
    }
}
