//! Files that are there whole or not at all, and JSON in them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a file so that it is there whole or not at all: temporary file, fsync, rename, fsync of the folder.
pub fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<()> {
    partial(path, write)?.persist(path)?;
    fs::File::open(folder_of(path))?.sync_all()
}

/// The same, but never over a file that is there: false where somebody was first. On whichever machine, one is.
pub fn place_atomic(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<bool> {
    match partial(path, write)?.persist_noclobber(path) {
        Ok(()) => fs::File::open(folder_of(path))?.sync_all().map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// A whole file under another name in the folder of `path`.
fn partial(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<tempfile::TempPath> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    // As any other new file: readable by those whom the umask allows, on a shared folder too.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let (file, temporary) = builder.tempfile_in(folder)?.into_parts();
    let mut file = fs::File::from_parts(file, temporary.to_path_buf());
    write(&mut file)?;
    file.sync_all()?;
    Ok(temporary)
}

/// How old an unfinished file is that nobody can be writing any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// Removes files and folders that a killed process has left unfinished in a folder; those of the living are younger.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(".partial-") {
            continue;
        }
        let age = |data: std::fs::Metadata| data.modified()?.elapsed().map_err(io::Error::other);
        // Gone meanwhile, or of a clock that is ahead: left alone.
        if !entry.metadata().and_then(age).is_ok_and(|age| age >= ABANDONED) {
            continue;
        }
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A new folder within another, gone when dropped unless it was renamed.
pub fn temporary_folder(within: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(within)
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a value as JSON, whole or not at all.
pub fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let text = json(value)?;
    write_atomic(path, |file| file.write_all(&text))
}

/// The same, but never over a file that is there: false where somebody was first.
pub fn place_json(path: &Path, value: &impl Serialize) -> io::Result<bool> {
    let text = json(value)?;
    place_atomic(path, |file| file.write_all(&text))
}

/// A value as the files of a run have it.
pub fn json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a JSON file; the error names it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let bytes = read_plain(path)?;
    serde_json::from_slice(&bytes).map_err(|e| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {e}; delete the file and run again to rebuild it", path.display()),
        )
    })
}

/// Removes whatever lies at a path; nothing is no error. A link is removed, not what it leads to.
///
/// # Errors
/// The system's.
pub fn discard(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what lies at a path unless it is a plain file.
///
/// # Errors
/// The system's.
pub fn discard_unless_plain(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => discard(path),
        _ => Ok(()),
    }
}

/// Bytes of a JSON file or a lease at most.
const MOST: u64 = 1 << 30;

/// Reads a small file, of a folder that others may write into: never through a link, never from a pipe or a device, and so much at
/// most.
///
/// # Errors
/// Those, and the system's.
pub fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_plain(path)?;
    let length = file.metadata()?.len();
    if length > MOST {
        return Err(damaged(
            path,
            &format!("{length} bytes are more than the {MOST} that it may have"),
        ));
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MOST), &mut bytes)?;
    Ok(bytes)
}

/// Opens a plain file for reading: a link, a pipe or a device is an error, and none is waited for.
///
/// # Errors
/// Those, and the system's.
pub fn open_plain(path: &Path) -> io::Result<fs::File> {
    plain(path, fs::OpenOptions::new().read(true))
}

/// Opens a plain file as `options` say: a link, a pipe or a device is an error, and none is waited for.
///
/// # Errors
/// Those, and the system's.
pub fn plain(path: &Path, options: &fs::OpenOptions) -> io::Result<fs::File> {
    use fs::os::unix::fs::OpenOptionsExt as _;
    let no_file = || damaged(path, "it is not a plain file");
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = options.clone();
    let file = match options.custom_flags(flags.bits() as i32).open(path) {
        Ok(file) => file,
        Err(_) if path.symlink_metadata().is_ok_and(|found| !found.is_file()) => {
            return Err(no_file());
        }
        Err(error) => return Err(error),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

fn damaged(path: &Path, what: &str) -> io::Error {
    let message = format!("{}: {what}; delete it and run again", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The same path as text, for records.
pub fn path_text(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    absolute.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.json");
        write_json(&path, &vec![1, 2]).unwrap();
        let failed = write_atomic(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(read_json::<Vec<u32>>(&path).unwrap(), [1, 2]);
        assert!(!place_json(&path, &vec![3]).unwrap(), "somebody was first");
        assert_eq!(read_json::<Vec<u32>>(&path).unwrap(), [1, 2]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no leftovers");
    }

    #[test]
    fn a_broken_file_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        fs::write(&path, "{").unwrap();
        let error = read_json::<Vec<u32>>(&path).unwrap_err().to_string();
        assert!(error.contains("record.json") && error.contains("delete the file"), "{error}");
    }
}
