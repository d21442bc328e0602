//! A model: a plugin, a configuration and weights. `baselines/*/models/*.toml`.

use serde::{Deserialize, Serialize};

use super::source::Source;

/// One row of the leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Short name, unique over all models.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Plugin name (`tfidf-logreg`) or a path to a dynamic library.
    pub plugin: String,
    /// One sentence.
    pub description: String,
    /// Licence of code and weights.
    pub licence: String,
    /// Only these tasks; empty: all that the plugin can serve.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Only these protocols; empty: the first that the plugin can serve, for each task.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// Number of parameters, for the model card.
    pub parameters: Option<u64>,
    /// Training data known to overlap with a benchmark.
    #[serde(default)]
    pub contamination: Vec<Contamination>,
    /// Weights, fetched and pinned like any source.
    #[serde(default)]
    pub weights: Vec<Source>,
    /// Examples per call.
    #[serde(default = "default_batch")]
    pub batch: usize,
    /// Seconds a cell may take; the suite's where absent.
    pub timeout: Option<u64>,
    /// MiB a cell may take; the suite's where absent.
    pub memory: Option<u64>,
    /// Handed to the plugin as JSON.
    #[serde(default)]
    pub config: toml::Table,
}

fn default_batch() -> usize {
    64
}

/// Training data known to overlap with a benchmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contamination {
    /// The benchmark.
    pub benchmark: String,
    /// What is known.
    pub reason: String,
}
