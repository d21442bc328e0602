//! The run in the format of Every Eval Ever (schema 0.3.0): for each model and benchmark an aggregate in JSON, and the answers
//! to single examples beside it as JSON lines. Pure: [`Material`] in, files out.
//!
//! Paths are those of its store: `data/BENCHMARK/DEVELOPER/MODEL/UUID.json` and `UUID_samples.jsonl`. A UUID follows from what
//! the file is about, so that the same run gives the same paths.

mod aggregate;
mod samples;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::results::material::Material;
use crate::results::summary::{Cell, Column, Outcome};
use crate::store::sha256;

/// The version of the schema.
pub const SCHEMA: &str = "0.3.0";

/// Who develops a model of which no other developer is known: its name in paths and ids.
const DEVELOPER: &str = "culture-eval";

/// A file, by its path below the folder of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// With `/` between its parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// All files; `now` is the time of the export, in seconds since 1970.
///
/// # Errors
/// A value cannot be written as JSON.
pub fn files(material: &Material, now: u64) -> serde_json::Result<Vec<File>> {
    let mut files = Vec::new();
    for column in &material.summary.benchmarks {
        for row in &material.summary.models {
            let of = |cell: &&Cell| {
                (&cell.model, &cell.benchmark) == (&row.name, &column.name)
                    && matches!(cell.outcome, Outcome::Score(_))
            };
            let cells: Vec<&Cell> = material.summary.cells.iter().filter(of).collect();
            if !cells.is_empty() {
                files.extend(Record::new(material, column, &row.name, cells, now).files()?);
            }
        }
    }
    Ok(files)
}

/// A model on a benchmark, by all protocols.
struct Record<'m> {
    material: &'m Material,
    column: &'m Column,
    model: &'m str,
    /// Those with a score.
    cells: Vec<&'m Cell>,
    now: u64,
    /// Path without the ending.
    stem: String,
    /// The id of the evaluation.
    id: String,
}

impl<'m> Record<'m> {
    fn new(
        material: &'m Material,
        column: &'m Column,
        model: &'m str,
        cells: Vec<&'m Cell>,
        now: u64,
    ) -> Self {
        let about = (&material.summary.signature, &column.name, model, &column.data);
        let hash = sha256(serde_json::to_string(&about).unwrap_or_default().as_bytes());
        let stem =
            format!("data/{}/{DEVELOPER}/{}/{}", part(&column.name), part(model), uuid(&hash));
        let id = format!("{}/{}/{now}", column.name, model_id(model));
        Self { material, column, model, cells, now, stem, id }
    }

    fn files(&self) -> serde_json::Result<Vec<File>> {
        let lines = self.samples()?;
        let samples = File { path: format!("{}_samples.jsonl", self.stem), text: lines };
        let aggregate = self.aggregate(&samples);
        let text = format!("{}\n", serde_json::to_string_pretty(&aggregate)?);
        let mut files = vec![File { path: format!("{}.json", self.stem), text }];
        if !samples.text.is_empty() {
            files.push(samples);
        }
        Ok(files)
    }

    /// The id of a score, by which samples name it.
    fn result_id(&self, protocol: &str, variant: &str, metric: &str, subset: &str) -> String {
        let parts = [&*self.column.name, protocol, variant, metric, subset];
        let named: Vec<String> =
            parts.iter().filter(|part| !part.is_empty()).map(|p| part(p)).collect();
        named.join(".")
    }
}

/// A model's id in the form `DEVELOPER/NAME`.
fn model_id(model: &str) -> String {
    format!("{DEVELOPER}/{}", part(model))
}

/// A name as a part of a path: letters, digits, `-`, `_` and `.`; others become `-`.
fn part(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    let name = name.trim_matches('.');
    if name.is_empty() || name == "data" { format!("x-{name}") } else { name.to_owned() }
}

/// A UUID of version 4 in form, from 128 bits of a hash.
fn uuid(hash: &str) -> String {
    let mut digits: Vec<char> = hash.chars().take(32).collect();
    digits.resize(32, '0');
    digits[12] = '4';
    digits[16] = ['8', '9', 'a', 'b'][digits[16].to_digit(16).unwrap_or(0) as usize % 4];
    let of = |from: usize, to: usize| digits[from..to].iter().collect::<String>();
    [of(0, 8), of(8, 12), of(12, 16), of(16, 20), of(20, 32)].join("-")
}

/// An object of texts, without those that are empty: all that the schema lets `additional_details` hold.
fn details<const N: usize>(pairs: [(&str, String); N]) -> Value {
    let pairs = pairs.into_iter().filter(|(_, text)| !text.is_empty());
    pairs
        .map(|(name, text)| (name.to_owned(), Value::String(text)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
