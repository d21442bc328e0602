//! How an error is told: `error: what, where`, a blank line, `hint: what to do`.

use std::fmt;
use std::io::{self, Write};

/// An error with a remedy.
#[derive(Debug)]
pub struct Hint {
    error: anyhow::Error,
    hint: String,
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

/// Prints an error to stderr.
pub(super) fn print(error: &anyhow::Error) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "error: {error:#}");
    if let Some(hint) = error.chain().find_map(|e| e.downcast_ref::<Hint>()) {
        let _ = writeln!(err, "\nhint: {}", hint.hint);
    }
}

/// Whether the reader of our output went away (`culture-eval … | head`).
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
