//! Shares of people.

use crate::error::{Result, ScoreError, shares_of};

/// Shares divided by their sum. Published shares sum to .99 or 1.003; those that sum to 0 are not a distribution.
///
/// # Errors
/// A share that is negative or not finite; a sum of 0; no share.
///
/// ```
/// use culture_scores::shares::normalised;
/// assert_eq!(normalised(&[30.0, 10.0])?, [0.75, 0.25]);
/// assert!(normalised(&[0.0, 0.0]).unwrap_err().to_string().contains("sums to 0"));
/// # Ok::<(), culture_scores::ScoreError>(())
/// ```
pub fn normalised(shares: &[f64]) -> Result<Vec<f64>> {
    let sum = shares_of("target shares", shares)?;
    Ok(shares.iter().map(|share| share / sum).collect())
}

/// Shares of votes.
///
/// # Errors
/// No vote.
pub fn of_votes(votes: &[u32]) -> Result<Vec<f64>> {
    let sum: u64 = votes.iter().map(|v| u64::from(*v)).sum();
    if sum == 0 {
        return Err(ScoreError::SumOfZero { what: "votes" });
    }
    Ok(votes.iter().map(|v| f64::from(*v) / sum as f64).collect())
}

/// The same share for each of so many options. None for no option.
pub fn uniform(options: usize) -> Vec<f64> {
    vec![1.0 / options as f64; options]
}

/// All for one option.
///
/// # Errors
/// There is no such option.
pub fn one_hot(option: usize, options: usize) -> Result<Vec<f64>> {
    let mut shares = vec![0.0; options];
    match shares.get_mut(option) {
        Some(share) => *share = 1.0,
        None => {
            return Err(ScoreError::Symbol {
                what: "option",
                symbol: option.to_string(),
                problem: "is not there: give an index below the number of options",
            });
        }
    }
    Ok(shares)
}

/// Entropy of shares in bits: the lowest cross-entropy that any prediction can have.
pub fn entropy_bits(shares: &[f64]) -> f64 {
    shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
}
