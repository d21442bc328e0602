//! `predictions.parquet`: all answers of a cell, one row per example and variant, readable by any tool.
//!
//! Columns: `id` and `variant` (text), `status` (`label`, `out-of-choice`, `missing`), `label` (text, null unless
//! status is `label`), `top_labels` and `top_scores` (lists, best first), `reply`, `reason`; if answers are texts,
//! `text`.

pub mod given;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, ListBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, Float32Array, ListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use fs_err::File;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::batches::{Batches, open};
use super::log::Prediction;
use super::write_atomic;
use crate::answer::Answer;
use crate::definition::answer::Kind;
use crate::example::Strings;

const ROWS_A_GROUP: usize = 1 << 16;

/// All answers of one variant, in the evaluated order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// Example ids.
    pub ids: Strings,
    /// One a row.
    pub answers: Vec<Answer>,
    /// Why there is no answer, by row.
    pub reasons: BTreeMap<usize, String>,
    /// Best labels first, with scores; empty rows where the model gives none.
    pub top: Vec<Vec<(u32, f32)>>,
}

/// Whether answers are texts, so that a file has a column of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// They are.
    Yes,
    /// They are labels or options.
    No,
}

impl Texts {
    /// Of a kind of answer.
    pub fn of(kind: Kind) -> Self {
        if kind == Kind::Short { Self::Yes } else { Self::No }
    }
}

const TEXT: &str = "text";

fn schema(texts: Texts) -> Schema {
    let list = |of: DataType| DataType::List(Arc::new(Field::new("item", of, true)));
    let mut fields = vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("variant", DataType::Utf8, false),
        Field::new("status", DataType::Utf8, false),
        Field::new("label", DataType::Utf8, true),
        Field::new("top_labels", list(DataType::Utf8), true),
        Field::new("top_scores", list(DataType::Float32), true),
        Field::new("reply", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, true),
    ];
    if texts == Texts::Yes {
        fields.push(Field::new(TEXT, DataType::Utf8, true));
    }
    Schema::new(fields)
}

/// Writes all answers, whole or not at all; `ids` are those of the examples.
pub fn write(
    path: &Path,
    ids: &Strings,
    variants: &[String],
    labels: &[String],
    rows: &[Prediction],
) -> io::Result<()> {
    write_atomic(path, |file| {
        let mut writer = Writer::new(file, variants, labels, Texts::No)?;
        rows.iter().try_for_each(|row| writer.push(ids.get(row.example), row.clone()))?;
        writer.finish()
    })
}

/// A new file, as it is made by this program.
fn parquet<'f>(file: &'f mut File, schema: &Arc<Schema>) -> io::Result<ArrowWriter<&'f mut File>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("culture-eval".to_owned())
        .build();
    Ok(ArrowWriter::try_new(file, schema.clone(), Some(properties))?)
}

/// Writes answers one after the other.
#[derive(Debug)]
pub struct Writer<'a> {
    parquet: ArrowWriter<&'a mut File>,
    schema: Arc<Schema>,
    variants: &'a [String],
    labels: &'a [String],
    ids: Strings,
    rows: Vec<Prediction>,
}

impl<'a> Writer<'a> {
    /// An empty file.
    pub fn new(
        file: &'a mut File,
        variants: &'a [String],
        labels: &'a [String],
        texts: Texts,
    ) -> io::Result<Self> {
        let schema = Arc::new(schema(texts));
        let parquet = parquet(file, &schema)?;
        Ok(Self { parquet, schema, variants, labels, ids: Strings::default(), rows: Vec::new() })
    }

    /// Appends an answer to the example of this id.
    pub fn push(&mut self, id: &str, row: Prediction) -> io::Result<()> {
        self.ids.push(id);
        self.rows.push(row);
        if self.rows.len() == ROWS_A_GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let batch = to_batch(&self.schema, &self.ids, self.variants, self.labels, &self.rows)?;
        self.ids.truncate(0);
        self.rows.clear();
        self.parquet.write(&batch)?;
        Ok(self.parquet.flush()?)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.rows.is_empty() {
            self.flush()?;
        }
        self.parquet.close()?;
        Ok(())
    }
}

