//! Everything that reads a run folder: what was asked, what was answered, and what follows from it.
//!
//! A [`Run`] is opened once and answers all questions. Formats ([`crate::report`]) only write what comes from here.
//! No model is ever called.
//!
//! ```no_run
//! use harness::compare::Options;
//! use harness::results::Run;
//! use harness::store::RunFolder;
//!
//! # fn main() -> anyhow::Result<()> {
//! let run = Run::open(RunFolder::named("runs".as_ref(), "default"))?;
//! let leaderboard = run.leaderboard(10_000)?;
//! let models = ["majority".to_owned(), "tfidf-logreg".to_owned()];
//! let comparison = run.compare(&models, &[], &Options::default())?;
//! for pair in comparison.benchmarks.iter().flat_map(|b| &b.pairs) {
//!     println!("{} - {}: {:+.3}, corrected p {:.3}", pair.a, pair.b, pair.difference, pair.p_corrected);
//! }
//! # assert_eq!(leaderboard.suite, comparison.suite);
//! # Ok(()) }
//! ```

pub mod against;
pub(crate) mod answers;
pub(crate) mod cells;
pub mod changes;
mod comparison;
pub mod gate;
mod gold;
pub mod imported;
mod kept;
pub mod leaderboard;
pub mod manifest;
pub mod material;
pub mod page_data;
pub mod progress;
mod references;
mod rules;
mod run;
pub mod score_files;
mod scored;
mod simple_rules;
pub mod summary;
mod terms;
pub mod usage;
pub mod verify;

use self::summary::Summary;
use crate::compare::{Options, Report};

pub use self::run::Run;

impl Run {
    /// The leaderboard, its intervals from so many resamples. Scores are remembered in the run's `scores/`.
    ///
    /// # Errors
    /// Answers or gold labels that cannot be read.
    pub fn leaderboard(&self, resamples: usize) -> anyhow::Result<Summary> {
        leaderboard::leaderboard(self, resamples)
    }

    /// Compares models on benchmarks; empty lists mean all. The interval of each model is that of the leaderboard made with as
    /// many resamples.
    ///
    /// # Errors
    /// A name that the run does not have; answers or gold labels that cannot be read.
    pub fn compare(
        &self,
        models: &[String],
        benchmarks: &[String],
        options: &Options,
    ) -> anyhow::Result<Report> {
        comparison::report(self, models, benchmarks, options)
    }

    /// The comparison of all models with the default options and so many resamples, remembered in the run's `scores/`.
    ///
    /// # Errors
    /// As [`Run::compare`].
    pub fn default_comparison(&self, resamples: usize) -> anyhow::Result<Report> {
        comparison::remembered(self, resamples)
    }
}
