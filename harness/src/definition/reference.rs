//! Reference lines that a definition asks for beside those that every kind of answer has.

use serde::{Deserialize, Serialize};

/// A reference line: `[[task.reference]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReferenceLine {
    /// What people of another culture answer to the same question (the same cluster).
    AnswersOf {
        /// That culture.
        culture: String,
    },
    /// The mean shares of the other cultures on the same question.
    MeanOfOtherCultures,
}
