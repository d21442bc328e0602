//! Predictions made elsewhere, looked up by example id or by text.
//!
//! A file gives a label (its name, or the first score 1 and the others 0) or one score a label. [`read`] turns the three formats into
//! rows of text; here they become scores. An example without a prediction has no answer.

pub mod read;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Part, Plugin, Scores, Task, export_plugin,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::read::Cell;

/// The `[config]` table of the model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// `.csv`, `.tsv`, `.jsonl` (or `.ndjson`) or `.parquet`.
    path: PathBuf,
    #[serde(default)]
    key: Key,
    /// Column of the key; absent: the name of the key.
    key_column: Option<String>,
    /// Column of the label; absent: `label`.
    label: Option<String>,
    /// Label to column of its score.
    scores: Option<BTreeMap<String, String>>,
}

/// What a prediction is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    #[default]
    Id,
    Text,
}

/// The model: all predictions of the file.
#[derive(Debug)]
pub struct Replay {
    key: Key,
    predictions: HashMap<String, Prediction>,
}

#[derive(Debug)]
struct Prediction {
    /// One a label; nothing where the file has no answer.
    scores: Option<Vec<f32>>,
    /// Where it stands, from 1, for messages.
    row: usize,
}

impl Plugin for Replay {
    const NAME: &'static str = "replay";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Classify, Capability::FitPieces, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config: Config =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let model = Self { key: config.key, predictions: predictions(&config, task)? };
        host.log(format!("{}: {} predictions", config.path.display(), model.predictions.len()));
        Ok(model)
    }

    /// The predictions are of a model that was fitted elsewhere: what is to be learned from is passed over.
    fn fit_piece(&mut self, _: Part, _: &Dataset<'_>, _: &Host) -> Result<(), Error> {
        Ok(())
    }

    fn fit_end(&mut self, _: &Host) -> Result<bool, Error> {
        Ok(false)
    }

    /// Nothing is learned, so nothing is kept: [`Plugin::create`] reads the file.
    fn save(&self, _: &Path) -> Result<(), Error> {
        Ok(())
    }

    fn load(&mut self, _: &Path) -> Result<(), Error> {
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        let keys = match self.key {
            Key::Id => &batch.ids,
            Key::Text => &batch.texts,
        };
        for (row, key) in keys.iter().enumerate() {
            let prediction = self.predictions.get(*key);
            if let Some(own) = prediction.and_then(|prediction| prediction.scores.as_ref()) {
                scores.row(row).copy_from_slice(own);
            } else {
                scores.row(row).fill(0.0);
                scores.no_answer(row);
            }
        }
        Ok(())
    }
}

