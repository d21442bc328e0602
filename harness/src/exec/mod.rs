//! From a suite to finished cells: what data there is, which cells that makes, and who runs them.
//!
//! An [`Executor`] runs cells until each has its record: [`local`] in processes of this machine, [`queue`] by a scheduler
//! ([`slurm`], or any that a [`template`] tells). All of them start the same command, `culture-eval cell FOLDER`, under
//! the same watch ([`guard`]).

pub mod asked;
pub mod bars;
mod commit;
pub mod data;
pub mod estimate;
pub mod events;
pub mod guard;
mod heard;
pub mod inputs;
pub mod jobs;
pub mod local;
mod messages;
pub mod named;
pub mod options;
pub mod places;
pub mod plan;
pub mod plugins;
pub mod queue;
pub mod request;
pub mod sandboxed;
pub mod scheduler;
pub mod server;
pub mod shard;
pub mod slices;
pub mod slurm;
pub mod template;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use fs_err as fs;

use crate::store::record::{CellSpec, End, Record, record_of};
use crate::store::{self, CellFolder, RunFolder, tries};
use bars::Board;

/// Who runs cells.
pub trait Executor {
    /// Runs cells until each has its record. `stop` is set by Ctrl-C.
    fn run(
        &self,
        run: &RunFolder,
        work: Todo,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<Tally>;
}

/// The cells of a run that have no end, and the count of those that have.
#[derive(Debug, Default)]
pub struct Todo {
    /// Cells to run, their specifications written.
    pub cells: Vec<(CellSpec, CellFolder)>,
    /// Folders of those that had failed and are run again.
    pub again: BTreeSet<String>,
    /// What is known before.
    pub tally: Tally,
}

/// What became of the cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Run now.
    pub ran: usize,
    /// Done before.
    pub reused: usize,
    /// Failed now or before.
    pub failed: usize,
    /// Not run because of `max_failures`, Ctrl-C, or because their jobs were cancelled.
    pub skipped: usize,
    /// Handed to a scheduler and not waited for.
    pub queued: usize,
}

impl Tally {
    /// Counts a cell that has ended now.
    pub fn count(&mut self, end: &End) {
        self.ran += 1;
        self.failed += usize::from(matches!(end, End::Failed { .. }));
    }
}

/// What becomes of cells that failed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedBefore {
    /// They stay as they are.
    Stay,
    /// They are run again.
    RunAgain,
}

/// Picks the cells that are to be run and prepares their folders.
pub fn select(run: &RunFolder, cells: &[CellSpec], failed: FailedBefore) -> anyhow::Result<Todo> {
    let mut todo = Todo::default();
    for spec in cells {
        if spec.slice.is_none() || is_open(run, spec, failed, &mut todo.tally)? {
            pick(run, spec, failed, &mut todo)?;
        }
    }
    Ok(todo)
}

/// Whether the cell that a slice is of has no end; counts it if it has one, prepares its folder if not.
fn is_open(
    run: &RunFolder,
    slice: &CellSpec,
    failed: FailedBefore,
    tally: &mut Tally,
) -> anyhow::Result<bool> {
    let whole = run.cell(&slice.folder()).whole();
    let found = record_of(&whole, &slice.key)?;
    if found.as_ref().is_some_and(Record::is_damaged) {
        store::discard(&whole.record())?;
    }
    match found.filter(|record| !record.is_damaged()).map(|record| record.end) {
        Some(End::Done { .. }) => {
            tally.reused += 1;
            return Ok(false);
        }
        Some(End::Failed { .. }) if failed == FailedBefore::Stay => {
            tally.failed += 1;
            return Ok(false);
        }
        Some(End::Failed { .. }) => fs::remove_file(whole.record())?,
        None => {}
    }
    if !whole.spec().is_file() {
        prepare(&whole, &CellSpec { slice: None, ..slice.clone() })?;
    }
    Ok(true)
}

fn pick(
    run: &RunFolder,
    spec: &CellSpec,
    failed: FailedBefore,
    todo: &mut Todo,
) -> anyhow::Result<()> {
    let folder = run.cell(&spec.folder());
    let found = record_of(&folder, &spec.key)?;
    if found.as_ref().is_some_and(Record::is_damaged) {
        store::discard(&folder.record())?;
    }
    match found.filter(|record| !record.is_damaged()).map(|record| record.end) {
        Some(End::Done { .. }) if spec.slice.is_none() || folder.predictions().is_file() => {
            todo.tally.reused += 1;
            slices::settle(spec, &folder)?;
        }
        Some(End::Failed { .. }) if failed == FailedBefore::Stay => {
            todo.tally.failed += 1;
            slices::settle(spec, &folder)?;
        }
        found => {
            if found.is_some() {
                tries::clear(&folder)?;
                todo.again.insert(spec.folder());
                fs::remove_file(folder.record())?;
            }
            prepare(&folder, spec)?;
            todo.cells.push((spec.clone(), folder));
        }
    }
    Ok(())
}

fn prepare(folder: &CellFolder, spec: &CellSpec) -> anyhow::Result<()> {
    folder
        .write_spec(spec)
        .with_context(|| format!("failed to prepare the cell {}", folder.path().display()))
}

/// Removes what those left who were killed, or could not remove it themselves. What cannot be removed from a cell comes back in
/// words: its plugin may have made it so.
///
/// # Errors
/// A file of the run cannot be read or removed.
pub fn sweep(run: &RunFolder, cells: &[CellSpec]) -> anyhow::Result<Vec<String>> {
    for folder in [run.path().to_owned(), run.path().join("scores"), run.path().join("specs")]
        .iter()
        .filter(|folder| folder.is_dir())
    {
        store::sweep(folder)?;
    }
    let folders = cells.iter().map(|cell| (cell, run.cell(&cell.folder())));
    let failed = |(cell, folder): (&CellSpec, CellFolder)| {
        let error = sweep_cell(&folder, &cell.key).err()?;
        Some(format!("{}: what a killed start left cannot be removed: {error}", cell.folder()))
    };
    Ok(folders.filter(|(_, folder)| folder.path().is_dir()).filter_map(failed).collect())
}

fn sweep_cell(folder: &CellFolder, key: &str) -> std::io::Result<()> {
    folder.sweep()?;
    match record_of(folder, key)? {
        Some(record) if matches!(record.end, End::Done { .. }) => folder.remove_log(),
        _ => Ok(()),
    }
}
