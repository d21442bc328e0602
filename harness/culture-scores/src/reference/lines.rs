//! Lines over a whole data set.

use std::collections::BTreeMap;

use crate::error::{Result, ScoreError, same_length};
use crate::shares::normalised;

/// Expected accuracy of a uniform guess: the mean of right options / options. `None` without items.
///
/// # Errors
/// An item without options, or with more right ones than options.
pub fn uniform_accuracy(items: impl IntoIterator<Item = (usize, usize)>) -> Result<Option<f64>> {
    let (mut sum, mut n) = (0.0, 0);
    for (right, options) in items {
        if options == 0 || right > options {
            let value = right as f64;
            return Err(ScoreError::Value {
                what: "right options",
                index: n,
                value,
                allowed: "at most as many as options, of which there is one",
            });
        }
        sum += right as f64 / options as f64;
        n += 1;
    }
    Ok(crate::ratio::ratio(sum, n as f64))
}

/// `(score - chance) / (1 - chance)`: 0 for a guess, 1 for a perfect score, below 0 for worse than guessing. `None` where
/// chance is 1.
pub fn above_chance(score: f64, chance: f64) -> Option<f64> {
    (chance < 1.0).then(|| (score - chance) / (1.0 - chance))
}

/// The mean of shares over items with the same options; each item weighs alike. `None` without items.
///
/// # Errors
/// Shares that are no distribution, or of different numbers of options.
pub fn mean_shares<S: AsRef<[f64]>>(items: &[S]) -> Result<Option<Vec<f64>>> {
    let Some(first) = items.first() else {
        return Ok(None);
    };
    let mut sums = vec![0.0; first.as_ref().len()];
    for shares in items {
        let shares = normalised(shares.as_ref())?;
        same_length("options before", sums.len(), "target shares", shares.len())?;
        for (sum, share) in sums.iter_mut().zip(shares) {
            *sum += share;
        }
    }
    Ok(Some(sums.iter().map(|sum| sum / items.len() as f64).collect()))
}

/// The commonest of some answers and how often it comes; of equally common ones the last by code points. `None` of none.
pub fn commonest<'a>(answers: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    // `max_by_key` takes the last of equals.
    counts.into_iter().max_by_key(|(_, count)| *count)
}

/// Share of answers at each position, of those that chose one: what a model that looks at positions alone would show.
/// `None` without such answers.
pub fn position_shares(
    chosen: impl IntoIterator<Item = Option<usize>>,
    positions: usize,
) -> Option<Vec<f64>> {
    let mut counts = vec![0.0; positions];
    for position in chosen.into_iter().flatten() {
        *counts.get_mut(position)? += 1.0;
    }
    normalised(&counts).ok()
}
