//! A download under way: bytes on disk, and what it takes to resume them.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

use super::cache::{read_json, write_json};
use super::error::FetchError;
use super::job::Job;
use super::request::Target;
use super::verify::pinned;

/// A `.part` file and the validators of its first answer.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: fs::File,
    len: u64,
    origin: Validators,
    /// Bytes of more than one answer are in it.
    resumed: bool,
    /// Bytes that cannot be validated may be resumed all the same: a checksum decides in the end.
    pinned: bool,
}

/// What distinguishes one version of a remote file from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validators {
    /// Where it comes from, so that bytes of two places never mix.
    place: String,
    /// A strong entity tag.
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Part {
    /// Opens what an earlier process left, if it is of the same place and can be resumed.
    pub(super) fn open(
        job: &Job<'_>,
        target: &Target,
        exclusive: bool,
    ) -> Result<Self, FetchError> {
        let io = |e| job.io(e);
        // Without a lock two processes may be here: then each has a file of its own.
        let own = if exclusive { String::new() } else { format!("-{}", std::process::id()) };
        let path = job.cache.partial().map_err(io)?.join(format!("{}{own}.part", job.key));
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        let origin: Validators = read_json(&path.with_extension("json")).unwrap_or_default();
        let mut part = Self {
            path,
            file,
            len,
            origin,
            resumed: len > 0,
            pinned: pinned(job.source).is_some(),
        };
        if len > 0 && (part.origin.place != target.place() || !part.can_resume()) {
            part.clear(job)?;
        }
        part.origin.place = target.place();
        Ok(part)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// There is something, and either the server or a checksum can tell whether the rest fits.
    pub(super) fn can_resume(&self) -> bool {
        self.len > 0 && (self.validator().is_some() || self.pinned)
    }

    /// For `If-Range`.
    pub(super) fn validator(&self) -> Option<&str> {
        self.origin.etag.as_deref().or(self.origin.last_modified.as_deref())
    }

    /// Starts from the beginning with the validators of this answer.
    pub(super) fn begin(&mut self, job: &Job<'_>, headers: &HeaderMap) -> Result<(), FetchError> {
        self.clear(job)?;
        let text =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.origin.etag = text(ETAG).filter(|etag| !etag.starts_with("W/"));
        self.origin.last_modified = text(LAST_MODIFIED);
        write_json(&self.path.with_extension("json"), &self.origin).map_err(|e| job.io(e))
    }

    /// Continues; false where this answer is of another version.
    pub(super) fn resume(&mut self, headers: &HeaderMap) -> bool {
        self.resumed = true;
        let same = |mine: &Option<String>, name| match (
            mine,
            headers.get(name).and_then(|v| v.to_str().ok()),
        ) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => true,
        };
        same(&self.origin.etag, ETAG) && same(&self.origin.last_modified, LAST_MODIFIED)
    }

    pub(super) fn append(&mut self, job: &Job<'_>, block: &[u8]) -> Result<(), FetchError> {
        self.file.seek(SeekFrom::Start(self.len)).map_err(|e| job.io(e))?;
        self.file.write_all(block).map_err(|e| job.io(e))?;
        self.len += block.len() as u64;
        Ok(())
    }

    /// Throws the bytes away. The file may have become an object, so it is a new one.
    pub(super) fn clear(&mut self, job: &Job<'_>) -> Result<(), FetchError> {
        let place = std::mem::take(&mut self.origin.place);
        self.origin = Validators { place, ..Validators::default() };
        (self.len, self.resumed) = (0, false);
        self.file.set_len(0).map_err(|e| job.io(e))
    }

    /// Removes what is left of it.
    pub(super) fn remove(self) {
        for path in [self.path.with_extension("json"), self.path] {
            // Gone already where it became an object.
            let _ = fs::remove_file(path);
        }
    }
}

/// `Content-Length` as the server wrote it.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
