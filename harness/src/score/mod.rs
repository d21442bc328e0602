//! From answers to scores: pure functions, no file, clock, terminal or network.
//!
//! [`adapt`] turns what a model gives (scores, log-likelihoods, replies) into answers, [`knn`], [`probe`] and [`head`]
//! turn embeddings into answers, [`metrics`] counts, [`evaluate()`] gives every score its n and its 95 % interval, and
//! [`aggregate()`] sums up several benchmarks. Statistics come from [`eval_stats`], randomness from its named streams.

mod across;
mod answer;
mod board;
mod error;
mod lbfgs;
mod linear;
mod matmul;
mod pass;
mod precondition;
mod resample;
mod vectors;

pub mod adapt;
pub mod aggregate;
pub mod approximate;
pub mod calibration;
pub mod evaluate;
pub mod figures;
pub mod head;
pub mod knn;
pub mod metrics;
pub mod probe;

#[cfg(test)]
mod tests;

pub(crate) use across::LEAST_OF_CULTURE;
pub use aggregate::{Aggregate, Part, aggregate};
pub use answer::Answer;
pub use error::{Reason, ScoreError};
pub use evaluate::evaluate;
pub use figures::{Evaluation, Questions, Refusal, Rules, Score, Subset};
pub use linear::Linear;
pub use resample::CONFIDENCE;
pub use vectors::Vectors;
