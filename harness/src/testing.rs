//! Help for tests: a user's definition, and where the shared real data are, if they are here at all.

#[path = "../tests/fixtures/dataset.rs"]
pub(crate) mod dataset;
#[path = "../tests/fixtures/skipped.rs"]
mod skipped;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use skipped::skipped;

/// A path in the shared data (`CULTURE_EVAL_SHARED`, else `../../shared` beside the project), if it exists.
/// A test that gets `None` says so and passes.
#[track_caller]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CULTURE_EVAL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join("data").join(path);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("the shared data at {}", path.display()), "set CULTURE_EVAL_SHARED");
    None
}

/// The cases of a file of `tests/fixtures`.
pub(crate) fn cases<T: DeserializeOwned>(text: &str) -> Vec<T> {
    #[derive(Deserialize)]
    struct File<T> {
        cases: Vec<T>,
    }
    serde_json::from_str::<File<T>>(text).unwrap().cases
}

pub(crate) fn close(got: f64, expect: f64, tolerance: f64, what: &str) {
    assert!((got - expect).abs() <= tolerance, "{what}: got {got}, expected {expect}");
}
