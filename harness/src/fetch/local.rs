//! Copies on this machine: a mirror folder, the user's drop-in folder.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::unpack::{is_archive, is_gzip};
use crate::definition::source::{Source, Unpack};

/// A local copy of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The file as the owners publish it (packed, where it is an archive).
    File(PathBuf),
    /// What the archive unpacks to: a folder, or the one file of a gzip.
    Unpacked(PathBuf),
}

impl Found {
    pub(super) fn path(&self) -> &Path {
        let (Self::File(path) | Self::Unpacked(path)) = self;
        path
    }
}

/// Looks below a dataset's folder of a mirror: the file, or for an archive the archive itself or what it unpacks to.
pub(super) fn in_mirror(folder: &Path, source: &Source) -> Option<Found> {
    at(folder.join(&source.path), source.unpack)
}

/// Looks in the drop-in folder, where a bare file name will do; an archive may have any name, as the one archive or the one
/// folder of the dataset.
pub(super) fn in_drop_in(folder: &Path, dataset: &str, source: &Source) -> Option<Found> {
    let bare = Path::new(&source.path).file_name()?;
    let own = folder.join(dataset);
    in_mirror(&own, source)
        .or_else(|| at(own.join(bare), source.unpack))
        .or_else(|| at(folder.join(bare), source.unpack))
        .or_else(|| if source.unpack == Some(Unpack::Zip) { the_one(&own) } else { None })
}

/// The only archive of a folder, else its only folder. Hidden files and what macOS adds do not count.
fn the_one(folder: &Path) -> Option<Found> {
    let mut paths: Vec<PathBuf> = (fs::read_dir(folder).ok()?)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') && name != "__MACOSX"
        })
        .collect();
    paths.sort();
    let mut archives = paths.iter().filter(|path| path.is_file() && is_archive(path));
    let mut folders = paths.iter().filter(|path| path.is_dir());
    match (archives.next(), archives.next(), folders.next(), folders.next()) {
        (Some(one), None, ..) => Some(Found::File(one.clone())),
        (None, None, Some(one), None) => Some(Found::Unpacked(one.clone())),
        _ => None,
    }
}

/// The name of the packed file in a mirror.
pub(super) fn packed_path(source: &Source) -> String {
    match source.unpack {
        None => source.path.clone(),
        Some(Unpack::Zip) => format!("{}.zip", source.path),
        Some(Unpack::Gzip) => format!("{}.gz", source.path),
    }
}

/// Endings of the archives that are unpacked to a folder.
const PACKED: [&str; 4] = [".zip", ".tar.gz", ".tgz", ".tar"];

fn at(path: PathBuf, unpack: Option<Unpack>) -> Option<Found> {
    let beside = |suffix: &str| {
        let mut packed = path.clone().into_os_string();
        packed.push(suffix);
        let packed = PathBuf::from(packed);
        packed.is_file().then_some(Found::File(packed))
    };
    match unpack {
        None => path.is_file().then_some(Found::File(path)),
        Some(Unpack::Zip) if path.is_dir() => Some(Found::Unpacked(path)),
        Some(Unpack::Zip) if path.is_file() => Some(Found::File(path)),
        Some(Unpack::Zip) => PACKED.iter().find_map(|ending| beside(ending)),
        Some(Unpack::Gzip) if path.is_file() && is_gzip(&path) => Some(Found::File(path)),
        Some(Unpack::Gzip) if path.is_file() => Some(Found::Unpacked(path)),
        Some(Unpack::Gzip) => beside(".gz"),
    }
}
