//! Archives: zip to a folder, gzip to one file. Nothing leaves the folder, nothing grows without bound.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use fs_err as fs;
use zip::ZipArchive;

use crate::definition::source::Unpack;

/// The one file that a gzip archive is unpacked to.
pub(super) const CONTENT: &str = "content";

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
    match kind {
        Unpack::Zip => unzip(archive, into, limits),
        Unpack::Gzip => gunzip(archive, &into.join(CONTENT), limits),
    }
}

/// True where the file starts like a gzip stream.
pub(super) fn is_gzip(path: &Path) -> bool {
    let mut magic = [0; 2];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == [0x1f, 0x8b]
}

fn gunzip(archive: &Path, to: &Path, limits: Limits) -> Result<(), String> {
    let from = fs::File::open(archive).map_err(text)?;
    copy_bounded(&mut MultiGzDecoder::new(from), to, limits.bytes, "the archive")?;
    Ok(())
}

fn unzip(archive: &Path, into: &Path, limits: Limits) -> Result<(), String> {
    let mut zip = open_zip(archive)?;
    if zip.len() > limits.entries {
        return Err(format!(
            "it has {} entries, more than the limit of {}",
            zip.len(),
            limits.entries
        ));
    }
    let mut left = limits.bytes;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(text)?;
        let name = entry.name().to_owned();
        let path = into.join(safe_path(&name)?);
        // The file type bits of a Unix mode: regular, folder, or none recorded.
        let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        if entry.is_symlink() || ![0, 0o100_000, 0o040_000].contains(&kind) {
            return Err(format!("entry {name:?} is a link or a special file"));
        }
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(text)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(text)?;
        }
        left -= copy_bounded(&mut entry, &path, left, &name)?;
    }
    Ok(())
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
        return Err(format!("member {member:?} is no plain file"));
    }
    fs::remove_file(to)
        .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
        .map_err(text)?;
    copy_bounded(&mut entry, to, most, member).map(drop)
}

fn open_zip(archive: &Path) -> Result<ZipArchive<io::BufReader<fs::File>>, String> {
    let file = fs::File::open(archive).map_err(text)?;
    ZipArchive::new(io::BufReader::new(file)).map_err(|e| format!("no zip archive ({e})"))
}

fn copy_bounded(from: &mut dyn Read, to: &Path, most: u64, what: &str) -> Result<u64, String> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(to).map_err(text)?;
    let copied = io::copy(&mut from.take(most.saturating_add(1)), &mut file)
        .map_err(|e| format!("{what}: {e}"))?;
    if copied > most {
        return Err(format!("{what} unpacks to more than the limit of {most} bytes"));
    }
    file.flush().map_err(text)?;
    Ok(copied)
}

/// The relative path of an entry; refuses what could lie outside the folder or mean a device.
fn safe_path(name: &str) -> Result<PathBuf, String> {
    let refuse = |why: &str| Err(format!("entry {name:?} {why}"));
    if name.starts_with('/') || name.contains(['\\', ':', '\0']) {
        return refuse("has an absolute or foreign path");
    }
    let mut path = PathBuf::new();
    for part in name.trim_end_matches('/').split('/') {
        match part {
            ".." => return refuse("leads out of the folder"),
            "" | "." => return refuse("has an empty part in its path"),
            _ if is_device(part) => return refuse("is a device name"),
            _ => path.push(part),
        }
    }
    Ok(path)
}

/// Names that Windows reserves, with any extension.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
    matches!(&*stem, "con" | "prn" | "aux" | "nul")
        || (stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.ends_with(|c: char| c.is_ascii_digit()))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let check = |name: &str, good: bool| assert_eq!(safe_path(name).is_ok(), good, "{name}");
        check("data/wvs/model.csv", true);
        check("data/", true);
        check("Model Training/ä.csv", true);
        check("com10.csv", true);
        for bad in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "C:\\x",
            "a\\..\\x",
            "c:x",
            "a//b",
            "./x",
            "a/NUL",
            "com1.csv",
            "",
            "a\0b",
        ] {
            check(bad, false);
        }
    }
}
