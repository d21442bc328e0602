//! `examples.parquet`: the examples of a task, readable by any tool.
//!
//! Columns: `id`, `text`, `label`, `culture`, `cluster`, `part`, `group.NAME` for every further tag, and, where annotators'
//! votes are known, `votes`: a count for each label of the task, in its order. Examples with another kind of answer than a
//! label have further columns ([`items`]).

mod items;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::builder::{ListBuilder, StringBuilder, UInt32Builder};
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};

use super::batches::{Batches, Ending};
use crate::definition::answer::Kind;
use crate::definition::dataset::Task;
use crate::definition::split::Split;
use crate::example::{Coded, Example, Examples, Votes};

/// Rows of a row group: what is held in memory while writing.
const ROWS_A_GROUP: usize = 1 << 16;
/// Rows of a batch handed to the writer, and read at once.
const ROWS_A_BATCH: usize = 1 << 13;
const COLUMNS: [&str; 6] = ["id", "text", "label", "culture", "cluster", "part"];
const GROUP: &str = "group.";
const VOTES: &str = "votes";

/// A file of examples that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; delete it and run again to make it anew")]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// Batches under way to the thread that writes.
const BATCHES_AHEAD: usize = 4;

/// Writes examples one after the other. Encoding and compressing are a thread's own work, while the next batch is gathered.
#[derive(Debug)]
pub struct Writer<W: Write + Send + 'static> {
    batches: SyncSender<RecordBatch>,
    thread: JoinHandle<Written<W>>,
    schema: Arc<Schema>,
    columns: Vec<StringBuilder>,
    votes: Option<ListBuilder<UInt32Builder>>,
    items: items::Builder,
    rows: usize,
}

/// Whether examples carry votes of annotators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WithVotes {
    /// A column of them.
    Yes,
    /// None.
    #[default]
    No,
}

/// Which columns a file has beside those that every one has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Names of the further tags that every example has.
    pub groups: Vec<String>,
    /// Names of the parts of the text.
    pub fields: Vec<String>,
    /// Votes for the labels of the task.
    pub votes: WithVotes,
    /// Decides about options and gold answers.
    pub kind: Kind,
}

impl Layout {
    /// That of a task.
    pub fn of(task: &Task) -> Self {
        Self {
            groups: task.example.groups.keys().cloned().collect(),
            fields: task.example.fields.keys().cloned().collect(),
            votes: if task.votes.is_some() { WithVotes::Yes } else { WithVotes::No },
            kind: task.kind(),
        }
    }
}

impl<W: Write + Send + 'static> Writer<W> {
    /// An empty file of some layout.
    pub fn new(file: W, layout: &Layout) -> Written<Self> {
        let names = COLUMNS.iter().map(|name| (*name).to_owned());
        let names = names.chain(layout.groups.iter().map(|name| format!("{GROUP}{name}")));
        let texts = names.clone().count();
        let mut fields: Vec<Field> =
            names.map(|name| Field::new(name, DataType::Utf8, false)).collect();
        let items = items::Builder::new(layout.kind, &layout.fields);
        let votes = (layout.votes == WithVotes::Yes).then(|| {
            let count = Arc::new(Field::new("item", DataType::UInt32, false));
            fields.push(Field::new(VOTES, DataType::List(count.clone()), false));
            ListBuilder::new(UInt32Builder::new()).with_field(count)
        });
        fields.extend(items.schema());
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_A_GROUP))
            .set_created_by("culture-eval".to_owned())
            .build();
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        let (batches, queue) = sync_channel::<RecordBatch>(BATCHES_AHEAD);
        let thread =
            std::thread::Builder::new().name("examples.parquet".to_owned()).spawn(move || {
                for batch in queue {
                    writer.write(&batch)?;
                }
                writer.into_inner()
            })?;
        let columns = (0..texts).map(|_| StringBuilder::new()).collect();
        Ok(Self { batches, thread, schema, columns, votes, items, rows: 0 })
    }

    /// Appends an example that belongs to `part`. An error of the file is told by [`Self::finish`] at the latest.
    pub fn push(&mut self, example: &Example, part: Split) -> Written<()> {
        let fixed =
            [&example.id, &example.text, &example.label, &example.culture, &example.cluster]
                .map(String::as_str);
        let cells = fixed.into_iter().chain([part.name()]);
        let cells = cells.chain(example.groups.values().map(String::as_str));
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_value(cell);
        }
        if let Some(votes) = &mut self.votes {
            votes.values().append_slice(&example.votes);
            votes.append(true);
        }
        self.items.push(&example.item)?;
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_A_BATCH) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Written<()> {
        let texts = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let votes = self.votes.iter_mut().map(|votes| Arc::new(votes.finish()) as ArrayRef);
        let columns = texts.chain(votes).chain(self.items.finish()).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        // Nobody takes it: the thread has ended with an error, which `finish` gives.
        let _ = self.batches.send(batch);
        Ok(())
    }

    /// Writes what is left and gives the file back.
    pub fn finish(mut self) -> Written<W> {
        self.flush()?;
        drop(self.batches);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(ParquetError::General("the writer panicked".to_owned())))
    }
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
struct Keep {
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
    fn open(
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
    fn rest(mut self) -> Result<Examples, Error> {
        while self.fill()? {}
        Ok(self.rows)
    }

    /// Reads the next record batch; false where there is none.
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
        let out = &mut self.rows;
        let kept: Vec<usize> =
            (0..batch.num_rows()).filter(|&row| self.parts.contains(&part.value(row))).collect();
        for &row in &kept {
            if let Some(label) = label.map(|label| label.value(row)) {
                let nothing_is_right = label.is_empty() && items.is_some();
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
        found.ok_or_else(|| self.fail("column `votes` is no list of counts".to_owned()))
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
