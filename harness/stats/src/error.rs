//! The one error of this crate: what cannot be computed, which argument is the cause, what would help.

/// A refusal. Statistics here never answer NaN; they say which argument is at fault and what to give instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// Fewer values than the formula needs.
    #[error("`{argument}` has {got} value(s): give at least {needed}")]
    TooFew {
        /// The argument's name.
        argument: &'static str,
        /// How many values the formula needs.
        needed: usize,
        /// How many were given.
        got: usize,
    },
    /// A NaN or an infinity among the values.
    #[error(
        "`{argument}` holds NaN or an infinity at index {index}: drop or repair that value first"
    )]
    NotFinite {
        /// The argument's name.
        argument: &'static str,
        /// Position of the first such value, from 0.
        index: usize,
    },
    /// Two sequences that must run in parallel do not.
    #[error(
        "`{left}` has {left_len} values and `{right}` has {right_len}: length_mismatch, give one per example in the same order"
    )]
    LengthMismatch {
        /// Name of one argument.
        left: &'static str,
        /// Its length.
        left_len: usize,
        /// Name of the other argument.
        right: &'static str,
        /// Its length.
        right_len: usize,
    },
    /// A table with rows of different lengths.
    #[error(
        "`{argument}` is ragged: row {row} has {got} columns where {expected} were expected, give every model a score on every row"
    )]
    Ragged {
        /// The argument's name.
        argument: &'static str,
        /// The first such row, from 0.
        row: usize,
        /// Columns of the rows before.
        expected: usize,
        /// Columns of this row.
        got: usize,
    },
    /// A value outside its domain.
    #[error("`{argument}` is {value}: give {allowed}")]
    OutOfRange {
        /// The argument's name.
        argument: &'static str,
        /// What was given.
        value: f64,
        /// What may be given, in words.
        allowed: &'static str,
    },
    /// 0/0: the statistic is not defined on these data.
    #[error("degenerate: {what}; {remedy}")]
    Degenerate {
        /// What is not defined.
        what: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
    /// An exact method whose cost would explode.
    #[error("`{what}` would take about {cost:.0e} steps: {remedy}")]
    TooCostly {
        /// The method.
        what: &'static str,
        /// Predicted number of steps.
        cost: f64,
        /// What to do instead.
        remedy: &'static str,
    },
    /// Bradley-Terry without a finite maximum likelihood estimate (Ford 1957).
    #[error(
        "separation: the models fall into groups that never beat each other, so abilities are infinite; drop model {model} or add comparisons"
    )]
    Separation {
        /// Index of a model outside the first model's group.
        model: usize,
    },
    /// A request (JSON or flags) that names something unknown or of the wrong kind.
    #[error("{0}")]
    Request(String),
}

pub(crate) type Result<T> = std::result::Result<T, StatsError>;

/// Refuses an empty slice and any NaN or infinity.
pub(crate) fn finite(argument: &'static str, values: &[f64], needed: usize) -> Result<()> {
    if values.len() < needed {
        return Err(StatsError::TooFew { argument, needed, got: values.len() });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { argument, index }),
        None => Ok(()),
    }
}

/// Refuses sequences of different lengths.
pub(crate) fn same_length(
    left: &'static str,
    left_len: usize,
    right: &'static str,
    right_len: usize,
) -> Result<()> {
    if left_len == right_len {
        Ok(())
    } else {
        Err(StatsError::LengthMismatch { left, left_len, right, right_len })
    }
}

/// Refuses a ragged or non-finite table; returns the number of columns.
pub(crate) fn rectangular(
    argument: &'static str,
    rows: &[Vec<f64>],
    needed_rows: usize,
) -> Result<usize> {
    if rows.len() < needed_rows {
        return Err(StatsError::TooFew { argument, needed: needed_rows, got: rows.len() });
    }
    let expected = rows[0].len();
    for (row, values) in rows.iter().enumerate() {
        if values.len() != expected {
            return Err(StatsError::Ragged { argument, row, expected, got: values.len() });
        }
        finite(argument, values, 1)?;
    }
    Ok(expected)
}

/// A test finds a difference with more than its level.
pub(crate) fn power_above_level(power: f64, alpha: f64) -> Result<()> {
    if power > alpha {
        return Ok(());
    }
    Err(StatsError::OutOfRange { argument: "power", value: power, allowed: "a power above alpha" })
}

/// Refuses anything but a number strictly between 0 and 1.
pub(crate) fn open_unit(argument: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            argument,
            value,
            allowed: "a number strictly between 0 and 1",
        })
    }
}

/// Refuses anything but a number of [0, 1].
pub(crate) fn closed_unit(argument: &'static str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange { argument, value, allowed: "a number between 0 and 1" })
    }
}

/// Resamples that a call may ask for, at most: each is kept as 8 bytes, so these take 0.8 GB.
pub const MOST_RESAMPLES: usize = 100_000_000;

/// Refuses fewer resamples than `needed` and more than memory is set aside for.
pub(crate) fn resamples(argument: &'static str, got: usize, needed: usize) -> Result<()> {
    if got < needed {
        return Err(StatsError::TooFew { argument, needed, got });
    }
    if got > MOST_RESAMPLES {
        return Err(StatsError::OutOfRange {
            argument,
            value: got as f64,
            allowed: "at most 100,000,000, which take 0.8 GB of memory",
        });
    }
    Ok(())
}

/// Refuses zero, negative and non-finite numbers.
pub(crate) fn positive(argument: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::OutOfRange { argument, value, allowed: "a finite number above 0" })
    }
}
