//! Scores of single items, as another tool gave them: no benchmark of ours is needed to compare two such files.
//!
//! ```text
//! samples_*.jsonl     lm-evaluation-harness: `metrics` names the fields with scores; the item is `doc_id`
//! *.eval, *.json      inspect_ai: the value of a scorer; the item is the sample's `id`
//! *.jsonl             Every Eval Ever, samples: `evaluation.score`; the item is `sample_id`
//! .csv .tsv .jsonl    a row an item, with a column for its id and one for its score
//! ```

mod every_eval_ever;
mod inspect;
mod lm_eval;
mod plain;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Error, Input, Object, Source, broken};

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

/// Reads the scores of a file; `name` is its file's name, for messages and for its ending.
///
/// # Errors
/// A file that cannot be read, or that has no scores or several without one being asked for: with what to do.
pub fn read(name: &str, input: impl Input, wanted: &Wanted) -> Result<Scores, Error> {
    let mut scores = match super::source(name, input)? {
        Source::Zip(input) => inspect::of(name, super::inspect::in_zip(name, input)?, wanted)?,
        Source::Json(input) => inspect::of(name, super::inspect::in_json(name, input)?, wanted)?,
        Source::Delimited(separator, input) => {
            plain::of(name, &super::plain::cells(name, separator, input)?, wanted)?
        }
        Source::Rows(rows) => of_rows(name, &rows, wanted)?,
    };
    if scores.items.is_empty() {
        return Err(broken(name, "the file has no items"));
    }
    one_an_item(name, &mut scores)?;
    Ok(scores)
}

fn of_rows(name: &str, rows: &[(String, Object)], wanted: &Wanted) -> Result<Scores, Error> {
    let has = |field: &str| rows.first().is_some_and(|(_, row)| row.contains_key(field));
    if has("filtered_resps") {
        lm_eval::of(name, rows, wanted)
    } else if has("evaluation") && has("sample_id") {
        every_eval_ever::of(name, rows, wanted)
    } else {
        plain::of(name, rows, wanted)
    }
}

/// Several scores of one item, as of epochs, become their mean; the tools say that they repeat items, a table does not.
fn one_an_item(name: &str, scores: &mut Scores) -> Result<(), Error> {
    let mut by_id: BTreeMap<&str, Vec<&ItemScore>> = BTreeMap::new();
    for item in &scores.items {
        by_id.entry(&item.id).or_default().push(item);
    }
    let most = by_id.values().map(Vec::len).max().unwrap_or(1);
    if most == 1 {
        return Ok(());
    }
    let repeats = |item: &ItemScore| item.place.contains(" epoch ");
    if let Some(twice) =
        by_id.values().find(|same| same.len() > 1 && !same.iter().all(|i| repeats(i)))
    {
        return Err(broken(
            &twice[1].place,
            format!(
                "the item `{}` is there a second time (first in {}); name a field that tells items apart with --id",
                twice[1].id, twice[0].place
            ),
        ));
    }
    let means: BTreeMap<String, Option<f64>> = by_id
        .iter()
        .map(|(id, same)| {
            let known: Vec<f64> = same.iter().filter_map(|item| item.score).collect();
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            ((*id).to_owned(), (!known.is_empty()).then_some(mean))
        })
        .collect();
    let mut left = means;
    scores.items.retain_mut(|item| match left.remove(&item.id) {
        Some(mean) => {
            item.score = mean;
            true
        }
        None => false,
    });
    scores.notes.push(format!("{name}: the score of an item is the mean of up to {most} epochs"));
    Ok(())
}

/// The one that is asked for, or the only one there is.
fn choose<'n>(name: &str, there: &[&'n str], wanted: &Wanted) -> Result<&'n str, Error> {
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
fn number(place: &str, value: &Value) -> Result<Option<f64>, Error> {
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
        None => Err(broken(place, format!("the score {value} is no number"))),
    }
}

/// The text of a field; numbers and truth values are written as JSON writes them.
fn text(object: &Object, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// The text of a field that must be there.
fn needed(place: &str, object: &Object, field: &str) -> Result<String, Error> {
    text(object, field).ok_or_else(|| {
        let there: Vec<String> = object.keys().map(|name| format!("`{name}`")).collect();
        broken(place, format!("no field `{field}`; there are {}", there.join(", ")))
    })
}
