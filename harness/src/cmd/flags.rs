//! Flags that are settings: what was typed, by name of the setting. [`crate::settings::resolve`] lays them over all other layers.

use clap::builder::RangedI64ValueParser;
use toml::{Table, Value};

/// Settings of a run that `run`, `retry` and `config` take as flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct RunFlags {
    /// Threads of each cell; 0 = cores / jobs, by a scheduler the cores that are asked for
    #[arg(long, value_name = "N", value_parser = from(0), help_heading = "Limits")]
    threads: Option<i64>,
    /// Seconds a cell may take; 0 = no limit
    #[arg(long, value_name = "SECONDS", value_parser = from(0), help_heading = "Limits")]
    timeout: Option<i64>,
    /// MiB a cell may take; 0 = no limit
    #[arg(long, value_name = "MIB", value_parser = from(0), help_heading = "Limits")]
    memory: Option<i64>,
    /// Stop starting cells after this many failures; 0 = never
    #[arg(long, value_name = "N", value_parser = from(0), help_heading = "Limits")]
    max_failures: Option<i64>,
    /// Resamples of bootstrap intervals and randomisation tests
    #[arg(long, value_name = "N", value_parser = from(1), help_heading = "Settings")]
    resamples: Option<i64>,
    /// Examples that one process predicts: a cell with more is predicted by several side by side, and joined; 0 = no limit
    #[arg(long, value_name = "N", value_parser = from(0), help_heading = "Cluster")]
    slice: Option<i64>,
    /// Failed attempts of a cell in a scheduler's jobs (time, memory, a dead node) that make it a failed cell
    #[arg(long, value_name = "N", value_parser = from(1), help_heading = "Cluster")]
    tries: Option<i64>,
    /// Seconds before the next attempt, doubled each time
    #[arg(long, value_name = "SECONDS", value_parser = from(0), help_heading = "Cluster")]
    retry_after: Option<i64>,
}

/// Whole numbers, this one and all above.
fn from(least: i64) -> RangedI64ValueParser {
    clap::value_parser!(i64).range(least..)
}

impl RunFlags {
    /// Those that were typed.
    pub(super) fn settings(&self) -> Table {
        let all = [
            ("threads", self.threads),
            ("timeout", self.timeout),
            ("memory", self.memory),
            ("max_failures", self.max_failures),
            ("resamples", self.resamples),
            ("slice", self.slice),
            ("tries", self.tries),
            ("retry_after", self.retry_after),
        ];
        let typed = |(name, value): (&str, Option<i64>)| {
            value.map(|value| (name.to_owned(), Value::Integer(value)))
        };
        all.into_iter().filter_map(typed).collect()
    }
}
