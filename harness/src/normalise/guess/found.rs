//! What the user specified for a file, and the guessed roles of its columns.

use std::collections::BTreeMap;

use super::gold::GoldForm;
use crate::definition::answer::{AnswerMap, Kind};
use crate::definition::split::Split;
use crate::definition::step::Step;

/// What the user said, by option of the command: names of columns, where nothing else is told.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The kind of answer.
    pub kind: Option<Kind>,
    /// Column of ids.
    pub id: Option<String>,
    /// Column of the text.
    pub text: Option<String>,
    /// Column of what comes before the text.
    pub context: Option<String>,
    /// Column of cultures.
    pub culture: Option<String>,
    /// The one culture of all rows: a tag, not a column.
    pub one_culture: Option<String>,
    /// Column of splits.
    pub split: Option<String>,
    /// Columns with one option each, or one column with all.
    pub options: Vec<String>,
    /// Column of what is right.
    pub gold: Option<String>,
    /// How the right option is written.
    pub gold_is: Option<GoldForm>,
    /// Columns with one share or count each, or one column with all.
    pub shares: Vec<String>,
    /// The two columns with sentences, the more stereotyped one first.
    pub pair: Vec<String>,
}

/// What the columns are.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Columns that are read and that every row has.
    pub columns: Vec<String>,
    /// Columns that are read where a row has them.
    pub optional: Vec<String>,
    /// Column of ids; none where rows are numbered.
    pub id: Option<String>,
    /// Columns that make the text, in order.
    pub text: Vec<String>,
    /// Where the culture is.
    pub culture: Culture,
    /// Whether models are given the culture.
    pub shows: Shows,
    /// Column that the steps write a hash of the text to, where some rows have the same text: they are not independent.
    pub same_text: Option<String>,
    /// How rows are divided.
    pub parts: Parts,
    /// What is answered.
    pub answer: Answer,
    /// Steps on every row.
    pub steps: Vec<Step>,
    /// Rows that were looked at.
    pub rows: usize,
    /// What each role was taken for, in words: role and finding.
    pub told: Vec<(&'static str, String)>,
}

/// Where the culture is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Culture {
    /// In a column.
    Column(String),
    /// All rows have this one.
    One(String),
}

/// What models are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// The text alone.
    Text,
    /// The text and the culture.
    TextAndCulture,
}

/// How rows are divided into train, valid and test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts {
    /// All are scored.
    Test,
    /// By a hash.
    Hash,
    /// By the cells of a column.
    Given {
        /// The column.
        column: String,
        /// Part -> cells.
        cells: BTreeMap<Split, Vec<String>>,
    },
}

/// What is answered.
#[expect(clippy::large_enum_variant, reason = "there is one a table")]
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A label of the task.
    Label {
        /// The column.
        column: String,
        /// Its distinct cells.
        labels: Vec<String>,
    },
    /// Anything else.
    Other {
        /// Where it is.
        map: AnswerMap,
        /// Options, where every row has as many.
        options: Option<usize>,
    },
}
