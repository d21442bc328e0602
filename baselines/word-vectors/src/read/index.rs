//! The words of an `.npy`, in the order of its rows: Parquet with one column of strings, or text with one word a line.

use std::io::BufRead;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use fs_err::File;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use plugin_api::Error;

use super::file::{failed, open};
use super::table::Table;

/// Gives the rows of a table their words.
pub(super) fn name(mut table: Table, path: &Path, most: usize) -> Result<Table, Error> {
    let mut file = open(path)?;
    let is_parquet = file.fill_buf().map_err(|e| failed(path, e))?.starts_with(b"PAR1");
    let mut words = 0;
    let mut put = |word: &str| {
        if words < table.len() {
            table.name(Ok(word), words as u32);
        }
        words += 1;
    };
    if is_parquet {
        parquet(path, &mut put)?;
    } else {
        file.lines()
            .try_for_each(|line| line.map(|line| put(&line)))
            .map_err(|e| failed(path, e))?;
    }
    if words.min(most) == table.len() {
        return Ok(table);
    }
    Err(failed(
        path,
        format!("{words} words for {} vectors: the two files do not belong together", table.len()),
    ))
}

/// The one column of strings of a Parquet file.
fn parquet(path: &Path, put: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let file = File::open(path).map_err(Error::load)?.into_file();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| failed(path, e))?;
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8);
    let columns = reader.schema().fields().iter().enumerate();
    let columns: Vec<usize> =
        columns.filter(|(_, field)| is_text(field.data_type())).map(|(i, _)| i).collect();
    let &[column] = columns.as_slice() else {
        return Err(failed(
            path,
            format!("{} columns of strings; it must have one", columns.len()),
        ));
    };
    for batch in reader.build().map_err(|e| failed(path, e))? {
        let batch = batch.map_err(|e| failed(path, e))?;
        let array = batch.column(column);
        let missing = || failed(path, "a word is null");
        if let Some(words) = array.as_string_opt::<i32>() {
            words.iter().try_for_each(|word| word.map(&mut *put).ok_or_else(missing))?;
        } else {
            let words = array.as_string::<i64>();
            words.iter().try_for_each(|word| word.map(&mut *put).ok_or_else(missing))?;
        }
    }
    Ok(())
}
