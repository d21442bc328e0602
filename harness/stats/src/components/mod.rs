//! Variance components: where the uncertainty of a score comes from, and a t test and interval that count all of it.
//!
//! A score is a mean over random factors: examples in clusters, training seeds, prompt wordings, orders, folds. Each factor
//! adds its own share to the variance of the score, and a test that leaves one out rejects too often. Three steps:
//!
//! 1. [`decompose`] estimates the components of any crossed or nested balanced design by mean squares (Searle, Casella &
//!    McCulloch 1992, chapter 4; Brennan 2001, chapter 3 names the same figures in generalisability theory).
//! 2. [`Crossed`] does so for models on the same examples: seeds crossed with clusters, clusters in strata. What enters are the
//!    influence values of each cluster, so that it serves a mean exactly and F1-like metrics to first order (the
//!    infinitesimal jackknife, Jaeckel 1972; Efron & Tibshirani 1993, section 21.3).
//! 3. [`Uncertainty`] adds the estimates of independent sources and has the degrees of freedom of their sum (Satterthwaite
//!    1946): p-value, interval, smallest detectable difference.
//!
//! With one seed all of this is the t test with the clustered standard error and clusters - 1 degrees of freedom.

mod anova;
mod crossed;
mod pair;
mod plan;
mod total;

pub use anova::{Component, Decomposition, Factor, decompose};
pub use crossed::{Crossed, Shares};
pub use pair::{Family, PairVariance};
pub use plan::{Design, Plan, Wanted, plan};
pub use total::{Source, Uncertainty, noncentrality};
