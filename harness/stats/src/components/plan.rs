//! How many examples and seeds an experiment needs to find a wanted difference.

use super::total::{Source, Uncertainty};
use crate::error::{Result, StatsError, open_unit, positive};

/// What differs between two models of the kind to be compared, in squared units of the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// Variance over clusters of the difference of the two models' expected scores on a cluster.
    pub clusters: f64,
    /// Variance between the training seeds of one model of its true score.
    pub seeds: f64,
    /// Variance of seeds x clusters of one model.
    pub seeds_by_clusters: f64,
}

/// What is to be found, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// The true difference, in units of the score.
    pub difference: f64,
    /// Probability to find it.
    pub power: f64,
    /// Level of the tests.
    pub alpha: f64,
    /// Pairs that are corrected together; the first step of Holm's correction is planned for.
    pub pairs: f64,
    /// Models that are compared, at least 2: their variances between seeds support each other (see [`super::Family`]).
    pub models: f64,
}

/// A size that is large enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Seeds of each model. 1: the verdict is about these trained weights.
    pub seeds: u32,
    /// Clusters of examples; `None` where no number of them is enough with so few seeds.
    pub clusters: Option<u64>,
}

/// No test set is larger.
const MOST: u64 = 1_000_000_000;

impl Design {
    /// Uncertainty of the difference with so many clusters, and seeds of each of so many models: the expected mean squares of the crossed
    /// design with their degrees of freedom (as [`super::Crossed`] estimates them).
    ///
    /// # Errors
    /// Negative or infinite components, or fewer than two clusters.
    pub fn uncertainty(&self, clusters: u64, seeds: u32, models: f64) -> Result<Uncertainty> {
        for (argument, value) in [
            ("clusters", self.clusters),
            ("seeds", self.seeds),
            ("seeds_by_clusters", self.seeds_by_clusters),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(StatsError::OutOfRange {
                    argument,
                    value,
                    allowed: "a finite variance of at least 0",
                });
            }
        }
        if models.is_nan() || models < 2.0 {
            return Err(StatsError::OutOfRange {
                argument: "models",
                value: models,
                allowed: "at least 2 models",
            });
        }
        if clusters < 2 || seeds < 1 {
            return Err(StatsError::TooFew {
                argument: "clusters",
                needed: 2,
                got: clusters as usize,
            });
        }
        let (g, k) = (clusters as f64, f64::from(seeds));
        let both = 2.0 * self.seeds_by_clusters / (g * k);
        let mut sources = vec![Source::alone(self.clusters / g + both, g - 1.0)];
        if seeds > 1 {
            // Two models' variances between seeds are added; the seeds of all models support them.
            let one = (self.seeds + self.seeds_by_clusters / g) / k;
            let counted = self.seeds_by_clusters / (g * k);
            sources.extend([Source { variance: one, counted, df: (k - 1.0) * models / 2.0 }; 2]);
        }
        let estimated = Uncertainty::of(&sources)?;
        // With the true components nothing is small by chance.
        let variance = sources.iter().map(|s| s.variance - s.counted).sum::<f64>();
        Ok(Uncertainty { variance, ..estimated })
    }
}

/// The fewest clusters that find what is wanted, for each number of seeds.
///
/// # Errors
/// A difference or number of pairs that is not above 0, a level or power outside (0, 1), or components that are refused.
pub fn plan(design: &Design, wanted: &Wanted, seeds: &[u32]) -> Result<Vec<Plan>> {
    positive("difference", wanted.difference)?;
    open_unit("alpha", wanted.alpha)?;
    open_unit("power", wanted.power)?;
    if wanted.pairs.is_nan() || wanted.pairs < 1.0 {
        return Err(StatsError::OutOfRange {
            argument: "pairs",
            value: wanted.pairs,
            allowed: "a number of at least 1",
        });
    }
    let level = wanted.alpha / wanted.pairs;
    let enough = |clusters: u64, seeds: u32| -> Result<bool> {
        let found = design.uncertainty(clusters, seeds, wanted.models)?;
        Ok(found.detectable(level, wanted.power)? <= wanted.difference)
    };
    seeds
        .iter()
        .map(|&seeds| {
            if !enough(MOST, seeds)? {
                return Ok(Plan { seeds, clusters: None });
            }
            let (mut few, mut many) = (1, 2);
            while !enough(many, seeds)? {
                (few, many) = (many, many * 2);
            }
            while many - few > 1 {
                let middle = few.midpoint(many);
                if enough(middle, seeds)? { many = middle } else { few = middle }
            }
            Ok(Plan { seeds, clusters: Some(many) })
        })
        .collect()
}
