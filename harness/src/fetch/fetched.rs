//! A source that is here and checked.

use std::io;
use std::path::PathBuf;

use serde::Serialize;

use super::provenance::{Verified, Via};
use super::verify::{digest, tree_digest};

/// Files of a folder that somebody named.
pub const MOST_FILES: usize = 10_000;

/// A source that is here and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// The file; for a zip archive the folder that it was unpacked to.
    pub path: PathBuf,
    /// Of the file as the owners publish it (for a folder in a mirror: over its files, see the cache's documentation).
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Where it came from this time.
    pub via: Via,
    /// How it was checked.
    pub verified: Verified,
}

impl Fetched {
    /// A file or folder of our own making (the sample): hashed, held against nothing.
    pub fn local(path: PathBuf) -> io::Result<Self> {
        Self::within(path, usize::MAX)
    }

    /// The same for what a user or a run from elsewhere names: a folder may hold at most [`MOST_FILES`], a checkpoint and
    /// not a disk.
    pub fn named(path: PathBuf) -> io::Result<Self> {
        Self::within(path, MOST_FILES)
    }

    fn within(path: PathBuf, most_files: usize) -> io::Result<Self> {
        let (sha256, bytes) = if path.is_dir() {
            tree_digest(&path, most_files)?
        } else {
            let found = digest(&path)?;
            (found.sha256, found.bytes)
        };
        Ok(Self { path, sha256, bytes, via: Via::Local, verified: Verified::Unchecked })
    }
}
