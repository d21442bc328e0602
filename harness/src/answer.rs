//! What a model predicts for one example: the one type from the plugin's reply to the page.

use serde::{Deserialize, Serialize};

/// One answer. Everything but the gold label is wrong; why it is wrong is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Index into the task's label list.
    Label(u32),
    /// A reply that parses to no label (`out-of-choice` in files).
    #[serde(rename = "out-of-choice")]
    Unparsable,
    /// No reply, or one that is not a number.
    Missing,
}

impl Answer {
    /// The label, where there is one.
    pub fn label(self) -> Option<u32> {
        match self {
            Self::Label(label) => Some(label),
            Self::Unparsable | Self::Missing => None,
        }
    }
}

/// All that a model gave for one example of a task whose score needs more than a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The option, or that there is none.
    pub answer: Answer,
    /// Scores of the options, best first; empty where the model gives none.
    pub scores: Vec<(u32, f32)>,
    /// The cleaned text of a short answer.
    pub text: String,
}

impl Given {
    /// No answer.
    pub const MISSING: Self =
        Self { answer: Answer::Missing, scores: Vec::new(), text: String::new() };
}