/// An id as the harness hands it to plugins: 32 hex digits of its SHA-256.
fn opaque(id: &str) -> String {
    let mut hex = String::with_capacity(32);
    for byte in Sha256::digest(id.as_bytes()).iter().take(16) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Reads the file; every trouble names the file, the row and the field.
fn predictions(config: &Config, task: &Task) -> Result<HashMap<String, Prediction>, Error> {
    let file = config.path.display();
    let key = config.key_column.as_deref().unwrap_or(match config.key {
        Key::Id => "id",
        Key::Text => "text",
    });
    let columns = answer_columns(config, task)?;
    let mut wanted = vec![key];
    wanted.extend(columns.names());

    let mut predictions: HashMap<String, Prediction> = HashMap::new();
    read::rows(&config.path, &wanted, |row, cells| {
        let name = match &cells[0] {
            Cell::Text(name) => name.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Empty => {
                return Err(Error::config(format!(
                    "{file}, row {row}: `{key}` is empty; give each row its {key}"
                )));
            }
        };
        let scores = columns
            .scores(&cells[1..], task)
            .map_err(|what| Error::config(format!("{file}, row {row}: {what}")))?;
        let crossing = match config.key {
            Key::Id => opaque(&name),
            Key::Text => name.clone(),
        };
        match predictions.get(&crossing) {
            Some(before) if before.scores != scores => Err(Error::config(format!(
                "{file}: rows {} and {row} have one `{key}` ({name:?}) and different answers; keep one of them",
                before.row
            ))),
            Some(_) => Ok(()),
            None => {
                predictions.insert(crossing, Prediction { scores, row });
                Ok(())
            }
        }
    })?;
    Ok(predictions)
}

/// Where the answer stands.
enum Answer<'a> {
    Label(&'a str),
    /// One column a label, in the order of the task.
    Scores(Vec<&'a str>),
}

fn answer_columns<'a>(config: &'a Config, task: &Task) -> Result<Answer<'a>, Error> {
    let labels = task.labels.join(", ");
    match (&config.label, &config.scores) {
        (Some(_), Some(_)) => {
            Err(Error::config("config: `label` and `scores` exclude each other; remove one"))
        }
        (label, None) => Ok(Answer::Label(label.as_deref().unwrap_or("label"))),
        (None, Some(scores)) => {
            if let Some(unknown) = scores.keys().find(|label| !task.labels.contains(label)) {
                return Err(Error::config(format!(
                    "config: scores.{unknown} is not a label of task {}; its labels: {labels}",
                    task.name
                )));
            }
            let column = |label: &String| {
                scores.get(label).map(String::as_str).ok_or_else(|| {
                    Error::config(format!(
                        "config: scores has no column for the label {label:?}; its labels: {labels}"
                    ))
                })
            };
            Ok(Answer::Scores(task.labels.iter().map(column).collect::<Result<_, _>>()?))
        }
    }
}

impl<'a> Answer<'a> {
    fn names(&self) -> Vec<&'a str> {
        match self {
            Self::Label(column) => vec![column],
            Self::Scores(columns) => columns.clone(),
        }
    }

    /// The scores of a row; nothing where it has no answer.
    fn scores(&self, cells: &[Cell], task: &Task) -> Result<Option<Vec<f32>>, String> {
        match self {
            Self::Label(column) => {
                let label = match &cells[0] {
                    Cell::Empty => return Ok(None),
                    Cell::Text(label) => label.clone(),
                    Cell::Number(number) => number.to_string(),
                };
                let Some(at) = task.labels.iter().position(|known| *known == label) else {
                    return Err(format!(
                        "`{column}` = {label:?} is not a label of task {}; its labels: {}",
                        task.name,
                        task.labels.join(", ")
                    ));
                };
                let mut scores = vec![0.0; task.labels.len()];
                scores[at] = 1.0;
                Ok(Some(scores))
            }
            Self::Scores(columns) => {
                if cells.iter().all(|cell| matches!(cell, Cell::Empty)) {
                    return Ok(None);
                }
                let score = |(column, cell): (&&str, &Cell)| {
                    let number = match cell {
                        Cell::Number(number) => Some(*number),
                        Cell::Text(text) => text.trim().parse().ok(),
                        Cell::Empty => None,
                    };
                    number.filter(|n| n.is_finite()).map(|n: f64| n as f32).ok_or_else(|| {
                        format!("`{column}` = {cell} is not a finite number; give a score for each label, or leave all empty")
                    })
                };
                columns.iter().zip(cells).map(score).collect::<Result<_, _>>().map(Some)
            }
        }
    }
}

