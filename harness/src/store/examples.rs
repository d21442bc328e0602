//! `examples.parquet`: the examples of a task, readable by any tool.
//!
//! Columns: `id`, `text`, `label`, `culture`, `cluster`, `part`, and `group.NAME` for every further tag.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};

use super::batches::{Batches, Ending};
use crate::definition::split::Split;
use crate::example::{Coded, Example, Examples};

/// Rows of a row group: what is held in memory while writing.
const ROWS_A_GROUP: usize = 1 << 16;
/// Rows of a batch handed to the writer, and read at once.
const ROWS_A_BATCH: usize = 1 << 13;
const COLUMNS: [&str; 6] = ["id", "text", "label", "culture", "cluster", "part"];
const GROUP: &str = "group.";

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
    rows: usize,
}

impl<W: Write + Send + 'static> Writer<W> {
    /// `groups`: the names of the further tags that every example has.
    pub fn new(file: W, groups: &[String]) -> Written<Self> {
        let names = COLUMNS.iter().map(|name| (*name).to_owned());
        let names = names.chain(groups.iter().map(|name| format!("{GROUP}{name}")));
        let fields: Vec<Field> =
            names.map(|name| Field::new(name, DataType::Utf8, false)).collect();
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
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Ok(Self { batches, thread, schema, columns, rows: 0 })
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
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_A_BATCH) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Written<()> {
        let columns =
            self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
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

/// Reads the examples of some parts in file order; `labels` numbers the labels.
pub fn read(path: &Path, parts: &[Split], labels: &[String]) -> Result<Examples, Error> {
    Table::open(path)?.read(parts, labels)
}

/// The same without the texts, which are empty.
pub fn read_without_texts(
    path: &Path,
    parts: &[Split],
    labels: &[String],
) -> Result<Examples, Error> {
    let keep = Keep { texts: false, ..Keep::ALL };
    Stream::open(&Table::open(path)?, parts, labels, 0, keep)?.rest()
}

/// An open file of examples: it can be read again and again, also where its path is out of reach by now.
#[derive(Debug, Clone)]
pub struct Table {
    path: PathBuf,
    file: Positioned,
}

impl Table {
    /// Opens it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |e: std::io::Error| Error { path: path.to_owned(), reason: e.to_string() };
        let file = fs_err::File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        let file = Positioned { file: Arc::new(file.into_file()), length };
        Ok(Self { path: path.to_owned(), file })
    }

    /// The examples of some parts in file order; `labels` numbers the labels.
    pub fn read(&self, parts: &[Split], labels: &[String]) -> Result<Examples, Error> {
        Stream::open(self, parts, labels, 0, Keep::ALL)?.rest()
    }

    /// The examples of some parts from the `from`-th on, a piece at a time, in file order. They have no cluster numbers.
    pub fn stream(&self, parts: &[Split], labels: &[String], from: usize) -> Result<Stream, Error> {
        Stream::open(self, parts, labels, from, Keep { clusters: false, ..Keep::ALL })
    }

    /// The same without the labels, which are not read from the disk.
    pub fn questions(&self, parts: &[Split], from: usize) -> Result<Stream, Error> {
        Stream::open(self, parts, &[], from, Keep { clusters: false, labels: false, ..Keep::ALL })
    }

    /// The same without texts, too: ids, cultures and tags.
    pub fn ids(&self, parts: &[Split], from: usize) -> Result<Stream, Error> {
        Stream::open(self, parts, &[], from, Keep { texts: false, labels: false, clusters: false })
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
}

impl Keep {
    const ALL: Self = Self { texts: true, labels: true, clusters: true };
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
        let out = &mut self.rows;
        let kept: Vec<usize> =
            (0..batch.num_rows()).filter(|&row| self.parts.contains(&part.value(row))).collect();
        for &row in &kept {
            if let Some(label) = label.map(|label| label.value(row)) {
                let Some(&code) = self.labels.get(label) else {
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
mod tests {
    use super::*;

    fn example(i: usize) -> Example {
        Example {
            id: format!("e{i}"),
            text: format!("text\n\"{i}\", ä"),
            label: ["no", "yes"][i % 2].to_owned(),
            culture: ["AU", "GB", "SG"][i % 3].to_owned(),
            cluster: format!("c{}", i / 4),
            opening: String::new(),
            groups: [("source".to_owned(), ["x", ""][i % 2].to_owned())].into(),
            part: None,
        }
    }

    fn file(n: usize) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("examples.parquet");
        let mut writer =
            Writer::new(fs_err::File::create(&path).unwrap(), &["source".to_owned()]).unwrap();
        for i in 0..n {
            let part = if i % 10 == 0 { Split::Test } else { Split::Train };
            writer.push(&example(i), part).unwrap();
        }
        writer.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, path) = file(20_000);
        let labels = ["no".to_owned(), "yes".to_owned()];
        let all = read(&path, &[Split::Train, Split::Test], &labels).unwrap();
        assert_eq!(all.len(), 20_000);
        for i in [0, 1, 8191, 8192, 19_999] {
            let wanted = example(i);
            assert_eq!(all.ids.get(i), wanted.id);
            assert_eq!(all.texts.get(i), wanted.text);
            assert_eq!(labels[all.labels[i] as usize], wanted.label);
            assert_eq!(all.cultures.get(i), wanted.culture);
            assert_eq!(all.groups["source"].get(i), wanted.groups["source"]);
            assert_eq!(all.clusters[i] as usize, i / 4);
        }
        let silent = read_without_texts(&path, &[Split::Train, Split::Test], &labels).unwrap();
        assert!(silent.texts.iter().all(str::is_empty));
        assert!(
            silent == Examples { texts: silent.texts.clone(), ..all },
            "nothing else is left out"
        );
        let test = read(&path, &[Split::Test], &labels).unwrap();
        assert_eq!((test.len(), test.ids.get(1)), (2000, "e10"));
        assert!(read(&path, &[Split::Valid], &labels).unwrap().is_empty());
    }

    #[test]
    fn pieces_are_the_whole_from_anywhere() {
        let (_folder, path) = file(20_000);
        let labels = ["no".to_owned(), "yes".to_owned()];
        for parts in [&[Split::Train][..], &[Split::Test, Split::Train], &[Split::Valid]] {
            let whole = read(&path, parts, &labels).unwrap();
            assert_eq!(Table::open(&path).unwrap().count(parts).unwrap(), whole.len());
            for (from, size) in [(0, 64), (1, 9_000), (8_191, 8_192), (whole.len(), 5)] {
                let from = from.min(whole.len());
                let mut pieces = Table::open(&path).unwrap().stream(parts, &labels, from).unwrap();
                let mut at = from;
                loop {
                    let piece = pieces.next(size).unwrap();
                    assert_eq!(piece.len(), size.min(whole.len() - at), "{parts:?} {from} {size}");
                    assert!(piece.clusters.is_empty());
                    for row in 0..piece.len() {
                        assert_eq!(piece.ids.get(row), whole.ids.get(at + row));
                        assert_eq!(piece.texts.get(row), whole.texts.get(at + row));
                        assert_eq!(piece.labels[row], whole.labels[at + row]);
                        assert_eq!(piece.cultures.get(row), whole.cultures.get(at + row));
                        let source = |all: &Examples, row| all.groups["source"].get(row).to_owned();
                        assert_eq!(source(&piece, row), source(&whole, at + row));
                    }
                    if piece.is_empty() {
                        break;
                    }
                    at += piece.len();
                }
                assert_eq!(at, whole.len());
            }
        }
    }

    #[test]
    fn questions_have_no_labels() {
        let (_folder, path) = file(20_000);
        let labels = ["no".to_owned(), "yes".to_owned()];
        let table = Table::open(&path).unwrap();
        fs_err::remove_file(&path).unwrap();
        let known = table.stream(&[Split::Test], &labels, 7).unwrap().next(3_000).unwrap();
        let asked = table.questions(&[Split::Test], 7).unwrap().next(3_000).unwrap();
        assert_eq!((asked.len(), asked.labels.len(), known.labels.len()), (1_993, 0, 1_993));
        assert!(asked == Examples { labels: Vec::new(), ..known }, "all else is the same");
    }

    #[test]
    fn an_unknown_label_is_told() {
        let (_folder, path) = file(4);
        let error = read(&path, &[Split::Train], &["no".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("label `yes` of `e1` is not in the label list; delete it"),
            "{error}"
        );
    }
}
