//! From a suite to finished cells: what data there is, which cells that makes, and who runs them.
//!
//! An [`Executor`] brings cells to their records: [`local`] in processes of this machine, [`queue`] by a scheduler
//! ([`slurm`], or any that a [`template`] tells). All of them start the same command, `culture-eval cell FOLDER`, under
//! the same watch ([`guard`]).

pub mod bars;
pub mod data;
pub mod events;
pub mod fenced;
pub mod guard;
pub mod jobs;
pub mod local;
pub mod plan;
pub mod plugins;
pub mod queue;
pub mod shard;
pub mod slices;
pub mod slurm;
pub mod template;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use fs_err as fs;

use crate::store::record::record_of;
use crate::store::record::{CellSpec, End};
use crate::store::{CellFolder, RunFolder, tries};
use bars::Board;

/// Who runs cells.
pub trait Executor {
    /// Brings cells to their records. `stop` is set by Ctrl-C.
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

/// Picks the cells that are to be run and prepares their folders; `retry` takes failed ones again.
pub fn select(run: &RunFolder, cells: &[CellSpec], retry: bool) -> anyhow::Result<Todo> {
    let mut todo = Todo::default();
    for spec in cells {
        let folder = run.cell(&spec.folder());
        let prepare = |folder: &CellFolder, spec: &CellSpec| {
            folder
                .write_spec(spec)
                .with_context(|| format!("failed to prepare the cell {}", folder.path().display()))
        };
        if spec.slice.is_some() {
            let whole = folder.whole();
            match record_of(&whole, &spec.key)?.map(|record| record.end) {
                Some(End::Done { .. }) => {
                    todo.tally.reused += 1;
                    continue;
                }
                Some(End::Failed { .. }) if !retry => {
                    todo.tally.failed += 1;
                    continue;
                }
                Some(End::Failed { .. }) => fs::remove_file(whole.record())?,
                None => {}
            }
            if !whole.spec().is_file() {
                prepare(&whole, &CellSpec { slice: None, ..spec.clone() })?;
            }
        }
        match record_of(&folder, &spec.key)?.map(|record| record.end) {
            Some(End::Done { .. }) if spec.slice.is_none() || folder.predictions().is_file() => {
                todo.tally.reused += 1;
                slices::settle(spec, &folder)?;
            }
            Some(End::Failed { .. }) if !retry => {
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
    }
    Ok(todo)
}
