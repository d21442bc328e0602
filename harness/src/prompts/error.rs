//! Why a prompt or a parser cannot be used.

/// A definition that does not fit its task: what is at fault and what to give instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// A name in a parser or an option list that is no label of the task.
    #[error("{place} names `{name}`, which is no label of the task: use one of {}", labels.join(", "))]
    NoSuchLabel { place: &'static str, name: String, labels: Vec<String> },
    /// A label without the thing every label needs.
    #[error("{place} has no entry for label `{name}`: add one")]
    LabelWithout { place: &'static str, name: String },
    /// A regular expression that is none.
    #[error("the answer parser's pattern `{pattern}` is no regular expression: {problem}")]
    Pattern { pattern: String, problem: String },
    /// A denial says the other label only where there are two.
    #[error(
        "`denied = \"other\"` needs a task with two labels, and this one has {labels}: take it out, or list denials as words"
    )]
    NotOfTwo { labels: usize },
}
