//! Upstream files to `examples.parquet` and its statistics: opens what [`crate::normalise`] and
//! [`crate::split`] work on, and stores what they give.
//!
//! ```text
//! <cache>/prepared/<task>-<key>/examples.parquet   one row an example (crate::store::examples)
//!                               meta.json          what it holds and where it came from (meta::Meta)
//! ```
//! The key is a hash of the definition, the files' content and [`VERSION`]. The folder appears by rename: whole or not at all.

mod collect;
mod error;
mod files;
mod joins;
mod meta;
mod mode;
pub mod sheet;
pub mod trust;
pub mod validate;
mod votes;
pub mod wording;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest, Sha256};

use crate::definition::dataset::{Dataset, Task};
use crate::definition::split::{Split, SplitRule};
use crate::example::Examples;
use crate::normalise::{self, Tables};
use crate::score::annotators;
use crate::split;
use crate::store;
use crate::store::examples::{self, Layout};

use joins::Joins;

pub use error::Error;
pub use meta::{Lengths, Meta, SourceRecord, Statistics};
pub use mode::{Mode, VERSION};

/// The prepared data of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// `examples.parquet`.
    pub examples: PathBuf,
    /// What it holds.
    pub meta: Meta,
}

/// Normalises and splits the files of a task (source id -> file, or folder of an unpacked archive), or takes
/// what an earlier call left in the cache.
pub fn prepare(
    dataset: &Dataset,
    task: &Task,
    files: &BTreeMap<String, PathBuf>,
    mode: Mode,
    cache: &Path,
) -> Result<Prepared, Error> {
    let inputs = files::resolve(dataset, task, files)?;
    let mut sources = files::verify(dataset, &inputs, mode)?;
    let ballots = task.votes.as_ref().map(|votes| votes.as_task(task));
    let ballots = match &ballots {
        None => Vec::new(),
        Some(task) => {
            let joins = Joins::find(dataset, task, files, mode)?;
            vec![(task, files::resolve(dataset, task, files)?, joins)]
        }
    };
    let joins = Joins::find(dataset, task, files, mode)?;
    let mut more = joins.records.clone();
    for (_, inputs, joins) in &ballots {
        more.extend(files::verify(dataset, inputs, mode)?);
        more.extend(joins.records.iter().cloned());
    }
    for source in more {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let key = key(dataset, task, &sources, mode)?;
    let folder = cache.join("prepared").join(format!("{}-{}", task.name, &key[..12]));
    let examples = folder.join("examples.parquet");
    if let Ok(meta) = Meta::beside(&examples)
        && examples.is_file()
    {
        return Ok(Prepared { examples, meta });
    }
    fs::create_dir_all(cache.join("prepared"))?;
    let temporary =
        tempfile::Builder::new().prefix(".partial-").tempdir_in(cache.join("prepared"))?;
    let fresh = temporary.path().join("fresh");
    fs::create_dir(&fresh)?;
    let mut votes = votes::Counted::default();
    for (ballot, inputs, joins) in &ballots {
        votes.read(ballot, inputs, &joins.read()?)?;
    }
    let path = fresh.join("examples.parquet");
    let made = Making { dataset, task, inputs: &inputs, tables: &joins.read()?, mode }
        .make(votes, sources, &path)?;
    store::write_json(&fresh.join("meta.json"), &made)?;
    if fs::rename(&fresh, &folder).is_err() && Meta::beside(&examples).is_err() {
        // Half a folder, of a machine that went down. (A whole one is of a process that was first: the same data.)
        fs::remove_dir_all(&folder)?;
        fs::rename(&fresh, &folder)?;
    }
    Ok(Prepared { examples, meta: made })
}

/// The examples of some parts, in file order; `labels` numbers the labels (`Meta::statistics.labels`).
pub fn load(
    examples: &Path,
    parts: &[Split],
    labels: &[String],
) -> Result<Examples, examples::Error> {
    examples::read(examples, parts, labels)
}

/// The same without the texts, which are empty.
pub fn load_without_texts(
    examples: &Path,
    parts: &[Split],
    labels: &[String],
) -> Result<Examples, examples::Error> {
    examples::read_without_texts(examples, parts, labels)
}

/// A hash of all that decides about the examples.
fn key(
    dataset: &Dataset,
    task: &Task,
    sources: &[SourceRecord],
    mode: Mode,
) -> Result<String, Error> {
    let hashes: Vec<(&str, &str)> =
        sources.iter().map(|s| (s.id.as_str(), s.sha256.as_str())).collect();
    let definition = serde_json::to_vec(&(
        (VERSION, &dataset.name, dataset.version, mode == Mode::Sample),
        (&task.name, &task.labels, &task.inputs, &task.steps, &task.example, &task.split),
        hashes,
    ));
    let mut definition = definition.map_err(io::Error::from)?;
    if let Some(votes) = &task.votes {
        definition.extend(serde_json::to_vec(votes).map_err(io::Error::from)?);
    }
    Ok(store::sha256(&definition))
}

/// What is prepared.
struct Making<'a> {
    dataset: &'a Dataset,
    task: &'a Task,
    inputs: &'a [files::InputFile<'a>],
    tables: &'a BTreeMap<u32, Tables>,
    mode: Mode,
}

