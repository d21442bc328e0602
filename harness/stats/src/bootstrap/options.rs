//! What a bootstrap needs beside the data.

use crate::error::{Result, open_unit, resamples};
use crate::rng::Stream;

/// How the ends are read off the resamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BootstrapMethod {
    /// Quantiles of the resamples (type 7).
    #[default]
    Percentile,
    /// Quantiles reflected at the estimate: `2 t - q`.
    Basic,
    /// Bias-corrected and accelerated.
    Bca,
}

/// What a bootstrap needs beside the data.
#[derive(Debug, Clone)]
pub struct BootstrapOptions {
    /// Number of resamples R, from 2 to [`MOST_RESAMPLES`](crate::MOST_RESAMPLES).
    pub resamples: usize,
    /// Confidence of the interval, strictly between 0 and 1.
    pub confidence: f64,
    /// How the interval is made.
    pub method: BootstrapMethod,
    /// Where the resamples come from.
    pub stream: Stream,
}

impl BootstrapOptions {
    /// 10,000 resamples, 95 %, percentile.
    pub fn new(stream: Stream) -> Self {
        Self { resamples: 10_000, confidence: 0.95, method: BootstrapMethod::Percentile, stream }
    }

    pub(crate) fn check(&self) -> Result<()> {
        open_unit("confidence", self.confidence)?;
        resamples("resamples", self.resamples, 2)
    }
}
