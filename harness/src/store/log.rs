//! The answers of a running cell: one JSON line each, fsynced per batch.
//!
//! After a kill the log may end in half a line. Opening it keeps the longest run of whole batches and
//! cuts the rest off, so that a resumed cell asks the same batches as an undisturbed one.

use std::io::{self, BufRead, BufReader, Read as _, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;

/// One answer to one example by one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Line", into = "Line")]
pub struct Prediction {
    /// Example: its place in the evaluated order.
    pub example: usize,
    /// Variant: its place in the list of variants.
    pub variant: usize,
    /// The answer.
    pub answer: Answer,
    /// Why there is none; empty where there is one.
    pub reason: String,
    /// Best labels with their scores, best first; at most ten.
    pub top: Vec<(u32, f32)>,
    /// The reply of a generating model.
    pub reply: Option<String>,
    /// What the reply says, cleaned: the answer itself where it is a text.
    pub text: Option<String>,
}

/// A line of the log.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(rename = "i")]
    example: usize,
    #[serde(rename = "v")]
    variant: usize,
    #[serde(rename = "a")]
    answer: LineAnswer,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    top: Vec<(u32, f32)>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// An answer and its reason in a line of the log.
#[derive(Serialize, Deserialize)]
enum LineAnswer {
    #[serde(rename = "l")]
    Label(u32),
    #[serde(rename = "o")]
    Unparsable,
    #[serde(rename = "m")]
    Missing(String),
}

impl From<Prediction> for Line {
    fn from(row: Prediction) -> Self {
        let answer = match row.answer {
            Answer::Label(label) => LineAnswer::Label(label),
            Answer::Unparsable => LineAnswer::Unparsable,
            Answer::Missing => LineAnswer::Missing(row.reason),
        };
        let Prediction { example, variant, top, reply, text, .. } = row;
        Self { example, variant, answer, top, reply, text }
    }
}

impl From<Line> for Prediction {
    fn from(line: Line) -> Self {
        let (answer, reason) = match line.answer {
            LineAnswer::Label(label) => (Answer::Label(label), String::new()),
            LineAnswer::Unparsable => (Answer::Unparsable, String::new()),
            LineAnswer::Missing(reason) => (Answer::Missing, reason),
        };
        let Line { example, variant, top, reply, text, .. } = line;
        Self { example, variant, answer, reason, top, reply, text }
    }
}

/// Bytes of a line at most.
const LONGEST: u64 = 1 << 28;

/// All answers of a log in their order. The process of a plugin wrote it: what it left may be anything.
///
/// # Errors
/// It is not a plain file; the system's. An answer that cannot be read is an error in its place.
pub fn rows(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Prediction>>> {
    let mut reader = BufReader::new(super::open_plain(path)?);
    let mut line = Vec::new();
    Ok(std::iter::from_fn(move || {
        line.clear();
        match (&mut reader).take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_slice(&line).map_err(io::Error::from)),
            Err(error) => Some(Err(error)),
        }
    }))
}

/// An open log.
#[derive(Debug)]
pub struct Log {
    file: File,
    buffer: Vec<u8>,
}

impl Log {
    /// Opens or creates a log whose examples carry `variants` answers each and come in batches of `batch` examples; returns
    /// how many examples of whole batches are there.
    pub fn open(path: &Path, variants: usize, batch: usize) -> io::Result<(Self, usize)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut reader = BufReader::new(super::plain(path, &options)?);
        let (mut rows, mut bytes) = (0, 0u64);
        let (mut kept, mut keep_bytes) = (0, 0u64);
        let mut line = Vec::new();
        loop {
            line.clear();
            let n = (&mut reader).take(LONGEST).read_until(b'\n', &mut line)?;
            if n == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let Ok(row) = serde_json::from_slice::<Prediction>(&line) else { break };
            if row.example != rows / variants {
                break;
            }
            bytes += n as u64;
            rows += 1;
            if rows.is_multiple_of(variants * batch) {
                (kept, keep_bytes) = (rows / variants, bytes);
            }
        }
        let mut file = reader.into_inner();
        file.set_len(keep_bytes)?;
        file.seek(SeekFrom::Start(keep_bytes))?;
        Ok((Self { file, buffer: Vec::new() }, kept))
    }

    /// Appends one batch and waits until it is on the disk.
    pub fn append(&mut self, batch: &[Prediction]) -> io::Result<()> {
        self.buffer.clear();
        for row in batch {
            serde_json::to_writer(&mut self.buffer, row)?;
            self.buffer.push(b'\n');
        }
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()
    }
}

