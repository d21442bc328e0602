//! Several people's votes on the same item: how far they agree, and what that leaves a model to know.
//!
//! A label that is the majority of a few votes is itself a random variable. A model that knew exactly which share of a
//! population says yes would still miss some labels: the *ceiling*. What every annotator brings along is no fault of a
//! model, and no culture.
//!
//! | question | function |
//! |---|---|
//! | how far do annotators agree, beyond chance? | [`krippendorff_alpha`] |
//! | how often does one annotator say what the others do? | [`one_against_the_rest`] |
//! | how often can a label be predicted at best? | [`VoteShares`] |
//! | and by someone who knows the item, but not the culture? | [`LogisticNormal`] |
//! | what is a vote's variance made of? | [`vote_variance`] |
//! | how far is a prediction from the votes? | [`Distance`] |

mod agreement;
mod bounds;
mod distance;
mod logistic_normal;
mod shares;
mod simplex;
mod variance;

pub use agreement::{Alpha, krippendorff_alpha, one_against_the_rest};
pub use bounds::CeilingBounds;
pub use distance::{Distance, LEAST_PROBABILITY};
pub use logistic_normal::{Ceilings, Known, LogisticNormal};
pub use shares::VoteShares;
pub use variance::{VoteVariance, vote_variance};

use crate::error::{Result, StatsError};

/// The votes of one item where there are two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// Votes for yes.
    pub yes: u32,
    /// All votes.
    pub votes: u32,
}

impl Ballot {
    /// A ballot, or a refusal of more votes for yes than there are votes.
    pub fn new(yes: u32, votes: u32) -> Result<Self> {
        if yes > votes {
            return Err(StatsError::OutOfRange {
                argument: "yes",
                value: f64::from(yes),
                allowed: "no more votes for yes than there are votes",
            });
        }
        Ok(Self { yes, votes })
    }

    /// P(this ballot) of an item on which a share `p` of all people says yes, without the binomial coefficient.
    fn likelihood(self, p: f64) -> f64 {
        p.powi(self.yes as i32) * (1.0 - p).powi((self.votes - self.yes) as i32)
    }
}

/// P(a panel of `size` has a majority of yes) where a share `p` says yes; a tie counts as half.
fn majority_of_yes(p: f64, size: u32) -> f64 {
    let n = f64::from(size);
    let (mut coefficient, mut sum) = (1.0, 0.0);
    for k in 0..=size {
        let weight = match (2 * k).cmp(&size) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        sum += weight * coefficient * p.powi(k as i32) * (1.0 - p).powi((size - k) as i32);
        coefficient *= (n - f64::from(k)) / f64::from(k + 1);
    }
    sum
}
