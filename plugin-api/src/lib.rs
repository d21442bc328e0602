#![deny(missing_docs)]
//! The contract between the culture-eval harness and its model plugins.
//!
//! A plugin is a dynamic library with one symbol. In Rust you implement [`Plugin`] and write one line; you never see `unsafe`:
//!
//! ```
//! use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
//!
//! /// Answers the commonest label of the training data.
//! struct Commonest {
//!     counts: Vec<f32>,
//! }
//!
//! impl Plugin for Commonest {
//!     const NAME: &'static str = "commonest";
//!     const CAPABILITIES: &'static [Capability] = &[Capability::Fit, Capability::Classify];
//!
//!     fn create(_config: &str, task: &Task, _host: &Host) -> Result<Self, Error> {
//!         Ok(Self { counts: vec![0.0; task.labels.len()] })
//!     }
//!
//!     fn fit(&mut self, train: &Dataset<'_>, _valid: &Dataset<'_>, _host: &Host) -> Result<(), Error> {
//!         for &label in train.labels {
//!             self.counts[label as usize] += 1.0;
//!         }
//!         Ok(())
//!     }
//!
//!     fn classify(&mut self, batch: &Batch<'_>, scores: &mut Scores<'_>, _host: &Host) -> Result<(), Error> {
//!         for row in 0..batch.len() {
//!             scores.row(row).copy_from_slice(&self.counts);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! export_plugin!(Commonest);
//! # fn main() {}
//! ```
//!
//! The crate needs `crate-type = ["cdylib", "rlib"]`. Other languages use `include/culture_eval_plugin.h`, which is made from
//! [`abi`], or the JSON-lines protocol of the `command` baseline.
//!
//! What the harness promises and expects:
//! - One call at a time on a handle. Use at most [`Host::threads`] threads.
//! - All randomness comes from [`Host::seed`]; the same input gives the same output, at any batch size.
//! - Options of an example cross as they are shown; which one is right and what role it has do not.
//! - A batch never holds a label. Labels come in [`Plugin::fit`] only.
//! - A batch holds what the protocol lets a model see (`sees`): where that is the text alone, [`Task::cultures`] is empty. Ids are
//!   opaque, since the id of an example may name its file, and with it its label.
//! - A panic is caught and told as an error; the model is not used again.

pub mod abi;
mod choose;
mod foreign;
mod own_tests;
mod panics;
mod replies;
mod safe;
#[doc(hidden)]
pub mod trampoline;

pub use choose::{OptionScores, Options};
#[doc(hidden)]
pub use panics::guarded;
pub use replies::{Generation, Replies, Reply, with_thought};
pub use safe::{
    Batch, Capability, Dataset, Error, ErrorKind, Host, Loglikelihood, Matrix, Part, Plugin,
    Scores, Task,
};
