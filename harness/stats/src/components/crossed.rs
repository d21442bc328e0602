//! One model: its seeds crossed with clusters of examples, clusters drawn within strata.

use super::total::{Source, Uncertainty};
use crate::descriptive::variance;
use crate::error::{Result, StatsError, finite, rectangular};

/// What is known of one model's score: how it varies over clusters and over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossed {
    /// The score: mean over seeds.
    pub score: f64,
    /// Influence of each cluster on the score, its stratum's mean taken off.
    pub(super) clusters: Vec<f64>,
    /// Its seeds; none where there is one.
    pub(super) seeds: Option<Seeds>,
}

/// What differs between the seeds of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seeds {
    /// How many.
    pub(super) count: f64,
    /// Variance of their scores.
    pub(super) variance: f64,
    /// The part of it that drawing other examples would change: seeds x clusters.
    pub(super) interaction: f64,
}

/// Strata of clusters: fixed benchmarks of which an aggregate consists. `counts[s]` clusters in stratum s, one after another.
pub(super) fn strata_of(counts: &[usize], clusters: usize) -> Result<Vec<std::ops::Range<usize>>> {
    let mut start = 0;
    let ranges = (counts.iter())
        .map(|count| {
            let range = start..start + count;
            start += count;
            range
        })
        .collect();
    if start == clusters {
        Ok(ranges)
    } else {
        Err(StatsError::LengthMismatch {
            left: "strata",
            left_len: start,
            right: "influence",
            right_len: clusters,
        })
    }
}

/// `sum_s G_s / (G_s - 1) sum_g u_g^2`: variance of a sum of independent influences whose strata are centred. A stratum of one
/// cluster says nothing and adds nothing.
pub(super) fn over_clusters(
    strata: &[std::ops::Range<usize>],
    influence: impl Fn(usize) -> f64,
) -> Source {
    let (mut total, mut below) = (0.0, 0.0);
    for range in strata.iter().filter(|r| r.len() > 1) {
        let df = (range.len() - 1) as f64;
        let squares: f64 = range.clone().map(|g| influence(g).powi(2)).sum();
        let own = squares * (df + 1.0) / df;
        total += own;
        below += own * own / df;
    }
    let most: usize = strata.iter().map(|r| r.len().saturating_sub(1)).sum();
    let df = if below > 0.0 { total * total / below } else { most.max(1) as f64 };
    Source::alone(total, df)
}

/// Shares of the variance of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Examples (clusters of them): gone with more examples.
    pub examples: f64,
    /// Seeds: gone with more training runs.
    pub seeds: f64,
    /// Seeds x examples: gone with more of either.
    pub seeds_by_examples: f64,
}

impl Crossed {
    /// `scores[i]` is the score of seed i, `influence[i][g]` what cluster g does to it: the derivative of the score by the
    /// weight of the cluster (for a mean over n examples the sum of the cluster's deviations over n). `strata` are the numbers
    /// of clusters in each stratum, in the order of the columns.
    ///
    /// # Errors
    /// No seed, tables that do not fit each other, fewer than two clusters, or NaN.
    pub fn new(scores: &[f64], influence: &[Vec<f64>], strata: &[usize]) -> Result<Self> {
        finite("scores", scores, 1)?;
        let clusters = rectangular("influence", influence, 1)?;
        if influence.len() != scores.len() {
            return Err(StatsError::LengthMismatch {
                left: "scores",
                left_len: scores.len(),
                right: "influence",
                right_len: influence.len(),
            });
        }
        if clusters < 2 {
            return Err(StatsError::TooFew { argument: "influence", needed: 2, got: clusters });
        }
        let strata = strata_of(strata, clusters)?;
        let count = scores.len() as f64;
        let mut mean = vec![0.0; clusters];
        for row in influence {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / count);
        }
        let mut centres = vec![0.0; clusters];
        for range in &strata {
            let centre = mean[range.clone()].iter().sum::<f64>() / range.len() as f64;
            centres[range.clone()].fill(centre);
        }
        let seeds = (scores.len() > 1).then(|| {
            let each = influence.iter().map(|row| {
                let own: Vec<f64> = centred(row, &strata);
                over_clusters(&strata, |g| own[g] - (mean[g] - centres[g])).variance
            });
            let interaction = each.sum::<f64>() / (count - 1.0);
            Seeds { count, variance: variance(scores), interaction }
        });
        mean.iter_mut().zip(&centres).for_each(|(m, c)| *m -= c);
        Ok(Self { score: scores.iter().sum::<f64>() / count, clusters: mean, seeds })
    }

    /// Standard deviation of the seeds' true scores, in units of the score; none with one seed.
    pub fn seed_sd(&self) -> Option<f64> {
        self.seeds.map(|s| (s.variance - s.interaction).max(0.0).sqrt())
    }

    /// Whether training it again would change nothing: several seeds gave the same answers.
    pub(super) fn repeats_itself(&self) -> bool {
        self.seeds.is_some_and(|s| s.variance == 0.0 && s.interaction == 0.0)
    }

    /// Uncertainty of the score: clusters and seeds drawn again. Variance `V_c + s^2 / K - w / K`: V_c the variance of
    /// the mean of seeds over clusters, s^2 that of the seeds' scores, w the part of it that is due to the clusters. For a mean
    /// these are the mean squares of the crossed design, and the sum is [`super::decompose`]'s.
    ///
    /// # Errors
    /// Strata that do not fit.
    pub fn uncertainty(&self, strata: &[usize]) -> Result<Uncertainty> {
        let strata = strata_of(strata, self.clusters.len())?;
        let mut sources = vec![over_clusters(&strata, |g| self.clusters[g])];
        sources.extend(self.seed_source());
        Uncertainty::of(&sources)
    }

    fn seed_source(&self) -> Option<Source> {
        self.seeds.filter(|_| !self.repeats_itself()).map(|s| Source {
            variance: s.variance / s.count,
            counted: s.interaction / s.count,
            df: s.count - 1.0,
        })
    }

    /// Where the variance of the score comes from. All 0 where it has none.
    ///
    /// # Errors
    /// Strata that do not fit.
    pub fn shares(&self, strata: &[usize]) -> Result<Shares> {
        let strata = strata_of(strata, self.clusters.len())?;
        let whole = over_clusters(&strata, |g| self.clusters[g]).variance;
        let (seeds, both) = self.seeds.map_or((0.0, 0.0), |s| {
            ((s.variance - s.interaction).max(0.0) / s.count, (s.interaction / s.count).min(whole))
        });
        let total = whole + seeds;
        let share = |part: f64| if total > 0.0 { part / total } else { 0.0 };
        Ok(Shares {
            examples: share(whole - both),
            seeds: share(seeds),
            seeds_by_examples: share(both),
        })
    }
}

fn centred(row: &[f64], strata: &[std::ops::Range<usize>]) -> Vec<f64> {
    let mut own = row.to_vec();
    for range in strata {
        let centre = row[range.clone()].iter().sum::<f64>() / range.len() as f64;
        own[range.clone()].iter_mut().for_each(|v| *v -= centre);
    }
    own
}
