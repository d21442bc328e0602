//! Texts and cultures to sparse rows: blocks of n-grams with TF-IDF, and the culture.
//!
//! As scikit-learn's `TfidfVectorizer(sublinear_tf=True, smooth_idf=True, norm="l2")`, one for each block: tf = 1 + ln(count),
//! idf = ln((1 + n) / (1 + df)) + 1. An n-gram is known by a 64-bit hash of its block and its text, so that no strings are kept; two
//! of a million n-grams share a hash with probability 3e-8.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};

use plugin_api::{Batch, Error, Host};
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::config::Config;
use crate::sparse::Rows;

/// Blocks of n-grams, in the order of their columns.
pub const BLOCKS: usize = 3;
const WORDS: usize = 0;
const CHARS: usize = 1;
const CROSSES: usize = 2;

/// Texts between two looks at the host's wish to stop.
const CHUNK: usize = 2048;

/// What is learned about the features.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    pub blocks: [Block; BLOCKS],
    /// Columns for cultures; 0 where the culture is no feature.
    pub cultures: usize,
}

/// The n-grams of one block, commonest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Hashes, one a column.
    pub hashes: Vec<u64>,
    /// Inverse document frequencies.
    pub idf: Vec<f32>,
    columns: HashMap<u64, u32, FxBuildHasher>,
}

impl Block {
    pub fn new(hashes: Vec<u64>, idf: Vec<f32>) -> Self {
        let columns = hashes.iter().enumerate().map(|(at, &hash)| (hash, at as u32)).collect();
        Self { hashes, idf, columns }
    }
}

impl Vocabulary {
    /// Counts the n-grams of the training texts; `outputs` is the number of weights a column has.
    pub fn learn(
        config: &Config,
        batch: &Batch<'_>,
        cultures: usize,
        outputs: usize,
        host: &Host,
    ) -> Result<Self, Error> {
        let cap = config.max_features.min(config.max_weights / outputs.max(1) / BLOCKS).max(1);
        let mut blocks: [Block; BLOCKS] = Default::default();
        for (at, block) in blocks.iter_mut().enumerate() {
            *block = learn_block(at, config, batch, cap, host)?;
        }
        Ok(Self { blocks, cultures: if config.culture { cultures } else { 0 } })
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.blocks.iter().map(|block| block.hashes.len()).sum::<usize>() + self.cultures
    }

    /// The rows of a batch; `host` may stop it.
    pub fn rows(&self, config: &Config, batch: &Batch<'_>, host: &Host) -> Result<Rows, Error> {
        let mut rows = Rows::new(self.columns());
        for from in (0..batch.len()).step_by(CHUNK) {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let to = (from + CHUNK).min(batch.len());
            let chunk: Vec<Vec<(u32, f32)>> = (from..to)
                .into_par_iter()
                .map(|i| self.row(config, batch.texts[i], batch.cultures[i]))
                .collect();
            for row in chunk {
                rows.push(&row);
            }
        }
        Ok(rows)
    }

    /// One row: columns and values, in an order that depends on the text alone.
    pub fn row(&self, config: &Config, text: &str, culture: u32) -> Vec<(u32, f32)> {
        let text = text.to_lowercase();
        let mut row = Vec::new();
        let mut grams = Vec::new();
        let mut first = 0;
        let lengths = [config.word_weight, config.char_weight, config.cross_weight];
        for (at, (block, length)) in self.blocks.iter().zip(lengths).enumerate() {
            let start = row.len();
            n_grams(at, config, &text, culture, &mut grams);
            for same in grams.chunk_by(|a, b| a == b) {
                if let Some(&column) = block.columns.get(&same[0]) {
                    let tf = 1.0 + (same.len() as f32).ln();
                    row.push((first + column, tf * block.idf[column as usize]));
                }
            }
            let norm = row[start..].iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
            for (_, value) in &mut row[start..] {
                *value *= length / norm;
            }
            first += block.hashes.len() as u32;
        }
        if (culture as usize) < self.cultures {
            row.push((first + culture, 1.0));
        }
        row
    }
}

