//! Votes of several cultures on the same items: what is known by someone who does not know the culture.

use std::collections::BTreeMap;

use super::{Ballot, majority_of_yes};
use crate::error::{Result, StatsError};

mod quasi_newton;

/// Nodes of the integral over items and over items within a culture, for the likelihood and for the ceilings (whose
/// integrands have kinks).
const FIT: (usize, usize) = (81, 31);
const CEILING: (usize, usize) = (401, 61);
/// Log standard deviations are sought between these.
const LOG_SD: (f64, f64) = (-6.0, 2.5);

/// logit P(a vote of culture j on item i is yes) = `means[j]` + `item_sd` a_i + `item_by_culture_sd` b_ij, with standard
/// normal a and b: a logistic-normal random-effects model (Breslow & Clayton 1993), fitted by maximum likelihood, the
/// integrals by the trapezoidal rule on the normal density (which converges geometrically; Trefethen & Weideman 2014).
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticNormal {
    /// Leniency of each culture: logit of yes on a middling item.
    pub means: Vec<f64>,
    /// How much items differ.
    pub item_sd: f64,
    /// How much a culture's view of an item differs from that of all.
    pub item_by_culture_sd: f64,
    /// Log likelihood (nats), without the binomial coefficients.
    pub log_likelihood: f64,
    /// Twice what `item_by_culture_sd` adds to it: against 0, the 5 % point is 2.71 (half a chi-square of 1 df at the
    /// boundary; Self & Liang 1987).
    pub likelihood_ratio: f64,
    /// Covariance of (means, log item_sd, log item_by_culture_sd) by the observed information; none where it is singular.
    covariance: Option<Vec<Vec<f64>>>,
}

/// A value with the standard error that the delta method gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// A share, 0 to 1.
    pub value: f64,
    /// Its standard error; none where the information is singular.
    pub se: Option<f64>,
}

/// How often the majority of a panel is predicted at best, by who knows what. Means over the cultures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceilings {
    /// Who knows each item's share of yes in each culture.
    pub culture_aware: Known,
    /// Who knows the item, and how lenient each culture is on the whole.
    pub item_and_leniency: Known,
    /// Who knows the item and gives all cultures the same answer.
    pub culture_blind: Known,
    /// The first less the third: what knowing the culture is worth.
    pub worth_of_culture: Known,
}

/// Distinct rows and how often each came.
type Rows<'a> = Vec<(&'a [Ballot], f64)>;

impl LogisticNormal {
    /// Fits the model to `ballots[item][culture]`; a ballot without votes says nothing.
    ///
    /// # Errors
    /// Rows of different lengths, fewer than two cultures or items, votes that do not vary, or a search that does not end.
    pub fn fit(ballots: &[Vec<Ballot>]) -> Result<Self> {
        let rows = distinct(ballots)?;
        let start = start(&rows)?;
        let both = quasi_newton::minimise(&start, |at| -log_likelihood(&rows, at, true)).ok_or(
            StatsError::Degenerate {
                what: "the maximum of the likelihood is not found",
                remedy: "give items on which votes differ, within and between cultures",
            },
        )?;
        let mut alone = both.clone();
        alone.pop();
        let without = quasi_newton::minimise(&alone, |at| -log_likelihood(&rows, at, false));
        let highest = log_likelihood(&rows, &both, true);
        let lower = without.map_or(f64::NAN, |at| log_likelihood(&rows, &at, false));
        let covariance = quasi_newton::covariance(&both, |at| -log_likelihood(&rows, at, true));
        let cultures = both.len() - 2;
        Ok(Self {
            means: both[..cultures].to_vec(),
            item_sd: sd(both[cultures]),
            item_by_culture_sd: sd(both[cultures + 1]),
            log_likelihood: highest,
            likelihood_ratio: (2.0 * (highest - lower)).max(0.0),
            covariance,
        })
    }

