//! Run folders: what lies where, and how it gets there without ever being half there.
//!
//! ```text
//! runs/<suite>/
//!   manifest.json                      what was asked: models, benchmarks, data, plugins, environment
//!   cells/<model>.<task>.<protocol>.s<seed>.<key>/
//!     spec.json                        everything that matters, hashed into the key
//!     predictions.log  *.f32           answers so far, fsynced per batch (gone when the cell is done)
//!     lease                            who works on the cell; gone when nobody does
//!     tries.json                       starts that were lost, each with its reason (schedulers)
//!     state/                           the fitted model, where the plugin can save it
//!     log.txt                          what the cell and its plugin said
//!     predictions.parquet              all answers
//!     record.json                      done or failed: written last, by rename
//!     timing.json                      seconds and memory: the only file that differs between reruns
//!     slices/<i>-of-<n>/               the same for a part of the examples, where several processes share a cell
//!   scores/<benchmark>-<hash>.json      computed from the predictions; may be deleted
//!   specs/<cell>.json                  the specifications that processes go by: where no plugin writes
//!   jobs/<n>/                          what was handed to a scheduler: cells, script, job, what the tasks said
//!   explain/*.jsonl                      what `culture-eval explain --out` wrote; shown on the pages
//!   summary.json leaderboard.md leaderboard.csv leaderboard.html
//! ```

pub mod batches;
pub mod examples;
pub mod lease;
pub mod log;
pub mod metrics;
mod pages;
pub mod predictions;
pub mod record;
pub mod tries;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// One run: the cells of one suite.
#[derive(Debug, Clone)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder of a suite under the runs folder.
    pub fn of(runs: &Path, suite: &str) -> Self {
        Self(runs.join(suite))
    }

    /// Takes the folder of a run.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Takes a path as typed: a run folder, or the name of one under the runs folder.
    pub fn named(runs: &Path, name: &str) -> Self {
        let path = PathBuf::from(name);
        if path.join("manifest.json").is_file() { Self(path) } else { Self(runs.join(name)) }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What was asked for.
    pub fn manifest(&self) -> PathBuf {
        self.0.join("manifest.json")
    }

    /// An error where nothing was ever asked for here.
    pub fn must_exist(&self) -> io::Result<()> {
        if self.manifest().is_file() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "{} is no run: it has no manifest.json; `culture-eval list runs` shows all",
                self.0.display()
            ),
        ))
    }

    /// What was handed to a scheduler.
    pub fn jobs(&self) -> PathBuf {
        self.0.join("jobs")
    }

    /// The folder of one cell.
    pub fn cell(&self, name: &str) -> CellFolder {
        CellFolder(self.0.join("cells").join(name))
    }
}

/// The folder of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFolder(PathBuf);

impl CellFolder {
    /// Takes the folder of an existing cell.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the cell that a slice in this folder belongs to.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self(self.0.ancestors().nth(2).unwrap_or(&self.0).to_owned())
    }

    /// The folder of a slice of this cell.
    #[must_use]
    pub fn slice(&self, slice: record::Slice) -> Self {
        Self(self.0.join(slice.folder()))
    }

    /// Everything that matters.
    pub fn spec(&self) -> PathBuf {
        self.0.join("spec.json")
    }

    /// The run's folder of cells, and where this one lies within.
    fn place(&self) -> io::Result<(&Path, &Path)> {
        let cells = self.0.ancestors().find(|path| path.file_name() == Some("cells".as_ref()));
        let place = cells.and_then(|cells| Some((cells, self.0.strip_prefix(cells).ok()?)));
        let wrong = || io::Error::other(format!("{}: no cell of a run", self.0.display()));
        place.ok_or_else(wrong)
    }

    /// Writes the specification: into the cell, and where its processes read it, since a plugin may write into its cell.
    pub fn write_spec(&self, spec: &record::CellSpec) -> io::Result<()> {
        write_json(&self.asked()?, spec)?;
        write_json(&self.spec(), spec)
    }

    /// Reads the specification that the cell's processes go by, and sees that the cell lies where it says, not behind a link.
    pub fn read_spec(&self) -> io::Result<record::CellSpec> {
        let (cells, own) = self.place()?;
        if fs::canonicalize(&self.0)? != fs::canonicalize(cells)?.join(own) {
            let path = self.0.display();
            return Err(io::Error::other(format!("{path}: a link; a cell is a folder of its run")));
        }
        let asked = self.asked()?;
        if !asked.is_file() {
            let (asked, own) = (asked.display(), self.0.display());
            return Err(io::Error::other(format!(
                "{asked} is not there: an earlier version ran this cell; remove {own} and run it again"
            )));
        }
        read_json(&asked)
    }

    /// Removes what those left unfinished who were killed.
    pub fn sweep(&self) -> io::Result<()> {
        sweep(&self.0)?;
        let asked = self.asked()?;
        if folder_of(&asked).is_dir() { sweep(folder_of(&asked)) } else { Ok(()) }
    }

    /// Whether the cell's own copy of the specification is the one that its processes go by; `None` in runs of before there were two.
    pub fn has_one_spec(&self) -> io::Result<Option<bool>> {
        let asked = self.asked()?;
        if !asked.is_file() {
            return Ok(None);
        }
        Ok(Some(fs::read(asked)? == fs::read(self.spec())?))
    }

    fn asked(&self) -> io::Result<PathBuf> {
        let (cells, own) = self.place()?;
        let mut name = own.as_os_str().to_owned();
        name.push(".json");
        Ok(cells.with_file_name("specs").join(name))
    }

    /// Held while a process works on the cell.
    pub fn lease(&self) -> PathBuf {
        self.0.join("lease")
    }

    /// Starts that were lost, each with its reason.
    pub fn tries(&self) -> PathBuf {
        self.0.join("tries.json")
    }

    /// Answers so far.
    pub fn log(&self) -> PathBuf {
        self.0.join("predictions.log")
    }

    /// Removes the answers and vectors so far: those of a done cell are in `predictions.parquet`.
    pub fn remove_log(&self) -> io::Result<()> {
        for name in
            ["train", "valid", "eval"].map(|part| self.vectors(part)).iter().chain([&self.log()])
        {
            match fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Vectors so far: float32, row-major, little-endian.
    pub fn vectors(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.f32"))
    }

    /// The fitted model.
    pub fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// What the cell and its plugin wrote to stderr.
    pub fn messages(&self) -> PathBuf {
        self.0.join("log.txt")
    }

    /// All answers.
    pub fn predictions(&self) -> PathBuf {
        self.0.join("predictions.parquet")
    }

    /// Done or failed.
    pub fn record(&self) -> PathBuf {
        self.0.join("record.json")
    }

    /// Seconds and memory.
    pub fn timing(&self) -> PathBuf {
        self.0.join("timing.json")
    }
}

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
const ABANDONED: Duration = Duration::from_secs(600);

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

fn folder_of(path: &Path) -> &Path {
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
    let bytes = fs::read(path)?;
    serde_json::from_slice(&bytes).map_err(|e| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {e}; delete the file and run again to make it anew", path.display()),
        )
    })
}

/// SHA-256 of bytes as lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file as lower-case hex. A pipe or device, which might never end, is refused.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other(format!("{}: no plain file", path.display())));
    }
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = io::Read::read(&mut file, &mut buffer)?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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