impl Making<'_> {
    fn make(
        &self,
        mut votes: votes::Counted,
        sources: Vec<SourceRecord>,
        path: &Path,
    ) -> Result<Meta, Error> {
        let Self { dataset, task, inputs, tables, mode } = *self;
        let mut writer = examples::Writer::new(Hashing::create(path)?, &Layout::of(task))?;
        let mut all = collect::Collected::new(task);
        // A part that follows from the row alone is known in the first pass; else the second writes.
        let by_row =
            matches!(task.split, SplitRule::Given { valid: None } | SplitRule::Hash { .. });
        for input in inputs {
            files::normalise(task, input, tables, &mut all.tally, &mut |example, place| {
                all.columns.push(&task.split, example, input.number, place)?;
                if by_row {
                    let columns = all.columns.last();
                    let part = split::assign(&task.split, columns, mode == Mode::Sample)?[0];
                    writer.push(&votes.on(example), part)?;
                }
                Ok(())
            })?;
        }
        let parts = split::assign(&task.split, all.columns.as_split(), mode == Mode::Sample)?;
        if !by_row {
            let mut row = 0;
            let mut again = normalise::Tally::default();
            for input in inputs {
                files::normalise(task, input, tables, &mut again, &mut |example, _| {
                    row += 1;
                    Ok(writer.push(&votes.on(example), parts[row - 1])?)
                })?;
            }
        }
        let sha256 = writer.finish()?.finish()?;
        votes.warn(&mut all.tally.warnings);
        let mut meta = all.into_meta(dataset, task, &parts, sources, mode);
        meta.sha256 = sha256;
        if task.votes.is_some() {
            let examples = load_without_texts(path, &Split::ALL, &meta.statistics.labels)?;
            let positive = task.positive.as_ref();
            let positive = positive.and_then(|p| task.labels.iter().position(|label| label == p));
            let parts: Vec<&str> = parts.iter().map(|part| part.name()).collect();
            meta.statistics.annotators =
                annotators::examine(&examples, &parts, &task.labels, positive);
        }
        Ok(meta)
    }
}

/// A file that is hashed while it is written.
struct Hashing {
    file: io::BufWriter<fs::File>,
    hash: Sha256,
}

impl Hashing {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: io::BufWriter::new(fs::File::create(path)?), hash: Sha256::new() })
    }

    /// Makes the bytes durable and gives their hash.
    fn finish(self) -> io::Result<String> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(store::hex(&self.hash.finalize()))
    }
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
pub(crate) mod tests;