/// Rows with the id of each.
fn to_batch(
    schema: &Arc<Schema>,
    ids: &Strings,
    variants: &[String],
    labels: &[String],
    rows: &[Prediction],
) -> io::Result<RecordBatch> {
    let mut label = StringBuilder::new();
    let mut reason = StringBuilder::new();
    let mut top_labels = ListBuilder::new(StringBuilder::new());
    let mut top_scores = ListBuilder::new(Float32Builder::new());
    let name = |index: u32| {
        labels
            .get(index as usize)
            .ok_or_else(|| io::Error::other(format!("label index {index} out of range")))
    };
    let mut status = Vec::with_capacity(rows.len());
    for row in rows {
        match row.answer {
            Answer::Label(index) => {
                status.push("label");
                label.append_value(name(index)?);
                reason.append_null();
            }
            Answer::Unparsable => {
                status.push("out-of-choice");
                label.append_null();
                reason.append_null();
            }
            Answer::Missing => {
                status.push("missing");
                label.append_null();
                reason.append_value(&row.reason);
            }
        }
        for (index, score) in &row.top {
            top_labels.values().append_value(name(*index)?);
            top_scores.values().append_value(*score);
        }
        top_labels.append(!row.top.is_empty());
        top_scores.append(!row.top.is_empty());
    }
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(ids.iter())),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &variants[r.variant]))),
        Arc::new(StringArray::from(status)),
        Arc::new(label.finish()),
        Arc::new(top_labels.finish()),
        Arc::new(top_scores.finish()),
        Arc::new(rows.iter().map(|r| r.reply.as_deref()).collect::<StringArray>()),
        Arc::new(reason.finish()),
    ];
    if schema.field_with_name(TEXT).is_ok() {
        columns.push(Arc::new(rows.iter().map(|r| r.text.as_deref()).collect::<StringArray>()));
    }
    RecordBatch::try_new(schema.clone(), columns).map_err(io::Error::other)
}

/// Writes the answers of several files one after the other: the same bytes as if all had been written to one.
pub fn join(file: &mut File, parts: &[PathBuf]) -> io::Result<()> {
    let opened = |path: &PathBuf| {
        let (part, _) = super::open_plain(path)?.into_parts();
        open(part).map_err(|e| invalid(path, e))
    };
    let texts = match parts.first() {
        Some(path) if opened(path)?.schema().field_with_name(TEXT).is_ok() => Texts::Yes,
        _ => Texts::No,
    };
    let schema = Arc::new(schema(texts));
    let mut writer = parquet(file, &schema)?;
    let mut held: Vec<RecordBatch> = Vec::new();
    for path in parts {
        let reader = Batches::of(opened(path)?.with_batch_size(ROWS_A_GROUP))
            .map_err(|e| invalid(path, e))?;
        for batch in reader {
            let mut rest = batch.map_err(|e| invalid(path, e))?;
            loop {
                let room = ROWS_A_GROUP - held.iter().map(RecordBatch::num_rows).sum::<usize>();
                if rest.num_rows() < room {
                    break;
                }
                held.push(rest.slice(0, room));
                rest = rest.slice(room, rest.num_rows() - room);
                group(&mut writer, &schema, &mut held)?;
            }
            if rest.num_rows() > 0 {
                held.push(rest);
            }
        }
    }
    if !held.is_empty() {
        group(&mut writer, &schema, &mut held)?;
    }
    writer.close()?;
    Ok(())
}

/// Writes batches as one group of rows.
fn group(
    writer: &mut ArrowWriter<&mut File>,
    schema: &Arc<Schema>,
    held: &mut Vec<RecordBatch>,
) -> io::Result<()> {
    let whole = concat_batches(schema, &*held).map_err(io::Error::other)?;
    held.clear();
    writer.write(&whole)?;
    Ok(writer.flush()?)
}

/// What is wrong with a file.
fn invalid(path: &Path, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
}

/// A text column.
fn text<'b>(path: &Path, batch: &'b RecordBatch, name: &str) -> io::Result<&'b StringArray> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_any().downcast_ref::<StringArray>())
        .ok_or_else(|| invalid(path, format!("no text column `{name}`")))
}

