//! Trust on first use: what a source without a published checksum was when it was first seen (`sources.lock`).

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::Verified;
use super::cache::write_whole;
use super::error::FetchError;
use super::job::Job;
use super::lock::Lock;
use crate::definition::source::Origin;

const HEAD: &str = "\
# Sources for which the owners publish no checksum, as they were at their first use.
# A later change is refused. To accept one, delete its entry and fetch again.
";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Records {
    #[serde(default)]
    sources: BTreeMap<String, Record>,
}

/// What was seen first. Another origin in the definition is another source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    sha256: String,
    bytes: u64,
    from: String,
}

/// The name under which a source is recorded; a folder in a mirror is recorded apart from its archive.
pub(super) fn entry_name(name: &str, tree: bool) -> String {
    if tree { format!("{name}#unpacked") } else { name.to_owned() }
}

/// The recorded hash of a source, if it was seen before.
pub(super) fn recorded(job: &Job<'_>, tree: bool) -> Result<Option<String>, FetchError> {
    let records = read(job, &job.cache.sources_lock())?;
    let record = records.sources.get(&entry_name(&job.name, tree));
    Ok(record.filter(|r| r.from == origin(&job.source.from)).map(|r| r.sha256.clone()))
}

/// Refuses what differs from the record; `TrustOnFirstUse` where there is none yet.
pub(super) fn compare(
    job: &Job<'_>,
    tree: bool,
    place: &str,
    sha256: &str,
    bytes: u64,
) -> Result<Verified, FetchError> {
    let path = job.cache.sources_lock();
    let now = Record { sha256: sha256.to_owned(), bytes, from: origin(&job.source.from) };
    against(job, &read(job, &path)?, &entry_name(&job.name, tree), place, &now)
}

/// The same, and records what is seen for the first time: the last step, once the source is known to be usable.
pub(super) fn record(
    job: &Job<'_>,
    tree: bool,
    place: &str,
    sha256: &str,
    bytes: u64,
) -> Result<Verified, FetchError> {
    let path = job.cache.sources_lock();
    let _lock = Lock::take(&job.cache.lock("sources"), || {}).map_err(|e| job.io(e))?;
    let mut records = read(job, &path)?;
    let entry = entry_name(&job.name, tree);
    let now = Record { sha256: sha256.to_owned(), bytes, from: origin(&job.source.from) };
    let verified = against(job, &records, &entry, place, &now)?;
    if verified == Verified::TrustOnFirstUse {
        records.sources.insert(entry, now);
        let text = toml::to_string(&records).map_err(|e| job.io(std::io::Error::other(e)))?;
        write_whole(&path, format!("{HEAD}\n{text}").as_bytes()).map_err(|e| job.io(e))?;
    }
    Ok(verified)
}

fn against(
    job: &Job<'_>,
    records: &Records,
    entry: &str,
    place: &str,
    now: &Record,
) -> Result<Verified, FetchError> {
    match records.sources.get(entry).filter(|then| then.from == now.from) {
        Some(then) if then == now => Ok(Verified::Recorded),
        Some(then) => Err(FetchError::Changed {
            name: job.name.as_str().into(),
            place: place.into(),
            entry: entry.into(),
            expected: then.sha256.as_str().into(),
            actual: now.sha256.as_str().into(),
            lock: job.cache.sources_lock().display().to_string().into(),
        }),
        None => Ok(Verified::TrustOnFirstUse),
    }
}

fn read(job: &Job<'_>, path: &Path) -> Result<Records, FetchError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Records::default()),
        Err(error) => return Err(job.io(error)),
    };
    toml::from_str(&text).map_err(|e| {
        job.io(std::io::Error::other(format!(
            "{} is damaged ({}); correct or remove it",
            path.display(),
            e.message()
        )))
    })
}

/// The origin in one line.
fn origin(from: &Origin) -> String {
    match from {
        Origin::Http { url } => url.clone(),
        Origin::Drive { id } => format!("google drive {id}"),
        Origin::DropIn { .. } => "drop-in".to_owned(),
        Origin::Python { package, version, member } => {
            format!("python {package}=={version} {member}")
        }
    }
}
