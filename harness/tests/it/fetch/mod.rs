//! `fetch` against a server that cuts, stalls, lies, redirects, refuses and shows wrong certificates; mirrors, archives, trust on first use.

mod archives;
mod certificates;
mod hosts;
mod places;
mod server;
mod transfer;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use fs_err as fs;
use harness::definition::source::{Origin, Source};
use harness::fetch::{Options, Progress, Silent, Transfer};
use sha2::{Digest, Sha256};

/// Bytes that do not repeat, so that a part in the wrong place shows.
pub(crate) fn body(len: usize) -> Vec<u8> {
    (0..=len as u32 / 4)
        .flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes())
        .take(len)
        .collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

pub(crate) fn source(from: Origin) -> Source {
    Source {
        id: "train".to_owned(),
        path: "splits/train.csv".to_owned(),
        from,
        files: Vec::new(),
        bytes: None,
        sha256: None,
        git_blob: None,
        unpack: None,
        terms: None,
    }
}

pub(crate) fn http(url: String) -> Source {
    source(Origin::Http { url })
}

pub(crate) fn pinned(url: String, bytes: &[u8]) -> Source {
    Source { sha256: Some(sha256(bytes)), bytes: Some(bytes.len() as u64), ..http(url) }
}

/// Options with a cache of their own, no tokens and little patience.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) options: Options,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            cache: folder.path().join("cache"),
            drop_in: Some(folder.path().join("drop-in")),
            retries: 3,
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_millis(400),
            backoff: Duration::from_millis(5),
            max_wait: Duration::from_secs(3),
            tokens: Vec::new(),
            ..Options::default()
        };
        Self { folder, options }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Writes a file below the folder.
    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn fetch(
        &self,
        source: &Source,
    ) -> Result<harness::fetch::Fetched, harness::fetch::FetchError> {
        harness::fetch::fetch("dataset", source, &self.options, &Silent)
    }

    /// The message of a fetch that must fail.
    pub(crate) fn error(&self, source: &Source) -> String {
        self.fetch(source).expect_err("it must fail").to_string()
    }

    /// Nothing half done is left behind.
    pub(crate) fn assert_no_leftovers(&self) {
        let left: Vec<_> = files_below(&self.options.cache.join("partial"));
        assert!(left.is_empty(), "{left:?}");
    }
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { vec![path] }
        })
        .collect()
}

/// Keeps the notes.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

impl Progress for Notes {
    fn start(&self, name: &str, total: Option<u64>) -> Box<dyn Transfer> {
        Silent.start(name, total)
    }

    fn note(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

#[track_caller]
pub(crate) fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}
