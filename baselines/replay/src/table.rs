//! Tables as rows of optional texts: CSV, TSV, JSONL, Parquet, streamed.

use std::io::{BufRead, BufReader};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use plugin_api::Error;

/// Takes a row: its 1-based number and the asked columns; an empty cell is `None`.
pub(crate) type Take<'a> = &'a mut dyn FnMut(usize, &[Option<String>]) -> Result<(), Error>;

/// Streams some columns of a file to `take`.
pub(crate) fn read(file: &Path, columns: &[String], take: Take<'_>) -> Result<(), Error> {
    match file.extension().and_then(|e| e.to_str()) {
        Some("csv") => csv(file, b',', columns, take),
        Some("tsv") => csv(file, b'\t', columns, take),
        Some("jsonl" | "ndjson") => jsonl(file, columns, take),
        Some("parquet") => parquet(file, columns, take),
        _ => Err(Error::config(format!(
            "{}: not .csv, .tsv, .jsonl or .parquet; rename it",
            file.display()
        ))),
    }
}

fn bad(file: &Path, row: usize, problem: impl std::fmt::Display) -> Error {
    Error::load(format!("{}, row {row}: {problem}", file.display()))
}

fn no_column<'a>(file: &Path, column: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<Vec<_>>().join(", ");
    Error::load(format!("{}: no column `{column}`; it has {known}", file.display()))
}

fn csv(file: &Path, delimiter: u8, columns: &[String], take: Take<'_>) -> Result<(), Error> {
    let open = fs_err::File::open(file).map_err(Error::load)?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).from_reader(BufReader::new(open));
    let headers = reader.headers().map_err(|e| bad(file, 0, e))?.clone();
    // Spreadsheets put a byte order mark before the first name.
    let names: Vec<&str> = headers.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let mut places = Vec::new();
    for column in columns {
        let place = names.iter().position(|name| name == column);
        places.push(place.ok_or_else(|| no_column(file, column, names.iter().copied()))?);
    }
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    loop {
        row += 1;
        if !reader.read_record(&mut record).map_err(|e| bad(file, row, e))? {
            return Ok(());
        }
        let cell =
            |place: &usize| record.get(*place).filter(|cell| !cell.is_empty()).map(str::to_owned);
        take(row, &places.iter().map(cell).collect::<Vec<_>>())?;
    }
}

fn jsonl(file: &Path, columns: &[String], take: Take<'_>) -> Result<(), Error> {
    let open = fs_err::File::open(file).map_err(Error::load)?;
    for (line, text) in BufReader::new(open).lines().enumerate() {
        let row = line + 1;
        let text = text.map_err(|e| bad(file, row, e))?;
        if text.trim().is_empty() {
            continue;
        }
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).map_err(|e| bad(file, row, e))?;
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            let value = object.get(column);
            let value = value.ok_or_else(|| bad(file, row, format_args!("no field `{column}`")))?;
            cells.push(match value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => {
                    Some(text.clone()).filter(|text| !text.is_empty())
                }
                other => Some(other.to_string()),
            });
        }
        take(row, &cells)?;
    }
    Ok(())
}

fn parquet(file: &Path, columns: &[String], take: Take<'_>) -> Result<(), Error> {
    let open = fs_err::File::open(file).map_err(Error::load)?;
    let reader = SerializedFileReader::new(open.into_parts().0).map_err(|e| bad(file, 0, e))?;
    let schema = reader.metadata().file_metadata().schema();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let mut places = Vec::new();
    for column in columns {
        let place = names.iter().position(|name| name == column);
        places.push(place.ok_or_else(|| no_column(file, column, names.iter().copied()))?);
    }
    let rows = reader.get_row_iter(None).map_err(|e| bad(file, 0, e))?;
    for (index, row) in rows.enumerate() {
        let row = row.map_err(|e| bad(file, index + 1, e))?;
        let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
        let cell = |place: &usize| match fields[*place] {
            Field::Null => None,
            Field::Str(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        };
        take(index + 1, &places.iter().map(cell).collect::<Vec<_>>())?;
    }
    Ok(())
}
