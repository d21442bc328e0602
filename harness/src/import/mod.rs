//! Answers that other tools have logged, as answers to our examples. Pure: bytes of a log in, predictions out.
//!
//! ```text
//! samples_*.jsonl  lm_eval    lm-evaluation-harness, `--log_samples`
//! *.eval, *.json   inspect    inspect_ai's logs
//! .csv .tsv .jsonl plain      a row for each example
//! ```
//! A reader gives [`Row`]s: where it stands, the fields that name its example, and a reply. [`join`] finds the examples,
//! [`Rule`] turns replies into labels.

mod inspect;
mod join;
mod lm_eval;
mod plain;
mod rule;

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::definition::family::Capability;

pub use join::{Counts, Joined, Names, join};
pub use lm_eval::beside;
pub use rule::Rule;

/// Why a log cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A log that cannot be read.
    #[error("{place}: {problem}")]
    Read {
        /// File, and row or sample.
        place: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Rows and examples do not fit together.
    #[error("{0}")]
    Join(String),
}

fn broken(place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Read { place: place.into(), problem: problem.into() }
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
    /// Plain predictions: the column with the answer.
    pub label: String,
}

/// What a log holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Who wrote it.
    pub tool: Tool,
    /// Its version, where the log tells it.
    pub version: Option<String>,
    /// The tool's name for the task.
    pub task: Option<String>,
    /// The tool's name for the model.
    pub model: Option<String>,
    /// How the model answered.
    pub served: Capability,
    /// Its answers.
    pub rows: Vec<Row>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// File, and row or sample, for messages.
    pub place: String,
    /// What the log tells of the example, by field.
    pub fields: BTreeMap<String, String>,
    /// Which of several answers to the same example; 1 where there is one.
    pub epoch: u32,
    /// The answer.
    pub reply: Reply,
}

/// An answer as it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What the model wrote, or the option it found likeliest.
    Text(String),
    /// The model gave none, and why.
    Missing(String),
}

/// Something that can be read twice.
pub trait Input: Read + Seek + Send + 'static {}
impl<T: Read + Seek + Send + 'static> Input for T {}

/// Reads a log of any of the known formats; `name` is its file's name, for messages and for its ending.
pub fn read(name: &str, mut input: impl Input, how: &How) -> Result<Log, Error> {
    let mut start = Vec::new();
    let fail = |e: std::io::Error| broken(name, e.to_string());
    input.by_ref().take(4096).read_to_end(&mut start).map_err(fail)?;
    input.rewind().map_err(fail)?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    if start.is_empty() {
        return Err(broken(name, "the file is empty; there is nothing to import"));
    }
    if start.starts_with(b"PK") {
        return inspect::zip(name, input, how);
    }
    if let "csv" | "tsv" = ending.as_str() {
        let separator = if ending == "tsv" { b'\t' } else { b',' };
        return plain::delimited(name, separator, input, how);
    }
    if start.trim_ascii_start().first() != Some(&b'{') {
        return Err(broken(
            name,
            "neither a log of lm-evaluation-harness (samples_*.jsonl) nor of inspect_ai (.eval, .json) nor predictions (.csv, .tsv, .jsonl)",
        ));
    }
    if ending == "json" {
        return inspect::json(name, input, how);
    }
    let rows = json_lines(name, input)?;
    if rows.first().is_some_and(|(_, row)| row.get("filtered_resps").is_some()) {
        return lm_eval::read(name, rows, how);
    }
    plain::objects(name, rows, how)
}

type Object = serde_json::Map<String, Value>;

/// The objects of a JSON-lines file with their places.
fn json_lines(name: &str, input: impl Read) -> Result<Vec<(String, Object)>, Error> {
    let mut rows = Vec::new();
    for (i, line) in std::io::BufRead::lines(std::io::BufReader::new(input)).enumerate() {
        let place = format!("{name}, row {}", i + 1);
        let line = line.map_err(|e| broken(&place, e.to_string()))?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        let row = serde_json::from_str(line).map_err(|e| {
            broken(&place, format!("not a JSON object: {e}; one stands on each line"))
        })?;
        rows.push((place, row));
    }
    Ok(rows)
}

/// Texts, numbers and booleans of an object, by name. What is nested names nothing.
fn fields(object: &Object) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    };
    object.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
