//! Whether a high or a low score is the better one.

/// Which end of a metric is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Accuracy, F1, a share of right answers.
    HigherIsBetter,
    /// A distance, a divergence, an error, a rank.
    LowerIsBetter,
}

impl Direction {
    /// Turns scores so that a smaller number is a better one.
    pub(crate) fn cost(self, score: f64) -> f64 {
        match self {
            Self::HigherIsBetter => -score,
            Self::LowerIsBetter => score,
        }
    }
}
