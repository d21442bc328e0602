//! How the benchmarks of a run are scored.

use eval_stats::rng::Stream;

use crate::compare::RESAMPLING_SEED;
use crate::definition::dataset::{Benchmark, Task};
use crate::score::Rules;

/// Raised when the same answers get other scores: remembered evaluations are scored again.
pub(super) const VERSION: u32 = 5;

/// How a benchmark is scored.
pub fn rules(benchmark: &Benchmark, task: &Task, resamples: usize) -> Rules {
    let positive = task
        .positive
        .as_ref()
        .and_then(|p| task.labels.iter().position(|l| l == p))
        .map(|i| i as u32);
    let stream = Stream::new(RESAMPLING_SEED, "scores").child(&benchmark.name);
    Rules {
        resamples,
        breakdown_resamples: resamples,
        ..Rules::new(benchmark, &task.scoring, positive, stream)
    }
}
