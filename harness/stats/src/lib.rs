//! Statistics: pure functions, each with its source.
//!
//! No file, clock, terminal or network is touched here. Randomness comes in as a [`rng::Stream`] of the recorded seed.
//! Differences are A - B; tests are two-sided unless said; nothing answers NaN: a question without an answer is a
//! [`StatsError`] that names the argument and the remedy, a figure that does not exist is `None`.

mod error;

pub mod aso;
pub mod bayes;
pub mod bootstrap;
pub mod cells;
pub mod choose;
pub mod cluster;
pub mod correction;
pub mod descriptive;
pub mod dist;
pub mod friedman;
pub(crate) mod guide;
pub mod interval;
pub mod json;
pub(crate) mod lanes;
pub mod mcnemar;
pub mod metric;
pub mod panel;
pub mod permutation;
pub mod power;
pub mod ranking;
pub mod rng;
pub mod sampling;
pub mod seeds;
pub mod studentized;
pub mod ttest;
pub mod wilcoxon;

pub use error::StatsError;
pub use interval::Interval;