/// The commonest `cap` n-grams of a block with their idf.
fn learn_block(
    at: usize,
    config: &Config,
    batch: &Batch<'_>,
    cap: usize,
    host: &Host,
) -> Result<Block, Error> {
    let every = |tell: &mut dyn FnMut(Vec<Vec<u64>>)| -> Result<(), Error> {
        for from in (0..batch.len()).step_by(CHUNK) {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let to = (from + CHUNK).min(batch.len());
            let chunk = (from..to).into_par_iter().map(|i| {
                let mut grams = Vec::new();
                n_grams(at, config, &batch.texts[i].to_lowercase(), batch.cultures[i], &mut grams);
                grams.dedup();
                grams
            });
            tell(chunk.collect());
        }
        Ok(())
    };

    // Most n-grams occur in one text. A small table of counts by the hash's first bits, which is never too low, keeps them out of
    // the exact count.
    let sketch: Vec<AtomicU8> = (0..1 << SKETCH_BITS).map(|_| AtomicU8::new(0)).collect();
    let cell = |gram: u64| &sketch[(gram >> (64 - SKETCH_BITS)) as usize];
    let enough = config.min_df.min(u32::from(u8::MAX)) as u8;
    if enough > 1 {
        every(&mut |chunk| {
            for &gram in chunk.iter().flatten() {
                let count = cell(gram).load(Ordering::Relaxed);
                cell(gram).store(count.saturating_add(1), Ordering::Relaxed);
            }
        })?;
    }
    let mut counts: HashMap<u64, u32, FxBuildHasher> = HashMap::default();
    every(&mut |chunk| {
        for &gram in chunk.iter().flatten() {
            if enough <= 1 || cell(gram).load(Ordering::Relaxed) >= enough {
                *counts.entry(gram).or_default() += 1;
            }
        }
    })?;

    let mut kept: Vec<(u64, u32)> =
        counts.into_iter().filter(|&(_, df)| df >= config.min_df).collect();
    kept.par_sort_unstable_by_key(|&(gram, df)| (std::cmp::Reverse(df), gram));
    kept.truncate(cap);
    let texts = 1.0 + batch.len() as f64;
    let idf =
        kept.iter().map(|&(_, df)| ((texts / (1.0 + f64::from(df))).ln() + 1.0) as f32).collect();
    Ok(Block::new(kept.into_iter().map(|(gram, _)| gram).collect(), idf))
}

const SKETCH_BITS: u32 = 24;

/// The hashes of a block's n-grams in a text of lower case, sorted.
fn n_grams(at: usize, config: &Config, text: &str, culture: u32, into: &mut Vec<u64>) {
    into.clear();
    match at {
        WORDS => {
            if let [low, high] = config.words[..] {
                word_n_grams(text, low, high, |gram| into.push(finish(gram ^ WORDS as u64)));
            }
        }
        CHARS => {
            if let [low, high] = config.chars[..] {
                char_n_grams(text, low, high, |gram| into.push(finish(gram ^ CHARS as u64)));
            }
        }
        _ => {
            if config.crosses {
                let pair = (u64::from(culture) << 8) | CROSSES as u64;
                word_n_grams(text, 1, 1, |gram| into.push(finish(finish(gram) ^ pair)));
            }
        }
    }
    into.sort_unstable();
}

/// Words are runs of letters, digits, marks of combination and underscores, of any length.
fn word_n_grams(text: &str, low: usize, high: usize, mut tell: impl FnMut(u64)) {
    let words: Vec<&[u8]> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::as_bytes)
        .collect();
    for n in low..=high {
        for gram in words.windows(n) {
            let bytes = gram
                .iter()
                .enumerate()
                .flat_map(|(at, word)| (at > 0).then_some(&b' ').into_iter().chain(word.iter()));
            tell(bytes.fold(FNV, |hash, &byte| fnv(hash, byte)));
        }
    }
}

