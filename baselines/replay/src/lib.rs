//! Predictions that were made elsewhere.
//!
//! ```toml
//! name = "my-model"
//! title = "My model"
//! plugin = "replay"
//! description = "Predictions of my model, made with its own code."
//! licence = "MIT"
//!
//! [config]
//! file = "predictions.csv"      # .csv, .tsv, .jsonl or .parquet; or weights with the id `predictions`
//! key = "id"                    # or "text"
//! key_column = "id"             # default: as `key`
//! culture_column = "country"    # optional: the key is then key and culture
//! label_column = "prediction"   # the predicted label ...
//! scores = { hate = "p_hate", non-hate = "p_non" }  # ... or a column of scores for each label
//! labels = { "1.0" = "hate", "0.0" = "non-hate" }   # optional: the file's words for the task's labels
//! ```

mod table;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use plugin_api::{Batch, Capability, Error, Host, Plugin, Scores, Task, export_plugin};
use serde::Deserialize;

/// The `[config]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    file: Option<PathBuf>,
    #[serde(default)]
    weights: BTreeMap<String, PathBuf>,
    #[serde(default)]
    key: Key,
    key_column: Option<String>,
    culture_column: Option<String>,
    label_column: Option<String>,
    #[serde(default)]
    scores: BTreeMap<String, String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// What a prediction is found by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    #[default]
    Id,
    Text,
}

/// One prediction.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Label(usize),
    Scores(Vec<f32>),
}

/// The predictions by key and culture (empty where cultures are not told apart).
type Answers = HashMap<String, HashMap<String, Answer>>;

/// The model.
#[derive(Debug)]
pub struct Replay {
    key: Key,
    by_culture: bool,
    cultures: Vec<String>,
    answers: Answers,
    missing: u64,
}

impl Plugin for Replay {
    const NAME: &'static str = "replay";
    const CAPABILITIES: &'static [Capability] = &[Capability::Classify];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config: Config =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let Some(file) =
            config.file.as_deref().or(config.weights.get("predictions").map(PathBuf::as_path))
        else {
            return Err(Error::config(
                "config: no predictions; set `file` or weights with the id `predictions`",
            ));
        };
        let answers = read(&config, file, task, host)?;
        host.log(format!("{}: predictions for {} keys", file.display(), answers.len()));
        Ok(Self {
            key: config.key,
            by_culture: config.culture_column.is_some(),
            cultures: task.cultures.clone(),
            answers,
            missing: 0,
        })
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        for index in 0..batch.len() {
            if index % 1024 == 0 && host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let key = match self.key {
                Key::Id => batch.ids[index],
                Key::Text => batch.texts[index],
            };
            let culture = match self.cultures.get(batch.cultures[index] as usize) {
                Some(culture) if self.by_culture => culture.as_str(),
                _ => "",
            };
            let row = scores.row(index);
            row.fill(0.0);
            match self.answers.get(key).and_then(|found| found.get(culture)) {
                Some(Answer::Label(label)) => row[*label] = 1.0,
                Some(Answer::Scores(found)) => row.copy_from_slice(found),
                None => {
                    if self.missing == 0 {
                        let kind = if self.key == Key::Id { "id" } else { "text of example" };
                        let shown = batch.ids[index];
                        host.log(format!(
                            "no prediction for {kind} `{shown}` (further ones are only counted)"
                        ));
                    }
                    self.missing += 1;
                    scores.no_answer(index);
                }
            }
        }
        Ok(())
    }
}

/// Reads the file into answers; every complaint names file, row, column and remedy.
fn read(config: &Config, file: &Path, task: &Task, host: &Host) -> Result<Answers, Error> {
    let key_column = config.key_column.clone().unwrap_or_else(|| match config.key {
        Key::Id => "id".to_owned(),
        Key::Text => "text".to_owned(),
    });
    let mut columns = vec![key_column];
    columns.extend(config.culture_column.clone());
    let first = columns.len();
    match (&config.label_column, config.scores.is_empty()) {
        (Some(column), true) => columns.push(column.clone()),
        (None, false) => {
            for label in &task.labels {
                let column = config.scores.get(label).ok_or_else(|| {
                    Error::config(format!("config: `scores` has no column for the label `{label}`"))
                })?;
                columns.push(column.clone());
            }
        }
        _ => return Err(Error::config("config: set either `label_column` or `scores`")),
    }
    let mut answers = Answers::new();
    table::read(file, &columns, &mut |row, cells| {
        if row % 4096 == 0 && host.is_cancelled() {
            return Err(Error::cancelled());
        }
        let wrong = |column: &str, problem: String| {
            Error::load(format!("{}, row {row}, column `{column}`: {problem}", file.display()))
        };
        let Some(key) = &cells[0] else {
            return Err(wrong(&columns[0], "no key; remove the row".to_owned()));
        };
        let culture = if first == 2 { cells[1].clone().unwrap_or_default() } else { String::new() };
        // An empty cell is no prediction: the example is reported as missing.
        let Some(cells) =
            cells[first..].iter().map(Option::as_deref).collect::<Option<Vec<&str>>>()
        else {
            return Ok(());
        };
        let answer = if config.label_column.is_some() {
            let label = config.labels.get(cells[0]).map_or(cells[0], String::as_str);
            let at = task.labels.iter().position(|known| known == label).ok_or_else(|| {
                let known = task.labels.join(", ");
                wrong(
                    &columns[first],
                    format!("`{label}` is no label of the task ({known}); map it with `labels`"),
                )
            })?;
            Answer::Label(at)
        } else {
            let mut scores = Vec::with_capacity(cells.len());
            for (cell, column) in cells.iter().zip(&columns[first..]) {
                let score = cell.trim().parse::<f32>().ok().filter(|score| score.is_finite());
                scores.push(
                    score.ok_or_else(|| wrong(column, format!("`{cell}` is no finite number")))?,
                );
            }
            Answer::Scores(scores)
        };
        match answers.entry(key.clone()).or_default().entry(culture) {
            Entry::Vacant(place) => {
                place.insert(answer);
            }
            Entry::Occupied(known) if *known.get() == answer => {}
            Entry::Occupied(_) => {
                return Err(wrong(
                    &columns[0],
                    format!("`{key}` has another prediction in an earlier row; keep one"),
                ));
            }
        }
        Ok(())
    })?;
    Ok(answers)
}

export_plugin!(Replay);

#[cfg(test)]
mod tests;
