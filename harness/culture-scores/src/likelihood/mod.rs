//! Scores of options → the option that a model prefers, MC1 to MC3, preferences of pairs.
//!
//! | figure | of | source |
//! |---|---|---|
//! | [`highest`] | items with one right option | every multiple-choice task by likelihood |
//! | [`highest_meaning`] | options of which several mean the same | EsBBQ's eleven continuations |
//! | [`mc1`], [`mc2`], [`mc2_of_logs`], [`mc3`] | items with several right and wrong answers | Kalahi, after TruthfulQA |
//! | [`Preference`], [`PREFERS`] and its kin | pairs of sentences | CrowS-Pairs |
//!
//! A score of an option by its log-likelihood: the sum over its tokens, or divided by its tokens or bytes ([`per_byte`]).
//! Each is a separate protocol.

mod choose;
mod many;
mod pairs;

pub use choose::{Ties, highest, highest_meaning, per_byte};
pub use many::{MC1, MC2, MC2_OF_LOGS, MC3, mc1, mc2, mc2_of_logs, mc3};
pub use pairs::{
    ANTI_STEREOTYPE_SCORE, Difference, Leaning, PREFERS, Pair, Preference, STEREOTYPE_SCORE,
    masked_preference, mean_difference, preference,
};

#[cfg(test)]
mod tests;
