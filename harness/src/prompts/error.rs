//! Why a prompt or a parser cannot be used.

/// A definition that does not fit its task: what is at fault and what to give instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// A name in a parser or an option list that is not a label of the task.
    #[error("{place} names `{name}`, which is not a label of the task: use one of {}", labels.join(", "))]
    NoSuchLabel { place: &'static str, name: String, labels: Vec<String> },
    /// A label without the thing every label needs.
    #[error("{place} has no entry for label `{name}`: add one")]
    LabelWithout { place: &'static str, name: String },
    /// A regular expression that is none.
    #[error("the answer parser's pattern `{pattern}` is not a regular expression: {problem}")]
    Pattern { pattern: String, problem: String },
    /// An order of another number of options.
    #[error(
        "the order {order:?} of `protocol.order` does not fit: `{id}` has {options} options; list each place from 0 once, or use `kind = \"shuffle\"`"
    )]
    Order { order: Vec<usize>, options: usize, id: String },
    /// A rule for labels or texts where options are shown.
    #[error(
        "the answer parser reads labels or texts, and the examples have options: use `option`, `option-text`, `kobbq`, `json` or `inglehart-welzel`"
    )]
    NotOfOptions,
    /// Another rule where the answer is a text.
    #[error("the answers are texts: use the answer parser `text`")]
    NotOfTexts,
    /// A rule for options where the task has labels.
    #[error(
        "the answer parser `{name}` reads options or texts of an example, and the task has labels: use `prefix`, `word`, `regex`, `letter` or `first-word`"
    )]
    NotOfLabels { name: &'static str },
    /// A denial says the other label only where there are two.
    #[error(
        "`denied = \"other\"` needs a task with two labels, and this one has {labels}: take it out, or list denials as words"
    )]
    NotOfTwo { labels: usize },
}
