//! Why the cells of a row are not a valid question, or why a row of another file cannot be used.

/// Options, votes or references that make no question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoQuestion {
    /// Two options with the same text.
    #[error("the options {first} and {second} are equal (`{text}`)")]
    Equal {
        /// Letter.
        first: String,
        /// Letter.
        second: String,
        /// Their text.
        text: String,
    },
    /// An option without a text.
    #[error("the option {option} is empty")]
    Empty {
        /// Letter.
        option: String,
    },
    /// Fewer than two options.
    #[error("there are {count} options; a question has two or more")]
    Few {
        /// How many.
        count: usize,
    },
    /// A gold option or role that is none of the options.
    #[error("`{what}` is `{found}`, which is none of the {count} options ({options})")]
    Outside {
        /// `gold`, or the role.
        what: String,
        /// What the row says.
        found: String,
        /// How many options there are.
        count: usize,
        /// The options.
        options: String,
    },
    /// Shares that are no distribution.
    #[error("shares: {0}")]
    Shares(String),
    /// No reference.
    #[error("there is no reference: the list `{column}` is empty")]
    NoReference {
        /// The list.
        column: String,
    },
    /// A reference that cannot be read.
    #[error("reference {place} of `{column}`: {problem}")]
    Reference {
        /// The list.
        column: String,
        /// From 1.
        place: usize,
        /// What is wrong.
        problem: String,
    },
}

impl NoQuestion {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Equal { .. } => "equal options",
            Self::Empty { .. } => "empty option",
            Self::Few { .. } => "fewer than two options",
            Self::Outside { .. } => "gold outside the options",
            Self::Shares(_) => "no distribution",
            Self::NoReference { .. } => "no reference",
            Self::Reference { .. } => "unreadable reference",
        }
    }
}

/// Why a row of another file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRow {
    /// No row of this key.
    #[error(
        "{file} has no row with {key}; add it, say `missing = \"...\"` in the step `join`, or set `bad_rows = \"skip\"`"
    )]
    None {
        /// The other file.
        file: String,
        /// `ID = x`.
        key: String,
    },
    /// Two rows of this key.
    #[error(
        "{file} has two rows with {key} (rows {first} and {second}); remove one of them, or add a column to `on`"
    )]
    Twice {
        /// The other file.
        file: String,
        /// `ID = x`.
        key: String,
        /// 1-based data row.
        first: u64,
        /// 1-based data row.
        second: u64,
    },
    /// A file that is not there.
    #[error(
        "the row needs the file `{file}`, which the source `{table}` does not have; correct `file` of the step"
    )]
    File {
        /// Its path below the source's folder.
        file: String,
        /// Id of the source.
        table: String,
    },
}

impl NoRow {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::None { .. } => "no row to join",
            Self::Twice { .. } => "two rows to join",
            Self::File { .. } => "no file to join",
        }
    }
}
