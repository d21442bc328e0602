//! The validator behind `culture-eval plugin check PATH`: what the harness relies on, one check at a time.
//!
//! Each check opens the plugin by itself and can be run by name, in a process of its own: a plugin that hangs or ends the
//! process then fails that check only. [`names`] gives the order.

mod checks;
mod invented;
mod subject;

use std::path::Path;

use self::checks::CHECKS;
use self::subject::{Checked, Not};
use super::load;

pub use self::subject::{Check, Outcome, Settings};

/// The checks, in order.
pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// Runs one check; `None` if there is none of that name.
pub fn run(name: &str, plugin: &Path, settings: &Settings) -> Option<Check> {
    let (name, check) = CHECKS.iter().find(|(known, _)| *known == name)?;
    let seen = load(plugin)
        .map_err(Not::from)
        .and_then(|library| check(&Checked { library, settings: settings.clone() }));
    let (outcome, reason) = match seen {
        Ok(reason) => (Outcome::Pass, reason),
        Err(Not::Passed(reason)) => (Outcome::Fail, reason),
        Err(Not::Applicable(reason)) => (Outcome::Skipped, reason),
    };
    Some(Check { check: (*name).to_owned(), outcome, reason })
}
