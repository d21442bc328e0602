//! Reads the first rows of a file that has no definition yet.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use fs_err as fs;

use crate::definition::dataset::Format;
use crate::definition::rows::RowPath;
use crate::normalise::guess::{Column, Presence, Sheet};
use crate::normalise::value::Value;
use crate::normalise::{self, Kind, Place, Rows};

use super::{Error, files};

/// Rows that are looked at.
pub const MOST: usize = 100_000;

/// A BOM.
const BOM: char = '\u{feff}';

/// The first [`MOST`] rows of a file. Members of JSON objects below a row are columns by their path, `choices.text`.
///
/// # Errors
/// The file cannot be read, its ending names no format, or a row is none; with file, row and remedy.
pub fn sheet(path: &Path) -> Result<Sheet, Error> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let format = files::format(None, &file, path)?;
    let (columns, rows) = match format {
        Format::Csv => (delimited(path, &file, b',')?, None),
        Format::Tsv => (delimited(path, &file, b'\t')?, None),
        Format::Parquet => (parquet(path, &file)?, None),
        Format::Jsonl => (columns_of(&file, &jsonl(path, &file)?, None)?, None),
        Format::Json => document(path, &file)?,
    };
    Ok(Sheet { file, format, rows, columns })
}

/// All columns of a file by the reader of runs. Names end in `?` there: a name may itself.
fn collect(names: Vec<String>, mut rows: Rows<'_>) -> Result<Vec<Column>, Error> {
    let mut columns: Vec<Column> = (names.into_iter())
        .map(|name| Column { name, cells: Vec::new(), presence: Presence::Always })
        .collect();
    let mut cells = vec![String::new(); columns.len()];
    while rows.row() < MOST as u64 && rows.next(&mut cells)? {
        for (column, cell) in columns.iter_mut().zip(&cells) {
            column.cells.push(cell.clone());
        }
    }
    Ok(columns)
}

fn asked(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("{name}?")).collect()
}

fn delimited(path: &Path, file: &str, separator: u8) -> Result<Vec<Column>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(fs::File::open(path)?);
    let mut header = csv::ByteRecord::new();
    // What is wrong with the bytes, the reader of runs tells.
    let _ = reader.read_byte_record(&mut header);
    let names =
        header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
    let names = names.into_iter().enumerate().map(|(at, name)| match name.strip_prefix(BOM) {
        Some(rest) if at == 0 => rest.to_owned(),
        _ => name,
    });
    // pandas writes its index under an empty name, which no template can hold.
    let names: Vec<String> = names.filter(|name| !name.trim().is_empty()).collect();
    let rows = Rows::delimited(file, separator, &asked(&names), fs::File::open(path)?)?;
    collect(names, rows)
}

/// The columns of a Parquet file; those with lists or times, which are not read, are left out.
fn parquet(path: &Path, file: &str) -> Result<Vec<Column>, Error> {
    let open = || Ok::<_, Error>(fs::File::open(path)?.into_file());
    let mut names = Rows::parquet_columns(file, open()?)?;
    loop {
        let found = Rows::parquet(file, &asked(&names), open()?).map_err(Error::from);
        match found.and_then(|rows| collect(names.clone(), rows)) {
            Err(Error::Normalise(error)) if matches!(*error.kind, Kind::Type { .. }) => {
                let Kind::Type { field, .. } = *error.kind else { continue };
                let own = field.strip_suffix('?').unwrap_or(&field).to_owned();
                let before = names.len();
                names.retain(|name| *name != own && *name != field);
                if names.len() == before {
                    return Err(trouble(
                        file,
                        None,
                        Kind::Type { field, found: "a nested value".to_owned() },
                    ));
                }
            }
            other => return other,
        }
    }
}

fn trouble(file: &str, row: Option<u64>, kind: Kind) -> Error {
    let place = Place { file: file.to_owned(), row, line: row };
    normalise::Error::new(place, kind).into()
}

fn not_json(file: &str, row: Option<u64>, error: &serde_json::Error) -> Error {
    trouble(file, row, Kind::Json { reason: error.to_string() })
}

