//! Embeds a text as the mean of the vectors of its words, plain or as Arora et al. (2017) weight it.
//!
//! [`read`] reads a vocabulary and its vectors out of the files that GloVe, word2vec and NumPy users have, [`words`] cuts a text
//! into words, [`pool`] makes one vector of them. Nothing is learnt here, and a text's vector depends on the text alone.

pub mod config;
pub mod pool;
pub mod read;
pub mod words;

use plugin_api::{Batch, Capability, Error, Host, Matrix, Plugin, Task, export_plugin};
use rayon::prelude::*;

use crate::config::{Config, Pooling};
use crate::pool::Pool;
use crate::read::Table;

/// Texts between two questions whether to stop.
const TEXTS_AT_A_TIME: usize = 1024;

/// The model.
#[derive(Debug)]
pub struct WordVectors {
    lowercase: bool,
    table: Table,
    pool: Pool,
    threads: rayon::ThreadPool,
    seen: Seen,
}

/// What was met so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    texts: usize,
    texts_without_known_word: usize,
    words: usize,
    unknown: usize,
}

impl Plugin for WordVectors {
    const NAME: &'static str = "word-vectors";
    const CAPABILITIES: &'static [Capability] = &[Capability::Embed];

    fn create(config: &str, _task: &Task, host: &Host) -> Result<Self, Error> {
        let config = Config::parse(config)?;
        let threads = rayon::ThreadPoolBuilder::new().num_threads(host.threads()).build();
        let threads = threads.map_err(|e| {
            Error::internal(format!("cannot start {} threads: {e}", host.threads()))
        })?;
        let table = read::table(&config)?;
        host.log(&table);
        let pool = match config.pooling {
            Pooling::Mean => Pool::mean(),
            Pooling::Sif => threads.install(|| Pool::sif(&config, &table))?,
        };
        Ok(Self { lowercase: config.lowercase, table, pool, threads, seen: Seen::default() })
    }

    fn dimension(&self) -> usize {
        self.table.dims
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        self.embed_texts(&batch.texts, vectors.values(), host)
    }
}

impl WordVectors {
    /// Fills a row of `dimension` numbers for each text.
    pub fn embed_texts(
        &mut self,
        texts: &[&str],
        rows: &mut [f32],
        host: &Host,
    ) -> Result<(), Error> {
        let Self { lowercase, table, pool, threads, seen } = self;
        let parts =
            texts.chunks(TEXTS_AT_A_TIME).zip(rows.chunks_mut(TEXTS_AT_A_TIME * table.dims));
        for (texts, rows) in parts {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let counts: Vec<(usize, usize)> = threads.install(|| {
                (texts.par_iter().zip(rows.par_chunks_mut(table.dims)))
                    .map(|(text, row)| embed_one(table, pool, *lowercase, text, row))
                    .collect()
            });
            for (known, unknown) in counts {
                seen.texts += 1;
                seen.texts_without_known_word += usize::from(known == 0);
                seen.words += known + unknown;
                seen.unknown += unknown;
            }
        }
        if seen.words > 0 {
            let share = seen.unknown as f64 / seen.words as f64;
            host.metric("out_of_vocabulary_share", seen.texts, share);
            let none = seen.texts_without_known_word as f64 / seen.texts as f64;
            host.metric("texts_without_known_word_share", seen.texts, none);
        }
        Ok(())
    }

    /// Words met so far that have no vector, of all words met.
    pub fn unknown(&self) -> (usize, usize) {
        (self.seen.unknown, self.seen.words)
    }
}

/// Fills one row; returns how many words are known and unknown.
fn embed_one(
    table: &Table,
    pool: &Pool,
    lowercase: bool,
    text: &str,
    row: &mut [f32],
) -> (usize, usize) {
    let mut known = Vec::new();
    let mut unknown = 0;
    words::each(text, lowercase, &|word| table.find(word), &mut |found| match found {
        Some(word) => known.push(word),
        None => unknown += 1,
    });
    pool.embed(table, &known, row);
    (known.len(), unknown)
}

export_plugin!(WordVectors);
