//! The folders of a run and of its cells: which file lies where.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::spec::{CellSpec, Slice};
use super::whole::{folder_of, read_json, read_plain, sweep, write_json};

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
                "{} is not a run: it has no manifest.json; `culture-eval list runs` shows all",
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
    pub fn slice(&self, slice: Slice) -> Self {
        Self(self.0.join(slice.folder()))
    }

    /// The folder of the run that it is a cell of; its own where it is none of a run.
    pub fn run(&self) -> &Path {
        let cells = self.0.ancestors().find(|path| path.file_name() == Some("cells".as_ref()));
        cells.and_then(Path::parent).unwrap_or(&self.0)
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
    pub fn write_spec(&self, spec: &CellSpec) -> io::Result<()> {
        write_json(&self.asked()?, spec)?;
        write_json(&self.spec(), spec)
    }

    /// Reads the specification that the cell's processes go by, and sees that the cell lies where it says, not behind a link.
    pub fn read_spec(&self) -> io::Result<CellSpec> {
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
        let work = self.work();
        if work.symlink_metadata().is_ok_and(|work| work.is_dir()) {
            sweep(&work)?;
        }
        let asked = self.asked()?;
        if folder_of(&asked).is_dir() { sweep(folder_of(&asked)) } else { Ok(()) }
    }

    /// Whether the cell's own copy of the specification is the one that its processes go by; `None` in runs of before there were two.
    pub fn has_one_spec(&self) -> io::Result<Option<bool>> {
        let asked = self.asked()?;
        if !asked.is_file() {
            return Ok(None);
        }
        Ok(Some(read_plain(&asked)? == read_plain(&self.spec())?))
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

    /// The only folder of the cell that its plugin may write into. What is in it is foreign data.
    pub fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// Makes the working folder. Versions without one had its files in the cell: they are moved into it.
    ///
    /// # Errors
    /// There is something else in its place; the system's.
    pub fn open_work(&self) -> io::Result<()> {
        let work = self.work();
        match work.symlink_metadata() {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => {
                let path = work.display();
                return Err(io::Error::new(
                    io::ErrorKind::NotADirectory,
                    format!("{path} is not a folder; delete it and run again"),
                ));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => fs::create_dir_all(&work)?,
        }
        for name in ["predictions.log", "train.f32", "valid.f32", "eval.f32", "state"] {
            let old = self.0.join(name);
            let kind = old.symlink_metadata().map(|found| found.file_type());
            if kind.is_ok_and(|kind| kind.is_file() || kind.is_dir()) {
                fs::rename(old, work.join(name))?;
            }
        }
        Ok(())
    }

    /// Answers so far.
    pub fn log(&self) -> PathBuf {
        self.work().join("predictions.log")
    }

    /// Removes the answers and vectors so far: those of a done cell are in `predictions.parquet`.
    pub fn remove_log(&self) -> io::Result<()> {
        for name in
            ["train", "valid", "eval"].map(|part| self.vectors(part)).iter().chain([&self.log()])
        {
            match fs::remove_file(name) {
                // A plugin may have put a folder in its place.
                Err(_) if name.is_dir() && !name.is_symlink() => fs::remove_dir_all(name)?,
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Vectors so far: float32, row-major, little-endian.
    pub fn vectors(&self, name: &str) -> PathBuf {
        self.work().join(format!("{name}.f32"))
    }

    /// The fitted model; in the cell itself in runs of versions without a working folder.
    pub fn state(&self) -> PathBuf {
        let (old, new) = (self.0.join("state"), self.work().join("state"));
        if old.is_dir() && !new.exists() { old } else { new }
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
