//! `examples.parquet`: the examples of a task, readable by any tool.
//!
//! Columns: `id`, `text`, `label`, `culture`, `cluster`, `part`, `group.NAME` for every further tag, and, where annotators'
//! votes are known, `votes`: a count for each label of the task, in its order. Examples with another kind of answer than a
//! label have further columns (`items`).

mod columns;
mod items;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, ListArray, StringArray, UInt32Array};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::reader::{ChunkReader, Length};

use super::batches::{Batches, Ending};
use crate::definition::split::Split;
use crate::example::{Coded, Examples, Votes};
use columns::{COLUMNS, GROUP, ROWS_A_BATCH, VOTES};
pub use write::{Layout, WithVotes, Writer};

/// A file of examples that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; delete it and run again to rebuild it")]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// Reads the examples of some parts in file order, with gold labels and votes; `labels` numbers the labels.
pub fn read(path: &Path, parts: &[Split], labels: &[String]) -> Result<Examples, Error> {
    Stream::open(&Table::open(path)?, parts, labels, 0, Keep::GOLD)?.rest()
}

/// The same without the texts, which are empty.
pub fn read_without_texts(
    path: &Path,
    parts: &[Split],
    labels: &[String],
) -> Result<Examples, Error> {
    let keep = Keep { texts: false, ..Keep::GOLD };
    Stream::open(&Table::open(path)?, parts, labels, 0, keep)?.rest()
}

/// An open file of examples: it can be read again and again, also where its path is out of reach by now. It is what the
/// process of a plugin reads: no method reads the votes of annotators.
#[derive(Debug, Clone)]
pub struct Table {
    path: PathBuf,
    file: Positioned,
    /// Tags that prompts name: the only ones that are read. A tag may tell the gold answer, as "ambiguous" does.
    shown: Vec<String>,
}

impl Table {
    /// Opens it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |e: std::io::Error| Error { path: path.to_owned(), reason: e.to_string() };
        let file = fs_err::File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        let file = Positioned { file: Arc::new(file.into_file()), length };
        Ok(Self { path: path.to_owned(), file, shown: Vec::new() })
    }

    /// The same with some tags that are read.
    #[must_use]
    pub fn showing(self, groups: Vec<String>) -> Self {
        Self { shown: groups, ..self }
    }

    /// The examples of some parts in file order; `labels` numbers the labels.
    pub fn read(&self, parts: &[Split], labels: &[String]) -> Result<Examples, Error> {
        Stream::open(self, parts, labels, 0, Keep::LEARNED)?.rest()
    }

    /// The examples of some parts from the `from`-th on, a piece at a time, in file order. They have no cluster numbers.
    pub fn stream(&self, parts: &[Split], labels: &[String], from: usize) -> Result<Stream, Error> {
        Stream::open(self, parts, labels, from, Keep { clusters: false, ..Keep::LEARNED })
    }

    /// The same without the labels, which are not read from the disk.
    pub fn questions(&self, parts: &[Split], from: usize) -> Result<Stream, Error> {
        let keep = Keep { clusters: false, labels: false, ..Keep::LEARNED };
        Stream::open(self, parts, &[], from, keep)
    }

    /// The same without texts, too: ids, cultures and tags.
    pub fn ids(&self, parts: &[Split], from: usize) -> Result<Stream, Error> {
        let keep = Keep { texts: false, labels: false, clusters: false, votes: false };
        Stream::open(self, parts, &[], from, keep)
    }

    /// The part of every row of the file.
    pub fn parts(&self) -> Result<Vec<Split>, Error> {
        let mut parts = Vec::new();
        let mut unknown = None;
        each_part(self, |part| {
            match Split::ALL.into_iter().find(|split| split.name() == part) {
                Some(split) => parts.push(split),
                None => unknown = Some(part.to_owned()),
            }
            unknown.is_none()
        })?;
        match unknown {
            None => Ok(parts),
            Some(part) => {
                let reason = format!("there is no split `{part}`");
                Err(Error { path: self.path.clone(), reason })
            }
        }
    }

    /// How many examples some parts have.
    pub fn count(&self, parts: &[Split]) -> Result<usize, Error> {
        let mut count = 0;
        each_part(self, |part| {
            count += usize::from(parts.iter().any(|wanted| wanted.name() == part));
            true
        })?;
        Ok(count)
    }
}

/// A file that is read at given places: readers do not share a place, as those of a cloned descriptor would.
#[derive(Debug, Clone)]
struct Positioned {
    file: Arc<std::fs::File>,
    length: u64,
}

