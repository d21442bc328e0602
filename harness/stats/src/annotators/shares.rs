//! Which shares of a population say yes, item by item, from a few votes on each.

use super::{Ballot, CeilingBounds, majority_of_yes};
use crate::error::{Result, StatsError};

/// Cells of the shares between 0 and 1.
const CELLS: usize = 400;
/// Steps of the algorithm, and further ones after which the probabilities of the ballots no longer move.
const STEPS: usize = 400;
const FURTHER: usize = 6_000;

/// The distribution of items over shares of yes, estimated without a form for it.
///
/// The nonparametric maximum-likelihood estimate of a mixture of binomials (Laird 1978; Lindsay 1995) on a grid of 400
/// shares, by 400 steps of the EM algorithm from the uniform distribution. A few votes an item do not tell the whole
/// distribution: many fit equally well (with n votes only n moments are known). Starting from the uniform one and stopping
/// gives a smooth one among them; [`VoteShares::ceiling_bounds`] says what all of them allow.
#[derive(Debug, Clone)]
pub struct VoteShares {
    /// Weight of each cell.
    weights: Vec<f64>,
    /// Distinct ballots and how often each came.
    ballots: Vec<(Ballot, f64)>,
    /// P(ballot | cell), without the binomial coefficient, ballot by ballot.
    likelihoods: Vec<Vec<f64>>,
}

fn share(cell: usize) -> f64 {
    (cell as f64 + 0.5) / CELLS as f64
}

impl VoteShares {
    /// Fits the distribution to ballots; those without a vote say nothing.
    ///
    /// # Errors
    /// No ballot with a vote.
    pub fn fit(ballots: &[Ballot]) -> Result<Self> {
        Self::fit_counted(&counted(ballots.iter().map(|&ballot| (ballot, 1.0))))
    }

    /// The same of distinct ballots and how often each came (which may be the weights of a resample).
    ///
    /// # Errors
    /// No ballot with a vote.
    pub fn fit_counted(ballots: &[(Ballot, f64)]) -> Result<Self> {
        let mut ballots = ballots.to_vec();
        ballots.retain(|(ballot, count)| ballot.votes > 0 && *count > 0.0);
        if ballots.is_empty() {
            return Err(StatsError::TooFew { argument: "ballots", needed: 1, got: 0 });
        }
        let likelihoods: Vec<Vec<f64>> = (ballots.iter())
            .map(|(ballot, _)| (0..CELLS).map(|cell| ballot.likelihood(share(cell))).collect())
            .collect();
        let mut fit = Self { weights: vec![1.0 / CELLS as f64; CELLS], ballots, likelihoods };
        let all: f64 = fit.ballots.iter().map(|(_, count)| count).sum();
        for _ in 0..STEPS {
            fit.step(all);
        }
        Ok(fit)
    }

    /// One step: every cell's new weight is the mean posterior weight of the items.
    fn step(&mut self, all: f64) {
        let mut factors = vec![0.0; CELLS];
        for ((_, count), likelihood) in self.ballots.iter().zip(&self.likelihoods) {
            let marginal: f64 = likelihood.iter().zip(&self.weights).map(|(l, w)| l * w).sum();
            let scale = count / (all * marginal);
            for (factor, l) in factors.iter_mut().zip(likelihood) {
                *factor += scale * l;
            }
        }
        for (weight, factor) in self.weights.iter_mut().zip(factors) {
            *weight *= factor;
        }
    }

