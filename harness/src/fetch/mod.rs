//! From a pinned source to checked bytes in a cache.
//!
//! Places in order: the cache, mirrors, the drop-in folder, and (unless offline) where the authors publish it. Bytes
//! become an object of the cache only after their check, in one step; what is half there is resumed. A copy with a
//! wrong checksum is an error wherever it lies, never passed over. `job` has the way of the bytes, `http` the
//! network, `cache` the layout on disk.

pub mod bars;
mod cache;
mod drive;
mod error;
mod fetched;
mod hosts;
mod http;
mod job;
mod local;
mod lock;
mod many;
mod options;
mod package;
mod part;
mod progress;
mod provenance;
mod request;
mod retry;
mod shown;
mod stream;
mod token;
mod trust;
mod unpack;
mod verify;

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::Url;

pub use self::drive::BASE as DRIVE_BASE;
pub use self::error::FetchError;
pub use self::fetched::{Fetched, MOST_FILES};
pub use self::options::{Mirror, Options};
pub use self::progress::{Progress, Silent, Transfer};
pub use self::provenance::{Verified, Via};
pub use self::shown::without_password;
pub use self::token::{GITHUB_TOKEN, HF_TOKEN, Token};

use self::job::Job;
use self::lock::Lock;
use self::request::Target;
use self::shown::shown;
use crate::definition::source::{Origin, Source};

/// The file of a source that already lies on this machine, in a mirror folder or the drop-in folder. It is neither checked nor
/// recorded; a packed one is none.
pub fn at_hand(dataset: &str, source: &Source, options: &Options) -> Option<PathBuf> {
    let mirrors = options.mirrors.iter().filter_map(|mirror| match mirror {
        Mirror::Dir(folder) => local::in_mirror(&folder.join(dataset), source),
        Mirror::Url(_) => None,
    });
    let drop_in =
        options.drop_in.iter().filter_map(|folder| local::in_drop_in(folder, dataset, source));
    let mut found = mirrors.chain(drop_in).map(|found| found.path().to_owned());
    found.next().filter(|_| source.unpack.is_none() && source.files.is_empty())
}

/// Downloads a source into the cache, unless it is there, and says where it lies.
pub fn fetch(
    dataset: &str,
    source: &Source,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Fetched, FetchError> {
    if !source.files.is_empty() {
        let one = |own: &Source| fetch(dataset, own, options, progress);
        return many::fetch(dataset, source, options, one);
    }
    let job = Job::new(dataset, source, options, progress)?;
    if let Some(found) = job.cached()? {
        return Ok(found);
    }
    let waiting = || job.note("waiting for another process that fetches it");
    let lock = Lock::take(&job.cache.lock(&job.key), waiting).map_err(|e| job.io(e))?;
    if let Some(found) = job.cached()? {
        return Ok(found);
    }
    if let Some(found) = job.failed()? {
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
        path.pop_if_empty().push(job.dataset).extend(local::packed_path(job.source).split('/'));
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
        dataset: job.dataset.to_owned(),
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

/// Whether the cache, a mirror folder or the drop-in folder has the source: a look at names and sizes, no network.
pub fn is_available_locally(dataset: &str, source: &Source, options: &Options) -> Option<Local> {
    if !source.files.is_empty() {
        // Where all files are on this machine: the place of the first.
        let each = source.each();
        let found = each.iter().map(|one| is_available_locally(dataset, one, options));
        return found.collect::<Option<Vec<Local>>>()?.into_iter().next();
    }
    let job = Job::new(dataset, source, options, &Silent).ok()?;
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

/// One line on how to get a source that is not here.
pub fn how_to_get(dataset: &str, source: &Source, options: &Options) -> String {
    let drop_in = options
        .drop_in
        .as_deref()
        .unwrap_or(Path::new("DROP-IN-FOLDER"))
        .join(dataset)
        .join(&source.path);
    let drop_in = shown(&drop_in);
    let command = match &source.from {
        Origin::DropIn { hint } => return format!("put it at {drop_in} by hand: {hint}"),
        Origin::Http { .. } | Origin::Drive { .. } => {
            format!("run `culture-eval fetch {dataset}` where there is network")
        }
        Origin::Python { .. } => {
            format!("run `culture-eval fetch {dataset}` where pip reaches a package index")
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
    if !source.files.is_empty() {
        return many::verify(fetched, source);
    }
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
