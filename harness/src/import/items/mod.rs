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
mod score;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{Error, Input, Object, Source, broken};

pub use score::{ItemScore, Scores, Wanted};

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
