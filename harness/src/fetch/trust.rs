//! Trust on first use: what a source without a published checksum was when it was first seen (`sources.lock`).

use std::collections::BTreeMap;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::Verified;
use super::cache::{Cache, Kind, write_whole};
use super::error::FetchError;
use super::lock::Lock;
use crate::definition::source::Origin;

const HEAD: &str = "\
# Sources for which the authors publish no checksum, as they were at their first use.
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

/// A file or folder as it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) kind: Kind,
    /// Where it was found, for messages.
    pub(super) place: &'a str,
    pub(super) sha256: &'a str,
    pub(super) bytes: u64,
}

/// The records of one source.
pub(super) struct Trust<'a> {
    /// `dataset/source`.
    pub(super) name: &'a str,
    pub(super) from: &'a Origin,
    pub(super) cache: &'a Cache,
}

impl Trust<'_> {
    /// The recorded hash, if the source was seen before.
    pub(super) fn recorded(&self, kind: Kind) -> Result<Option<String>, FetchError> {
        let records = self.read()?;
        let record = records.sources.get(&self.entry(kind));
        Ok(record.filter(|r| r.from == origin(self.from)).map(|r| r.sha256.clone()))
    }

    /// Refuses what differs from the record; `TrustOnFirstUse` if there is none yet.
    pub(super) fn compare(&self, seen: Seen<'_>) -> Result<Verified, FetchError> {
        self.against(&self.read()?, seen)
    }

    /// The same, and records what is seen for the first time: the last step, once the source is known to be usable.
    pub(super) fn record(&self, seen: Seen<'_>) -> Result<Verified, FetchError> {
        let _lock = Lock::take(&self.cache.lock("sources"), || {}).map_err(|e| self.io(e))?;
        let mut records = self.read()?;
        let verified = self.against(&records, seen)?;
        if verified == Verified::TrustOnFirstUse {
            records.sources.insert(self.entry(seen.kind), self.now(seen));
            let text = toml::to_string(&records).map_err(|e| self.io(std::io::Error::other(e)))?;
            write_whole(&self.cache.sources_lock(), format!("{HEAD}\n{text}").as_bytes())
                .map_err(|e| self.io(e))?;
        }
        Ok(verified)
    }

    fn entry(&self, kind: Kind) -> String {
        match kind {
            Kind::File => self.name.to_owned(),
            Kind::Folder => format!("{}#unpacked", self.name),
        }
    }

    fn now(&self, seen: Seen<'_>) -> Record {
        Record { sha256: seen.sha256.to_owned(), bytes: seen.bytes, from: origin(self.from) }
    }

    fn against(&self, records: &Records, seen: Seen<'_>) -> Result<Verified, FetchError> {
        let (entry, now) = (self.entry(seen.kind), self.now(seen));
        match records.sources.get(&entry).filter(|then| then.from == now.from) {
            Some(then) if *then == now => Ok(Verified::Recorded),
            Some(then) => Err(FetchError::Changed {
                name: self.name.into(),
                place: seen.place.into(),
                entry: entry.into(),
                expected: then.sha256.as_str().into(),
                actual: now.sha256.as_str().into(),
                lock: self.cache.sources_lock().display().to_string().into(),
            }),
            None => Ok(Verified::TrustOnFirstUse),
        }
    }

    fn read(&self) -> Result<Records, FetchError> {
        let path = self.cache.sources_lock();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Records::default());
            }
            Err(error) => return Err(self.io(error)),
        };
        toml::from_str(&text).map_err(|e| {
            self.io(std::io::Error::other(format!(
                "{} is damaged ({}); correct or remove it",
                path.display(),
                e.message()
            )))
        })
    }

    fn io(&self, error: std::io::Error) -> FetchError {
        FetchError::Io { name: self.name.to_owned(), error }
    }
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
