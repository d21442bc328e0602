//! Why a log cannot be imported.

/// Why a log cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A log that cannot be read.
    #[error("{place}: {problem}")]
    Read {
        /// File, and row or sample.
        place: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Rows and examples do not fit together.
    #[error("{0}")]
    Join(String),
}

pub(super) fn broken(place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Read { place: place.into(), problem: problem.into() }
}
