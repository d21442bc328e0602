//! An error with its remedy: the program prints the remedy on a line of its own.

use std::fmt;

/// An error with a remedy.
#[derive(Debug)]
pub struct Hint {
    error: anyhow::Error,
    hint: String,
}

impl Hint {
    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl std::error::Error for Hint {}

/// Adds a remedy to an error.
pub fn hinted(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> anyhow::Error {
    Hint { error: error.into(), hint: hint.into() }.into()
}
