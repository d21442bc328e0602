//! Why models cannot be compared.

use eval_stats::StatsError;

/// Why a comparison cannot be made at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// No such test.
    #[error("no test is called `{name}`: use one of {}", known.join(", "))]
    UnknownTest {
        /// As asked for.
        name: String,
        /// All there are within a benchmark.
        known: Vec<&'static str>,
    },
    /// The statistics refuse.
    #[error("{benchmark}: {source}")]
    Stats {
        /// Where.
        benchmark: String,
        /// What they say.
        source: StatsError,
    },
}