/// Reads the answers of each variant, in the order of `variants`.
pub fn read(path: &Path, variants: &[String], labels: &[String]) -> io::Result<Vec<Answers>> {
    let fail = |what: String| invalid(path, what);
    let file = super::open_plain(path)?;
    let (file, _) = file.into_parts();
    let reader = open(file).and_then(Batches::of).map_err(fail)?;
    let index: HashMap<&str, u32> =
        labels.iter().enumerate().map(|(i, l)| (l.as_str(), i as u32)).collect();
    let find = |label: &str| {
        index
            .get(label)
            .copied()
            .ok_or_else(|| fail(format!("label `{label}` is not one of the task's")))
    };
    let mut all = vec![Answers::default(); variants.len()];
    for batch in reader {
        let batch = batch.map_err(fail)?;
        let text = |name: &str| text(path, &batch, name);
        let list = |name: &str| -> io::Result<&ListArray> {
            batch
                .column_by_name(name)
                .and_then(|c| c.as_any().downcast_ref::<ListArray>())
                .ok_or_else(|| fail(format!("no list column `{name}`")))
        };
        let (ids, names, status) = (text("id")?, text("variant")?, text("status")?);
        let (label, reason) = (text("label")?, text("reason")?);
        let (top_labels, top_scores) = (list("top_labels")?, list("top_scores")?);
        for row in 0..batch.num_rows() {
            let variant = names.value(row);
            let place = variants
                .iter()
                .position(|v| v == variant)
                .ok_or_else(|| fail(format!("variant `{variant}` is not in the record")))?;
            let answers = &mut all[place];
            answers.ids.push(ids.value(row));
            let answer = answer_of(status.value(row), || find(label.value(row)), fail)?;
            if answer == Answer::Missing {
                answers.reasons.insert(answers.answers.len(), reason.value(row).to_owned());
            }
            answers.answers.push(answer);
            let mut top = Vec::new();
            if top_labels.is_valid(row) && top_scores.is_valid(row) {
                let (l, s) = (top_labels.value(row), top_scores.value(row));
                let l = l
                    .as_any()
                    .downcast_ref::<StringArray>()
                    .ok_or_else(|| fail("top_labels".into()))?;
                let s = s
                    .as_any()
                    .downcast_ref::<Float32Array>()
                    .ok_or_else(|| fail("top_scores".into()))?;
                for k in 0..l.len() {
                    top.push((find(l.value(k))?, s.value(k)));
                }
            }
            answers.top.push(top);
        }
    }
    Ok(all)
}

/// The answer that a row's status and label say.
fn answer_of(
    status: &str,
    label: impl FnOnce() -> io::Result<u32>,
    fail: impl FnOnce(String) -> io::Error,
) -> io::Result<Answer> {
    match status {
        "label" => Ok(Answer::Label(label()?)),
        "out-of-choice" => Ok(Answer::Unparsable),
        "missing" => Ok(Answer::Missing),
        other => Err(fail(format!("unknown status `{other}`"))),
    }
}

/// One answer of a file that is gone through.
#[derive(Debug)]
pub struct Row<'a> {
    /// Place of its variant in the list that was asked for.
    pub variant: usize,
    /// Place of its example.
    pub example: usize,
    /// The answer.
    pub answer: Answer,
    /// The best labels, best first; empty where they were not asked for.
    pub top: &'a [u32],
}

/// Goes through the answers of `variants` to the examples `ids`, in the file's order; those to other examples are left out.
/// Nothing of the file is kept.
pub fn scan(
    path: &Path,
    variants: &[String],
    labels: &[String],
    ids: &Strings,
    with_top: bool,
    mut each: impl FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let fail = |what: String| invalid(path, what);
    let (file, _) = super::open_plain(path)?.into_parts();
    let builder = open(file).map_err(fail)?;
    let columns = ["id", "variant", "status", "label", "top_labels"];
    let columns = &columns[..if with_top { 5 } else { 4 }];
    let wanted = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let builder = builder.with_projection(wanted).with_batch_size(1 << 13);
    let reader = Batches::of(builder).map_err(fail)?;
    let numbers: HashMap<&str, u32> =
        labels.iter().enumerate().map(|(i, l)| (l.as_str(), i as u32)).collect();
    let number = |label: &str| {
        let found = numbers.get(label).copied();
        found.ok_or_else(|| fail(format!("label `{label}` is not one of the task's")))
    };
    // Rows are in the evaluated order, so the next one is nearly always the right one.
    let mut next = vec![0usize; variants.len()];
    let mut places: Option<HashMap<&str, usize>> = None;
    let mut top = Vec::new();
    for batch in reader {
        let batch = batch.map_err(fail)?;
        let text = |name: &str| text(path, &batch, name);
        let (row_ids, names) = (text("id")?, text("variant")?);
        let (status, label) = (text("status")?, text("label")?);
        let list = batch.column_by_name("top_labels");
        let list = list.and_then(|c| c.as_any().downcast_ref::<ListArray>());
        let best = list.and_then(|list| list.values().as_any().downcast_ref::<StringArray>());
        for row in 0..batch.num_rows() {
            let Some(variant) = variants.iter().position(|v| v == names.value(row)) else {
                continue;
            };
            let id = row_ids.value(row);
            let example = if next[variant] < ids.len() && ids.get(next[variant]) == id {
                next[variant]
            } else {
                let places = places
                    .get_or_insert_with(|| ids.iter().enumerate().map(|(i, id)| (id, i)).collect());
                let Some(place) = places.get(id) else { continue };
                *place
            };
            next[variant] = example + 1;
            let answer = answer_of(status.value(row), || number(label.value(row)), fail)?;
            top.clear();
            if let (Some(list), Some(best)) = (list, best)
                && list.is_valid(row)
            {
                let ends = list.value_offsets();
                for place in ends[row]..ends[row + 1] {
                    top.push(number(best.value(place as usize))?);
                }
            }
            each(Row { variant, example, answer, top: &top })?;
        }
    }
    Ok(())
}

