//! Answers that other tools have logged, as answers to our examples. Pure: bytes of a log in, predictions out.
//!
//! ```text
//! samples_*.jsonl  lm_eval    lm-evaluation-harness, `--log_samples`; `options` names what was chosen from
//! *.eval, *.json   inspect    inspect_ai's logs
//! .csv .tsv .jsonl plain      a row for each example
//! ```
//! A reader gives [`Row`]s: where it stands, the fields that name its example, and a reply. [`join`] finds the examples,
//! [`Rule`] turns replies into labels.

mod error;
mod inspect;
pub mod items;
mod join;
mod lm_eval;
mod log;
mod options;
mod plain;
mod rule;
mod table;
mod wide;

use std::io::Read;

pub use error::Error;
pub use join::{Counts, Coverage, Joined, Names, join};
pub use lm_eval::beside;
pub use log::{Ended, How, Input, Log, Reply, Row, Tool};
pub use rule::Rule;
pub use table::read as read_table;

use crate::normalise::reader::kind_of;
use error::broken;
use log::{Object, fields};

/// Reads a log of any of the known formats; `name` is its file's name, for messages and for its ending.
pub fn read(name: &str, input: impl Input, how: &How) -> Result<Log, Error> {
    match source(name, input)? {
        Source::Zip(input) => inspect::zip(name, input, how),
        Source::Json(input) => inspect::json(name, input, how),
        Source::Delimited(separator, input) => plain::delimited(name, separator, input, how),
        Source::Rows(rows) => of_rows(name, rows, how),
    }
}

/// What a file is by its first bytes and its ending.
enum Source<I> {
    /// inspect_ai's `.eval`.
    Zip(I),
    /// inspect_ai's `.json`.
    Json(I),
    /// A table of text with this separator.
    Delimited(u8, I),
    /// Objects with their places.
    Rows(Vec<(String, Object)>),
}

fn source<I: Input>(name: &str, mut input: I) -> Result<Source<I>, Error> {
    let mut start = Vec::new();
    let fail = |e: std::io::Error| broken(name, e.to_string());
    input.by_ref().take(4096).read_to_end(&mut start).map_err(fail)?;
    input.rewind().map_err(fail)?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    if start.is_empty() {
        return Err(broken(name, "the file is empty; there is nothing to import"));
    }
    if start.starts_with(b"PK") {
        return Ok(Source::Zip(input));
    }
    if let Some((what, remedy)) = other(&start) {
        return Err(broken(name, format!("{what}; {remedy}")));
    }
    if let "csv" | "tsv" = ending.as_str() {
        return Ok(Source::Delimited(if ending == "tsv" { b'\t' } else { b',' }, input));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
    if text.first() == Some(&b'[') {
        return Ok(Source::Rows(list(name, input)?));
    }
    if text.first() != Some(&b'{') {
        return Err(broken(
            name,
            "neither a log of lm-evaluation-harness (samples_*.jsonl) nor of inspect_ai (.eval, .json) nor predictions (.csv, .tsv, .jsonl)",
        ));
    }
    if ending == "json" {
        return Ok(Source::Json(input));
    }
    Ok(Source::Rows(json_lines(name, input)?))
}

/// What a file is that is none of these, by its first bytes, and what to do.
fn other(start: &[u8]) -> Option<(&'static str, &'static str)> {
    if start.starts_with(b"PAR1") {
        return Some((
            "a Parquet file",
            "`culture-eval score` reads it; save it as CSV to import it",
        ));
    }
    let text = start.trim_ascii_start();
    if text
        .get(..5)
        .is_some_and(|head| matches!(&head.to_ascii_lowercase()[..], b"<!doc" | b"<html"))
    {
        return Some((
            "a web page",
            "download the file itself (`resolve`, not `blob`, in its address)",
        ));
    }
    kind_of(start)
}

/// The objects of a JSON list with their places.
fn list(name: &str, mut input: impl Read) -> Result<Vec<(String, Object)>, Error> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|e| broken(name, e.to_string()))?;
    let rows: Vec<Object> = lenient_json::from_slice(&bytes).map_err(|e| {
        broken(name, format!("not a list of JSON objects: {e}; write one object a line"))
    })?;
    Ok(rows
        .into_iter()
        .enumerate()
        .map(|(i, row)| (format!("{name}, row {}", i + 1), row))
        .collect())
}

fn of_rows(name: &str, rows: Vec<(String, Object)>, how: &How) -> Result<Log, Error> {
    let is_sample = |row: &Object| {
        row.contains_key("filtered_resps")
            || row.contains_key("resps") && row.contains_key("arguments")
    };
    if rows.first().is_some_and(|(_, row)| is_sample(row)) {
        return lm_eval::read(name, &rows, how);
    }
    plain::objects(name, rows, how)
}

/// Gives fields of the rows other values, and the part of `map` that is about answers back. An entry `FIELD:VALUE` is about a
/// field where the rows have one of that name.
pub fn rename(rows: &mut [Row], map: &[(String, String)]) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    for (from, to) in map {
        let of_field = from
            .split_once(':')
            .filter(|(field, _)| rows.iter().any(|row| row.fields.contains_key(*field)));
        let Some((field, value)) = of_field else {
            answers.push((from.clone(), to.clone()));
            continue;
        };
        for cell in rows.iter_mut().filter_map(|row| row.fields.get_mut(field)) {
            if cell == value {
                cell.clone_from(to);
            }
        }
    }
    answers
}

/// The objects of a JSON-lines file with their places.
fn json_lines(name: &str, input: impl Read) -> Result<Vec<(String, Object)>, Error> {
    let mut rows = Vec::new();
    for (i, line) in std::io::BufRead::lines(std::io::BufReader::new(input)).enumerate() {
        let place = format!("{name}, row {}", i + 1);
        let line = line.map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => {
                broken(name, format!("line {}: bytes that are not UTF-8; save it as UTF-8", i + 1))
            }
            _ => broken(&place, e.to_string()),
        })?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        let row = lenient_json::from_str(line)
            .map_err(|e| broken(&place, format!("not a JSON object: {e}; each line holds one")))?;
        rows.push((place, row));
    }
    Ok(rows)
}
