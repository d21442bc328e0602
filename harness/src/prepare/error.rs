//! Why data cannot be prepared.

use std::io;
use std::path::PathBuf;

use crate::normalise::{self, Place};
use crate::split;

/// Why data cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No file for a source.
    #[error(
        "task `{task}`: no file for the source `{source_id}`; fetch it, or use `--data sample`"
    )]
    Missing {
        /// The task.
        task: String,
        /// Id of the source.
        source_id: String,
    },
    /// A folder without the files that the definition names.
    #[error(
        "{folder}: no file matches `{pattern}`. The archive of the source `{source_id}` holds: {there}. Put a folder or an archive with such files into the drop-in folder (`culture-eval config` shows where)"
    )]
    NoFiles {
        /// The folder.
        folder: PathBuf,
        /// The pattern.
        pattern: String,
        /// Id of the source.
        source_id: String,
        /// What lies in the folder.
        there: String,
    },
    /// The files of a pattern in more than one place.
    #[error(
        "{folder}: files of `{pattern}` lie in {}, and only one copy can be read; remove the others, and put the folder of the source `{source_id}` into the drop-in folder (`culture-eval config` shows where)",
        roots.join(" and in ")
    )]
    Copies {
        /// The folder.
        folder: PathBuf,
        /// The pattern.
        pattern: String,
        /// Id of the source.
        source_id: String,
        /// The folders that have the files.
        roots: Vec<String>,
    },
    /// Other bytes than the definition pins.
    #[error(
        "{path}: {what} is {found}, the definition of the source `{source_id}` pins {pinned}; delete the file and fetch it again"
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// `size`, `sha256` or `git blob id`.
        what: &'static str,
        /// What the file has.
        found: String,
        /// What is pinned.
        pinned: String,
        /// Id of the source.
        source_id: String,
    },
    /// A format that the file's ending does not tell.
    #[error(
        "{path}: unknown format; set `format` of the input to csv, tsv, jsonl, json (with `rows`) or parquet"
    )]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Two examples of one id.
    #[error(
        "{place}: the id `{id}` was there before; make `example.id` of the definition unique, e.g. with {{file}} and {{row}}"
    )]
    DuplicateId {
        /// Where the second stands.
        place: Place,
        /// The id.
        id: String,
    },
    /// The definition does not fit together.
    #[error("task `{task}`: {problem}")]
    Definition {
        /// The task.
        task: String,
        /// What, and what to do.
        problem: String,
    },
    /// A row that cannot be read.
    #[error(transparent)]
    Normalise(#[from] normalise::Error),
    /// The examples cannot be split.
    #[error(transparent)]
    Split(#[from] split::Error),
    /// The examples that were just written cannot be read.
    #[error(transparent)]
    Examples(#[from] crate::store::examples::Error),
    /// The examples cannot be written.
    #[error("failed to write the examples: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}
