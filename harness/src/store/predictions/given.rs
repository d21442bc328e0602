//! Everything that a model returned for the examples of a task whose score needs more than a label: scores of
//! options, and texts.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use arrow_array::{Array, Float32Array, ListArray, StringArray};

use super::{TEXT, answer_of, invalid, text};
use crate::answer::Given;
use crate::example::Strings;
use crate::store::batches::{Batches, open};

/// For each of `variants` what was given for each of the examples `ids`; an example without a row is missing, a second row is
/// an error.
pub fn read(
    path: &Path,
    variants: &[String],
    labels: &[String],
    ids: &Strings,
) -> io::Result<Vec<Vec<Given>>> {
    let fail = |what: String| invalid(path, what);
    let (file, _) = crate::store::open_plain(path)?.into_parts();
    let reader = open(file).and_then(Batches::of).map_err(fail)?;
    let numbers: HashMap<&str, u32> =
        labels.iter().enumerate().map(|(i, label)| (label.as_str(), i as u32)).collect();
    let number = |label: &str| {
        let found = numbers.get(label).copied();
        found.ok_or_else(|| fail(format!("label `{label}` is not one of the task's")))
    };
    let places: HashMap<&str, usize> = ids.iter().enumerate().map(|(i, id)| (id, i)).collect();
    let mut seen = vec![false; variants.len() * ids.len()];
    let mut all = vec![vec![Given::MISSING; ids.len()]; variants.len()];
    for batch in reader {
        let batch = batch.map_err(fail)?;
        let column = |name: &str| text(path, &batch, name);
        let (row_ids, names, status) = (column("id")?, column("variant")?, column("status")?);
        let label = column("label")?;
        let texts = batch.column_by_name(TEXT).map(|_| column(TEXT)).transpose()?;
        let list = |name: &str| -> io::Result<&ListArray> {
            let column = batch.column_by_name(name);
            let column = column.and_then(|c| c.as_any().downcast_ref::<ListArray>());
            column.ok_or_else(|| fail(format!("no list column `{name}`")))
        };
        let (top, scores) = (list("top_labels")?, list("top_scores")?);
        for row in 0..batch.num_rows() {
            let variant = variants.iter().position(|name| name == names.value(row));
            let example = places.get(row_ids.value(row));
            let (Some(variant), Some(&example)) = (variant, example) else { continue };
            if std::mem::replace(&mut seen[variant * ids.len() + example], true) {
                let id = row_ids.value(row);
                return Err(fail(format!(
                    "the example `{id}` is answered twice; delete the cell's folder and run again"
                )));
            }
            let given = &mut all[variant][example];
            given.answer = answer_of(status.value(row), || number(label.value(row)), fail)?;
            if let Some(texts) = texts.filter(|texts| texts.is_valid(row)) {
                texts.value(row).clone_into(&mut given.text);
            }
            if top.is_valid(row) && scores.is_valid(row) {
                let (top, scores) = (top.value(row), scores.value(row));
                let wrong = || fail("`top_labels` and `top_scores` do not fit".to_owned());
                let top = top.as_any().downcast_ref::<StringArray>().ok_or_else(wrong)?;
                let scores = scores.as_any().downcast_ref::<Float32Array>().ok_or_else(wrong)?;
                let pairs = top.iter().zip(scores.values());
                given.scores = pairs
                    .map(|(label, score)| Ok((number(label.unwrap_or_default())?, *score)))
                    .collect::<io::Result<_>>()?;
            }
        }
    }
    Ok(all)
}
