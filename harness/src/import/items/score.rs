//! The score of an item, and how it is read out of what tools write.

use serde_json::Value;

use crate::import::{Error, Object, broken};

/// The scores of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The tool's name for the task.
    pub task: Option<String>,
    /// The tool's name for the model.
    pub model: Option<String>,
    /// What the scores are.
    pub metric: String,
    /// One an item, in the order of the file.
    pub items: Vec<ItemScore>,
    /// What a reader of the comparison should know.
    pub notes: Vec<String>,
}

/// The score of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemScore {
    /// File, and row or sample, for messages.
    pub place: String,
    /// The item.
    pub id: String,
    /// A hash or text of what was asked, where the file has one: equal ids must have equal questions.
    pub question: Option<String>,
    /// Its score; none where the file has the item without one.
    pub score: Option<f64>,
    /// Items of the same cluster are not independent.
    pub cluster: Option<String>,
}

/// What is read of a file.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Which score, where the file has several.
    pub metric: Option<String>,
    /// lm-evaluation-harness: which filter's answers.
    pub filter: Option<String>,
    /// The field with the item's id, instead of the tool's.
    pub id: Option<String>,
    /// The field that tells which items are not independent.
    pub cluster: Option<String>,
}

/// The one that is asked for, or the only one there is.
pub(super) fn choose<'n>(name: &str, there: &[&'n str], wanted: &Wanted) -> Result<&'n str, Error> {
    let listed = || there.join(", ");
    match (&wanted.metric, there) {
        (Some(metric), _) => {
            there.iter().find(|n| *n == metric).copied().ok_or_else(|| {
                broken(name, format!("no score `{metric}`; there are: {}", listed()))
            })
        }
        (None, [only]) => Ok(only),
        (None, []) => Err(broken(name, "no scores of items are in the file")),
        (None, _) => {
            Err(broken(name, format!("several scores ({}); choose one with --metric", listed())))
        }
    }
}

/// A score: a number, right or wrong, or the letters of inspect_ai (correct, incorrect, partial, no answer).
pub(super) fn number(place: &str, value: &Value) -> Result<Option<f64>, Error> {
    let found = match value {
        Value::Null => return Ok(None),
        Value::Bool(right) => Some(f64::from(u8::from(*right))),
        Value::String(text) => match text.trim() {
            "" => return Ok(None),
            "C" | "true" | "True" | "TRUE" => Some(1.0),
            "I" | "N" | "false" | "False" | "FALSE" => Some(0.0),
            "P" => Some(0.5),
            number => number.parse().ok(),
        },
        number => lenient_json::number(number),
    };
    match found.filter(|score: &f64| score.is_finite()) {
        Some(score) => Ok(Some(score)),
        None => Err(broken(place, format!("the score {value} is not a number"))),
    }
}

/// The text of a field; numbers and truth values are written as JSON writes them.
pub(super) fn text(object: &Object, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// The text of a field that must be there.
pub(super) fn needed(place: &str, object: &Object, field: &str) -> Result<String, Error> {
    text(object, field).ok_or_else(|| {
        let there: Vec<String> = object.keys().map(|name| format!("`{name}`")).collect();
        broken(place, format!("no field `{field}`; there are {}", there.join(", ")))
    })
}
