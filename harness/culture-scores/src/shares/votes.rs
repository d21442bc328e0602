//! How well one person predicts the others.

use eval_stats::annotators::one_against_the_rest;

use super::score::ShareScore;
use super::target::one_hot;
use crate::error::{Result, ScoreError};

/// Figures of one annotator as a predictor, each the mean over all votes of items with two votes or more (every item
/// weighs as its votes).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneAnnotator {
    /// How often a vote is the majority of the other votes; a tie shares the point.
    pub accuracy_against_the_others: f64,
    /// How often a vote is the majority of all votes, its own included; a tie shares the point.
    pub accuracy_against_all: f64,
    /// Jensen-Shannon divergence of the vote, as a one-hot prediction, from the shares of the other votes. In bits.
    pub jsd_against_the_others: f64,
}

/// One annotator against the others. Items with fewer than two votes say nothing.
///
/// # Errors
/// No item with two votes.
///
/// ```
/// use culture_scores::shares::one_annotator;
/// // 3 : 2. Each of the three sees 2 : 2, a tie; each of the two sees 3 : 1 and is wrong.
/// let one = one_annotator(&[[3, 2]])?;
/// assert_eq!((one.accuracy_against_the_others, one.accuracy_against_all), (0.3, 0.6));
/// # Ok::<(), culture_scores::ScoreError>(())
/// ```
pub fn one_annotator<R: AsRef<[u32]>>(votes: &[R]) -> Result<OneAnnotator> {
    let accuracy_against_the_others = one_against_the_rest(votes)?;
    let (mut right, mut jsd, mut all) = (0.0, 0.0, 0.0);
    for row in votes.iter().map(AsRef::as_ref).filter(|row| row.iter().sum::<u32>() > 1) {
        let most = row.iter().max().copied().unwrap_or_default();
        let leaders = row.iter().filter(|v| **v == most).count() as f64;
        for (answer, &n) in row.iter().enumerate().filter(|(_, n)| **n > 0) {
            let mut others: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
            others[answer] -= 1.0;
            let n = f64::from(n);
            jsd += n * ShareScore::Jsd.of(&one_hot(answer, row.len())?, &others)?;
            right += if row[answer] == most { n / leaders } else { 0.0 };
            all += n;
        }
    }
    Ok(OneAnnotator {
        accuracy_against_the_others,
        accuracy_against_all: right / all,
        jsd_against_the_others: jsd / all,
    })
}

/// The answer with more than half of all votes, "unsure" included; `None` if there is none.
///
/// ```
/// use culture_scores::shares::strict_majority;
/// assert_eq!(strict_majority(&[2, 1, 0]), Some(0));
/// assert_eq!(strict_majority(&[2, 1, 1]), None);
/// ```
pub fn strict_majority(votes: &[u32]) -> Option<usize> {
    let all: u64 = votes.iter().map(|v| u64::from(*v)).sum();
    votes.iter().position(|v| 2 * u64::from(*v) > all)
}

/// Share of pairs of votes on one item that agree, over all pairs of all items.
///
/// # Errors
/// No item with two votes.
pub fn pair_agreement<R: AsRef<[u32]>>(votes: &[R]) -> Result<f64> {
    let (mut agree, mut all) = (0.0, 0.0);
    for row in votes.iter().map(AsRef::as_ref) {
        let pairs = |n: u32| f64::from(n) * (f64::from(n) - 1.0);
        agree += row.iter().map(|v| pairs(*v)).sum::<f64>();
        all += pairs(row.iter().sum());
    }
    if all <= 0.0 {
        return Err(ScoreError::TooFew { what: "items with two votes", needed: 1, got: 0 });
    }
    Ok(agree / all)
}
