//! A column of the leaderboard, as far as a comparison needs to know it.

/// What is known of a field before it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Short name of the benchmark.
    pub benchmark: String,
    /// Its task; none for an aggregate.
    pub task: Option<String>,
    /// Only these cultures; empty: all.
    pub cultures: Vec<String>,
    /// Benchmarks that it is the mean of.
    pub aggregate: Vec<String>,
}
