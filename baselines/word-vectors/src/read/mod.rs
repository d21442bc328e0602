//! Files of word vectors. What a file is shows in its first bytes, since a cache names files by their content, not by an ending.

mod binary;
mod index;
mod npy;
mod text;

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use fs_err::File;
use plugin_api::Error;
use rustc_hash::FxHashMap;

use crate::config::Config;

/// Bytes that are looked at to tell formats apart: more than a line of any of them.
const PEEK: usize = 1 << 18;

/// A vocabulary with a vector for each word, the most frequent word first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Length of a vector.
    pub dims: usize,
    /// Place of each word.
    places: FxHashMap<String, u32>,
    /// words x dims.
    vectors: Vec<f32>,
    /// Words that stood in the file before (the first counts), or are not UTF-8.
    pub left_out: usize,
    /// What the file was.
    pub format: &'static str,
}

impl Table {
    /// Number of vectors.
    pub fn len(&self) -> usize {
        self.vectors.len() / self.dims.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// Place of a word.
    pub fn find(&self, word: &str) -> Option<u32> {
        self.places.get(word).copied()
    }

    /// The vector at a place.
    ///
    /// # Panics
    /// Where there is none.
    pub fn vector(&self, place: u32) -> &[f32] {
        &self.vectors[place as usize * self.dims..][..self.dims]
    }

    /// Takes a word whose vector is at `place`; a word that is no UTF-8 or known already keeps its vector to itself.
    fn name(&mut self, word: Result<&str, std::str::Utf8Error>, place: u32) {
        match word {
            Ok(word) if !self.places.contains_key(word) => {
                self.places.insert(word.to_owned(), place);
            }
            _ => self.left_out += 1,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} words x {} dimensions", self.format, self.len(), self.dims)?;
        match self.left_out {
            0 => Ok(()),
            n => write!(f, "; {n} left out that stand twice or are not UTF-8"),
        }
    }
}

/// Reads what `[config]` names.
pub fn table(config: &Config) -> Result<Table, Error> {
    let path = &config.weights.vectors;
    let most = if config.most_words == 0 { usize::MAX } else { config.most_words };
    let mut file = open(path)?;
    let start = file.fill_buf().map_err(|e| failed(path, e))?;
    let is_npy = start.starts_with(npy::MAGIC);
    let is_gzip = start.starts_with(&[0x1f, 0x8b]);
    let table = match (&config.weights.index, is_npy) {
        (Some(index), true) => npy::read(file, most)
            .map_err(|e| failed(path, e))
            .and_then(|matrix| index::name(matrix, index, most)),
        (None, true) => Err(Error::config(format!(
            "{} is an .npy, which has no words; give them as the weights `index`",
            path.display()
        ))),
        (Some(index), false) => Err(Error::config(format!(
            "{} brings its own words; remove the weights `index` ({})",
            path.display(),
            index.display()
        ))),
        (None, false) if is_gzip => {
            let unpacked = BufReader::with_capacity(PEEK, MultiGzDecoder::new(file));
            text_or_binary(unpacked, most).map_err(|e| failed(path, e))
        }
        (None, false) => text_or_binary(file, most).map_err(|e| failed(path, e)),
    }?;
    if table.is_empty() || table.places.is_empty() {
        return Err(failed(path, "no vector in it"));
    }
    if let Some(at) = table.vectors.iter().position(|v| !v.is_finite()) {
        return Err(failed(
            path,
            format!("vector {} has a value that is no number", at / table.dims),
        ));
    }
    Ok(table)
}

/// Relative counts of the table's words: `word count` a line, blanks or a tab between; 0 for words that are not in the file.
pub fn probabilities(path: &Path, table: &Table) -> Result<Vec<f64>, Error> {
    let mut counts = vec![0.0; table.len()];
    let mut total = 0.0;
    for (number, line) in open(path)?.lines().enumerate() {
        let line = line.map_err(|e| failed(path, e))?;
        if line.trim().is_empty() {
            continue;
        }
        let (word, count) = (line.trim_end().rsplit_once([' ', '\t']))
            .and_then(|(word, count)| Some((word.trim(), count.parse::<f64>().ok()?)))
            .filter(|(_, count)| count.is_finite() && *count >= 0.0)
            .ok_or_else(|| failed(path, format!("line {} is no `word count`", number + 1)))?;
        total += count;
        if let Some(place) = table.find(word) {
            counts[place as usize] += count;
        }
    }
    if !counts.iter().any(|count| *count > 0.0) {
        return Err(failed(path, "it counts no word of the vectors"));
    }
    for count in &mut counts {
        *count /= total;
    }
    Ok(counts)
}

/// word2vec's binary format has a line of two numbers, too; what follows it is text or is not.
fn text_or_binary(mut file: BufReader<impl Read>, most: usize) -> Result<Table, String> {
    let start = file.fill_buf().map_err(|e| e.to_string())?;
    let (first, rest) = match start.iter().position(|b| *b == b'\n') {
        Some(end) => (&start[..end], &start[end + 1..]),
        None => (start, &[][..]),
    };
    match header(first) {
        Some((_, dims)) if !text::is_row(rest, dims) => binary::read(file, most),
        _ => text::read(file, most),
    }
}

/// No vectors have more dimensions; a head that says so is of another kind of file.
const WIDEST: usize = 1 << 16;

/// `words dimensions`, the first line of word2vec's files.
fn header(line: &[u8]) -> Option<(usize, usize)> {
    let mut fields = std::str::from_utf8(line).ok()?.split_whitespace();
    let (words, dims) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (fields.next().is_none() && (1..=WIDEST).contains(&dims)).then_some((words, dims))
}

fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(Error::load)?;
    Ok(BufReader::with_capacity(PEEK, file))
}

fn failed(path: &Path, reason: impl fmt::Display) -> Error {
    Error::load(format!("{}: {reason}", path.display()))
}
