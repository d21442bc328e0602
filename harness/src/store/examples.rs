//! `examples.parquet`: the examples of a task, readable by any tool.
//!
//! Columns: `id`, `text`, `label`, `culture`, `cluster`, `part`, and `group.NAME` for every further tag.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;

use crate::definition::split::Part;
use crate::example::{Coded, Example, Examples, Strings};

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
    pub fn push(&mut self, example: &Example, part: Part) -> Written<()> {
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
pub fn read(path: &Path, parts: &[Part], labels: &[String]) -> Result<Examples, Error> {
    let mut batches = Batches::open(path, parts, labels, ROWS_A_BATCH)?;
    while batches.fill()? {}
    Ok(batches.emit())
}

/// The examples of some parts in batches of at most `size`, in file order.
pub fn batches(
    path: &Path,
    parts: &[Part],
    labels: &[String],
    size: usize,
) -> Result<Batches, Error> {
    Batches::open(path, parts, labels, size)
}

/// An iterator over batches of examples. Cluster numbers and the codes of cultures and groups are the same in all of them.
#[derive(Debug)]
pub struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    parts: Vec<&'static str>,
    labels: HashMap<String, u32>,
    clusters: HashMap<String, u32>,
    culture_codes: HashMap<String, u32>,
    group_codes: BTreeMap<String, HashMap<String, u32>>,
    rows: Examples,
}

impl Batches {
    fn open(path: &Path, parts: &[Part], labels: &[String], size: usize) -> Result<Self, Error> {
        let fail = |reason: String| Error { path: path.to_owned(), reason };
        let file = fs_err::File::open(path).map_err(|e| fail(e.to_string()))?.into_file();
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fail(e.to_string()))?;
        for name in COLUMNS {
            if builder.schema().field_with_name(name).is_err() {
                return Err(fail(format!("no column `{name}`")));
            }
        }
        let reader =
            builder.with_batch_size(size.max(1)).build().map_err(|e| fail(e.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            reader,
            parts: parts.iter().map(|part| part.name()).collect(),
            labels: labels.iter().enumerate().map(|(i, label)| (label.clone(), i as u32)).collect(),
            clusters: HashMap::new(),
            culture_codes: HashMap::new(),
            group_codes: BTreeMap::new(),
            rows: Examples::default(),
        })
    }

    /// Reads the next record batch; false where there is none.
    fn fill(&mut self) -> Result<bool, Error> {
        let Some(batch) = self.reader.next() else { return Ok(false) };
        let batch = batch.map_err(|e| self.fail(e.to_string()))?;
        let column = |name: &str| {
            let column =
                batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref::<StringArray>());
            column.ok_or_else(|| self.fail(format!("column `{name}` is not text")))
        };
        let (id, text, label) = (column("id")?, column("text")?, column("label")?);
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
            let Some(&code) = self.labels.get(label.value(row)) else {
                let reason = format!(
                    "label `{}` of `{}` is not in the label list",
                    label.value(row),
                    id.value(row)
                );
                return Err(Error { path: self.path.clone(), reason });
            };
            out.ids.push(id.value(row));
            out.texts.push(text.value(row));
            out.labels.push(code);
            let next = self.clusters.len() as u32;
            out.clusters.push(match self.clusters.get(cluster.value(row)) {
                Some(&number) => number,
                None => *self.clusters.entry(cluster.value(row).to_owned()).or_insert(next),
            });
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

    /// The examples read so far; names of codes stay for the next batch.
    fn emit(&mut self) -> Examples {
        let keep = |coded: &Coded| Coded { names: coded.names.clone(), codes: Vec::new() };
        let groups: BTreeMap<String, Coded> =
            self.rows.groups.iter().map(|(name, group)| (name.clone(), keep(group))).collect();
        let next = Examples {
            ids: Strings::default(),
            texts: Strings::default(),
            labels: Vec::new(),
            cultures: keep(&self.rows.cultures),
            clusters: Vec::new(),
            groups,
        };
        std::mem::replace(&mut self.rows, next)
    }

    fn fail(&self, reason: String) -> Error {
        Error { path: self.path.clone(), reason }
    }
}

impl Iterator for Batches {
    type Item = Result<Examples, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.fill() {
                Err(error) => return Some(Err(error)),
                Ok(false) => return None,
                Ok(true) if self.rows.is_empty() => {}
                Ok(true) => return Some(Ok(self.emit())),
            }
        }
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
            let part = if i % 10 == 0 { Part::Test } else { Part::Train };
            writer.push(&example(i), part).unwrap();
        }
        writer.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, path) = file(20_000);
        let labels = ["no".to_owned(), "yes".to_owned()];
        let all = read(&path, &[Part::Train, Part::Test], &labels).unwrap();
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
        let test = read(&path, &[Part::Test], &labels).unwrap();
        assert_eq!((test.len(), test.ids.get(1)), (2000, "e10"));
        assert!(read(&path, &[Part::Valid], &labels).unwrap().is_empty());
    }

    #[test]
    fn batches_are_the_whole_in_pieces() {
        let (_folder, path) = file(1000);
        let labels = ["no".to_owned(), "yes".to_owned()];
        let whole = read(&path, &[Part::Train], &labels).unwrap();
        let pieces: Vec<Examples> =
            batches(&path, &[Part::Train], &labels, 64).unwrap().map(Result::unwrap).collect();
        assert!(pieces.iter().all(|piece| piece.len() <= 64));
        let clusters: Vec<u32> = pieces.iter().flat_map(|piece| piece.clusters.clone()).collect();
        assert_eq!(clusters, whole.clusters);
        let cultures: Vec<u32> =
            pieces.iter().flat_map(|piece| piece.cultures.codes.clone()).collect();
        assert_eq!(cultures, whole.cultures.codes);
        assert_eq!(pieces.last().unwrap().cultures.names, whole.cultures.names);
    }

    #[test]
    fn an_unknown_label_is_told() {
        let (_folder, path) = file(4);
        let error = read(&path, &[Part::Train], &["no".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("label `yes` of `e1` is not in the label list; delete it"),
            "{error}"
        );
    }
}
