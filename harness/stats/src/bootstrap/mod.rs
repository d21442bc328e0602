//! Bootstrap intervals for any statistic, and the fast paths: means and label metrics cost O(cells), not O(n).
//!
//! Efron & Tibshirani 1993 ("An introduction to the bootstrap"): percentile (ch. 13), basic, BCa (ch. 14).

mod means;
mod options;
mod replicates;
mod statistic;
mod summary;
mod units;

pub(crate) use means::distinct;
pub use means::{
    bootstrap_mean, bootstrap_variance, cluster_bootstrap_mean, paired_bootstrap_accuracy,
};
pub use options::{BootstrapMethod, BootstrapOptions};
pub use replicates::replicate_on;
pub(crate) use replicates::{replicate, replicate_lanes};
pub use statistic::{bootstrap, cluster_bootstrap};
pub(crate) use summary::acceleration;
pub use summary::{Bootstrap, summarise, tie_tolerance};
pub(crate) use units::cluster_members;
