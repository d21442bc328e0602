//! The models over all benchmarks together.

use serde::{Deserialize, Serialize};

use super::chosen::Chosen;

/// All benchmarks together, or why not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverBenchmarks {
    /// What was found.
    Found(Box<Over>),
    /// Why there is nothing.
    Reason(String),
}

/// All benchmarks together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// Benchmarks that are used.
    pub benchmarks: Vec<String>,
    /// Benchmarks that are not, and why.
    pub left_out: Vec<LeftOut>,
    /// Models in all of them, by mean rank.
    pub models: Vec<Ranked>,
    /// Models that are not, and why.
    pub models_left_out: Vec<LeftOut>,
    /// The chosen test.
    pub test: Chosen,
    /// Friedman's test and the critical difference; for three models or more.
    pub friedman: Option<FriedmanOver>,
    /// Pairs.
    pub pairs: Vec<PairOver>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A model over benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Short name.
    pub model: String,
    /// Mean of its ranks, 1 = best.
    pub mean_rank: f64,
    /// Models that share a letter do not differ significantly by the pairwise tests.
    pub letters: String,
}

/// Friedman's test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FriedmanOver {
    /// Tie-corrected chi-square.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// Its p.
    pub p: f64,
    /// Iman and Davenport's F; none where it is infinite.
    pub f: Option<f64>,
    /// Its p by permuting ranks within benchmarks (F's own p is a little too small for few benchmarks).
    pub f_p: f64,
    /// Nemenyi's critical difference of mean ranks at alpha.
    pub critical_difference: f64,
}

/// Two models over benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairOver {
    /// The first model.
    pub a: String,
    /// The second model.
    pub b: String,
    /// Mean of A - B over benchmarks.
    pub mean_difference: f64,
    /// Wilcoxon's signed-rank test, or z against the baseline.
    pub p: f64,
    /// Corrected by Holm over the pairs.
    pub p_corrected: f64,
    /// Nemenyi's p, where there are three models or more and no baseline.
    pub p_nemenyi: Option<f64>,
    /// Benchmarks on which A is significantly better, neither is, B is (corrected within each benchmark).
    pub win_tie_loss: WinTieLoss,
    /// Of all benchmarks, how many at least show each of the two better (Dror et al. 2017).
    pub replicated: Replicated,
}

/// On how many benchmarks A does significantly better, neither does, B does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WinTieLoss {
    /// A is significantly better.
    pub wins: usize,
    /// No significant difference.
    pub ties: usize,
    /// B is significantly better.
    pub losses: usize,
}

/// On how many benchmarks at least a model is shown to be better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicated {
    /// That A is.
    pub a: usize,
    /// That B is.
    pub b: usize,
}

/// A benchmark or a model that is not part of the comparison over benchmarks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOut {
    /// Short name.
    pub name: String,
    /// Why.
    pub reason: String,
}
