//! Predictions in a file that is not text: Parquet.

use super::log::Ended;
use super::wide::Wide;
use super::{Error, How, Log, Reply, Row, Tool, broken};
use crate::definition::dataset::Capability;
use crate::normalise::Rows;

/// The rows of an open table, of which `columns` are read; the one of `how.label` has the answer.
///
/// # Errors
/// A row that cannot be read, or none at all.
pub fn read(name: &str, mut rows: Rows<'_>, columns: &[String], how: &How) -> Result<Log, Error> {
    let mut cells = vec![String::new(); columns.len()];
    let mut out = Vec::new();
    loop {
        match rows.next(&mut cells) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(broken(name, error.to_string())),
        }
        let place = format!("{name}, row {}", rows.row());
        let mut fields: std::collections::BTreeMap<String, String> =
            columns.iter().cloned().zip(cells.iter().cloned()).collect();
        fields.insert("row".to_owned(), (rows.row() - 1).to_string());
        if let Some(wide) = Wide::of(&how.label) {
            out.extend(wide.rows(&place, &fields)?);
            continue;
        }
        let reply = match fields.remove(&how.label) {
            Some(label) if !label.trim().is_empty() => Reply::Text(label),
            _ => Reply::Missing("an empty cell".to_owned()),
        };
        out.push(Row { place, fields, epoch: 1, ended: Ended::Well, reply });
    }
    if out.is_empty() {
        return Err(broken(name, "the file has no rows; there is nothing to import"));
    }
    let served = Capability::Classify;
    let tool = Tool::Predictions;
    Ok(Log { tool, version: None, task: None, model: None, served, rows: out, notes: Vec::new() })
}
