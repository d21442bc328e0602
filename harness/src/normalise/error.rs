//! What can be wrong with upstream data: always the file, the row, the field and the remedy.

use std::fmt;

use crate::text::names;

/// A row that cannot be read, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct Error {
    /// Where.
    pub place: Place,
    /// What, and what to do.
    pub kind: Box<Kind>,
}

impl Error {
    /// Trouble at a place.
    pub fn new(place: Place, kind: Kind) -> Self {
        Self { place, kind: Box::new(kind) }
    }
}

/// A place in an upstream file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the user knows it.
    pub file: String,
    /// 1-based number of the data row (a header does not count).
    pub row: Option<u64>,
    /// 1-based line in the file.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        match (self.row, self.line) {
            (Some(_), Some(line)) => write!(f, " (line {line})"),
            (None, Some(line)) => write!(f, ", line {line}"),
            _ => Ok(()),
        }
    }
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// Not a byte in it.
    #[error("the file is empty; fetch it again, or take its input out of the definition")]
    EmptyFile,
    /// A header and no rows.
    #[error(
        "the file has a header but no rows; fetch it again, or take its input out of the definition"
    )]
    NoRows,
    /// A column that the definition needs.
    #[error(
        "missing column `{column}` (there are: {}){}; correct `columns` of the input, or the file's header",
        names(there),
        did_you_mean(column, there)
    )]
    MissingColumn {
        /// The column that is needed.
        column: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// The header names a needed column twice.
    #[error("the header names the column `{column}` twice; rename one of them")]
    RepeatedColumn {
        /// The column.
        column: String,
    },
    /// A row with more or fewer fields than the header.
    #[error(
        "{found} fields where the header has {expected}; quote fields that hold separators or line breaks, close every quote, or set `bad_rows = \"skip\"`"
    )]
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "field `{field}`: invalid UTF-8 at byte {at} of the field ({bytes}); save the file as UTF-8, or set `bad_rows = \"skip\"`"
    )]
    Utf8 {
        /// Column.
        field: String,
        /// 0-based offset in the field.
        at: usize,
        /// The first bytes there.
        bytes: String,
    },
    /// A line of JSON Lines that is not a JSON object.
    #[error("not a JSON object ({reason}); one object a line, or set `bad_rows = \"skip\"`")]
    Json {
        /// The parser's words.
        reason: String,
    },
    /// A JSON document whose structure is broken: what follows cannot be found.
    #[error(
        "not a JSON document as described by `rows`: {reason}; correct the file, or `rows` of the input"
    )]
    Document {
        /// What, and where.
        reason: String,
    },
    /// JSON nested deeper than is read.
    #[error(
        "JSON is nested more than {most} levels deep; flatten it, or set `bad_rows = \"skip\"`"
    )]
    Depth {
        /// The limit.
        most: usize,
    },
    /// A cell that a step cannot read.
    #[error(
        "field `{field}`: {problem}; correct the cell or the step, or set `bad_rows = \"skip\"`"
    )]
    Cell {
        /// Column.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// Options, votes or references that make no question.
    #[error("{0}; correct the row or `[task.example.answer]`, or set `bad_rows = \"skip\"`")]
    Answer(#[from] super::problem::NoQuestion),
    /// A row that a joined file does not have, or has twice.
    #[error("{0}")]
    Join(#[from] super::problem::NoRow),
    /// An object without a needed key.
    #[error(
        "field `{field}` is missing (there are: {}); add it, or set `bad_rows = \"skip\"`",
        names(there)
    )]
    MissingField {
        /// The key.
        field: String,
        /// Keys that are there.
        there: Vec<String>,
    },
    /// A cell that a `map` step or `label_map` does not list.
    #[error(
        "field `{field}`: unexpected value `{value}` (expected one of: {}){}; add it to `{table}` of the definition, or set `bad_rows = \"skip\"`",
        names(expected),
        did_you_mean(value, expected)
    )]
    Unlisted {
        /// Column or `label`.
        field: String,
        /// The cell.
        value: String,
        /// What is listed.
        expected: Vec<String>,
        /// Where to add it: `values`, `label_map`, `labels`.
        table: &'static str,
    },
    /// A Parquet value that has no text form here.
    #[error("field `{field}`: {found} cannot be read as text; store it as a string or a number")]
    Type {
        /// Column.
        field: String,
        /// The type.
        found: String,
    },
    /// A file of another kind under the name of a text.
    #[error("this is {what}, not text; {remedy}")]
    NotText {
        /// What its first bytes say.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The bytes could not be read.
    #[error("cannot be read ({reason}); fetch the file again")]
    Read {
        /// The reader's words.
        reason: String,
    },
    /// The definition does not fit.
    #[error("{problem}")]
    Definition {
        /// What, and what to do.
        problem: String,
    },
}

impl Kind {
    /// Whether `bad_rows = "skip"` may pass over it: the trouble of one row, not of the file.
    pub fn is_row_trouble(&self) -> bool {
        matches!(
            self,
            Self::FieldCount { .. }
                | Self::Utf8 { .. }
                | Self::Json { .. }
                | Self::Depth { .. }
                | Self::Cell { .. }
                | Self::Answer(_)
                | Self::Join(_)
                | Self::MissingField { .. }
                | Self::Unlisted { .. }
        )
    }

    /// Name under which skipped rows are counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EmptyFile => "empty file",
            Self::NoRows => "no rows",
            Self::NotText { .. } => "not a text",
            Self::MissingColumn { .. } => "missing column",
            Self::RepeatedColumn { .. } => "repeated column",
            Self::FieldCount { .. } => "wrong field count",
            Self::Utf8 { .. } => "invalid UTF-8",
            Self::Json { .. } => "not a JSON object",
            Self::Document { .. } => "not a JSON document",
            Self::Depth { .. } => "JSON nested too deep",
            Self::Cell { .. } => "unreadable cell",
            Self::Answer(problem) => problem.name(),
            Self::Join(problem) => problem.name(),
            Self::MissingField { .. } => "missing field",
            Self::Unlisted { .. } => "unexpected value",
            Self::Type { .. } => "unreadable type",
            Self::Read { .. } => "unreadable",
            Self::Definition { .. } => "definition",
        }
    }
}

fn did_you_mean(name: &str, there: &[String]) -> String {
    crate::definition::nearest(name, there.iter().map(String::as_str))
        .map_or_else(String::new, |best| format!(": did you mean `{best}`?"))
}