/// As scikit-learn's `char_wb`: each blank-separated word between two blanks; a word shorter than `n` counts once as a whole.
fn char_n_grams(text: &str, low: usize, high: usize, mut tell: impl FnMut(u64)) {
    let (mut padded, mut starts) = (String::new(), Vec::new());
    for word in text.split_whitespace() {
        padded.clear();
        padded.extend([" ", word, " "]);
        starts.clear();
        starts.extend(padded.char_indices().map(|(at, _)| at).chain([padded.len()]));
        let chars = starts.len() - 1;
        for n in low..=high {
            for at in 0..=chars.saturating_sub(n) {
                let bytes = &padded.as_bytes()[starts[at]..starts[(at + n).min(chars)]];
                tell(bytes.iter().fold(FNV, |hash, &byte| fnv(hash, byte)));
            }
            if n >= chars {
                break;
            }
        }
    }
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// The finaliser of SplitMix64: FNV-1a alone mixes its last bytes badly.
fn finish(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> u64 {
        text.bytes().fold(FNV, fnv)
    }

    fn all(texts: &[&str]) -> Vec<u64> {
        texts.iter().map(|text| hash(text)).collect()
    }

    #[test]
    fn n_grams_as_scikit_learn_makes_them() {
        let words = |text, low, high| {
            let mut grams = Vec::new();
            word_n_grams(text, low, high, |gram| grams.push(gram));
            grams
        };
        assert_eq!(words("[us] don't, i", 1, 1), all(&["us", "don", "t", "i"]));
        assert_eq!(words("a b c", 1, 2), all(&["a", "b", "c", "a b", "b c"]));
        assert_eq!(words("a", 2, 2), all(&[]));
        let chars = |text, low, high| {
            let mut grams = Vec::new();
            char_n_grams(text, low, high, |gram| grams.push(gram));
            grams
        };
        // CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)) on "ab é!".
        let want = [" a", "ab", "b ", " ab", "ab ", " ab ", " é", "é!", "! ", " é!", "é! ", " é! "];
        assert_eq!(chars("ab é!", 2, 4), all(&want));
        assert_eq!(chars("a", 2, 5), all(&[" a", "a ", " a "]));
        assert_eq!(chars(" \n ", 2, 5), all(&[]));
    }

    #[test]
    fn idf_tf_and_length_follow_the_formulas() {
        let config = Config::parse(
            r#"{"words":[1,1],"chars":[],"crosses":false,"word_weight":1,"min_df":1}"#,
        )
        .unwrap();
        let host = Host::silent(1, 0);
        let texts = ["A a b", "a c", "a"];
        let batch = Batch::of(&["1", "2", "3"], &texts, &[0, 1, 0]);
        let learned = Vocabulary::learn(&config, &batch, 2, 1, &host).unwrap();
        assert_eq!(learned.columns(), 3 + 2);
        let row = learned.row(&config, texts[0], 1);
        // idf(a) = ln(4/4) + 1, idf(b) = ln(4/2) + 1; tf(a) = 1 + ln 2.
        let (a, b) = (1.0 + 2.0_f32.ln(), 2.0_f32.ln() + 1.0);
        let norm = a.hypot(b);
        let mut values: Vec<f32> = row.iter().map(|(_, value)| *value).collect();
        values.sort_by(f32::total_cmp);
        assert!((values[0] - a / norm).abs() < 1e-6 && (values[1] - b / norm).abs() < 1e-6);
        assert_eq!(row.last(), Some(&(4, 1.0)));
        assert_eq!(learned.row(&config, "unseen words", 7), []);
    }

    #[test]
    fn limits_keep_the_commonest() {
        let host = Host::silent(2, 0);
        let texts = ["a b c", "a b d", "a e f"];
        let batch = Batch::of(&["1", "2", "3"], &texts, &[0, 0, 0]);
        let learn = |json: &str, outputs| {
            let config = Config::parse(json).unwrap();
            Vocabulary::learn(&config, &batch, 1, outputs, &host).unwrap().blocks[WORDS].clone()
        };
        let two = learn(r#"{"words":[1,1],"min_df":2}"#, 1);
        assert_eq!(two.hashes, all(&["a", "b"]).into_iter().map(finish).collect::<Vec<_>>());
        assert_eq!(
            learn(r#"{"words":[1,1],"min_df":1,"max_features":1}"#, 1).hashes,
            two.hashes[..1]
        );
        assert_eq!(learn(r#"{"words":[1,1],"min_df":1,"max_weights":12}"#, 2).hashes, two.hashes);
    }
}
