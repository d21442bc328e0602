//! A row an item: its id in one column, and its score, or the answer and the right one, in others.

use serde_json::Value;

use super::score::{ItemScore, Scores, Wanted, needed, number};
use crate::import::{Error, Object, broken};

/// Columns that are taken for the id of an item, the first that is there.
const IDS: [&str; 7] =
    ["id", "item", "item_id", "example_id", "sample_id", "question_id", "doc_id"];

/// Columns that are taken for a score, where none is named.
const SCORES: [&str; 6] = ["score", "correct", "is_correct", "acc", "accuracy", "exact_match"];

/// An answer and the right one: together they are a score.
const ANSWERS: [&str; 4] = ["prediction", "predicted", "answer", "pred"];
const GOLD: [&str; 4] = ["gold", "label", "target", "reference"];

pub(super) fn of(name: &str, rows: &[(String, Object)], wanted: &Wanted) -> Result<Scores, Error> {
    let first = rows.first().map(|(_, row)| row).ok_or_else(|| broken(name, "no rows"))?;
    let among = |columns: &[&str]| {
        columns.iter().find(|c| first.contains_key(**c)).map(|c| (*c).to_owned())
    };
    let there = || first.keys().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let id = wanted.id.clone().or_else(|| among(&IDS)).ok_or_else(|| {
        broken(
            name,
            format!("no column with the id of an item (there are {}); name it with --id", there()),
        )
    })?;
    let column = wanted.metric.clone().or_else(|| among(&SCORES));
    let answers = among(&ANSWERS).zip(among(&GOLD));
    let metric = match (&column, &answers) {
        (Some(column), _) => column.clone(),
        (None, Some((answer, gold))) => format!("{answer} = {gold}"),
        (None, None) => {
            let problem = format!(
                "no column with a score (there are {}); name it with --metric, or give the columns `prediction` and `gold`",
                there()
            );
            return Err(broken(name, problem));
        }
    };
    let items = rows.iter().map(|(place, row)| {
        let score = match (&column, &answers) {
            (Some(column), _) => {
                let value = row
                    .get(column)
                    .ok_or_else(|| broken(place, format!("no column `{column}`")))?;
                number(place, value)?
            }
            (None, Some((answer, gold))) => {
                let right = needed(place, row, gold)?;
                let given = row.get(answer).filter(|value| !value.is_null());
                // No answer is a wrong one.
                Some(f64::from(u8::from(given.is_some() && needed(place, row, answer)? == right)))
            }
            (None, None) => None,
        };
        let cluster = wanted.cluster.as_deref();
        Ok(ItemScore {
            id: needed(place, row, &id)?,
            question: None,
            score,
            cluster: cluster.map(|field| needed(place, row, field)).transpose()?,
            place: place.clone(),
        })
    });
    let items = items.collect::<Result<_, _>>()?;
    let model = first.get("model").and_then(Value::as_str).map(str::to_owned);
    Ok(Scores { task: None, model, metric, items, notes: Vec::new() })
}
