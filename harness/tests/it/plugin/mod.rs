//! Plugins from the host's side: honest ones, lying ones, one in C. The test plugins are dev-dependencies of this crate, so
//! that cargo builds them first, beside the test program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod baselines;
mod c;
mod calls;
mod checks;

use std::path::{Path, PathBuf};

use harness::plugin::{Columns, Library, Listener, TaskInfo, load};

/// A plugin that cargo built beside this test program.
pub(crate) fn built(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let file = format!(
        "{}{}{}",
        std::env::consts::DLL_PREFIX,
        name.replace('-', "_"),
        std::env::consts::DLL_SUFFIX
    );
    folder.join(file)
}

/// A file that the tests of a baseline use.
pub(crate) fn fixture(baseline: &str, name: &str) -> PathBuf {
    let baselines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../baselines");
    baselines.join(baseline).join("tests/fixtures").join(name)
}

fn library(name: &str) -> Library {
    load(&built(name)).unwrap()
}

fn task() -> TaskInfo {
    TaskInfo {
        name: "test".to_owned(),
        protocol: "finetuned".to_owned(),
        labels: vec!["no".to_owned(), "yes".to_owned()],
        cultures: vec!["AU".to_owned(), "ZA".to_owned()],
    }
}

const TWO: Columns<'_> = Columns {
    ids: &["a-1", "a-2"],
    names: &["a-1", "a-2"],
    texts: &["short", "a bit longer"],
    cultures: &[0, 1],
};

/// Hears nothing.
struct Deaf;

impl Listener for Deaf {
    fn log(&self, _message: &str) {}
    fn progress(&self, _done: u64, _total: u64) {}
    fn metric(&self, _name: &str, _step: u64, _value: f64) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}
