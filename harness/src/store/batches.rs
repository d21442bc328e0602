//! Parquet files, read so that a broken one is an error. The library asserts where it could refuse, takes lengths at their word, and
//! reads on behind the end.

use std::fmt::Display;
use std::io::{self, Read};
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use plugin_api::trampoline::caught;

use super::pages;

/// Runs a call of the library; its error or its panic is the reason. What it worked on is not used again after a panic.
pub fn guarded<T, E: Display>(body: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match caught(body) {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(_) => Err("the file is damaged: its parts do not fit together".to_owned()),
    }
}

/// Refuses places and lengths that are not in a file of this length.
fn sound(metadata: &ParquetMetaData, length: u64) -> Result<(), String> {
    let inside = |start: i64, bytes: i64| {
        let end = u64::try_from(start).ok().zip(u64::try_from(bytes).ok());
        end.and_then(|(start, bytes)| start.checked_add(bytes)).is_some_and(|end| end <= length)
    };
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let broken = group.columns().iter().find(|column| {
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            !inside(start, column.compressed_size())
                || !inside(column.data_page_offset(), 0)
                || column.num_values() < 0
                || column.uncompressed_size() < 0
        });
        if let Some(column) = broken {
            let name = column.column_path();
            return Err(format!(
                "the file is damaged: column `{name}` of row group {number} is not within its {length} bytes"
            ));
        }
        if group.num_rows() < 0 {
            return Err(format!("the file is damaged: row group {number} has a negative length"));
        }
    }
    Ok(())
}

/// A file whose end is an error. The library skips bytes that are not there without a word, as often as a count of values in a
/// page's head says: a file of a kilobyte took minutes.
#[derive(Debug)]
pub struct Ending<R>(pub R);

/// What [`Ending`] reads by.
#[derive(Debug)]
pub struct BeforeEnd<T>(T);

impl<R: Length> Length for Ending<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Ending<R> {
    type T = BeforeEnd<R::T>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.0.get_read(start).map(BeforeEnd)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

impl<T: Read> Read for BeforeEnd<T> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        match self.0.read(place)? {
            0 if !place.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// A file whose lengths are sound, and its metadata.
pub fn checked<R: ChunkReader>(file: R) -> Result<(Ending<R>, ParquetMetaData), String> {
    let file = Ending(file);
    let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(&file))?;
    sound(&metadata, file.len())?;
    pages::sound(&file, &metadata)?;
    Ok((file, metadata))
}

/// A builder of a reader of such a file.
pub fn open<R: ChunkReader + 'static>(
    file: R,
) -> Result<ParquetRecordBatchReaderBuilder<Ending<R>>, String> {
    let (file, metadata) = checked(file)?;
    let options = ArrowReaderOptions::default();
    let metadata = guarded(|| ArrowReaderMetadata::try_new(Arc::new(metadata), options))?;
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
}

/// Record batches until the first that cannot be read.
#[derive(Debug)]
pub struct Batches(Option<ParquetRecordBatchReader>);

impl Batches {
    /// Those of a builder.
    pub fn of<R: ChunkReader + 'static>(
        builder: ParquetRecordBatchReaderBuilder<R>,
    ) -> Result<Self, String> {
        guarded(|| builder.build()).map(|reader| Self(Some(reader)))
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.0.as_mut()?;
        let next = guarded(|| reader.next().transpose()).transpose();
        if !matches!(next, Some(Ok(_))) {
            self.0 = None;
        }
        next
    }
}
