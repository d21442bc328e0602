//! How far a run is, read from its folder only: which cells are done, failed or being worked on.

use std::io::{self, Read as _};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::Serialize;

use crate::exec::local::record_of;
use crate::manifest::Manifest;
use crate::store::record::End;
use crate::store::{self, CellFolder, RunFolder};

/// A cell that wrote nothing for so long is taken to be stopped.
const QUIET: Duration = Duration::from_secs(120);

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Cells in all.
    pub total: usize,
    /// Done.
    pub done: usize,
    /// Failed.
    pub failed: usize,
    /// Being worked on.
    pub running: Vec<Running>,
    /// A hash of which cells ended and how: another one means other results.
    pub stamp: String,
}

/// A cell that is being worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Running {
    /// Model, task, protocol and seed.
    pub name: String,
    /// Answers so far.
    pub answers: usize,
}

/// Looks at a run. Nothing is written or locked.
pub fn look(run: &RunFolder) -> io::Result<Progress> {
    let manifest: Manifest = store::read_json(&run.manifest())?;
    let mut progress = Progress {
        total: manifest.cells.len(),
        done: 0,
        failed: 0,
        running: Vec::new(),
        stamp: String::new(),
    };
    let mut ended = String::new();
    for cell in &manifest.cells {
        let folder = run.cell(&cell.folder);
        match record_of(&folder, &cell.key)?.map(|record| record.end) {
            Some(End::Done { .. }) => {
                progress.done += 1;
                ended += &format!("{} done\n", cell.key);
            }
            Some(End::Failed { .. }) => {
                progress.failed += 1;
                ended += &format!("{} failed\n", cell.key);
            }
            None if works(&folder) => progress.running.push(Running {
                name: format!("{} · {} · {} · seed {}", cell.model, cell.task, cell.protocol, cell.seed),
                answers: lines(&folder)?,
            }),
            None => {}
        }
    }
    progress.stamp = store::sha256(ended.as_bytes())[..16].to_owned();
    Ok(progress)
}

/// Whether a cell wrote something lately.
fn works(folder: &CellFolder) -> bool {
    let newest = [folder.log(), folder.messages(), folder.lock(), folder.spec()]
        .iter()
        .filter_map(|path| fs::metadata(path).ok()?.modified().ok())
        .max();
    newest.is_some_and(|at| {
        SystemTime::now().duration_since(at).is_ok_and(|age| age < QUIET)
    })
}

/// Lines of the log of answers; 0 where there is none yet.
fn lines(folder: &CellFolder) -> io::Result<usize> {
    let mut file = match fs::File::open(folder.log()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut buffer = vec![0; 1 << 16];
    let mut lines = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(lines);
        }
        lines += buffer[..n].iter().filter(|b| **b == b'\n').count();
    }
}
