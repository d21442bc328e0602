//! What `doctor` finds.

use serde::Serialize;

/// One finding.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) state: &'static str,
    pub(super) detail: String,
}

impl Finding {
    /// Something that only some runs need: a note where it is not there.
    pub(super) fn of(what: &str, found: Option<String>, missing: &str) -> Self {
        let state = if found.is_some() { "ok" } else { "note" };
        let detail = found.unwrap_or_else(|| missing.to_owned());
        Self { what: what.to_owned(), state, detail }
    }
}
