//! A row for each example: CSV, TSV or JSON lines. Every column may name the example, and `row`, its 0-based number; one
//! has the answer, or several ([`super::wide`]).

use std::io::Read;

use super::wide::Wide;
use super::{Error, How, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;

pub(super) fn objects(name: &str, rows: Vec<(String, Object)>, how: &How) -> Result<Log, Error> {
    if let Some(wide) = Wide::of(&how.label) {
        let rows = rows.into_iter().enumerate().map(|(i, (place, row))| {
            let mut fields = fields(&row);
            fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
            wide.rows(&place, &fields)
        });
        return log(name, rows.collect::<Result<Vec<_>, _>>()?.concat());
    }
    let rows = rows.into_iter().enumerate().map(|(i, (place, row))| {
        let mut fields = fields(&row);
        fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
        let reply = match (fields.remove(&how.label), row.get(&how.label)) {
            (Some(label), _) => Reply::Text(label),
            (None, Some(serde_json::Value::Null)) => Reply::Missing("null".to_owned()),
            _ => return Err(no_column(&place, &how.label, row.keys())),
        };
        Ok(Row { place, fields, epoch: 1, reply })
    });
    log(name, rows.collect::<Result<_, _>>()?)
}

pub(super) fn delimited(
    name: &str,
    separator: u8,
    input: impl Read,
    how: &How,
) -> Result<Log, Error> {
    let wide = Wide::of(&how.label);
    let (head, table) = table(name, separator, input)?;
    if wide.is_none() && !head.iter().any(|column| *column == how.label) {
        return Err(no_column(name, &how.label, head.iter()));
    }
    let mut rows = Vec::new();
    for (i, (place, cells)) in table.into_iter().enumerate() {
        let mut fields: std::collections::BTreeMap<String, String> =
            head.iter().cloned().zip(cells).collect();
        fields.entry("row".to_owned()).or_insert_with(|| i.to_string());
        if let Some(wide) = &wide {
            rows.extend(wide.rows(&place, &fields)?);
            continue;
        }
        let label = fields.remove(&how.label).unwrap_or_default();
        let reply = if label.trim().is_empty() {
            Reply::Missing("an empty cell".to_owned())
        } else {
            Reply::Text(label)
        };
        rows.push(Row { place, fields, epoch: 1, reply });
    }
    log(name, rows)
}

/// Names of the columns, and the cells of each row with its place.
type Table = (Vec<String>, Vec<(String, Vec<String>)>);

fn table(name: &str, separator: u8, mut input: impl Read) -> Result<Table, Error> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(|e| broken(name, format!("{e}; save it as UTF-8")))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|e| broken(name, e.to_string()))?;
    let head: Vec<String> = head.iter().map(str::to_owned).collect();
    let rows = reader.records().enumerate().map(|(i, record)| {
        let place = format!("{name}, row {}", i + 1);
        let record = record.map_err(|e| broken(&place, e.to_string()))?;
        Ok((place, record.iter().map(str::to_owned).collect()))
    });
    let rows = rows.collect::<Result<_, Error>>()?;
    Ok((head, rows))
}

/// The rows as objects of texts.
pub(super) fn cells(
    name: &str,
    separator: u8,
    input: impl Read,
) -> Result<Vec<(String, Object)>, Error> {
    let (head, rows) = table(name, separator, input)?;
    let object = |cells: Vec<String>| head.iter().cloned().zip(cells.into_iter().map(Into::into));
    Ok(rows.into_iter().map(|(place, cells)| (place, object(cells).collect())).collect())
}

fn log(name: &str, rows: Vec<Row>) -> Result<Log, Error> {
    if rows.is_empty() {
        return Err(broken(name, "the file has no rows; there is nothing to import"));
    }
    let served = Capability::Classify;
    Ok(Log {
        tool: Tool::Predictions,
        version: None,
        task: None,
        model: None,
        served,
        rows,
        notes: Vec::new(),
    })
}

fn no_column(place: &str, label: &str, there: impl Iterator<Item = impl AsRef<str>>) -> Error {
    let there: Vec<String> = there.map(|name| format!("`{}`", name.as_ref())).collect();
    broken(
        place,
        format!(
            "no column `{label}` with the answer (there are {}); name it with --label",
            there.join(", ")
        ),
    )
}
