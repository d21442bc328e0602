//! Writing examples.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::builder::{ListBuilder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;

use super::columns::{COLUMNS, GROUP, ROWS_A_BATCH, ROWS_A_GROUP, VOTES};
use super::items;
use crate::definition::answer::Kind;
use crate::definition::dataset::Task;
use crate::definition::split::Split;
use crate::example::Example;

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
