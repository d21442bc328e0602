//! One fetch under way: its cache lookup, and what happens to bytes once they are here.

use std::io;
use std::path::{Component, Path};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::cache::{self, Cache, Entry, Kind, Mark, Stamp, read_json, temporary, write_json};
use super::error::FetchError;
use super::local::{self, Found};
use super::progress::Progress;
use super::trust::{Seen, Trust};
use super::unpack::{self, CONTENT, Limits};
use super::verify::{check_pins, digest, files_below, pinned, tree_digest};
use super::{Fetched, Mirror, Options, Verified, Via};
use crate::definition::source::{Source, Unpack};

/// Everything that one fetch needs to know.
pub(super) struct Job<'a> {
    /// `dataset/source`.
    pub(super) name: String,
    pub(super) dataset: &'a str,
    pub(super) source: &'a Source,
    pub(super) options: &'a Options,
    pub(super) progress: &'a dyn Progress,
    pub(super) cache: Cache,
    /// Index, lock and partial file are named by it.
    pub(super) key: String,
}

/// The sum of an unpacked folder, written beside it for `verify`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TreeSum {
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// An archive that could not be unpacked.
#[derive(Debug, Serialize, Deserialize)]
struct Failed {
    entry: Entry,
    place: String,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        dataset: &'a str,
        source: &'a Source,
        options: &'a Options,
        progress: &'a dyn Progress,
    ) -> Result<Self, FetchError> {
        let name = format!("{dataset}/{}", source.id);
        check_definition(dataset, source)
            .map_err(|reason| FetchError::Definition { name: name.clone(), reason })?;
        let cache = Cache::new(&options.cache)
            .map_err(|error| FetchError::Io { name: name.clone(), error })?;
        let key = cache::key(dataset, source);
        Ok(Self { name, dataset, source, options, progress, cache, key })
    }

    pub(super) fn io(&self, error: io::Error) -> FetchError {
        FetchError::Io { name: self.name.clone(), error }
    }

    fn trust(&self) -> Trust<'_> {
        Trust { name: &self.name, from: &self.source.from, cache: &self.cache }
    }

    pub(super) fn note(&self, line: &str) {
        self.progress.note(&format!("{}: {line}", self.name));
    }

    pub(super) fn check_cancelled(&self) -> Result<(), FetchError> {
        if self.progress.is_cancelled() {
            return Err(FetchError::Cancelled { name: self.name.clone() });
        }
        Ok(())
    }

    /// Where the user may put the file by hand.
    pub(super) fn drop_in(&self) -> String {
        let folder = self.options.drop_in.as_deref().unwrap_or(Path::new("DROP-IN-FOLDER"));
        super::shown(&folder.join(self.dataset).join(&self.source.path))
    }

    fn limits(&self) -> Limits {
        Limits { bytes: self.options.max_bytes, entries: self.options.max_entries }
    }

    /// The copy on this machine that would be taken: the first mirror folder that has it, else the drop-in folder.
    pub(super) fn local(&self) -> Option<(Found, Via)> {
        let mirrors = self.options.mirrors.iter().filter_map(|mirror| match mirror {
            Mirror::Dir(folder) => local::in_mirror(&folder.join(self.dataset), self.source),
            Mirror::Url(_) => None,
        });
        // The place inside the cache is that of earlier versions.
        let places = [self.options.drop_in.clone(), Some(self.options.cache.join("drop-in"))];
        let drop_in = || {
            let mut places = places.iter().flatten();
            places.find_map(|folder| local::in_drop_in(folder, self.dataset, self.source))
        };
        mirrors
            .map(|found| (found, Via::Mirror))
            .next()
            .or_else(|| drop_in().map(|found| (found, Via::DropIn)))
    }

    /// What the cache has, checked by recorded size and time; hashed again where those differ.
    pub(super) fn cached(&self) -> Result<Option<Fetched>, FetchError> {
        let entry = match self.cache.entry(&self.key) {
            Some(entry) => entry,
            None => match self.adopt()? {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        let pinned = pinned(self.source).filter(|_| !entry.tree);
        if pinned.is_none() && !self.is_still_trusted(&entry)? {
            return Ok(None);
        }
        if !self.cache.has(&entry) {
            let object = self.cache.object(&entry.sha256);
            let intact =
                !entry.tree && digest(&object).is_ok_and(|found| found.sha256 == entry.sha256);
            if !intact {
                if object.exists() && !entry.tree {
                    self.note("the cached copy was damaged and is fetched again");
                }
                return Ok(None);
            }
            self.remember(&entry)?;
        }
        self.fetched(&entry, Via::Cache, pinned.unwrap_or(Verified::Recorded)).map(Some)
    }

    /// An object that is there under its pinned hash already, though this source was never fetched.
    fn adopt(&self) -> Result<Option<Entry>, FetchError> {
        let Some(sha256) = self.source.sha256.as_deref().map(str::to_ascii_lowercase) else {
            return Ok(None);
        };
        let object = self.cache.object(&sha256);
        match digest(&object) {
            Ok(found) if check_pins(&self.name, self.source, "the cache", &found).is_ok() => {
                let entry = self.entry(&found.sha256, found.bytes, Kind::File, None);
                self.remember(&entry)?;
                Ok(Some(entry))
            }
            _ => Ok(None),
        }
    }

    /// For sources without a pin: the record still stands, and the local copy it came from is unchanged.
    fn is_still_trusted(&self, entry: &Entry) -> Result<bool, FetchError> {
        match self.trust().recorded(entry.kind())? {
            Some(sha256) if sha256 == entry.sha256 => {}
            None if self.options.offline => {}
            _ => return Ok(false),
        }
        match self.local() {
            Some((found, _)) => {
                let now =
                    Stamp::of(found.path(), self.options.max_entries).map_err(|e| self.io(e))?;
                Ok(entry.from.as_ref() == Some(&now))
            }
            None => Ok(true),
        }
    }

    fn entry(&self, sha256: &str, bytes: u64, kind: Kind, from: Option<Stamp>) -> Entry {
        Entry {
            name: self.name.clone(),
            sha256: sha256.to_owned(),
            bytes,
            tree: kind == Kind::Folder,
            mark: Mark::default(),
            from,
        }
    }

    /// Writes the index entry with the object's size and time of now.
    fn remember(&self, entry: &Entry) -> Result<(), FetchError> {
        let mark = if entry.tree {
            Ok(Mark::default())
        } else {
            Mark::of(&self.cache.object(&entry.sha256))
        };
        let entry = Entry { mark: mark.map_err(|e| self.io(e))?, ..entry.clone() };
        write_json(&self.cache.index(&self.key), &entry).map_err(|e| self.io(e))
    }

    /// Takes over a copy from this machine.
    pub(super) fn admit_local(&self, found: &Found, via: Via) -> Result<Fetched, FetchError> {
        let io = |e| self.io(e);
        let stamp = Stamp::of(found.path(), self.options.max_entries).map_err(io)?;
        let place = format!("{via} {}", found.path().display());
        match found {
            Found::File(path) => {
                let bytes = fs::metadata(path).map_err(io)?.len();
                if bytes > self.options.max_bytes {
                    return Err(self.too_large(&place));
                }
                let partial = self.cache.partial().map_err(io)?;
                let mut copy = temporary("copy-", 0o666).tempfile_in(partial).map_err(io)?;
                io::copy(&mut fs::File::open(path).map_err(io)?, &mut copy).map_err(io)?;
                self.admit(copy.path(), &place, via, Some(stamp))
            }
            Found::Unpacked(path) => self.admit_unpacked(path, &place, via, stamp),
        }
    }

    /// Checks a file that lies in the cache's partial folder, and makes it an object.
    pub(super) fn admit(
        &self,
        file: &Path,
        place: &str,
        via: Via,
        from: Option<Stamp>,
    ) -> Result<Fetched, FetchError> {
        let found = digest(file).map_err(|e| self.io(e))?;
        let pinned = check_pins(&self.name, self.source, place, &found)?;
        let (sha256, bytes) = (found.sha256.as_str(), found.bytes);
        let seen = Seen { kind: Kind::File, place, sha256, bytes };
        if pinned.is_none() {
            self.trust().compare(seen)?;
        }
        install(file, &self.cache.object(&found.sha256)).map_err(|e| self.io(e))?;
        let entry = self.entry(&found.sha256, found.bytes, Kind::File, from);
        if let Err(error) = self.unpack(&entry, place) {
            self.bury(&entry, place)?;
            return Err(error);
        }
        let verified = match pinned {
            Some(pinned) => pinned,
            None => self.trust().record(seen)?,
        };
        self.remember(&entry)?;
        self.fetched(&entry, via, verified)
    }

    /// Remembers an archive that cannot be unpacked: it is not downloaded again.
    fn bury(&self, entry: &Entry, place: &str) -> Result<(), FetchError> {
        let failed = Failed { entry: entry.clone(), place: place.to_owned() };
        write_json(&self.cache.failed(&self.key), &failed).map_err(|e| self.io(e))
    }

    /// An archive that could not be unpacked before: it is tried again (this version may be able to), but not downloaded
    /// again. None if there is none, or the user has put another copy at a local place since.
    pub(super) fn failed(&self) -> Result<Option<Fetched>, FetchError> {
        let path = self.cache.failed(&self.key);
        let Some(Failed { entry, place }) = read_json(&path) else { return Ok(None) };
        let object = self.cache.object(&entry.sha256);
        let local =
            self.local().map(|(found, _)| Stamp::of(found.path(), self.options.max_entries));
        let same = local.is_none_or(|now| now.is_ok_and(|now| entry.from.as_ref() == Some(&now)));
        if !same || !object.is_file() {
            return Ok(None);
        }
        match self.unpack(&entry, &place) {
            Ok(()) => {
                let found = self.no_longer_failed(&entry, &place)?;
                fs::remove_file(&path).map_err(|e| self.io(e))?;
                Ok(Some(found))
            }
            Err(FetchError::Unpack { name, place, reason, drop_in }) => {
                let object = super::shown(&object);
                let reason =
                    format!("{reason} (it is not downloaded again; for that, delete {object})");
                Err(FetchError::Unpack { name, place, reason, drop_in })
            }
            Err(error) => Err(error),
        }
    }

    /// What failed before and could be unpacked now.
    fn no_longer_failed(&self, entry: &Entry, place: &str) -> Result<Fetched, FetchError> {
        let (sha256, bytes) = (entry.sha256.as_str(), entry.bytes);
        let seen = Seen { kind: Kind::File, place, sha256, bytes };
        let verified = match pinned(self.source) {
            Some(pinned) => pinned,
            None => self.trust().record(seen)?,
        };
        self.remember(entry)?;
        self.fetched(entry, Via::Cache, verified)
    }

    /// Copies what a mirror holds unpacked; nothing pins a folder, so it is trusted on first use.
    fn admit_unpacked(
        &self,
        path: &Path,
        place: &str,
        via: Via,
        stamp: Stamp,
    ) -> Result<Fetched, FetchError> {
        let io = |e| self.io(e);
        let folder = self.cache.temporary_folder().map_err(io)?;
        let files = if path.is_dir() {
            files_below(path, self.options.max_entries).map_err(io)?
        } else {
            vec![(CONTENT.to_owned(), path.to_owned())]
        };
        let mut left = self.options.max_bytes;
        for (relative, file) in files {
            let to = folder.path().join(relative);
            fs::create_dir_all(to.parent().unwrap_or(folder.path())).map_err(io)?;
            let copied = fs::copy(&file, &to).map_err(io)?;
            left = left.checked_sub(copied).ok_or_else(|| self.too_large(place))?;
        }
        let (sha256, bytes) = tree_digest(folder.path(), self.options.max_entries).map_err(io)?;
        let seen = Seen { kind: Kind::Folder, place, sha256: &sha256, bytes };
        let verified = self.trust().record(seen)?;
        self.install_folder(folder, &sha256, &TreeSum { sha256: sha256.clone(), bytes })
            .map_err(io)?;
        let entry = self.entry(&sha256, bytes, Kind::Folder, Some(stamp));
        self.remember(&entry)?;
        self.fetched(&entry, via, verified)
    }

    /// Unpacks an object, once.
    fn unpack(&self, entry: &Entry, place: &str) -> Result<(), FetchError> {
        let Some(kind) = self.source.unpack.filter(|_| !entry.tree) else { return Ok(()) };
        if self.cache.unpacked(&entry.sha256).is_dir() {
            return Ok(());
        }
        let io = |e| self.io(e);
        let folder = self.cache.temporary_folder().map_err(io)?;
        unpack::unpack(&self.cache.object(&entry.sha256), kind, folder.path(), self.limits())
            .map_err(|reason| FetchError::Unpack {
                name: self.name.clone(),
                place: place.to_owned(),
                reason,
                drop_in: self.drop_in(),
            })?;
        let (sha256, bytes) = tree_digest(folder.path(), self.options.max_entries).map_err(io)?;
        self.install_folder(folder, &entry.sha256, &TreeSum { sha256, bytes }).map_err(io)
    }

    fn install_folder(
        &self,
        from: tempfile::TempDir,
        sha256: &str,
        sum: &TreeSum,
    ) -> io::Result<()> {
        let folder = self.cache.unpacked(sha256);
        write_json(&folder.with_extension("json"), sum)?;
        match fs::rename(from.path(), &folder) {
            Ok(()) => {
                // It has moved: nothing is left to remove.
                let _ = from.keep();
                Ok(())
            }
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The answer to the caller.
    fn fetched(&self, entry: &Entry, via: Via, verified: Verified) -> Result<Fetched, FetchError> {
        self.unpack(entry, "the cached archive")?;
        let path = match self.source.unpack {
            None => self.cache.object(&entry.sha256),
            Some(Unpack::Zip) => self.cache.unpacked(&entry.sha256),
            Some(Unpack::Gzip) => self.cache.unpacked(&entry.sha256).join(CONTENT),
        };
        Ok(Fetched { path, sha256: entry.sha256.clone(), bytes: entry.bytes, via, verified })
    }

    pub(super) fn too_large(&self, place: &str) -> FetchError {
        FetchError::TooLarge {
            name: self.name.clone(),
            place: place.to_owned(),
            limit: self.options.max_bytes,
        }
    }
}

/// Synced and read-only, then under its name in one step.
fn install(file: &Path, object: &Path) -> io::Result<()> {
    if let Some(folder) = object.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::open(file)?.sync_all()?;
    fs::set_permissions(file, read_only(file)?)?;
    fs::rename(file, object)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as elsewhere")]
fn read_only(_file: &Path) -> io::Result<std::fs::Permissions> {
    Ok(std::os::unix::fs::PermissionsExt::from_mode(0o444))
}

#[cfg(not(unix))]
fn read_only(file: &Path) -> io::Result<std::fs::Permissions> {
    let mut permissions = fs::metadata(file)?.permissions();
    permissions.set_readonly(true);
    Ok(permissions)
}

/// The sum that was written beside an unpacked folder, for a path inside `unpacked/`.
pub(super) fn tree_sum(path: &Path, unpack: Unpack) -> Option<(std::path::PathBuf, TreeSum)> {
    let folder = if unpack == Unpack::Gzip { path.parent()? } else { path };
    Some((folder.to_owned(), read_json(&folder.with_extension("json"))?))
}

fn check_definition(dataset: &str, source: &Source) -> Result<(), String> {
    let stays_inside = |text: &str| {
        !text.is_empty()
            && Path::new(text).components().all(|part| matches!(part, Component::Normal(_)))
    };
    if !stays_inside(&source.path) {
        return Err(format!(
            "path {:?} is not a relative path that stays inside its folder",
            source.path
        ));
    }
    if !stays_inside(dataset) || dataset.contains('/') {
        return Err(format!("dataset {dataset:?} is not a plain name"));
    }
    let is_hex =
        |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    if source.sha256.as_deref().is_some_and(|text| !is_hex(text, 64)) {
        return Err("sha256 is not 64 hexadecimal digits".to_owned());
    }
    if source.git_blob.as_deref().is_some_and(|text| !is_hex(text, 40)) {
        return Err("git_blob is not 40 hexadecimal digits".to_owned());
    }
    Ok(())
}
