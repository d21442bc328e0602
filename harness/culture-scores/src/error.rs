//! The one error of this crate.

use eval_stats::StatsError;

/// What cannot be scored. No function returns NaN: the message names the argument and the remedy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// All shares or votes of an item are 0.
    #[error("`{what}` sums to 0: leave this item out, or give its shares or votes")]
    SumOfZero {
        /// What was given.
        what: &'static str,
    },
    /// A share, vote, score or answer that is not a number of the right kind.
    #[error("`{what}` is {value} at index {index}: give {allowed}")]
    Value {
        /// What was given.
        what: &'static str,
        /// Position of the first such value, from 0.
        index: usize,
        /// The value.
        value: f64,
        /// What is allowed there.
        allowed: &'static str,
    },
    /// Two lists that belong together have different lengths.
    #[error(
        "`{left}` has {left_len} values and `{right}` has {right_len}: give one for each option, in the same order"
    )]
    Lengths {
        /// One list.
        left: &'static str,
        /// Its length.
        left_len: usize,
        /// The other list.
        right: &'static str,
        /// Its length.
        right_len: usize,
    },
    /// Fewer values than the score needs.
    #[error("`{what}` has {got} values: give at least {needed}")]
    TooFew {
        /// What was given.
        what: &'static str,
        /// How many are needed.
        needed: usize,
        /// How many there are.
        got: usize,
    },
    /// A symbol (an item of the map, a place, a group, an option) that is missing or occurs twice.
    #[error("{what} `{symbol}` {problem}")]
    Symbol {
        /// What kind of symbol.
        what: &'static str,
        /// The symbol.
        symbol: String,
        /// What is wrong, with the remedy.
        problem: &'static str,
    },
    /// A statistic refuses.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, ScoreError>;

/// Refuses values that are not finite, or below 0.
pub(crate) fn shares_of(what: &'static str, values: &[f64]) -> Result<f64> {
    for (index, &value) in values.iter().enumerate() {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(ScoreError::Value {
                what,
                index,
                value,
                allowed: "finite values of at least 0",
            });
        }
    }
    let sum: f64 = values.iter().sum();
    if sum > 0.0 { Ok(sum) } else { Err(ScoreError::SumOfZero { what }) }
}

/// Refuses lists of different lengths.
pub(crate) fn same_length(
    left: &'static str,
    left_len: usize,
    right: &'static str,
    right_len: usize,
) -> Result<()> {
    if left_len == right_len {
        return Ok(());
    }
    Err(ScoreError::Lengths { left, left_len, right, right_len })
}
