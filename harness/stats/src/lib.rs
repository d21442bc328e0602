//! Statistics for comparing models on the same examples: paired tests, intervals, effect sizes, power, ranks.
//!
//! Every function is pure: no file, clock, terminal or network is touched, and randomness comes in as a
//! [`rng::Stream`] of a recorded seed, so that a result depends on its arguments alone and not on the number of threads.
//! Every function names its source. A table of all functions, with when to use which, is in the crate's README;
//! [`choose::choose_test`] gives the same advice as a value.
//!
//! # Conventions
//!
//! - Differences are A - B. Tests are two-sided unless an [`Alternative`](mcnemar::Alternative) says otherwise.
//! - Scores are in whatever unit they come in; differences, intervals and margins are in the same unit. Shares,
//!   p-values, levels and confidences are numbers between 0 and 1 (.95, not 95).
//! - In a table of scores, rows are benchmarks (rank tests) or examples ([`panel`], [`friedman::cochran_q`]) and columns
//!   are models; rank 1 is the best.
//! - Nothing answers NaN. What cannot be computed is a [`StatsError`] that names the argument and the remedy: too few
//!   values, NaN or an infinity among them, lists of different lengths, a value outside its range, or data on which the
//!   figure is not defined. A figure that does not exist beside others that do is `None`.
//!
//! # Which of two models is more accurate?
//!
//! ```
//! use eval_stats::mcnemar::{Alternative, McnemarMethod, PairedTable, accuracy_difference, mcnemar};
//!
//! // 1,000 examples: 60 that only A got right, 35 that only B got right.
//! let table = PairedTable { both_right: 700, only_a: 60, only_b: 35, both_wrong: 205 };
//! let test = mcnemar(&table, McnemarMethod::MidP, Alternative::TwoSided)?;
//! assert!((test.p_value - 0.01035).abs() < 1e-5);
//!
//! let difference = accuracy_difference(&table, 0.95)?;
//! assert_eq!(difference.difference, 0.025);
//! assert!(difference.newcombe.low > 0.0 && difference.newcombe.high < 0.05);
//! # Ok::<(), eval_stats::StatsError>(())
//! ```
//!
//! # How sure is a score?
//!
//! ```
//! use eval_stats::bootstrap::{BootstrapOptions, bootstrap_mean};
//! use eval_stats::interval::wilson;
//! use eval_stats::rng::Stream;
//!
//! // 28 of 40 right. A proportion has a formula; any other mean is resampled.
//! let interval = wilson(28, 40, 0.95)?;
//! let scores = [vec![1.0; 28], vec![0.0; 12]].concat();
//! let resampled = bootstrap_mean(&scores, &BootstrapOptions::new(Stream::new(1, "my benchmark")))?;
//! assert!((resampled.estimate - 0.7).abs() < 1e-12);
//! assert!((resampled.interval.low - interval.low).abs() < 0.05);
//! assert!((resampled.se - (0.7 * 0.3 / 40.0_f64).sqrt()).abs() < 0.003);
//! # Ok::<(), eval_stats::StatsError>(())
//! ```
//!
//! # Several comparisons at once
//!
//! ```
//! use eval_stats::correction::holm;
//!
//! let adjusted = holm(&[0.04, 0.01, 0.03, 0.005])?;
//! let significant: Vec<bool> = adjusted.iter().map(|p| *p <= 0.05).collect();
//! assert_eq!(significant, [false, true, false, true]); // .06, .03, .06, .02
//! # Ok::<(), eval_stats::StatsError>(())
//! ```
//!
//! # Several models over several benchmarks
//!
//! ```
//! use eval_stats::Direction;
//! use eval_stats::friedman::{critical_difference, friedman, nemenyi};
//!
//! let scores = [
//!     vec![0.70, 0.75, 0.72],
//!     vec![0.61, 0.66, 0.60],
//!     vec![0.80, 0.82, 0.83],
//!     vec![0.55, 0.59, 0.58],
//!     vec![0.90, 0.91, 0.89],
//! ];
//! let test = friedman(&scores, Direction::HigherIsBetter)?;
//! assert!((test.chi2 - 5.2).abs() < 1e-12 && (test.p_value - 0.0743).abs() < 1e-4);
//! let pairs = nemenyi(&test)?;
//! assert!((pairs[0][1] - 0.0689).abs() < 1e-4);
//! // Mean ranks 2.6, 1.2, 2.2: none is further from another than the critical difference.
//! assert!(critical_difference(3, 5, 0.05)? > 1.4);
//! # Ok::<(), eval_stats::StatsError>(())
//! ```
//!
//! # How many examples does it take?
//!
//! ```
//! use eval_stats::mcnemar::Alternative;
//! use eval_stats::power::{mde_mcnemar, power_t_paired, sample_size_t_paired};
//!
//! // 500 examples, on 10 % of which exactly one model is right: what a difference must be to be seen in 80 % of cases.
//! let smallest = mde_mcnemar(500.0, 0.1, 0.05, 0.8)?;
//! assert!((smallest - 0.0395).abs() < 1e-4);
//! // Graded scores, a mean difference of half a standard deviation.
//! let n = sample_size_t_paired(0.5, 0.8, 0.05, Alternative::TwoSided)?.ceil();
//! assert_eq!(n, 34.0);
//! assert!(power_t_paired(0.5, n, 0.05, Alternative::TwoSided)? >= 0.8);
//! # Ok::<(), eval_stats::StatsError>(())
//! ```
//!
//! # From other languages
//!
//! [`json`] calls every function by name, JSON in and JSON out; `culture-eval stats` serves it as a filter of lines. The
//! leaderboard and the comparison of `culture-eval` use part of this crate. [`aso`], [`bayes`], [`panel`] and [`seeds`]
//! are not among it: from that program they are reached through the filter only.

#![deny(missing_docs)]

mod direction;
mod error;

pub mod annotators;
pub mod aso;
pub mod bayes;
pub mod bootstrap;
pub mod cells;
pub mod choose;
pub mod cluster;
pub mod components;
pub mod correction;
pub mod descriptive;
pub mod dist;
pub mod equivalence;
pub mod friedman;
pub mod groups;
pub(crate) mod guide;
pub mod interval;
pub mod json;
pub(crate) mod lanes;
pub mod mcnemar;
pub mod metric;
pub mod panel;
pub mod permutation;
pub mod power;
pub mod ranking;
pub mod rng;
pub mod sampling;
pub mod seeds;
pub mod studentized;
pub mod ttest;
pub mod wilcoxon;

pub use direction::Direction;
pub use error::{MOST_RESAMPLES, StatsError};
pub use interval::Interval;

/// The example of the README runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
