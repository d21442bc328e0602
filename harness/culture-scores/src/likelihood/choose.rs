//! The option with the highest score.

use crate::error::{Result, ScoreError};

/// Which of several options with the highest score is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ties {
    /// The first one, as `argmax` of NumPy and Python's `max` do.
    First,
    /// None of them: the item has no answer.
    None,
}

/// The option with the highest score.
///
/// # Errors
/// No option, or NaN. Minus infinity (an impossible option) is allowed.
///
/// ```
/// use culture_scores::likelihood::{Ties, highest};
/// assert_eq!(highest(&[-3.0, -1.0, -1.0], Ties::First)?, Some(1));
/// assert_eq!(highest(&[-3.0, -1.0, -1.0], Ties::None)?, None);
/// # Ok::<(), culture_scores::ScoreError>(())
/// ```
pub fn highest(scores: &[f64], ties: Ties) -> Result<Option<usize>> {
    let most = greatest("scores of options", scores)?;
    let mut best = (0..scores.len()).filter(|option| scores[*option] == most);
    let first = best.next();
    Ok(if ties == Ties::None && best.next().is_some() { None } else { first })
}

/// What the option with the highest score means, where several options mean the same. `meaning[option]`: for EsBBQ and
/// CaBBQ two people and nine wordings of unknown, `[0, 1, 2, 2, 2, ...]`. The first of equal scores counts, as there.
///
/// # Errors
/// Lists of different lengths, no option, or NaN.
pub fn highest_meaning(scores: &[f64], meaning: &[usize]) -> Result<usize> {
    crate::error::same_length("scores of options", scores.len(), "meanings", meaning.len())?;
    let most = greatest("scores of options", scores)?;
    let found = scores.iter().zip(meaning).find(|(score, _)| **score == most);
    found.map(|(_, meaning)| *meaning).ok_or(ScoreError::TooFew {
        what: "scores of options",
        needed: 1,
        got: 0,
    })
}

/// The geometric mean of the probabilities of an answer's bytes: `exp(log-likelihood / bytes)`, 0 to 1. Kalahi's score of
/// an answer.
///
/// # Errors
/// An empty answer.
pub fn per_byte(log_likelihood: f64, answer: &str) -> Result<f64> {
    if answer.is_empty() {
        return Err(ScoreError::TooFew { what: "bytes of an answer", needed: 1, got: 0 });
    }
    Ok((log_likelihood / answer.len() as f64).exp())
}

/// The greatest value.
pub(super) fn greatest(what: &'static str, scores: &[f64]) -> Result<f64> {
    if scores.is_empty() {
        return Err(ScoreError::TooFew { what, needed: 1, got: 0 });
    }
    if let Some(index) = scores.iter().position(|score| score.is_nan()) {
        return Err(ScoreError::Value {
            what,
            index,
            value: f64::NAN,
            allowed: "a number for every option",
        });
    }
    Ok(scores.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}
