//! How far a run is, from the files in its folder; read-only, whoever runs it and wherever.
//!
//! A cell is *running* while a process, here or on another machine, holds its lease, *stopped* where it was begun but has
//! neither a record nor a process, and *waiting* where nothing of it was begun.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::exec::slices;
use crate::prepare::Meta;
use crate::results::manifest::{Manifest, PlannedCell};
use crate::store::log::Prediction;
use crate::store::record::record_of;
use crate::store::record::{CellSpec, End, Timing};
use crate::store::{self, CellFolder, RunFolder, lease};

/// Version of the JSON; old ones load for ever.
pub const FORMAT: u32 = 1;

/// A run at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Version of this shape.
    pub format: u32,
    /// Short name of the suite.
    pub suite: String,
    /// Its name as printed.
    pub title: String,
    /// Cells in all.
    pub total: usize,
    /// Cells with all their answers.
    pub done: usize,
    /// Cells that failed.
    pub failed: usize,
    /// Cells that a process works on.
    pub running: usize,
    /// Cells that were begun and that nobody works on.
    pub stopped: usize,
    /// Cells that were not begun.
    pub waiting: usize,
    /// Seconds that what is left may take, where cells of the same task are done; rough.
    pub seconds_left: Option<f64>,
    /// Every cell, in order of the plan.
    pub cells: Vec<CellProgress>,
}

/// A cell at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellProgress {
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// The protocol.
    pub protocol: String,
    /// The seed.
    pub seed: u64,
    /// What it is doing.
    pub state: State,
    /// Examples answered so far.
    pub answered: u64,
    /// Examples to be answered, where it is known.
    pub examples: Option<u64>,
    /// Seconds it took, where it is done.
    pub seconds: Option<f64>,
    /// Seconds since it last wrote an answer or a line, where it is running or stopped.
    pub quiet: Option<f64>,
    /// Why it failed; else the last line that it wrote to its log.
    pub says: String,
}

/// What a cell is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has all its answers.
    Done,
    /// It has a reason instead.
    Failed,
    /// A process works on it.
    Running,
    /// It was begun; nobody works on it.
    Stopped,
    /// It was not begun.
    Waiting,
}

impl State {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Waiting => "waiting",
        }
    }
}

impl Progress {
    /// Whether every cell has its end.
    pub fn ended(&self) -> bool {
        self.done + self.failed == self.total
    }
}

/// Looks at a run.
pub fn read(run: &RunFolder) -> io::Result<Progress> {
    let manifest = Manifest::read(run).map_err(io::Error::other)?;
    let mut parts = BTreeMap::new();
    let cells: Vec<CellProgress> = manifest
        .cells
        .iter()
        .map(|cell| look(&run.cell(&cell.folder), cell, &manifest, &mut parts))
        .collect::<io::Result<_>>()?;
    let count = |state: State| cells.iter().filter(|c| c.state == state).count();
    Ok(Progress {
        format: FORMAT,
        suite: manifest.suite.name.clone(),
        title: manifest.suite.title.clone(),
        total: cells.len(),
        done: count(State::Done),
        failed: count(State::Failed),
        running: count(State::Running),
        stopped: count(State::Stopped),
        waiting: count(State::Waiting),
        seconds_left: left(&cells),
        cells,
    })
}