/// A reader from a place on.
#[derive(Debug)]
struct At(Positioned, u64);

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.file.read_at(buffer, self.1)?;
        self.1 += n as u64;
        Ok(n)
    }
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Written<Self::T> {
        Ok(BufReader::new(At(self.clone(), start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Written<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} lie beyond the end")));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The row of the file at which the `from`-th example of some parts stands.
fn row_of(table: &Table, parts: &[Split], from: usize) -> Result<usize, Error> {
    let (mut row, mut left) = (0, from);
    each_part(table, |part| {
        let counts = parts.iter().any(|wanted| wanted.name() == part);
        if left == 0 {
            return false;
        }
        left -= usize::from(counts);
        row += 1;
        true
    })?;
    Ok(row)
}

/// The part of every row, until `each` says no.
fn each_part(table: &Table, mut each: impl FnMut(&str) -> bool) -> Result<(), Error> {
    let (builder, fail) = open(table)?;
    let only = ProjectionMask::columns(builder.parquet_schema(), ["part"]);
    let reader = Batches::of(builder.with_projection(only).with_batch_size(ROWS_A_BATCH));
    for batch in reader.map_err(&fail)? {
        let batch = batch.map_err(&fail)?;
        let column = batch.column(0).as_any().downcast_ref::<StringArray>();
        let column = column.ok_or_else(|| fail("column `part` is not text".to_owned()))?;
        if !column.iter().flatten().all(&mut each) {
            break;
        }
    }
    Ok(())
}

type Builder = ParquetRecordBatchReaderBuilder<Ending<Positioned>>;

/// A reader with all columns, and what makes an error of a reason.
fn open(table: &Table) -> Result<(Builder, impl Fn(String) -> Error), Error> {
    let path = table.path.clone();
    let fail = move |reason: String| Error { path: path.clone(), reason };
    let builder = super::batches::open(table.file.clone()).map_err(&fail)?;
    for name in COLUMNS {
        if builder.schema().field_with_name(name).is_err() {
            return Err(fail(format!("no column `{name}`")));
        }
    }
    Ok((builder, fail))
}

/// What of examples is read beside what always is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keep {
    texts: bool,
    labels: bool,
    /// Their numbers need all names in memory.
    clusters: bool,
    votes: bool,
}

impl Keep {
    /// What scores are made of.
    const GOLD: Self = Self { texts: true, labels: true, clusters: true, votes: true };
    /// What a model may be fitted on.
    const LEARNED: Self = Self { votes: false, ..Self::GOLD };
}

/// Examples a piece at a time; the codes of cultures and groups are the same in all pieces.
#[derive(Debug)]
pub struct Stream {
    path: PathBuf,
    reader: Batches,
    parts: Vec<&'static str>,
    labels: HashMap<String, u32>,
    clusters: Option<HashMap<String, u32>>,
    culture_codes: HashMap<String, u32>,
    group_codes: BTreeMap<String, HashMap<String, u32>>,
    rows: Examples,
}

impl Stream {
    pub(super) fn open(
        table: &Table,
        parts: &[Split],
        labels: &[String],
        from: usize,
        keep: Keep,
    ) -> Result<Self, Error> {
        let (builder, fail) = open(table)?;
        let row = if from == 0 { 0 } else { row_of(table, parts, from)? };
        // By place: to a mask by name, the dot of `group.NAME` is the way into a struct.
        let wanted: Vec<usize> = (builder.schema().fields().iter().enumerate())
            .filter(|(_, field)| match field.name().as_str() {
                "text" => keep.texts,
                "label" => keep.labels,
                VOTES => keep.votes,
                // Scores count them.
                items::OPTIONS => keep.texts || keep.votes,
                name if name.starts_with(items::FIELD) => keep.texts,
                name if items::is_gold(name) => keep.votes,
                name if name.starts_with(GROUP) => {
                    keep.votes || table.shown.iter().any(|shown| name == format!("{GROUP}{shown}"))
                }
                _ => true,
            })
            .map(|(place, _)| place)
            .collect();
        let columns = ProjectionMask::roots(builder.parquet_schema(), wanted);
        let builder =
            builder.with_projection(columns).with_batch_size(ROWS_A_BATCH).with_offset(row);
        Ok(Self {
            path: table.path.clone(),
            reader: Batches::of(builder).map_err(fail)?,
            parts: parts.iter().map(|part| part.name()).collect(),
            labels: labels.iter().enumerate().map(|(i, label)| (label.clone(), i as u32)).collect(),
            clusters: keep.clusters.then(HashMap::new),
            culture_codes: HashMap::new(),
            group_codes: BTreeMap::new(),
            rows: Examples::default(),
        })
    }

    /// The next `n` examples; fewer where the file ends.
    pub fn next(&mut self, n: usize) -> Result<Examples, Error> {
        while self.rows.len() < n && self.fill()? {}
        Ok(self.emit(n))
    }

    /// All that are left.
    pub(super) fn rest(mut self) -> Result<Examples, Error> {
        while self.fill()? {}
        Ok(self.rows)
    }

    /// Reads the next record batch; false if there is none.
    fn fill(&mut self) -> Result<bool, Error> {
        let Some(batch) = self.reader.next() else { return Ok(false) };
        let batch = batch.map_err(|reason| self.fail(reason))?;
        let column = |name: &str| {
            let column =
                batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref::<StringArray>());
            column.ok_or_else(|| self.fail(format!("column `{name}` is not text")))
        };
        let id = column("id")?;
        let kept = |name| batch.column_by_name(name).map(|_| column(name)).transpose();
        let (text, label) = (kept("text")?, kept("label")?);
        let (culture, cluster, part) = (column("culture")?, column("cluster")?, column("part")?);
        let mut groups = Vec::new();
        for field in batch.schema_ref().fields() {
            if let Some(name) = field.name().strip_prefix(GROUP) {
                groups.push((name.to_owned(), column(field.name())?));
            }
        }
        let votes = batch.column_by_name(VOTES);
        let votes = votes.map(|column| self.votes(column)).transpose()?;
        let items = items::Columns::of(&batch).map_err(|reason| self.fail(reason))?;
        let own_answers = items.as_ref().is_some_and(items::Columns::have_own_answers);
        let out = &mut self.rows;
        let kept: Vec<usize> =
            (0..batch.num_rows()).filter(|&row| self.parts.contains(&part.value(row))).collect();
        for &row in &kept {
            if let Some(label) = label.map(|label| label.value(row)) {
                let nothing_is_right = label.is_empty() && own_answers;
                let code = self.labels.get(label).copied();
                let Some(code) = code.or(nothing_is_right.then_some(0)) else {
                    let id = id.value(row);
                    let reason = format!("label `{label}` of `{id}` is not in the label list");
                    return Err(Error { path: self.path.clone(), reason });
                };
                out.labels.push(code);
            }
            out.ids.push(id.value(row));
            out.texts.push(text.map_or("", |text| text.value(row)));
            if let Some(clusters) = &mut self.clusters {
                let next = clusters.len() as u32;
                out.clusters.push(match clusters.get(cluster.value(row)) {
                    Some(&number) => number,
                    None => *clusters.entry(cluster.value(row).to_owned()).or_insert(next),
                });
            }
            push(&mut out.cultures, &mut self.culture_codes, culture.value(row));
            if let Some(items) = &items {
                let fail = |reason| Error { path: self.path.clone(), reason };
                out.items.push(items.item(row).map_err(fail)?);
            }
            if let Some((counts, ends)) = votes {
                let row = counts.get(ends[row] as usize..ends[row + 1] as usize);
                let Some(row) = row.filter(|row| row.len() == self.labels.len()) else {
                    let reason = "column `votes` has not one count for each label".to_owned();
                    return Err(Error { path: self.path.clone(), reason });
                };
                if out.votes.is_empty() {
                    out.votes = Votes::new(self.labels.len());
                }
                out.votes.push(row);
            }
        }
        for (name, column) in groups {
            let coded = out.groups.entry(name.clone()).or_default();
            let codes = self.group_codes.entry(name).or_default();
            for &row in &kept {
                push(coded, codes, column.value(row));
            }
        }
        Ok(true)
    }

    /// The counts of a batch, and where each row's end.
    fn votes<'c>(&self, column: &'c ArrayRef) -> Result<(&'c [u32], &'c [i32]), Error> {
        let list = column.as_any().downcast_ref::<ListArray>();
        let found = list.and_then(|list| {
            let counts = list.values().as_any().downcast_ref::<UInt32Array>()?;
            Some((&counts.values()[..], list.value_offsets()))
        });
        found.ok_or_else(|| self.fail("column `votes` is not a list of counts".to_owned()))
    }

    /// The first `n` of the examples read so far.
    fn emit(&mut self, n: usize) -> Examples {
        let rest = self.rows.split_off(n.min(self.rows.len()));
        std::mem::replace(&mut self.rows, rest)
    }

    fn fail(&self, reason: String) -> Error {
        Error { path: self.path.clone(), reason }
    }
}

fn push(coded: &mut Coded, codes: &mut HashMap<String, u32>, name: &str) {
    if let Some(&code) = codes.get(name) {
        coded.codes.push(code);
        return;
    }
    let code = coded.names.len() as u32;
    codes.insert(name.to_owned(), code);
    coded.names.push(name.to_owned());
    coded.codes.push(code);
}

#[cfg(test)]
mod tests;
