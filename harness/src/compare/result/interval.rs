//! The ends of an interval.

use serde::{Deserialize, Serialize};

/// Lower and upper end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval of the difference read the other way round.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}
