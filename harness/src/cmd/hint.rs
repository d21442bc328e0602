//! How an error is printed: `error: what, where`, a blank line, `hint: what to do`.

use std::io::{self, Write};

use crate::text::escape::visible;

pub use crate::text::hint::{Hint, hinted};

/// Prints an error to stderr.
pub(super) fn print(error: &anyhow::Error) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "error: {}", visible(&format!("{error:#}")));
    if let Some(hint) = error.chain().find_map(|e| e.downcast_ref::<Hint>()) {
        let _ = writeln!(err, "\nhint: {}", visible(hint.remedy()));
    }
}

/// Whether the reader of our output went away (`culture-eval … | head`).
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
