//! Files of every kind, and what is said of bad ones.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use plugin_api::{Batch, Host, Plugin, Scores, Task};

use super::Replay;

fn task() -> Task {
    Task {
        name: "t".to_owned(),
        protocol: "finetuned".to_owned(),
        labels: vec!["no".to_owned(), "yes".to_owned()],
        cultures: vec!["AU".to_owned(), "ZA".to_owned()],
    }
}

/// Scores and answered flags of two examples, or the message.
fn replayed(name: &str, content: &[u8], config: &str) -> Result<(Vec<f32>, Vec<u8>), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs_err::write(&file, content).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(config).unwrap();
    config["file"] = serde_json::json!(file);
    let host = Host::silent(1, 1);
    let clean =
        |e: plugin_api::Error| e.message.replace(&folder.path().display().to_string(), "[folder]");
    let mut model = Replay::create(&config.to_string(), &task(), &host).map_err(clean)?;
    let (mut values, mut answered) = (vec![f32::NAN; 4], vec![1; 2]);
    let batch = Batch::of(&["a", "b"], &["text a", "text b"], &[0, 1]);
    model.classify(&batch, &mut Scores::over(&mut values, &mut answered, 2), &host).unwrap();
    Ok((values, answered))
}

const LABELS: &str = r#"{"label_column": "p"}"#;

#[test]
fn a_label_by_id_and_a_missing_answer() {
    let found = replayed("p.csv", b"\xef\xbb\xbfid,p\nb,yes\na,\n", LABELS).unwrap();
    assert_eq!(found, (vec![0.0, 0.0, 0.0, 1.0], vec![0, 1]));
    let found = replayed(
        "p.tsv",
        b"id\tp\nb\t1\na\t0\n",
        r#"{"label_column": "p", "labels": {"1": "yes", "0": "no"}}"#,
    );
    assert_eq!(found.unwrap(), (vec![1.0, 0.0, 0.0, 1.0], vec![1, 1]));
}

#[test]
fn scores_by_text() {
    let lines =
        "{\"text\":\"text a\",\"n\":0.25,\"y\":0.75}\n\n{\"text\":\"text b\",\"n\":null,\"y\":1}\n";
    let config = r#"{"key": "text", "scores": {"no": "n", "yes": "y"}}"#;
    assert_eq!(
        replayed("p.jsonl", lines.as_bytes(), config).unwrap(),
        (vec![0.25, 0.75, 0.0, 0.0], vec![1, 0])
    );
}

#[test]
fn cultures_tell_equal_keys_apart() {
    let csv = b"post,c,p\na,AU,yes\na,ZA,no\nb,AU,yes\nb,ZA,no\n";
    let config = r#"{"key_column": "post", "culture_column": "c", "label_column": "p"}"#;
    assert_eq!(replayed("p.csv", csv, config).unwrap().0, [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn parquet_is_read() {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let no: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None]));
    let yes: ArrayRef = Arc::new(Float64Array::from(vec![2.5, 1.0]));
    let rows = RecordBatch::try_from_iter([("id", ids), ("n", no), ("y", yes)]).unwrap();
    let mut content = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut content, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let config = r#"{"scores": {"no": "n", "yes": "y"}}"#;
    assert_eq!(
        replayed("p.parquet", &content, config).unwrap(),
        (vec![0.5, 2.5, 0.0, 0.0], vec![1, 0])
    );
}

#[test]
fn bad_files_are_told() {
    let said =
        |name: &str, content: &[u8], config: &str| replayed(name, content, config).unwrap_err();
    assert_eq!(
        said("p.csv", b"id,q\na,yes\n", LABELS),
        "[folder]/p.csv: no column `p`; it has id, q"
    );
    assert_eq!(
        said("p.csv", b"id,p\na,maybe\n", LABELS),
        "[folder]/p.csv, row 1, column `p`: `maybe` is no label of the task (no, yes); map it with `labels`"
    );
    assert_eq!(
        said("p.csv", b"id,p\na,yes\na,no\n", LABELS),
        "[folder]/p.csv, row 2, column `id`: `a` has another prediction in an earlier row; keep one"
    );
    let scores = r#"{"scores": {"no": "n", "yes": "y"}}"#;
    let text = said("p.csv", b"id,n,y\na,1,NaN\n", scores);
    assert_eq!(text, "[folder]/p.csv, row 1, column `y`: `NaN` is no finite number");
    let text = said("p.csv", b"id,p\na,\xff\n", LABELS);
    assert!(text.starts_with("[folder]/p.csv, row 1: ") && text.contains("UTF-8"), "{text}");
    let text = said("p.jsonl", b"{\"id\":\"a\"}\n", LABELS);
    assert_eq!(text, "[folder]/p.jsonl, row 1: no field `p`");
    let text = said("p.csv", b"id,p\n", "{}");
    assert_eq!(text, "config: set either `label_column` or `scores`");
    assert!(said("p.xls", b"", LABELS).contains("not .csv, .tsv, .jsonl or .parquet"));
}
