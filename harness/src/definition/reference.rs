//! Reference lines of a definition, in addition to those of every kind of answer.

use serde::{Deserialize, Serialize};

/// A reference line: `[[task.reference]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReferenceLine {
    /// The answers of people of another culture to the same question (the same cluster).
    AnswersOf {
        /// That culture.
        culture: String,
    },
    /// The mean shares of the other cultures on the same question.
    MeanOfOtherCultures,
}
