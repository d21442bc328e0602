//! Official scoring rules of datasets about cultures, as pure functions.
//!
//! Short answers ([`short`]: BLEnD), bias ([`bias`]: BBQ, KoBBQ, EsBBQ and CaBBQ), replies ([`parse`]), likelihoods
//! ([`likelihood`]: Kalahi, CrowS-Pairs), distributions of people ([`shares`]: GlobalOpinionQA, SeeGULL, votes of
//! CREHate), judgements of one item by several cultures ([`panel`]), places on the Inglehart-Welzel map ([`map`]), and the trivial predictors to print with them
//! ([`reference`](mod@reference)).
//!
//! # Conventions
//!
//! - No function uses files, the clock, the network or random numbers. A result depends only on its arguments.
//! - Fractions are between 0 and 1, even if the authors print percent. [`Facts`] has the unit of each score, its range,
//!   its best value, the score of guessing, and its source.
//! - A score of an example is a number. A score of many examples is their mean, except for bias scores and preferences:
//!   these are functions of sums, [`RatioScore`], so that clusters can be resampled.
//! - No function returns NaN. What cannot be computed is a [`ScoreError`] that names argument and remedy, or `None` if a
//!   figure does not exist.
//! - Official rules are followed even if they look odd; their documentation marks these places.
//!
//! ```
//! use culture_scores::bias::{Context, Formula, Role, Row};
//!
//! let row = |gold, answer| Row { context: Context::Ambiguous, gold, answer: Some(answer) };
//! let rows = [row(Role::Unknown, Role::Unknown), row(Role::Unknown, Role::Biased)];
//! // s = 2 * 1/1 - 1 = 1, times 1 - accuracy.
//! assert_eq!(Formula::Bbq.ambiguous().of(&rows), Some(0.5));
//! ```

#![deny(missing_docs)]

mod error;
mod facts;
mod python;
mod ratio;

pub mod bias;
pub mod likelihood;
pub mod map;
pub mod panel;
pub mod parse;
pub mod reference;
pub mod shares;
pub mod short;

pub use error::{Result, ScoreError};
pub use facts::{ACCURACY, Best, Chance, Facts, Unit};
pub use ratio::{MOST_TERMS, RatioScore, Terms};

/// The example of the README runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
