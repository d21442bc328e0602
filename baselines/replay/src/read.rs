//! Rows of CSV, TSV, JSON lines and Parquet files: the cells of some columns, by name.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use fs_err::File;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use plugin_api::Error;

/// One value. Integers are text, so that an id keeps all its digits.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Number(f64),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Tells every row (numbered from 1, without the header) with its cells in the order of `wanted`.
pub fn rows(
    path: &Path,
    wanted: &[&str],
    tell: impl FnMut(usize, &[Cell]) -> Result<(), Error>,
) -> Result<(), Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    match ending.as_deref() {
        Some("csv") => csv(path, b',', wanted, tell),
        Some("tsv") => csv(path, b'\t', wanted, tell),
        Some("jsonl" | "ndjson") => json_lines(path, wanted, tell),
        Some("parquet") => parquet(path, wanted, tell),
        _ => Err(Error::config(format!(
            "config: path = {:?} has no known ending; known: .csv, .tsv, .jsonl, .ndjson, .parquet",
            path.display()
        ))),
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|e| Error::config(format!("config: path: {e}")))
}

fn missing(path: &Path, column: &str, known: &[String]) -> Error {
    Error::config(format!(
        "{}: no column `{column}`; its columns: {}",
        path.display(),
        known.join(", ")
    ))
}

fn csv(
    path: &Path,
    delimiter: u8,
    wanted: &[&str],
    mut tell: impl FnMut(usize, &[Cell]) -> Result<(), Error>,
) -> Result<(), Error> {
    let at = |row: usize, e: csv::Error| {
        Error::config(format!("{}, row {row}{}", path.display(), trouble(path, &e)))
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(open(path)?);
    let header = reader.headers().map_err(|e| at(0, e))?;
    // Excel writes a byte-order mark.
    let known: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let place = |column: &&str| {
        let mut places = (0..known.len()).filter(|&place| known[place] == *column);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => Err(missing(path, column, &known)),
            (Some(_), Some(_)) => Err(Error::config(format!(
                "{}: the header names the column `{column}` twice; rename one of them",
                path.display()
            ))),
        }
    };
    let places = wanted.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    for (row, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|e| at(row, e))?;
        let cell = |&place: &usize| match &record[place] {
            "" => Cell::Empty,
            text => Cell::Text(text.to_owned()),
        };
        tell(row, &places.iter().map(cell).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What is wrong with a row, with its line as an editor counts it.
fn trouble(path: &Path, error: &csv::Error) -> String {
    let what = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "bytes that are not UTF-8; save it as UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "{len} cells where the header has {expected_len}; quote cells that hold the separator"
        ),
        _ => error.to_string(),
    };
    match error.position().and_then(|at| line_at(path, at.byte())) {
        Some(line) => format!(" (line {line}): {what}"),
        None => format!(": {what}"),
    }
}

/// The line, from 1, of the row that begins at a byte, or at the line end before it; lines end in LF, CR LF or CR.
fn line_at(path: &Path, byte: u64) -> Option<usize> {
    let bytes = fs_err::read(path).ok()?;
    let at = usize::try_from(byte).ok().filter(|at| *at <= bytes.len())?;
    let ends = bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = &bytes[..at + ends];
    let lone = before.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count();
    let last = usize::from(before.last() == Some(&b'\r'));
    Some(before.split(|byte| *byte == b'\n').count() + lone + last)
}

fn json_lines(
    path: &Path,
    wanted: &[&str],
    mut tell: impl FnMut(usize, &[Cell]) -> Result<(), Error>,
) -> Result<(), Error> {
    for (row, line) in (1..).zip(BufReader::new(open(path)?).lines()) {
        let at = |what: String| Error::config(format!("{}, row {row}: {what}", path.display()));
        let line = line.map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => {
                at("bytes that are not UTF-8; save it as UTF-8".to_owned())
            }
            _ => at(e.to_string()),
        })?;
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() {
            continue;
        }
        let object: serde_json::Map<String, serde_json::Value> =
            lenient_json::from_str(line).map_err(|e| at(format!("not a JSON object: {e}")))?;
        let mut cells = Vec::with_capacity(wanted.len());
        for &field in wanted {
            cells.push(match object.get(field) {
                None => {
                    let known: Vec<&str> = object.keys().map(String::as_str).collect();
                    return Err(at(format!(
                        "no field `{field}`; its fields: {}",
                        known.join(", ")
                    )));
                }
                Some(serde_json::Value::Null) => Cell::Empty,
                Some(serde_json::Value::String(text)) if text.is_empty() => Cell::Empty,
                Some(serde_json::Value::String(text)) => Cell::Text(text.clone()),
                Some(serde_json::Value::Number(number)) if !number.is_f64() => {
                    Cell::Text(number.to_string())
                }
                Some(serde_json::Value::Number(number)) => {
                    Cell::Number(number.as_f64().unwrap_or(f64::NAN))
                }
                Some(other) => {
                    return Err(at(format!("`{field}` = {other} is neither text nor number")));
                }
            });
        }
        tell(row, &cells)?;
    }
    Ok(())
}

fn parquet(
    path: &Path,
    wanted: &[&str],
    mut tell: impl FnMut(usize, &[Cell]) -> Result<(), Error>,
) -> Result<(), Error> {
    let at = |e: &dyn fmt::Display| Error::config(format!("{}: {e}", path.display()));
    // Without the Arrow schema that pandas adds, categories are read as plain text.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let file = open(path)?.into_parts().0;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|e| at(&e))?;
    let known: Vec<String> =
        builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    for column in wanted {
        match known.iter().filter(|name| name == column).count() {
            0 => return Err(missing(path, column, &known)),
            1 => {}
            _ => {
                return Err(at(&format!("it has the column `{column}` twice; rename one of them")));
            }
        }
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted.iter().copied());
    let mut row = 0;
    for batch in builder.with_projection(mask).build().map_err(|e| at(&e))? {
        let batch = batch.map_err(|e| at(&e))?;
        let mut columns = Vec::with_capacity(wanted.len());
        for &name in wanted {
            let column = batch.column_by_name(name).ok_or_else(|| missing(path, name, &known))?;
            columns.push((name, column));
        }
        for i in 0..batch.num_rows() {
            row += 1;
            let cells: Result<Vec<Cell>, Error> = columns
                .iter()
                .map(|(name, column)| {
                    cell(column, i).ok_or_else(|| {
                        at(&format!(
                            "column `{name}` has the type {}; text and numbers are read",
                            column.data_type()
                        ))
                    })
                })
                .collect();
            tell(row, &cells?)?;
        }
    }
    Ok(())
}

/// A value of a column; nothing where its type is not read.
fn cell(column: &ArrayRef, i: usize) -> Option<Cell> {
    if column.is_null(i) {
        return Some(Cell::Empty);
    }
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    Some(match column.data_type() {
        DataType::Utf8 => text(column.as_string::<i32>().value(i)),
        DataType::LargeUtf8 => text(column.as_string::<i64>().value(i)),
        DataType::Utf8View => text(column.as_string_view().value(i)),
        DataType::Int32 => Cell::Text(column.as_primitive::<Int32Type>().value(i).to_string()),
        DataType::Int64 => Cell::Text(column.as_primitive::<Int64Type>().value(i).to_string()),
        DataType::Float32 => Cell::Number(column.as_primitive::<Float32Type>().value(i).into()),
        DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(i)),
        _ => return None,
    })
}
