//! Models of one comparison: the uncertainty of the difference of any two.

use super::crossed::{Crossed, Seeds, over_clusters, strata_of};
use super::total::{Source, Uncertainty};
use crate::error::{Result, StatsError};

/// Models that answered the same examples.
#[derive(Debug, Clone)]
pub struct Family {
    models: Vec<Crossed>,
    strata: Vec<std::ops::Range<usize>>,
    /// Mean variance between seeds of the models that vary, and its degrees of freedom.
    common: Option<(f64, f64)>,
}

/// Where the variance of a difference comes from, in squared units of the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairVariance {
    /// Variance over clusters of examples (seeds x clusters included).
    pub examples: f64,
    /// What the seeds of both models add.
    pub seeds: f64,
    /// Both, and their degrees of freedom.
    pub total: Uncertainty,
}

impl Family {
    /// `strata` as of [`Crossed::new`].
    ///
    /// # Errors
    /// Models with other numbers of clusters than the strata have.
    pub fn new(models: Vec<Crossed>, strata: &[usize]) -> Result<Self> {
        let clusters: usize = strata.iter().sum();
        if let Some(other) = models.iter().find(|m| m.clusters.len() != clusters) {
            return Err(StatsError::LengthMismatch {
                left: "strata",
                left_len: clusters,
                right: "influence",
                right_len: other.clusters.len(),
            });
        }
        let varying: Vec<Seeds> =
            models.iter().filter(|m| !m.repeats_itself()).filter_map(|m| m.seeds).collect();
        let df: f64 = varying.iter().map(|s| s.count - 1.0).sum();
        let sum: f64 = varying.iter().map(|s| (s.count - 1.0) * s.variance).sum();
        Ok(Self {
            strata: strata_of(strata, clusters)?,
            models,
            common: (df > 0.0).then(|| (sum / df, df)),
        })
    }

    /// The models.
    pub fn models(&self) -> &[Crossed] {
        &self.models
    }

    /// Uncertainty of the score of `a` minus that of `b`: clusters are the same for both, seeds are each model's own.
    ///
    /// A variance between few seeds that is below the mean of all models that vary is replaced by that mean. Small ones are
    /// small by chance more often than not, and a difference that looks sure just because of that would make the
    /// family-wise error of eleven equal models with three seeds 12 % instead of 5 % (with this floor: 2 to 4 %). It is a floor
    /// only: a model that varies more than the others keeps its own variance, and one whose seeds give the same answers has none.
    ///
    /// # Errors
    /// A number outside the models.
    pub fn difference(&self, a: usize, b: usize) -> Result<PairVariance> {
        let find = |place: usize| {
            self.models.get(place).ok_or(StatsError::OutOfRange {
                argument: "model",
                value: place as f64,
                allowed: "the number of a model",
            })
        };
        let (first, second) = (find(a)?, find(b)?);
        let examples = over_clusters(&self.strata, |g| first.clusters[g] - second.clusters[g]);
        let mut sources = vec![examples];
        sources.extend([first, second].into_iter().filter_map(|m| self.seeds_of(m)));
        let seeds = sources[1..].iter().map(Source::added).sum::<f64>().max(0.0);
        Ok(PairVariance { examples: examples.variance, seeds, total: Uncertainty::of(&sources)? })
    }

    fn seeds_of(&self, model: &Crossed) -> Option<Source> {
        let own = model.seeds.filter(|_| !model.repeats_itself())?;
        let (variance, df) = match self.common {
            Some((common, df)) if own.variance < common => (common, df),
            _ => (own.variance, own.count - 1.0),
        };
        Some(Source { variance: variance / own.count, counted: own.interaction / own.count, df })
    }
}
