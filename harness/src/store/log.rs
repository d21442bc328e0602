//! The answers of a running cell: one JSON line each, fsynced per batch.
//!
//! After a kill the log may end in half a line. Opening it keeps the longest run of whole batches and
//! cuts the rest off, so that a resumed cell asks the same batches as an undisturbed one.

use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};

/// One answer to one example by one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Example: its place in the evaluated order.
    #[serde(rename = "i")]
    pub example: usize,
    /// Variant: its place in the list of variants.
    #[serde(rename = "v")]
    pub variant: usize,
    /// The answer.
    #[serde(rename = "a")]
    pub answer: Given,
    /// Best labels with their scores, best first; at most ten.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<(u32, f32)>,
    /// The reply of a generating model.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// An answer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    /// A label, by index.
    #[serde(rename = "l")]
    Label(u32),
    /// A reply that is none of the labels.
    #[serde(rename = "o")]
    OutOfChoice,
    /// No answer, and why.
    #[serde(rename = "m")]
    Missing(String),
}

/// An open log.
#[derive(Debug)]
pub struct Log {
    file: File,
    buffer: Vec<u8>,
}

impl Log {
    /// Opens or creates a log whose examples carry `variants` answers each and come in batches of
    /// `batch` examples; returns the answers of the whole batches that are there.
    pub fn open(path: &Path, variants: usize, batch: usize) -> io::Result<(Self, Vec<Prediction>)> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut reader = BufReader::new(file);
        let (mut kept, mut keep_bytes) = (Vec::new(), 0u64);
        let (mut pending, mut bytes) = (Vec::new(), 0u64);
        let mut line = Vec::new();
        loop {
            line.clear();
            let n = reader.read_until(b'\n', &mut line)?;
            if n == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let Ok(row) = serde_json::from_slice::<Prediction>(&line) else { break };
            let place = (kept.len() + pending.len()) / variants;
            if row.example != place {
                break;
            }
            bytes += n as u64;
            pending.push(row);
            if pending.len() == variants * batch {
                kept.append(&mut pending);
                keep_bytes = bytes;
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
}

impl VectorLog {
    /// Opens or creates it; returns the values of the whole batches (`batch` rows of `dim`) that are there.
    pub fn open(path: &Path, dim: usize, batch: usize) -> io::Result<(Self, Vec<f32>)> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        let unit = dim * batch * size_of::<f32>();
        bytes.truncate(bytes.len() / unit * unit);
        file.set_len(bytes.len() as u64)?;
        file.seek(SeekFrom::Start(bytes.len() as u64))?;
        let values = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Ok((Self { file }, values))
    }

    /// Appends rows and waits until they are on the disk.
    pub fn append(&mut self, values: &[f32]) -> io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(example: usize, variant: usize) -> Prediction {
        let answer = Given::Label(example as u32);
        Prediction { example, variant, answer, top: vec![(1, 0.5)], reply: None }
    }

    #[test]
    fn a_log_cut_anywhere_keeps_its_whole_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let rows: Vec<Prediction> =
            (0..6).flat_map(|example| [row(example, 0), row(example, 1)]).collect();
        let (mut log, kept) = Log::open(&path, 2, 2).unwrap();
        assert!(kept.is_empty());
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
            assert_eq!(kept, rows[..batches * 4], "cut at byte {cut}");
            for batch in rows[batches * 4..].chunks(4) {
                log.append(batch).unwrap();
            }
            assert_eq!(fs_err::read(&path).unwrap(), whole, "resumed from byte {cut}");
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
            assert_eq!(VectorLog::open(&path, 3, 2).unwrap().1, values[..kept]);
        }
    }
}