fn jsonl(path: &Path, file: &str) -> Result<Vec<Value>, Error> {
    let mut rows = Vec::new();
    for (at, line) in BufReader::new(fs::File::open(path)?).lines().enumerate() {
        let line = line?;
        let text = line.trim_start_matches(BOM).trim();
        if rows.len() == MOST {
            break;
        }
        if !text.is_empty() {
            let row =
                Value::from_json(text).map_err(|e| not_json(file, Some(at as u64 + 1), &e))?;
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The rows of a JSON document: the list that it is, the first list of objects in it, or its members.
fn document(path: &Path, file: &str) -> Result<(Vec<Column>, Option<RowPath>), Error> {
    let text = fs::read_to_string(path)?;
    let whole =
        Value::from_json(text.trim_start_matches(BOM)).map_err(|e| not_json(file, None, &e))?;
    let objects = |value: &Value| matches!(value, Value::List(rows) if !rows.is_empty() && rows.iter().all(is_object));
    let at = |written: serde_json::Value| {
        serde_json::from_value::<RowPath>(written).map_err(|e| not_json(file, None, &e))
    };
    match whole {
        Value::List(rows) if rows.iter().all(is_object) => {
            Ok((columns_of(file, &rows, None)?, Some(at("[]".into())?)))
        }
        Value::Object(members) => {
            if let Some((name, Value::List(rows))) =
                members.iter().find(|(_, value)| objects(value))
            {
                return Ok((columns_of(file, rows, None)?, Some(at(format!("{name}[]").into())?)));
            }
            if members.iter().all(|(_, value)| is_object(value)) {
                let (keys, rows): (Vec<String>, Vec<Value>) = members.into_iter().unzip();
                let path = at(serde_json::json!({ "path": "*", "key": "id" }))?;
                return Ok((columns_of(file, &rows, Some(&keys))?, Some(path)));
            }
            Err(trouble(file, None, Kind::Json { reason: NO_ROWS.to_owned() }))
        }
        _ => Err(trouble(file, None, Kind::Json { reason: NO_ROWS.to_owned() })),
    }
}

/// Columns of JSON rows: more are members named by their values, which no table holds.
const WIDEST: usize = 1000;

const TOO_WIDE: &str = "the rows up to here have more than 1,000 different members; if members are named by values, turn them into lists first";

const NO_ROWS: &str =
    "neither a list of objects, nor an object with such a list or with objects as members";

fn is_object(value: &Value) -> bool {
    matches!(value, Value::Object(_))
}

/// The columns of JSON rows, in the order in which they first occur; `keys` are the names of the rows.
fn columns_of(file: &str, rows: &[Value], keys: Option<&[String]>) -> Result<Vec<Column>, Error> {
    let rows = &rows[..rows.len().min(MOST)];
    let mut columns: Vec<Column> = Vec::new();
    if let Some(keys) = keys {
        let cells = keys.iter().take(MOST).cloned().collect();
        columns.push(Column { name: "id".to_owned(), cells, presence: Presence::Always });
    }
    let mut places: HashMap<String, usize> =
        columns.iter().enumerate().map(|(place, column)| (column.name.clone(), place)).collect();
    for (at, row) in rows.iter().enumerate() {
        let mut cells = Vec::new();
        flatten("", row, &mut cells);
        for (name, cell) in cells {
            let place = *places.entry(name.clone()).or_insert(columns.len());
            if place == columns.len() {
                columns.push(Column { name, cells: Vec::new(), presence: Presence::Always });
            }
            let column = &mut columns[place];
            // The keys of the rows win over a member of their name.
            if column.cells.len() <= at {
                column.fill(at);
                column.cells.push(cell);
            }
        }
        if columns.len() > WIDEST {
            return Err(trouble(
                file,
                Some(at as u64 + 1),
                Kind::Json { reason: TOO_WIDE.to_owned() },
            ));
        }
    }
    for column in &mut columns {
        column.fill(rows.len());
    }
    Ok(columns)
}

/// The cells below a value by their paths.
fn flatten(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !name.is_empty()) {
                let whole = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&whole, value, out);
            }
        }
        value => out.push((path.to_owned(), value.cell())),
    }
}
