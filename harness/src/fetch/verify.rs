//! Checksums: of one file, and of a folder.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::Verified;
use super::error::FetchError;
use crate::definition::source::Source;

/// Folders deeper than this are taken for a loop.
const MAX_DEPTH: usize = 32;

/// What a file is, in one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) sha256: String,
    pub(super) git_blob: String,
    pub(super) bytes: u64,
}

/// Reads a file once and hashes it in both ways. A device or a pipe may never end: it is refused.
pub(super) fn digest(path: &Path) -> io::Result<Digest> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other(format!("{}: not a plain file", path.display())));
    }
    let mut file = fs::File::open(path)?;
    let announced = file.metadata()?.len();
    let (mut sha256, mut git) = (Sha256::new(), Sha1::new());
    git.update(format!("blob {announced}\0"));
    let mut block = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut block)?;
        if n == 0 {
            break;
        }
        sha256.update(&block[..n]);
        git.update(&block[..n]);
        bytes += n as u64;
    }
    if bytes != announced {
        return Err(io::Error::other(format!("{} changed while it was read", path.display())));
    }
    Ok(Digest { sha256: hex(&sha256.finalize()), git_blob: hex(&git.finalize()), bytes })
}

/// Holds a file against what the definition pins; `None` where it pins no checksum.
pub(super) fn check_pins(
    name: &str,
    source: &Source,
    place: &str,
    found: &Digest,
) -> Result<Option<Verified>, FetchError> {
    let checksum = |kind, expected: &str, actual: &str| {
        if expected.eq_ignore_ascii_case(actual) {
            return Ok(());
        }
        let (expected, actual) = (expected.to_owned(), actual.to_owned());
        Err(FetchError::Checksum {
            name: name.to_owned(),
            place: place.to_owned(),
            kind,
            expected,
            actual,
        })
    };
    if let Some(expected) = &source.sha256 {
        checksum("sha256", expected, &found.sha256)?;
    }
    if let Some(expected) = &source.git_blob {
        checksum("git blob", expected, &found.git_blob)?;
    }
    if let Some(expected) = source.bytes.filter(|bytes| *bytes != found.bytes) {
        let actual = found.bytes;
        return Err(FetchError::Size {
            name: name.to_owned(),
            place: place.to_owned(),
            expected,
            actual,
        });
    }
    Ok(pinned(source))
}

/// Which pin decides, if any does.
pub(super) fn pinned(source: &Source) -> Option<Verified> {
    match (&source.sha256, &source.git_blob) {
        (Some(_), _) => Some(Verified::Sha256),
        (None, Some(_)) => Some(Verified::GitBlob),
        (None, None) => None,
    }
}

/// All files below a folder by their relative path with `/`, sorted. Links are followed: the folder is the user's own.
pub(super) fn files_below(folder: &Path, most: usize) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), folder.to_owned(), 0)];
    while let Some((prefix, folder, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            return Err(io::Error::other(format!(
                "{} lies too deep (a loop of links?)",
                folder.display()
            )));
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let file_name = entry.file_name();
            let name = file_name.to_str().ok_or_else(|| {
                io::Error::other(format!("{} is not valid UTF-8", entry.path().display()))
            })?;
            let (relative, path) = (format!("{prefix}{name}"), entry.path());
            if fs::metadata(&path)?.is_dir() {
                open.push((format!("{relative}/"), path, depth + 1));
            } else {
                found.push((relative, path));
            }
            if found.len() > most {
                return Err(io::Error::other(format!(
                    "{} holds more than {most} files",
                    folder.display()
                )));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// SHA-256 and size of a folder: over the lines `sha256  path` of its files in order of path.
pub(super) fn tree_digest(folder: &Path, most: usize) -> io::Result<(String, u64)> {
    let mut sum = Sha256::new();
    let mut bytes = 0;
    for (relative, path) in files_below(folder, most)? {
        let file = digest(&path)?;
        sum.update(format!("{}  {relative}\n", file.sha256));
        bytes += file.bytes;
    }
    Ok((hex(&sum.finalize()), bytes))
}

/// SHA-256 of a text in hex.
pub(super) fn sha256_of(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_equal_those_of_git_and_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "hello\n").unwrap();
        let found = digest(&path).unwrap();
        assert_eq!(found.git_blob, "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(
            found.sha256,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!(found.bytes, 6);
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_never_read() {
        assert!(digest(Path::new("/dev/zero")).is_err());
    }
}
