//! The score of someone who knows the share of yes of every item exactly: the limit that a few votes leave.

use super::score::ShareScore;
use crate::error::{Result, ScoreError};

/// Shares of yes over items as a beta distribution, fitted by moments (Skellam 1948; Griffiths 1973).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    /// First parameter.
    pub alpha: f64,
    /// Second parameter.
    pub beta: f64,
}

/// Width of a step on the logit scale, and the most steps to either side.
const STEP: f64 = 0.02;
const MOST_STEPS: f64 = 200_000.0;

impl BetaBinomial {
    /// The distribution with the mean and the variance of the shares of items with exactly `votes` votes. `ballots`:
    /// votes for no and for yes.
    ///
    /// The variance (divided by n) of shares of n votes is `m (1 - m) (1 + (n - 1) rho) / n`; `rho = 1 / (alpha + beta +
    /// 1)`.
    ///
    /// # Errors
    /// Fewer than two votes or items, or shares that vary less than votes on items that are all alike, or as much as
    /// items on which all agree.
    pub fn by_moments(ballots: &[[u32; 2]], votes: u32) -> Result<Self> {
        let shares: Vec<f64> = (ballots.iter())
            .filter(|[no, yes]| no + yes == votes)
            .map(|[_, yes]| f64::from(*yes) / f64::from(votes))
            .collect();
        if votes < 2 || shares.len() < 2 {
            return Err(ScoreError::TooFew {
                what: "items with two votes or more",
                needed: 2,
                got: shares.len(),
            });
        }
        let n = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / n;
        let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
        let votes = f64::from(votes);
        let rho = (votes * variance / (mean * (1.0 - mean)) - 1.0) / (votes - 1.0);
        if !(rho > 0.0 && rho < 1.0) {
            return Err(ScoreError::Value {
                what: "correlation of votes on one item",
                index: 0,
                value: rho,
                allowed: "votes that agree more than by chance, and not always",
            });
        }
        let sum = 1.0 / rho - 1.0;
        Ok(Self { alpha: mean * sum, beta: (1.0 - mean) * sum })
    }

    /// Expected figure of the exact share as the prediction of `votes` drawn votes.
    ///
    /// # Errors
    /// No vote.
    pub fn perfect_knowledge(self, score: ShareScore, votes: u32) -> Result<f64> {
        if votes == 0 {
            return Err(ScoreError::SumOfZero { what: "votes" });
        }
        // With p = 1 / (1 + e^-u) the density is p^alpha (1 - p)^beta: smooth, and below e^-40 where the steps end.
        let steps = (40.0 / self.alpha.min(self.beta) / STEP).min(MOST_STEPS) as i32;
        let (mut sum, mut mass) = (0.0, 0.0);
        for u in (-steps..=steps).map(|step| STEP * f64::from(step)) {
            let (ln_p, ln_q) = (-softplus(-u), -softplus(u));
            let weight = (self.alpha * ln_p + self.beta * ln_q).exp();
            mass += weight;
            sum += weight * expected(score, ln_p.exp(), ln_q.exp(), votes)?;
        }
        Ok(sum / mass)
    }
}

/// ln (1 + e^u).
fn softplus(u: f64) -> f64 {
    u.max(0.0) + (-u.abs()).exp().ln_1p()
}

/// Expectation over the votes, binomial with probability `p`.
fn expected(score: ShareScore, p: f64, q: f64, votes: u32) -> Result<f64> {
    let mut ways = 1.0;
    let mut sum = 0.0;
    for yes in 0..=votes {
        let probability = ways * p.powi(yes as i32) * q.powi((votes - yes) as i32);
        sum += probability * score.of(&[q, p], &[f64::from(votes - yes), f64::from(yes)])?;
        ways *= f64::from(votes - yes) / f64::from(yes + 1);
    }
    Ok(sum)
}