/// Reads only the answers of `variants`, in the order of `ids`: some times faster than [`read`]. An example without a row is
/// missing.
pub fn answers(
    path: &Path,
    variants: &[String],
    labels: &[String],
    ids: &Strings,
) -> io::Result<Vec<Vec<Answer>>> {
    let mut all = vec![vec![Answer::Missing; ids.len()]; variants.len()];
    scan(path, variants, labels, ids, false, |row| {
        all[row.variant][row.example] = row.answer;
        Ok(())
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_the_file_and_equal_rows_give_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let ids: Strings = ["a", "b"].into_iter().collect();
        let variants = ["knn".to_owned(), "linear".to_owned()];
        let labels = ["no".to_owned(), "yes".to_owned()];
        let row = |example, variant, answer, top: &[(u32, f32)]| Prediction {
            example,
            variant,
            answer,
            reason: if answer == Answer::Missing {
                "not in the file".into()
            } else {
                String::new()
            },
            top: top.to_vec(),
            reply: Some("Ja, \u{202e}\"".into()),
            text: None,
        };
        let rows = [
            row(0, 0, Answer::Label(1), &[(1, 0.75), (0, 0.25)]),
            row(0, 1, Answer::Unparsable, &[]),
            row(1, 0, Answer::Missing, &[]),
            row(1, 1, Answer::Label(0), &[]),
        ];
        let (one, two) = (folder.path().join("1.parquet"), folder.path().join("2.parquet"));
        write(&one, &ids, &variants, &labels, &rows).unwrap();
        write(&two, &ids, &variants, &labels, &rows).unwrap();
        assert_eq!(fs_err::read(&one).unwrap(), fs_err::read(&two).unwrap());
        let back = read(&one, &variants, &labels).unwrap();
        assert_eq!(back[0].answers, [rows[0].answer, rows[2].answer]);
        assert_eq!(back[0].reasons, BTreeMap::from([(1, "not in the file".to_owned())]));
        assert_eq!(back[0].top, [rows[0].top.clone(), vec![]]);
        assert_eq!(back[1].answers, [rows[1].answer, rows[3].answer]);
        let order: Strings = ["b", "c", "a"].into_iter().collect();
        let (yes, missing) = (Answer::Label(1), Answer::Missing);
        let quick = answers(&one, &variants[..1], &labels, &order).unwrap();
        assert_eq!(quick, [[missing, missing, yes]]);
        let quick = answers(&one, &variants, &labels, &ids).unwrap();
        assert_eq!(quick, [[yes, missing], [Answer::Unparsable, Answer::Label(0)]]);
        let error = read(&one, &variants, &["no".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("label `yes` is not one of the task's"), "{error}");
    }

    #[test]
    fn joined_parts_are_the_bytes_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let n = ROWS_A_GROUP * 2 + 77;
        let names: Vec<String> = (0..=(n / 2)).map(|i| format!("e{i}")).collect();
        let ids: Strings = names.iter().map(String::as_str).collect();
        let variants = ["a".to_owned(), "b".to_owned()];
        let labels = ["no".to_owned(), "yes".to_owned()];
        let answer = |i: usize| match i % 7 {
            0 => Answer::Missing,
            1 => Answer::Unparsable,
            _ => Answer::Label((i % 2) as u32),
        };
        let row = |i: usize| Prediction {
            example: i / 2,
            variant: i % 2,
            answer: answer(i),
            reason: if i.is_multiple_of(7) { format!("reason {}", i % 3) } else { String::new() },
            top: if i.is_multiple_of(5) { vec![] } else { vec![(1, i as f32), (0, 0.5)] },
            reply: i.is_multiple_of(3).then(|| format!("reply {i}")),
            text: None,
        };
        let rows: Vec<Prediction> = (0..n).map(row).collect();
        let whole = folder.path().join("whole");
        write(&whole, &ids, &variants, &labels, &rows).unwrap();
        for cuts in
            [vec![0, n], vec![0, 1000, 1002, 70_000, n], vec![0, ROWS_A_GROUP, ROWS_A_GROUP, n]]
        {
            let parts: Vec<PathBuf> = cuts
                .windows(2)
                .enumerate()
                .map(|(i, ends)| {
                    let path = folder.path().join(format!("part{i}"));
                    write(&path, &ids, &variants, &labels, &rows[ends[0]..ends[1]]).unwrap();
                    path
                })
                .collect();
            let joined = folder.path().join("joined");
            write_atomic(&joined, |file| join(file, &parts)).unwrap();
            assert!(fs_err::read(&joined).unwrap() == fs_err::read(&whole).unwrap(), "{cuts:?}");
        }
    }
}