/// A growing matrix on disk: float32 rows, fsynced per batch.
#[derive(Debug)]
pub struct VectorLog {
    file: File,
    dims: usize,
}

impl VectorLog {
    /// Opens or creates it; returns how many rows of whole batches (`batch` rows of `dims` values) are there.
    pub fn open(path: &Path, dims: usize, batch: usize) -> io::Result<(Self, usize)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = super::plain(path, &options)?;
        let unit = (dims * batch * size_of::<f32>()) as u64;
        let batches = file.metadata()?.len() / unit;
        file.set_len(batches * unit)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { file, dims }, batches as usize * batch))
    }

    /// Appends rows and waits until they are on the disk.
    pub fn append(&mut self, values: &[f32]) -> io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }

    /// Some rows, one after the other.
    pub fn read(&mut self, rows: std::ops::Range<usize>) -> io::Result<Vec<f32>> {
        /// Bytes held beside the values.
        const BUFFER: usize = 1 << 20;
        let row = self.dims * size_of::<f32>();
        self.file.seek(SeekFrom::Start((rows.start * row) as u64))?;
        let mut values = Vec::with_capacity(rows.len() * self.dims);
        let mut left = rows.len() * row;
        let mut buffer = vec![0; BUFFER.min(left)];
        while left > 0 {
            let bytes = &mut buffer[..BUFFER.min(left)];
            self.file.read_exact(bytes)?;
            left -= bytes.len();
            values.extend(bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)));
        }
        Ok(values)
    }

    /// All rows.
    pub fn all(mut self) -> io::Result<Vec<f32>> {
        let rows = self.file.metadata()?.len() as usize / size_of::<f32>() / self.dims;
        self.read(0..rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(example: usize, variant: usize) -> Prediction {
        let answer = Answer::Label(example as u32);
        Prediction {
            example,
            variant,
            answer,
            reason: String::new(),
            top: vec![(1, 0.5)],
            reply: None,
            text: None,
        }
    }

    /// As earlier versions wrote them: logs of interrupted cells load.
    #[test]
    fn a_line_is_written_and_read_as_it_always_was() {
        for line in [
            r#"{"i":3,"v":0,"a":{"l":1},"t":[[1,0.5]]}"#,
            r#"{"i":3,"v":1,"a":"o","r":"Ja"}"#,
            r#"{"i":4,"v":0,"a":{"m":"the model has no answer"}}"#,
            r#"{"i":4,"v":1,"a":{"l":0},"r":"Answer: Rice.","x":"rice"}"#,
        ] {
            let row: Prediction = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_string(&row).unwrap(), line);
            assert_eq!(row.answer == Answer::Missing, !row.reason.is_empty());
        }
    }

    #[test]
    fn a_log_cut_anywhere_keeps_its_whole_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let rows: Vec<Prediction> =
            (0..6).flat_map(|example| [row(example, 0), row(example, 1)]).collect();
        let (mut log, kept) = Log::open(&path, 2, 2).unwrap();
        assert_eq!(kept, 0);
        let mut ends = vec![0];
        for batch in rows.chunks(4) {
            log.append(batch).unwrap();
            ends.push(fs_err::metadata(&path).unwrap().len());
        }
        let whole = fs_err::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs_err::write(&path, &whole[..cut]).unwrap();
            let (mut log, kept) = Log::open(&path, 2, 2).unwrap();
            let batches = ends.iter().filter(|&&end| end > 0 && end <= cut as u64).count();
            assert_eq!(kept, batches * 2, "cut at byte {cut}");
            for batch in rows[batches * 4..].chunks(4) {
                log.append(batch).unwrap();
            }
            assert_eq!(fs_err::read(&path).unwrap(), whole, "resumed from byte {cut}");
            drop(log);
            let all: Vec<Prediction> = super::rows(&path).unwrap().map(Result::unwrap).collect();
            assert_eq!(all, rows, "resumed from byte {cut}");
            fs_err::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn vectors_cut_anywhere_keep_their_whole_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.f32");
        let values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let (mut log, _) = VectorLog::open(&path, 3, 2).unwrap();
        log.append(&values).unwrap();
        drop(log);
        let bytes = fs_err::read(&path).unwrap();
        for (cut, kept) in [(48, 12), (47, 6), (24, 6), (23, 0)] {
            fs_err::write(&path, &bytes[..cut]).unwrap();
            let (mut log, rows) = VectorLog::open(&path, 3, 2).unwrap();
            assert_eq!(rows * 3, kept);
            log.append(&values[kept..]).unwrap();
            assert_eq!(log.read(1..3).unwrap(), values[3..9]);
            assert_eq!(log.all().unwrap(), values);
        }
    }
}