export_plugin!(Replay);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

    fn task() -> Task {
        Task {
            name: "crehate".into(),
            protocol: "finetuned".into(),
            labels: vec!["non-hate".into(), "hate".into()],
            cultures: vec!["US".into()],
        }
    }

    /// A model of a file of this name and content; `more` is more configuration.
    fn model(name: &str, content: &[u8], more: &str) -> Result<Replay, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs_err::write(&path, content).unwrap();
        let config = format!(r#"{{"path":{path:?}{more}}}"#);
        Replay::create(&config, &task(), &Host::silent(1, 0))
    }

    #[test]
    fn a_column_that_stands_twice_is_refused() {
        let error = model("p.csv", b"id,label,label\ne1,hate,non-hate\n", "").unwrap_err();
        assert!(error.message.contains("names the column `label` twice"), "{}", error.message);
    }

    /// Whatever ends the lines, a row is told with its line in an editor.
    #[test]
    fn what_is_wrong_with_a_row_is_told_with_its_line() {
        for end in ["\n", "\r\n", "\r"] {
            for bom in ["", "\u{feff}"] {
                let head = format!("{bom}id,label,note{end}e1,hate,\"a{end}b\"{end}");
                let told = |row: &[u8]| {
                    let content = [head.as_bytes(), row].concat();
                    model("p.csv", &content, "").unwrap_err().message
                };
                for (row, part) in [
                    (&b"e2,hate,caf\xe9"[..], "row 2 (line 4): bytes that are not UTF-8"),
                    (b"e2,hate", "row 2 (line 4): 2 cells where the header has 3"),
                ] {
                    let told = told(row);
                    assert!(told.contains(part), "{end:?}: {told}");
                }
            }
        }
        let lines = b"{\"id\":\"e1\",\"label\":\"hate\"}\r\n\xe9";
        let told = model("p.jsonl", lines, "").unwrap_err().message;
        assert!(told.contains("row 2: bytes that are not UTF-8"), "{told}");
    }

    fn classify(model: &mut Replay, ids: &[&str], texts: &[&str]) -> Vec<Option<Vec<f32>>> {
        let n = ids.len();
        let crossing: Vec<String> = ids.iter().map(|id| opaque(id)).collect();
        let ids: Vec<&str> = crossing.iter().map(String::as_str).collect();
        let (mut values, mut answered) = (vec![9.0; n * 2], vec![1; n]);
        let cultures = vec![0; n];
        let mut scores = Scores::over(&mut values, &mut answered, 2);
        model
            .classify(&Batch::of(&ids, texts, &cultures), &mut scores, &Host::silent(1, 0))
            .unwrap();
        values
            .chunks(2)
            .zip(answered)
            .map(|(row, answered)| (answered == 1).then(|| row.to_vec()))
            .collect()
    }

    fn table(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn labels_by_id_from_each_format() {
        let parquet = table(vec![
            (
                "label",
                Arc::new(StringArray::from(vec![Some("hate"), Some("non-hate"), None])) as ArrayRef,
            ),
            ("id", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
        ]);
        let files: [(&str, &[u8]); 5] = [
            ("p.csv", b"id,label\na,hate\nb,non-hate\nc,\na,hate\n"),
            ("p.csv", b"\xef\xbb\xbfid,other,label\r\na,\"x\ny\",hate\r\nb,,non-hate\r\n"),
            ("p.TSV", b"label\tid\nhate\ta\nnon-hate\tb\n"),
            ("p.jsonl", b"{\"id\":\"a\",\"label\":\"hate\"}\n\n{\"id\":\"b\",\"label\":\"non-hate\"}\n{\"id\":\"c\",\"label\":null}"),
            ("p.parquet", &parquet),
        ];
        for (name, content) in files {
            let got =
                classify(&mut model(name, content, "").unwrap(), &["b", "a", "c", "z"], &["t"; 4]);
            assert_eq!(got, [Some(vec![1.0, 0.0]), Some(vec![0.0, 1.0]), None, None], "{name}");
        }
    }

    #[test]
    fn scores_by_text_in_the_order_of_the_task() {
        let parquet = table(vec![
            ("text", Arc::new(StringArray::from(vec!["one, two", "three"])) as ArrayRef),
            ("p_hate", Arc::new(Float64Array::from(vec![Some(0.75), None]))),
            ("p_non", Arc::new(Float64Array::from(vec![Some(0.25), None]))),
        ]);
        let files: [(&str, &[u8]); 3] = [
            ("p.csv", b"text,p_hate,p_non\n\"one, two\",0.75,2.5e-1\nthree,,\n"),
            ("p.jsonl", b"{\"text\":\"one, two\",\"p_hate\":0.75,\"p_non\":0.25}"),
            ("p.parquet", &parquet),
        ];
        let more = r#","key":"text","scores":{"hate":"p_hate","non-hate":"p_non"}"#;
        for (name, content) in files {
            let got = classify(
                &mut model(name, content, more).unwrap(),
                &["1", "2"],
                &["one, two", "three"],
            );
            assert_eq!(got, [Some(vec![0.25, 0.75]), None], "{name}");
        }
    }

    #[test]
    fn whole_numbers_are_ids_with_all_their_digits() {
        let big = 9_007_199_254_740_993_i64;
        let id = big.to_string();
        let parquet = table(vec![
            ("post", Arc::new(Int64Array::from(vec![big])) as ArrayRef),
            ("y", Arc::new(StringArray::from(vec!["hate"]))),
        ]);
        let json = format!("{{\"post\":{big},\"y\":\"hate\"}}");
        for (name, content) in [("p.jsonl", json.as_bytes()), ("p.parquet", &parquet)] {
            let mut model = model(name, content, r#","key_column":"post","label":"y""#).unwrap();
            assert_eq!(classify(&mut model, &[&id], &["t"]), [Some(vec![0.0, 1.0])], "{name}");
        }
    }

    #[test]
    fn errors_name_file_row_field_and_remedy() {
        let check = |name: &str, content: &str, more: &str, parts: &[&str]| {
            let error = model(name, content.as_bytes(), more).unwrap_err();
            assert_eq!(error.kind, plugin_api::ErrorKind::Config);
            for part in parts {
                assert!(error.message.contains(part), "{part:?} not in {:?}", error.message);
            }
        };
        check(
            "p.csv",
            "id,label\na,hate\nb,Hate\n",
            "",
            &["p.csv, row 2", "`label` = \"Hate\"", "non-hate, hate"],
        );
        check(
            "p.csv",
            "id,label\na,hate\nb,hate\na,non-hate\n",
            "",
            &["p.csv", "rows 1 and 3", "\"a\"", "keep one"],
        );
        check("p.csv", "ID,label\na,hate\n", "", &["p.csv", "no column `id`", "ID, label"]);
        check("p.csv", "id,label\na,hate,more\n", "", &["p.csv, row 1"]);
        check("p.csv", "id,label\n,hate\n", "", &["p.csv, row 1", "`id` is empty"]);
        check("p.csv", "", "", &["p.csv", "no column `id`"]);
        check(
            "p.jsonl",
            "{\"id\":\"a\",\"label\":\"hate\"}\n{\"id\":",
            "",
            &["p.jsonl, row 2", "not a JSON object"],
        );
        check(
            "p.jsonl",
            "{\"id\":\"a\",\"answer\":\"hate\"}",
            "",
            &["p.jsonl, row 1", "no field `label`", "answer"],
        );
        check("p.parquet", "no parquet", "", &["p.parquet"]);
        check("p.xlsx", "", "", &["p.xlsx", ".csv", ".parquet"]);
        let scores = r#","scores":{"hate":"h","non-hate":"n"}"#;
        check("p.csv", "id,h,n\na,0.5,\n", scores, &["p.csv, row 1", "`n` = nothing", "all empty"]);
        check("p.csv", "id,h,n\na,0.5,NaN\n", scores, &["p.csv, row 1", "`n` = \"NaN\"", "finite"]);
        check("p.csv", "id,h\n", r#","scores":{"hate":"h"}"#, &["\"non-hate\""]);
        check("p.csv", "id,h\n", r#","scores":{"yes":"h"}"#, &["scores.yes", "non-hate, hate"]);
        check(
            "p.csv",
            "id,label\n",
            r#","label":"x","scores":{}"#,
            &["`label`", "`scores`", "remove one"],
        );
        check("p.csv", "id,label\n", r#","file":"x""#, &["`file`", "`path`"]);
        let missing =
            Replay::create(r#"{"path":"no/such.csv"}"#, &task(), &Host::silent(1, 0)).unwrap_err();
        assert!(missing.message.contains("no/such.csv"), "{}", missing.message);
        let none = Replay::create("{}", &task(), &Host::silent(1, 0)).unwrap_err();
        assert!(none.message.contains("`path`"), "{}", none.message);
    }
}
