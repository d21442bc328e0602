//! `samples_*.jsonl` of lm-evaluation-harness: a row names its scores in `metrics`.

use serde_json::Value;

use super::score::{ItemScore, Scores, Wanted, choose, needed, number, text};
use crate::import::lm_eval::{filtered, task_of};
use crate::import::{Error, Object, broken};

/// Fields that are no scores, in logs of versions that do not name the scores.
const OTHERS: [&str; 9] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "doc_hash",
    "prompt_hash",
    "target_hash",
];

pub(super) fn of(name: &str, rows: &[(String, Object)], wanted: &Wanted) -> Result<Scores, Error> {
    let rows = filtered(name, rows, wanted.filter.as_deref())?;
    let first = rows.first().map(|(_, row)| row).ok_or_else(|| broken(name, "no rows"))?;
    let named: Vec<&str> = match first.get("metrics").and_then(Value::as_array) {
        Some(named) => named.iter().filter_map(Value::as_str).collect(),
        None => (first.iter())
            .filter(|(field, value)| {
                !OTHERS.contains(&field.as_str()) && (value.is_number() || value.is_boolean())
            })
            .map(|(field, _)| field.as_str())
            .collect(),
    };
    let metric = choose(name, &named, wanted)?;
    let items = rows.iter().map(|(place, row)| {
        let doc = row.get("doc").and_then(Value::as_object);
        let of_doc =
            |field: &str| doc.map_or(row, |doc| if doc.contains_key(field) { doc } else { row });
        let id = match &wanted.id {
            Some(field) => needed(place, of_doc(field), field)?,
            None => needed(place, row, "doc_id")?,
        };
        let cluster = wanted.cluster.as_deref();
        Ok(ItemScore {
            id,
            question: text(row, "doc_hash"),
            score: number(place, row.get(metric).unwrap_or(&Value::Null))?,
            cluster: cluster.map(|field| needed(place, of_doc(field), field)).transpose()?,
            place: place.clone(),
        })
    });
    Ok(Scores {
        task: task_of(name),
        model: None,
        metric: metric.to_owned(),
        items: items.collect::<Result<_, _>>()?,
        notes: Vec::new(),
    })
}