    /// The ceilings against the majority of a panel of `size`.
    pub fn ceilings(&self, size: u32) -> Ceilings {
        let mut at = self.means.clone();
        at.extend([self.item_sd.ln(), self.item_by_culture_sd.ln()]);
        let values = values(&at, size);
        let se = self.covariance.as_ref().map(|covariance| {
            let slopes: Vec<[f64; 4]> = (0..at.len())
                .map(|k| {
                    let step = 1e-3;
                    let moved = |by: f64| {
                        let mut there = at.clone();
                        there[k] += by;
                        self::values(&there, size)
                    };
                    let (up, down) = (moved(step), moved(-step));
                    std::array::from_fn(|v| (up[v] - down[v]) / (2.0 * step))
                })
                .collect();
            std::array::from_fn(|v| {
                let sum = |k: usize| {
                    let line = covariance[k].iter().zip(&slopes);
                    slopes[k][v] * line.map(|(c, slope)| c * slope[v]).sum::<f64>()
                };
                (0..at.len()).map(sum).sum::<f64>().max(0.0).sqrt()
            })
        });
        let known = |v: usize| Known { value: values[v], se: se.map(|se: [f64; 4]| se[v]) };
        Ceilings {
            culture_aware: known(0),
            item_and_leniency: known(1),
            culture_blind: known(2),
            worth_of_culture: known(3),
        }
    }
}

fn sd(log: f64) -> f64 {
    log.clamp(LOG_SD.0, LOG_SD.1).exp()
}

/// Nodes and weights of the standard normal density.
fn nodes(n: usize) -> Vec<(f64, f64)> {
    const FAR: f64 = 6.0;
    let of = |i: usize| {
        let x = FAR * (2.0 * i as f64 / (n - 1) as f64 - 1.0);
        (x, (-0.5 * x * x).exp())
    };
    let all: f64 = (0..n).map(|i| of(i).1).sum();
    (0..n).map(|i| (of(i).0, of(i).1 / all)).collect()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The four ceilings of [`Ceilings`] in its order.
fn values(at: &[f64], size: u32) -> [f64; 4] {
    let cultures = at.len() - 2;
    let (item, both) = (sd(at[cultures]), sd(at[cultures + 1]));
    let inner = nodes(CEILING.1);
    let mut sums = [0.0; 3];
    for (x, weight) in nodes(CEILING.0) {
        let (mut yes_of_all, mut aware, mut lenient) = (0.0, 0.0, 0.0);
        for mean in &at[..cultures] {
            let mut yes = 0.0;
            for (y, share) in &inner {
                let majority = majority_of_yes(logistic(mean + item * x + both * y), size);
                yes += share * majority;
                aware += share * majority.max(1.0 - majority);
            }
            yes_of_all += yes;
            lenient += yes.max(1.0 - yes);
        }
        let all = cultures as f64;
        let blind = yes_of_all.max(all - yes_of_all);
        for (sum, value) in sums.iter_mut().zip([aware, lenient, blind]) {
            *sum += weight * value / all;
        }
    }
    [sums[0], sums[1], sums[2], sums[0] - sums[2]]
}

fn log_likelihood(rows: &Rows<'_>, at: &[f64], interaction: bool) -> f64 {
    let cultures = at.len() - 1 - usize::from(interaction);
    let item = sd(at[cultures]);
    let both = if interaction { sd(at[cultures + 1]) } else { 0.0 };
    let outer = nodes(FIT.0);
    let inner = if interaction { nodes(FIT.1) } else { vec![(0.0, 1.0)] };
    let mut known: BTreeMap<(usize, Ballot), Vec<f64>> = BTreeMap::new();
    for (row, _) in rows {
        for (culture, &ballot) in row.iter().enumerate() {
            known.entry((culture, ballot)).or_insert_with(|| {
                let of = |(x, _): &(f64, f64)| {
                    let one = |(y, weight): &(f64, f64)| {
                        weight * ballot.likelihood(logistic(at[culture] + item * x + both * y))
                    };
                    inner.iter().map(one).sum::<f64>()
                };
                outer.iter().map(of).collect()
            });
        }
    }
    let mut sum = 0.0;
    let mut product = vec![0.0; outer.len()];
    for (row, count) in rows {
        for (cell, (_, weight)) in product.iter_mut().zip(&outer) {
            *cell = *weight;
        }
        for (culture, &ballot) in row.iter().enumerate() {
            for (cell, l) in product.iter_mut().zip(&known[&(culture, ballot)]) {
                *cell *= l;
            }
        }
        sum += count * product.iter().sum::<f64>().max(f64::MIN_POSITIVE).ln();
    }
    sum
}

fn distinct(ballots: &[Vec<Ballot>]) -> Result<Rows<'_>> {
    let cultures = ballots.first().map_or(0, Vec::len);
    if let Some(row) = ballots.iter().position(|row| row.len() != cultures) {
        let got = ballots[row].len();
        return Err(StatsError::Ragged { argument: "ballots", row, expected: cultures, got });
    }
    for (argument, got) in [("cultures", cultures), ("items", ballots.len())] {
        if got < 2 {
            return Err(StatsError::TooFew { argument, needed: 2, got });
        }
    }
    let mut rows: BTreeMap<&[Ballot], f64> = BTreeMap::new();
    for row in ballots {
        *rows.entry(row.as_slice()).or_default() += 1.0;
    }
    Ok(rows.into_iter().collect())
}

