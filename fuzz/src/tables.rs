//! Rows of upstream data sets.

use harness::normalise::{Error, Rows};

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
