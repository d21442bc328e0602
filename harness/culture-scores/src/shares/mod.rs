//! How far a predicted distribution is from the answers of people, and which lines to print with it.
//!
//! | figure | unit | range | best |
//! |---|---|---|---|
//! | [`ShareScore::Jsd`] | bits | 0 to 1 | lowest |
//! | [`ShareScore::JsDistance`], its square root | | 0 to 1 | lowest |
//! | [`ShareScore::JsSimilarity`], 1 - distance | | 0 to 1 | highest |
//! | [`ShareScore::W1`], options in order | share of the scale | 0 to 1 | lowest |
//! | [`ShareScore::Tv`] | | 0 to 1 | lowest |
//! | [`ShareScore::CrossEntropy`] | nats | 0 to 13.8 | lowest |
//! | [`ShareScore::Brier`] | | 0 to 2 | lowest |
//!
//! `scipy.spatial.distance.jensenshannon` gives the *distance*, with natural logarithms by default.
//!
//! The single answer of one person is far from a distribution: it may score worse than uniform. For accuracy, one
//! annotator against the others is a line; for these figures [`split_half`] and [`BetaBinomial`] are.

mod beta_binomial;
mod others;
mod score;
mod split;
mod target;
mod votes;

pub use beta_binomial::BetaBinomial;
pub use others::{MeansOfOthers, mean_of_others};
pub use score::ShareScore;
pub use split::{SplitHalf, split_half};
pub use target::{entropy_bits, normalised, of_votes, one_hot, uniform};
pub use votes::{OneAnnotator, one_annotator, pair_agreement, strict_majority};

#[cfg(test)]
mod tests;
