//! Why there is no score: a wrong call ([`ScoreError`]) or data that do not define it ([`NoScore`]).

use serde::{Deserialize, Serialize};

use eval_stats::StatsError;

use crate::store::record::{Reason, ReasonKind};

/// A call that cannot be answered: which argument is at fault and what to give instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// Two columns that must run in parallel do not.
    #[error(
        "`{left}` has {left_len} rows and `{right}` has {right_len}: give one per example, in the same order"
    )]
    LengthMismatch { left: String, left_len: usize, right: String, right_len: usize },
    /// A label that is not in the fixed label set.
    #[error(
        "`{argument}` row {row} is label {label}, but the task has {classes} labels: give indices below {classes}"
    )]
    UnknownLabel { argument: &'static str, row: usize, label: u32, classes: usize },
    /// A value outside its domain.
    #[error("`{argument}` is {got}: give {allowed}")]
    OutOfRange { argument: &'static str, got: String, allowed: String },
    /// A metric that needs something the task does not define.
    #[error("metric `{metric}` needs {needs}: {remedy}")]
    NotDefined { metric: String, needs: &'static str, remedy: &'static str },
    /// A NaN or an infinity in a matrix.
    #[error(
        "`{argument}` row {row}, column {column} is NaN or infinite: check the model's vector for that example"
    )]
    NotFinite { argument: &'static str, row: usize, column: usize },
    /// A refusal of the statistics.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// Refuses columns of different length.
pub(crate) fn same_length(
    left: &str,
    left_len: usize,
    right: &str,
    right_len: usize,
) -> Result<(), ScoreError> {
    if left_len == right_len {
        return Ok(());
    }
    Err(ScoreError::LengthMismatch {
        left: left.to_owned(),
        left_len,
        right: right.to_owned(),
        right_len,
    })
}

/// Why one figure does not exist on these data: what is printed in its place. A leaderboard has it as a [`Reason`] of the
/// kind [`ReasonKind::NoScore`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoScore {
    /// No example.
    #[error("no example in {subset}")]
    NoExample { subset: String },
    /// A culture that the benchmark names, but the data do not have.
    #[error("culture `{culture}` has no example: check its spelling against the data")]
    AbsentCulture { culture: String },
    /// Not all cultures of the benchmark have examples.
    #[error(
        "no example of {}: the benchmark is not whole; check the spelling against the data, or set `absent_cultures = \"allow\"` in its definition",
        names(cultures)
    )]
    NotWhole { cultures: Vec<String> },
    /// Every gold label is the same.
    #[error("only label {label} occurs in {subset}: a mean over the labels says nothing there")]
    OneClass { subset: String, label: String },
    /// A mean over labels on a subset without one of them.
    #[error("label {label} does not occur in {subset}: a mean over the labels would count it as 0")]
    AbsentLabel { subset: String, label: String },
    /// A correlation with gold labels that are all the same.
    #[error("only label {label} occurs in {subset}: `{metric}` is not defined there")]
    ConstantGold { metric: String, subset: String, label: String },
    /// Nothing to recall.
    #[error("no example of the positive label {label} in {subset}")]
    NoPositive { subset: String, label: String },
    /// No reply parsed to a label.
    #[error("no answer in {subset} is one of the labels")]
    NothingAnswered { subset: String },
    /// All examples depend on one another: no spread can be known.
    #[error("all {n} examples in {subset} share one cluster: no interval without a second one")]
    OneCluster { subset: String, n: u64 },
    /// A comparison of cultures with fewer than two of them.
    #[error("{cultures} culture(s) have this metric: a comparison needs two")]
    TooFewCultures { cultures: u64 },
    /// A part of an aggregate has no score.
    #[error("part `{part}` has no score: {reason}")]
    Part { part: String, reason: Box<NoScore> },
    /// acc@k of a model that gives one label only.
    #[error("`{metric}` needs scores for every label, and this model gives one answer")]
    NoRanks { metric: String },
    /// The statistics refused.
    #[error("{message}")]
    Statistics { message: String },
}

/// "culture `A`", "cultures `A`, `B`".
fn names(cultures: &[String]) -> String {
    let many = if cultures.len() == 1 { "culture" } else { "cultures" };
    let list: Vec<String> = cultures.iter().map(|name| format!("`{name}`")).collect();
    format!("{many} {}", list.join(", "))
}

impl NoScore {
    /// Why, without the examples that it is about: the same words for every subset that lacks the same.
    pub fn cause(&self) -> String {
        match self {
            Self::NoExample { .. } => "no example".to_owned(),
            Self::AbsentCulture { .. } => {
                "no example; check its spelling against the data".to_owned()
            }
            Self::OneClass { label, .. } | Self::ConstantGold { label, .. } => {
                format!("only label {label} occurs")
            }
            Self::AbsentLabel { label, .. } => format!("label {label} does not occur"),
            Self::NoPositive { label, .. } => format!("no example of the positive label {label}"),
            Self::NothingAnswered { .. } => "no answer is one of the labels".to_owned(),
            Self::OneCluster { .. } => "all examples share one cluster".to_owned(),
            Self::NoRanks { .. } => {
                "the model gives one answer, not a score for every label".to_owned()
            }
            Self::Part { part, reason } => {
                format!("part `{part}` has no score: {}", reason.cause())
            }
            Self::NotWhole { .. } | Self::TooFewCultures { .. } | Self::Statistics { .. } => {
                self.to_string()
            }
        }
    }
}

impl From<NoScore> for Reason {
    fn from(why: NoScore) -> Self {
        Self::new(ReasonKind::NoScore, why.to_string())
    }
}

impl From<StatsError> for NoScore {
    fn from(error: StatsError) -> Self {
        Self::Statistics { message: error.to_string() }
    }
}
