//! Where a source came from, and how it was checked.

use std::fmt;

use serde::Serialize;

/// Where a source came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The cache had it.
    Cache,
    /// A mirror.
    Mirror,
    /// The user's drop-in folder.
    DropIn,
    /// The official source.
    Network,
    /// A Python package.
    Package,
    /// Made here ([`super::Fetched::local`]).
    Local,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cache => "cache",
            Self::Mirror => "mirror",
            Self::DropIn => "drop-in",
            Self::Network => "network",
            Self::Package => "package",
            Self::Local => "local",
        })
    }
}

/// How a source was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verified {
    /// Against the SHA-256 in the definition.
    Sha256,
    /// Against the git blob id in the definition.
    GitBlob,
    /// No checksum is published; recorded now in `sources.lock`.
    TrustOnFirstUse,
    /// Equal to what `sources.lock` recorded before.
    Recorded,
    /// Not checked ([`super::Fetched::local`]).
    Unchecked,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sha256 => "sha256",
            Self::GitBlob => "git blob",
            Self::TrustOnFirstUse => "trusted on first use",
            Self::Recorded => "as recorded",
            Self::Unchecked => "unchecked",
        })
    }
}
