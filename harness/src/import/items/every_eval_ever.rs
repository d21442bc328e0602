//! Samples of Every Eval Ever (schema 0.3): a row is one item of one evaluation, with `evaluation.score`.

use serde_json::Value;

use super::score::{ItemScore, Scores, Wanted, choose, needed, number, text};
use crate::import::{Error, Object, broken};

pub(super) fn of(name: &str, rows: &[(String, Object)], wanted: &Wanted) -> Result<Scores, Error> {
    let result =
        |row: &Object| text(row, "evaluation_result_id").or_else(|| text(row, "evaluation_name"));
    let mut there: Vec<String> = rows.iter().filter_map(|(_, row)| result(row)).collect();
    there.sort_unstable();
    there.dedup();
    let named: Vec<&str> = there.iter().map(String::as_str).collect();
    let metric = choose(name, &named, wanted)?;
    let own = rows.iter().filter(|(_, row)| result(row).as_deref() == Some(metric));
    let items = own.clone().map(|(place, row)| {
        let metadata = row.get("metadata").and_then(Value::as_object);
        let of = |field: &str| metadata.filter(|m| m.contains_key(field)).unwrap_or(row);
        let score = row.get("evaluation").and_then(|evaluation| evaluation.get("score"));
        let score = score.ok_or_else(|| broken(place, "no `evaluation.score`"))?;
        let id = wanted.id.as_deref().unwrap_or("sample_id");
        let cluster = wanted.cluster.as_deref();
        Ok(ItemScore {
            id: needed(place, of(id), id)?,
            question: text(row, "sample_hash"),
            score: number(place, score)?,
            cluster: cluster.map(|field| needed(place, of(field), field)).transpose()?,
            place: place.clone(),
        })
    });
    let model = own.clone().find_map(|(_, row)| text(row, "model_id"));
    let task = own.clone().find_map(|(_, row)| text(row, "evaluation_name"));
    Ok(Scores {
        task,
        model,
        metric: metric.to_owned(),
        items: items.collect::<Result<_, _>>()?,
        notes: Vec::new(),
    })
}