/// Where the search starts: each culture's logit, and middling standard deviations.
fn start(rows: &Rows<'_>) -> Result<Vec<f64>> {
    let cultures = rows.first().map_or(0, |(row, _)| row.len());
    let mut at = Vec::with_capacity(cultures + 2);
    for culture in 0..cultures {
        let sum = |of: &dyn Fn(Ballot) -> u32| {
            rows.iter().map(|(row, count)| count * f64::from(of(row[culture]))).sum::<f64>()
        };
        let (yes, votes) = (sum(&|b| b.yes), sum(&|b| b.votes));
        if yes <= 0.0 || yes >= votes {
            return Err(StatsError::Degenerate {
                what: "a culture all of whose votes are the same",
                remedy: "give cultures with both answers",
            });
        }
        at.push((yes / (votes - yes)).ln());
    }
    at.extend([1.5_f64.ln(), 0.4_f64.ln()]);
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, uniform};

    /// 600 items, 3 cultures, 5 votes, drawn from the model: the fit finds what they were drawn from, within three standard
    /// errors, and the interaction.
    #[test]
    fn what_was_drawn_from_the_model_is_found_again() {
        let mut rng = Stream::new(7, "logistic-normal").at(0);
        let mut normal = || {
            let radius = (-2.0 * (1.0 - uniform(&mut rng)).ln()).sqrt();
            (radius * (std::f64::consts::TAU * uniform(&mut rng)).cos(), uniform(&mut rng))
        };
        let mut ballots = Vec::new();
        for _ in 0..600 {
            let (item, _) = normal();
            let row = [-0.5, 0.0, 0.3].map(|mean| {
                let p = logistic(mean + 1.5 * item + 0.8 * normal().0);
                let yes = (0..5).filter(|_| normal().1 < p).count() as u32;
                Ballot { yes, votes: 5 }
            });
            ballots.push(row.to_vec());
        }
        let fit = LogisticNormal::fit(&ballots).unwrap();
        let covariance = fit.covariance.as_ref().unwrap();
        let found = [
            fit.means[0],
            fit.means[1],
            fit.means[2],
            fit.item_sd.ln(),
            fit.item_by_culture_sd.ln(),
        ];
        for (k, truth) in [-0.5, 0.0, 0.3, 1.5_f64.ln(), 0.8_f64.ln()].into_iter().enumerate() {
            let se = covariance[k][k].sqrt();
            assert!((found[k] - truth).abs() < 3.0 * se && se < 0.2, "{k}: {found:?}, {se}");
        }
        assert!(fit.likelihood_ratio > 10.0, "{}", fit.likelihood_ratio);
        let ceilings = fit.ceilings(5);
        assert!(ceilings.culture_aware.value > ceilings.item_and_leniency.value);
        assert!(ceilings.item_and_leniency.value > ceilings.culture_blind.value);
        assert!(ceilings.culture_blind.se.unwrap() < 0.02);
    }

    #[test]
    fn votes_that_do_not_vary_are_refused() {
        let row = |yes| vec![Ballot { yes, votes: 3 }; 2];
        let error = LogisticNormal::fit(&[row(0), row(0)]).unwrap_err().to_string();
        assert!(error.contains("all of whose votes are the same"), "{error}");
        assert!(LogisticNormal::fit(&[row(1)]).is_err());
    }
}
