//! A suite: which models on which benchmarks with which seeds. `benchmarks/suites/NAME.toml`.

use serde::{Deserialize, Serialize};

use super::resources::Resources;

/// One suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Short name; also the name of its run folder.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Models; `*` is every known one.
    pub models: Vec<String>,
    /// Benchmarks; `*` is every known one.
    pub benchmarks: Vec<String>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Seconds a cell may take; the setting where absent. A model's own wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// MiB a cell may take; the setting where absent. A model's own wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// What its cells ask of a scheduler.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}
