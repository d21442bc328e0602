//! Rows of upstream data sets.

use harness::definition::rows::RowPath;
use harness::normalise::{Error, Rows, literal};

fn columns() -> Vec<String> {
    ["id", "text", "label"].map(str::to_owned).to_vec()
}

/// All rows, past those with trouble of their own.
fn all(rows: Result<Rows<'_>, Error>) {
    let Ok(mut rows) = rows else { return };
    let mut cells = vec![String::new(); 3];
    loop {
        match rows.next(&mut cells) {
            Ok(true) => {}
            Err(error) if error.kind.is_row_trouble() => {}
            Ok(false) | Err(_) => return,
        }
    }
}

pub(crate) fn delimited(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 2);
    all(Rows::delimited("fuzz", [b',', b'\t'][choice as usize], &columns(), rest));
}

pub(crate) fn jsonl(bytes: &[u8]) {
    all(Rows::jsonl("fuzz", &columns(), bytes));
}

pub(crate) fn parquet(bytes: &[u8]) {
    all(Rows::parquet("fuzz", &columns(), bytes::Bytes::copy_from_slice(bytes)));
}

/// A JSON document with rows at one of three places.
pub(crate) fn json(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 4);
    let path = [r#""[]""#, r#"{"path": "*", "key": "id"}"#, r#""data.rows[]""#, r#"".""#];
    let path: RowPath = serde_json::from_str(path[choice as usize]).expect("a path");
    let columns = ["text", "label?", "a.b[1]?"].map(str::to_owned);
    all(Rows::json("fuzz", &path, &columns, rest));
}

/// A Python literal; what is read is written as JSON and read again.
pub(crate) fn literal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(value) = literal::parse(text) {
        let again = harness::normalise::value::Value::from_json(&value.to_string());
        assert_eq!(again.ok(), Some(value), "a value of JSON");
    }
}
