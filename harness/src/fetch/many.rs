//! Sources of many pinned files: each is fetched by itself, and a folder in the cache holds them under their names.

use std::path::{Component, Path};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::cache::Cache;
use super::error::FetchError;
use super::progress::Progress;
use super::verify::{check_pins, digest};
use super::{Fetched, Local, Options, Verified, Via};
use crate::definition::source::Source;
use crate::store::hex;

/// Brings all files into the cache, and gives the folder that holds them.
pub(super) fn fetch(
    dataset: &str,
    source: &Source,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Fetched, FetchError> {
    let name = format!("{dataset}/{}", source.id);
    check(source).map_err(|reason| FetchError::Definition { name: name.clone(), reason })?;
    let io = |error| FetchError::Io { name: name.clone(), error };
    let (mut via, mut files) = (Via::Cache, Vec::new());
    for (one, pinned) in source.each().iter().zip(&source.files) {
        let found = super::fetch(dataset, one, options, progress)?;
        if found.via != Via::Cache {
            via = found.via;
        }
        files.push((pinned.file.as_str(), found.path));
    }
    let sha256 = sum(source);
    let cache = Cache::new(&options.cache).map_err(io)?;
    let folder = cache.unpacked(&sha256);
    if !is_whole(&folder, source) {
        let fresh = cache.temporary_folder().map_err(io)?;
        for (file, object) in files {
            let to = fresh.path().join(file);
            fs::create_dir_all(to.parent().unwrap_or(fresh.path())).map_err(io)?;
            // The same bytes twice on disk only where the file system has no links.
            if fs::hard_link(&object, &to).is_err() {
                fs::copy(&object, &to).map_err(io)?;
            }
        }
        if folder.is_dir() {
            fs::remove_dir_all(&folder).map_err(io)?;
        }
        match fs::rename(fresh.path(), &folder) {
            Ok(()) => {
                // It has moved: nothing is left to remove.
                let _ = fresh.keep();
            }
            Err(_) if is_whole(&folder, source) => {}
            Err(error) => return Err(io(error)),
        }
    }
    let bytes = source.files.iter().map(|file| file.bytes).sum();
    Ok(Fetched { path: folder, sha256, bytes, via, verified: Verified::Sha256 })
}

/// Where the files are, if all are on this machine: the place of the first.
pub(super) fn is_available_locally(
    dataset: &str,
    source: &Source,
    options: &Options,
) -> Option<Local> {
    let found: Option<Vec<Local>> = source
        .each()
        .iter()
        .map(|one| super::is_available_locally(dataset, one, options))
        .collect();
    found?.into_iter().next()
}

/// Hashes all files again.
pub(super) fn verify(fetched: &Fetched, source: &Source) -> Result<(), FetchError> {
    for (one, pinned) in source.each().iter().zip(&source.files) {
        let path = fetched.path.join(&pinned.file);
        let found =
            digest(&path).map_err(|error| FetchError::Io { name: one.id.clone(), error })?;
        check_pins(&one.id, one, &path.display().to_string(), &found)?;
    }
    Ok(())
}

/// Whether the folder has every file with its size; the bytes are checked when they are prepared.
fn is_whole(folder: &Path, source: &Source) -> bool {
    source.files.iter().all(|file| {
        fs::metadata(folder.join(&file.file)).is_ok_and(|found| found.len() == file.bytes)
    })
}

/// SHA-256 over the lines `sha256  file` in order of the files: that of the folder.
fn sum(source: &Source) -> String {
    let mut lines: Vec<(&str, &str)> =
        source.files.iter().map(|file| (file.file.as_str(), file.sha256.as_str())).collect();
    lines.sort_unstable();
    let mut sum = Sha256::new();
    for (file, sha256) in lines {
        sum.update(format!("{sha256}  {file}\n"));
    }
    hex(&sum.finalize())
}

/// Every file stays inside the folder.
fn check(source: &Source) -> Result<(), String> {
    let inside = |file: &str| {
        let mut parts = Path::new(file).components();
        !file.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
    };
    match source.files.iter().find(|file| !inside(&file.file)) {
        Some(file) => Err(format!(
            "the file {:?} is not a relative path that stays inside its folder",
            file.file
        )),
        None => Ok(()),
    }
}
