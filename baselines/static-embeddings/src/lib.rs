//! Embeds a text as the mean of its tokens' vectors, looked up in a fixed table: WordLlama, model2vec, and what is stored as they are.
//!
//! [`tokens`] turns a text into token ids as the model's `tokenizer.json` says, [`table`] reads the vectors and pools them. The answers
//! are those of the Python originals (`tests/originals.rs`). Nothing is learnt, and a text's vector depends on the text alone.

pub mod config;
pub mod table;
pub mod tokens;

use plugin_api::{Batch, Capability, Error, Host, Matrix, Plugin, Task, export_plugin};
use rayon::prelude::*;

use crate::config::Config;
use crate::table::Table;
use crate::tokens::Tokens;

/// Texts between two questions whether to stop.
const TEXTS_AT_A_TIME: usize = 4096;
/// Texts that one thread takes at a time.
const TEXTS_A_THREAD: usize = 32;

/// The model.
#[derive(Debug)]
pub struct StaticEmbeddings {
    tokens: Tokens,
    table: Table,
    threads: rayon::ThreadPool,
}

impl Plugin for StaticEmbeddings {
    const NAME: &'static str = "static-embeddings";
    const CAPABILITIES: &'static [Capability] = &[Capability::Embed];

    fn create(config: &str, _task: &Task, host: &Host) -> Result<Self, Error> {
        let config = Config::parse(config)?;
        let threads = rayon::ThreadPoolBuilder::new().num_threads(host.threads()).build();
        let threads = threads.map_err(|e| {
            Error::internal(format!("cannot start {} threads: {e}", host.threads()))
        })?;
        let (table, tokens) = threads.install(|| {
            rayon::join(|| Table::read(&config), || Tokens::read(&config, host.threads()))
        });
        let (table, tokens) = (table?, tokens?);
        table.must_hold(tokens.highest(), &config)?;
        host.log(format_args!("{table}; {tokens}"));
        Ok(Self { tokens, table, threads })
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

impl StaticEmbeddings {
    /// Fills a row of `dimension` numbers for each text.
    pub fn embed_texts(&self, texts: &[&str], rows: &mut [f32], host: &Host) -> Result<(), Error> {
        let Self { tokens, table, threads } = self;
        let dims = table.dims;
        let parts = texts.chunks(TEXTS_AT_A_TIME).zip(rows.chunks_mut(TEXTS_AT_A_TIME * dims));
        for (part, (texts, rows)) in parts.enumerate() {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            threads.install(|| {
                (texts.par_chunks(TEXTS_A_THREAD))
                    .zip(rows.par_chunks_mut(TEXTS_A_THREAD * dims))
                    .enumerate()
                    .try_for_each(|(chunk, (texts, rows))| {
                        let first = part * TEXTS_AT_A_TIME + chunk * TEXTS_A_THREAD;
                        let embed = |i: usize, ids: &[u32]| {
                            table.embed(ids, &mut rows[i * dims..(i + 1) * dims]);
                        };
                        tokens.each(texts, embed).map_err(|(i, e)| Error::input(first + i, e))
                    })
            })?;
        }
        Ok(())
    }
}

export_plugin!(StaticEmbeddings);
