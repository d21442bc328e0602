//! Pairs by their distances from the votes of annotators.

use serde::{Deserialize, Serialize};

/// One distance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstVotes {
    /// `brier`, `jsd` (bits), `cross-entropy` (nats).
    pub distance: String,
    /// Examples with votes.
    pub n: u64,
    /// Their clusters.
    pub clusters: u64,
    /// All pairs, A before B in board order.
    pub pairs: Vec<VoteDifference>,
}

/// A pair of models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteDifference {
    /// One model.
    pub a: String,
    /// The other.
    pub b: String,
    /// Mean distance of A.
    pub of_a: f64,
    /// Mean distance of B.
    pub of_b: f64,
    /// A - B: below 0, A is nearer to the votes.
    pub difference: f64,
    /// Lower end of its 95 % interval, not corrected.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// p-value of the pair.
    pub p: f64,
    /// Corrected over the pairs of this distance.
    pub p_corrected: f64,
}
