//! A log of another tool, as all readers give it.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::definition::dataset::Capability;
pub use crate::prompts::Reply;

/// What a log holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Who wrote it.
    pub tool: Tool,
    /// Its version, where the log gives it.
    pub version: Option<String>,
    /// The tool's name for the task.
    pub task: Option<String>,
    /// The tool's name for the model.
    pub model: Option<String>,
    /// How the model answered.
    pub served: Capability,
    /// Its answers.
    pub rows: Vec<Row>,
    /// What a reader of the board should know of it: the evaluation failed half way.
    pub notes: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// File, and row or sample, for messages.
    pub place: String,
    /// What the log says of the example, by field.
    pub fields: BTreeMap<String, String>,
    /// Which of several answers to the same example; 1 where there is one.
    pub epoch: u32,
    /// How the evaluation that it is of ended.
    pub ended: Ended,
    /// The answer.
    pub reply: Reply,
}

/// How an evaluation ended. What a failed one says of an example, one that ended well says better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it should, as far as the log tells.
    Well,
    /// By an error, or it was stopped.
    Failed,
}

/// The tool that wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// EleutherAI's lm-evaluation-harness.
    LmEval,
    /// The UK AISI's `inspect_ai`.
    InspectAi,
    /// A table of predictions.
    Predictions,
}

impl Tool {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LmEval => "lm-evaluation-harness",
            Self::InspectAi => "inspect_ai",
            Self::Predictions => "predictions",
        }
    }
}

/// How a log is read.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// lm-evaluation-harness: which filter's answers.
    pub filter: Option<String>,
    /// `inspect_ai`: the scorer whose extracted answer counts, instead of the completion.
    pub scorer: Option<String>,
    /// Plain predictions: the column with the answer, or a template of the columns that have one each:
    /// `{country}_Hate`. Then a row of the file has several answers, each with a field `country`.
    pub label: String,
    /// Answers that the caller can read as they stand: an option's letter among them is not replaced by its text.
    pub known: Vec<String>,
}

/// Something that can be read twice.
pub trait Input: Read + Seek + Send + 'static {}
impl<T: Read + Seek + Send + 'static> Input for T {}

pub(super) type Object = serde_json::Map<String, Value>;

/// Texts, numbers and booleans of an object, by name. What is nested names nothing.
pub(super) fn fields(object: &Object) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    };
    object.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