fn look(
    folder: &CellFolder,
    cell: &PlannedCell,
    manifest: &Manifest,
    parts: &mut BTreeMap<String, Option<u64>>,
) -> io::Result<CellProgress> {
    let mut seen = CellProgress {
        model: cell.model.clone(),
        task: cell.task.clone(),
        protocol: cell.protocol.clone(),
        seed: cell.seed,
        state: State::Waiting,
        answered: 0,
        examples: None,
        seconds: None,
        quiet: None,
        says: String::new(),
    };
    match record_of(folder, &cell.key)?.map(|r| r.end) {
        Some(End::Done { examples, .. }) => {
            seen.state = State::Done;
            (seen.answered, seen.examples) = (examples, Some(examples));
            // Without a timing the cell is done all the same: it may have been imported.
            seen.seconds =
                store::read_json::<Timing>(&folder.timing()).ok().map(|t| t.total_seconds);
            return Ok(seen);
        }
        Some(End::Failed { reason }) => {
            seen.state = State::Failed;
            seen.says = format!("{}: {}", reason.kind.name(), reason.message);
            return Ok(seen);
        }
        None if !folder.spec().is_file() => return Ok(seen),
        None => {}
    }
    seen.examples = expected(folder, cell, manifest, parts);
    // A cell is as far as its slices are together; it says what the last of them said.
    let mut folders = slices::folders(folder)?;
    if folders.is_empty() {
        folders.push(folder.clone());
    }
    let mut last = None;
    for folder in folders {
        if let Some(End::Done { examples, .. }) = record_of(&folder, &cell.key)?.map(|r| r.end) {
            seen.answered += examples;
            seen.state = seen.state.min(State::Stopped);
            continue;
        }
        let begun = folder.timing().is_file();
        seen.state = seen.state.min(match (begun, lease::holder(&folder.lease())?) {
            (_, Some(_)) => State::Running,
            (true, None) => State::Stopped,
            (false, None) => State::Waiting,
        });
        seen.answered += answered(&folder.log())?;
        let written = [folder.log(), folder.messages(), folder.timing()]
            .iter()
            .filter_map(|path| fs::metadata(path).ok()?.modified().ok())
            .max();
        if written >= last {
            (last, seen.says) = (written, last_line(&folder.messages())?);
        }
    }
    if seen.state != State::Waiting {
        let age = last.and_then(|at| SystemTime::now().duration_since(at).ok());
        seen.quiet = age.map(|a| a.as_secs_f64());
    }
    Ok(seen)
}

/// How many examples a cell has, from its specification and the counts beside the prepared data.
fn expected(
    folder: &CellFolder,
    cell: &PlannedCell,
    manifest: &Manifest,
    parts: &mut BTreeMap<String, Option<u64>>,
) -> Option<u64> {
    let key = format!("{} {}", cell.task, cell.protocol);
    *parts.entry(key).or_insert_with(|| {
        // A file that is just being written, or data that were moved: the number is then not known.
        let spec: CellSpec = store::read_json(&folder.spec()).ok()?;
        let data = manifest.data.get(&cell.task).map_or(&spec.data.path, |file| &file.path);
        let meta = Meta::beside(data.as_ref()).ok()?;
        Some(meta.evaluated(&spec))
    })
}

/// Bytes at the end of a file that are looked at.
const TAIL: u64 = 1 << 16;

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = match store::open_plain(path) {
        Ok(file) => file,
        // Not there, or what a plugin has put in its place.
        Err(error)
            if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Examples answered, by the last whole line of a log.
fn answered(log: &Path) -> io::Result<u64> {
    let bytes = tail(log)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(&bytes[..0], |end| &bytes[..end]);
    let last = whole
        .rsplit(|b| *b == b'\n')
        .find_map(|line| serde_json::from_slice::<Prediction>(line).ok());
    Ok(last.map_or(0, |row| row.example as u64 + 1))
}

fn last_line(messages: &Path) -> io::Result<String> {
    let bytes = tail(messages)?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    Ok(line.chars().filter(|c| !c.is_control()).collect())
}

/// Mean seconds of done cells of the same task (else of all) for every cell that is left, shared by those that run.
fn left(cells: &[CellProgress]) -> Option<f64> {
    let mean = |task: Option<&str>| {
        let known: Vec<f64> = (cells.iter())
            .filter(|c| task.is_none_or(|t| t == c.task))
            .filter_map(|c| c.seconds)
            .collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let open: Vec<&CellProgress> =
        cells.iter().filter(|c| !matches!(c.state, State::Done | State::Failed)).collect();
    let running = open.iter().filter(|c| c.state == State::Running).count();
    if open.is_empty() || running == 0 {
        return None;
    }
    let all = mean(None)?;
    let seconds: f64 = (open.iter())
        .map(|c| {
            let whole = mean(Some(&c.task)).unwrap_or(all);
            let share = c.examples.map_or(0.0, |n| c.answered as f64 / n.max(1) as f64);
            whole * (1.0 - share.min(1.0))
        })
        .sum();
    Some(seconds / running as f64)
}
