//! From answers to scores: pure functions, no file, clock, terminal or network.
//!
//! [`best`] picks the answer from scores or log-likelihoods, [`metrics`] counts, [`evaluate()`] gives every score its n
//! and its 95 % interval, and [`aggregate()`] sums up several benchmarks. Statistics come from [`eval_stats`], randomness
//! from its named streams. [`annotators`] says what the votes of people leave a model to know. Answers from embeddings come from [`crate::heads`], those from replies from [`crate::prompts`].

mod across;
mod between;
mod board;
mod error;
mod measure;
mod rare;
mod resample;
mod rows;

pub mod aggregate;
pub mod among;
pub mod annotators;
pub mod best;
pub mod calibration;
pub mod evaluate;
pub mod figures;
pub mod kinds;
pub mod metrics;
pub mod reference;
mod seeds;
pub mod terms;
pub mod votes;

#[cfg(test)]
mod tests;

pub use crate::answer::Answer;
pub(crate) use across::LEAST_OF_CULTURE;
pub use aggregate::{Aggregate, Aggregated, Part, aggregate};
pub use among::{AmongCultures, GapFigures, ShrunkenScore, SimultaneousInterval};
pub(crate) use error::same_length;
pub use error::{NoScore, ScoreError};
pub use evaluate::evaluate;
pub use figures::{Evaluation, Questions, Refusal, Rules, Score, Subset};
pub(crate) use rare::LEAST_OF_CLASS;
pub use resample::CONFIDENCE;
pub(crate) use rows::in_groups;
pub use seeds::over_seeds;