    /// Expectation of a function of an item's share, given its ballot.
    fn posterior(&self, ballot: Ballot, of: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut all) = (0.0, 0.0);
        for (cell, weight) in self.weights.iter().enumerate() {
            let p = share(cell);
            let mass = weight * ballot.likelihood(p);
            sum += mass * of(p);
            all += mass;
        }
        sum / all
    }

    /// Expectation of a function of an item's share.
    fn expect(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.weights.iter().enumerate().map(|(cell, weight)| weight * of(share(cell))).sum()
    }

    /// P(more than half of the population says yes), given an item's ballot.
    pub fn yes_is_the_majority(&self, ballot: Ballot) -> f64 {
        self.posterior(ballot, |p| if p > 0.5 { 1.0 } else { 0.0 })
    }

    /// The noise ceiling on some items: how often someone who knows each item's share of yes, and answers what more than half
    /// of the population says, is expected to give the published label. `items`: ballot and whether the label is yes.
    ///
    /// # Errors
    /// No item.
    pub fn ceiling(&self, items: &[(Ballot, bool)]) -> Result<f64> {
        if items.is_empty() {
            return Err(StatsError::TooFew { argument: "items", needed: 1, got: 0 });
        }
        let known = counted(items.iter().map(|&(ballot, _)| (ballot, 1.0)));
        let of: Vec<f64> = known.iter().map(|(b, _)| self.yes_is_the_majority(*b)).collect();
        let agreement = |&(ballot, yes): &(Ballot, bool)| {
            let at = known.binary_search_by(|(b, _)| b.cmp(&ballot)).unwrap_or(0);
            if yes { of[at] } else { 1.0 - of[at] }
        };
        Ok(items.iter().map(agreement).sum::<f64>() / items.len() as f64)
    }

    /// How often the majorities of two panels of `size` drawn for the same item agree.
    pub fn second_panel(&self, size: u32) -> f64 {
        self.expect(|p| {
            let yes = majority_of_yes(p, size);
            yes * yes + (1.0 - yes) * (1.0 - yes)
        })
    }

    /// The least and the highest ceiling (against the majority of a panel of `size`) of all distributions that fit the ballots
    /// best: they give the same probability to every number of yes votes.
    ///
    /// # Errors
    /// The linear programs do not end.
    pub fn ceiling_bounds(&self, size: u32) -> Result<CeilingBounds> {
        let mut settled = self.clone();
        let all: f64 = settled.ballots.iter().map(|(_, count)| count).sum();
        for _ in 0..FURTHER {
            settled.step(all);
        }
        let moments: Vec<f64> = (0..=size)
            .map(|yes| settled.expect(|p| Ballot { yes, votes: size }.likelihood(p)))
            .collect();
        super::bounds::of(&moments, size, (0..CELLS).map(share))
    }
}

/// Distinct ballots in order, with the sums of their weights.
fn counted(ballots: impl Iterator<Item = (Ballot, f64)>) -> Vec<(Ballot, f64)> {
    let mut all: std::collections::BTreeMap<Ballot, f64> = std::collections::BTreeMap::new();
    for (ballot, weight) in ballots {
        *all.entry(ballot).or_default() += weight;
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballots(counts: &[u32]) -> Vec<Ballot> {
        let votes = counts.len() as u32 - 1;
        (0..=votes)
            .flat_map(|yes| vec![Ballot { yes, votes }; counts[yes as usize] as usize])
            .collect()
    }

    /// The fitted distribution gives every number of votes the frequency that it had (CREHate, the United States), and a
    /// ceiling inside the bounds that all such distributions allow (linear programming with SciPy 1.17: .8436 to .9038).
    #[test]
    fn the_fit_reproduces_the_frequencies_and_the_bounds_hold_the_ceiling() {
        let counts = [517, 249, 184, 209, 181, 239];
        let fit = VoteShares::fit(&ballots(&counts)).unwrap();
        let all: f64 = counts.iter().map(|&c| f64::from(c)).sum();
        for (yes, &count) in (0_u32..).zip(&counts) {
            let ways = [1.0, 5.0, 10.0, 10.0, 5.0, 1.0][yes as usize];
            let share = ways * fit.expect(|p| Ballot { yes, votes: 5 }.likelihood(p));
            assert!((share - f64::from(count) / all).abs() < 5e-3, "{yes}: {share}");
        }
        let items: Vec<(Ballot, bool)> =
            ballots(&counts).into_iter().map(|b| (b, 2 * b.yes > b.votes)).collect();
        let ceiling = fit.ceiling(&items).unwrap();
        assert!((ceiling - 0.880).abs() < 1e-3, "{ceiling}");
        let bounds = fit.ceiling_bounds(5).unwrap();
        assert!(
            (bounds.low - 0.8436).abs() < 2e-3 && (bounds.high - 0.9038).abs() < 2e-3,
            "{bounds:?}"
        );
        assert!((fit.second_panel(5) - 0.8365).abs() < 1e-3);
    }

    #[test]
    fn where_all_always_agree_everything_can_be_known() {
        let fit = VoteShares::fit(&ballots(&[30, 0, 0, 20])).unwrap();
        let items: Vec<(Ballot, bool)> =
            ballots(&[30, 0, 0, 20]).into_iter().map(|b| (b, b.yes == 3)).collect();
        assert!(fit.ceiling(&items).unwrap() > 0.995);
        assert!(VoteShares::fit(&[Ballot { yes: 0, votes: 0 }]).is_err());
        assert!(fit.ceiling(&[]).is_err());
    }
}
