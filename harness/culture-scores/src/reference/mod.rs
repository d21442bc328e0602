//! Trivial predictors: lines to print with every score. A score that does not beat its best line shows nothing about
//! culture.
//!
//! Some of them read what a model must not see (roles, other people's answers). They are computed together with the
//! scores, never by a plugin.
//!
//! | line | function |
//! |---|---|
//! | `first`, `second`, `third`, `row-mod-2`, `row-mod-3`, `longest`, `shorter-in-bytes`, `unknown`, `biased` | [`Predictor`] |
//! | `constant`, `bytes-per-100`, `minus-bytes`, `minus-words`, `crc32` as a "likelihood" | [`TextScore`] |
//! | `uniform` | [`uniform_accuracy`], [`shares::uniform`](crate::shares::uniform) |
//! | `mean` | [`mean_shares`]; of the other populations: [`shares::mean_of_others`](crate::shares::mean_of_others) |
//! | the commonest answer | [`commonest`] |

mod lines;
mod options;
mod texts;

pub use lines::{above_chance, commonest, mean_shares, position_shares, uniform_accuracy};
pub use options::{Item, Predictor};
pub use texts::{TextScore, crc32};

#[cfg(test)]
mod tests;
