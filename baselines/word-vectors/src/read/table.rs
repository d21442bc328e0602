//! What every format is read into.

use std::fmt;

use rustc_hash::FxHashMap;

/// A vocabulary with a vector for each word, the most frequent word first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Length of a vector.
    pub dims: usize,
    /// Place of each word.
    pub(super) places: FxHashMap<String, u32>,
    /// words x dims.
    pub(super) vectors: Vec<f32>,
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

    /// Takes a word whose vector is at `place`; a word that is not UTF-8 or known already keeps its vector to itself.
    pub(super) fn name(&mut self, word: Result<&str, std::str::Utf8Error>, place: u32) {
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
            n => write!(f, "; {n} left out that occur twice or are not UTF-8"),
        }
    }
}
