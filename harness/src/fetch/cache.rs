//! The cache on disk: objects by content, unpacked archives, an index of what each source resolved to.
//!
//! ```text
//! objects/sha256/ab/abcdef...   files, read-only, named by their content
//! unpacked/abcdef.../           archives and folders, with abcdef....json beside (the sum of the folder)
//! index/KEY.json                what a source with these pins resolved to
//! index/KEY.failed.json         an archive that could not be unpacked: not downloaded again
//! partial/KEY.part              a download under way, with KEY.json (validators for a resume)
//! wheels/PACKAGE-VERSION/       Python wheels
//! locks/KEY.lock                one per source
//! sources.lock                  sources without a published checksum: what they were at first use
//! ```

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::verify::{files_below, sha256_of};
use crate::definition::source::Source;

/// Paths inside the cache folder.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: std::path::absolute(root)? })
    }

    pub(super) fn object(&self, sha256: &str) -> PathBuf {
        self.root.join("objects/sha256").join(&sha256[..2]).join(sha256)
    }

    pub(super) fn unpacked(&self, sha256: &str) -> PathBuf {
        self.root.join("unpacked").join(sha256)
    }

    pub(super) fn wheel(&self, package: &str, version: &str) -> PathBuf {
        self.root.join("wheels").join(format!("{package}-{version}"))
    }

    pub(super) fn index(&self, key: &str) -> PathBuf {
        self.root.join("index").join(format!("{key}.json"))
    }

    pub(super) fn failed(&self, key: &str) -> PathBuf {
        self.root.join("index").join(format!("{key}.failed.json"))
    }

    pub(super) fn lock(&self, key: &str) -> PathBuf {
        self.root.join("locks").join(format!("{key}.lock"))
    }

    pub(super) fn sources_lock(&self) -> PathBuf {
        self.root.join("sources.lock")
    }

    /// Where downloads lie until they are checked; created.
    pub(super) fn partial(&self) -> io::Result<PathBuf> {
        let folder = self.root.join("partial");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A folder of our own beside the unpacked ones; removed when dropped.
    pub(super) fn temporary_folder(&self) -> io::Result<tempfile::TempDir> {
        let folder = self.root.join("unpacked");
        fs::create_dir_all(&folder)?;
        temporary(".tmp-", 0o777).tempdir_in(folder)
    }

    /// What this source resolved to, where it was fetched before with the same pins.
    pub(super) fn entry(&self, key: &str) -> Option<Entry> {
        read_json(&self.index(key))
    }

    /// True where the entry's bytes are there with the recorded size and time.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        if entry.tree {
            self.unpacked(&entry.sha256).is_dir()
        } else {
            Mark::of(&self.object(&entry.sha256)).is_ok_and(|mark| mark == entry.mark)
        }
    }
}

/// What a source is in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One file: the archive itself where it is one.
    File,
    /// A folder that a mirror holds unpacked; it is recorded separately from its archive.
    Folder,
}

/// One source in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// `dataset/source`, for people who look into the cache.
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// A folder from a mirror rather than an object.
    pub(super) tree: bool,
    /// The object's size and time when it was hashed.
    pub(super) mark: Mark,
    /// The local copy it was taken from.
    pub(super) from: Option<Stamp>,
}

impl Entry {
    pub(super) fn kind(&self) -> Kind {
        if self.tree { Kind::Folder } else { Kind::File }
    }
}

/// Size and time of a file: unchanged means not hashed again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    bytes: u64,
    seconds: u64,
    nanos: u32,
}

impl Mark {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let meta = fs::metadata(path)?;
        let modified = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { bytes: meta.len(), seconds: modified.as_secs(), nanos: modified.subsec_nanos() })
    }
}

/// A file or folder of the user's as it was when it was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    path: PathBuf,
    state: String,
}

impl Stamp {
    pub(super) fn of(path: &Path, most: usize) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let files = if path.is_dir() {
            files_below(&path, most)?
        } else {
            vec![(String::new(), path.clone())]
        };
        let mut state = String::new();
        for (relative, file) in files {
            let mark = Mark::of(&file)?;
            let _ = writeln!(state, "{relative} {} {}.{:09}", mark.bytes, mark.seconds, mark.nanos);
        }
        Ok(Self { path, state: sha256_of(&state) })
    }
}

/// The index key of a source of one file: its name, origin and pins. Another pin is another key.
pub(super) fn key(dataset: &str, source: &Source) -> String {
    let Source { id, path: _, from, files: _, bytes, sha256, git_blob, unpack: _, terms: _ } =
        source;
    let text = serde_json::json!([dataset, id, from, bytes, sha256, git_blob]).to_string();
    sha256_of(&text)[..32].to_owned()
}

/// Reads a small JSON file; anything unreadable counts as not there.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Temporary files and folders that others may read where the umask allows it: a cache may be shared.
pub(super) fn temporary(prefix: &str, mode: u32) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Writes a small file at once or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = temporary(".tmp-", 0o666).tempfile_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// The same for JSON.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    write_whole(path, &serde_json::to_vec_pretty(value).map_err(io::Error::other)?)
}
