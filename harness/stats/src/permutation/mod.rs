//! Permutation tests: sign flips of differences, swaps of two models' answers; exact where that is affordable.

mod outcome;
mod sign_flip;
mod studentised;
mod subset_sum;
mod swap;

pub use outcome::{Permutation, PermutationMethod, plus_one};
pub use sign_flip::{cluster_permutation_mean, permutation_mean};
pub use studentised::studentised_permutation_metric;
pub(crate) use subset_sum::subset_sum_tail;
pub use swap::permutation_metric;
