//! A source that is here and checked.

use std::io;
use std::path::PathBuf;

use serde::Serialize;

use super::provenance::{Verified, Via};
use super::verify::{digest, tree_digest};

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
        Self::local_within(path, usize::MAX)
    }

    /// The same for what a user named: a folder may hold at most so many files.
    pub fn local_within(path: PathBuf, most_files: usize) -> io::Result<Self> {
        let (sha256, bytes) = if path.is_dir() {
            tree_digest(&path, most_files)?
        } else {
            let found = digest(&path)?;
            (found.sha256, found.bytes)
        };
        Ok(Self { path, sha256, bytes, via: Via::Local, verified: Verified::Unchecked })
    }
}
