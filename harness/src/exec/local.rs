//! Runs cells on this machine: one process each, a few at a time.
//!
//! Killing the parent kills the cells (Linux: parent-death signal); what they had written stays, and the next run resumes
//! them. How one cell is watched is in [`super::guard`].

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::anyhow;

use super::bars::Board;
use super::guard::{self, Guarded};
use super::options::Options;
use super::server::Servers;
use super::slices::{Readiness, turn};
use super::{Executor, Tally, Todo};
use crate::store::record::{CellSpec, End};
use crate::store::{CellFolder, RunFolder};

/// How cells are run here.
#[derive(Debug, Clone)]
pub struct Local {
    /// Cells at once.
    pub jobs: usize,
    /// Stop starting cells after this many failures; 0 = never.
    pub max_failures: usize,
    /// What each model's cells may take.
    pub options: Options,
    /// Starts of a server that is lost while a cell queries it.
    pub server_starts: usize,
    /// Folders that plugins do not see.
    pub hidden: Vec<PathBuf>,
}

impl Executor for Local {
    fn run(
        &self,
        run: &RunFolder,
        mut work: Todo,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<Tally> {
        board.start(work.cells.len(), work.tally.reused, work.tally.failed);
        // The cells of a model with a server come together, after all that need none: it is started once.
        work.cells
            .sort_by_key(|(spec, _)| spec.model.server.as_ref().map(|_| spec.model.name.clone()));
        let servers = Servers::of(run.path());
        let shift = Shift {
            waiting: Mutex::new(work.cells.iter().collect()),
            max_failures: self.max_failures,
            stop,
            state: Mutex::new(State { tally: work.tally, failed: 0, error: None }),
        };
        let tally = shift.run(self.jobs, |(spec, folder)| {
            guard::run(spec, folder, &self.limits(spec), &servers, board, stop)
        });
        board.finish();
        tally
    }
}

impl Local {
    fn limits(&self, spec: &CellSpec) -> guard::Limits {
        let limits = self.options.of(&spec.model);
        guard::Limits {
            timeout: limits.timeout.value,
            memory: limits.memory.value,
            // Nobody but the user starts a cell again here.
            tries: 1,
            server_starts: self.server_starts,
            job: String::new(),
            hidden: self.hidden.clone(),
        }
    }
}

type Cell = (CellSpec, CellFolder);

/// Workers that take cells from one list until it is empty.
struct Shift<'a> {
    waiting: Mutex<VecDeque<&'a Cell>>,
    max_failures: usize,
    stop: &'a AtomicBool,
    state: Mutex<State>,
}

/// What all workers have brought about.
struct State {
    tally: Tally,
    /// Failed in this shift.
    failed: usize,
    /// The first trouble that is no cell's; it ends the shift.
    error: Option<anyhow::Error>,
}

impl<'a> Shift<'a> {
    /// Lets so many workers run `one` on each cell.
    fn run(
        self,
        workers: usize,
        one: impl Fn(&Cell) -> anyhow::Result<Guarded> + Sync,
    ) -> anyhow::Result<Tally> {
        let workers = workers.clamp(1, held(&self.waiting).len().max(1));
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work(&one));
            }
        });
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.error {
            Some(error) => Err(error),
            None => Ok(state.tally),
        }
    }

    /// One worker: cell after cell.
    fn work(&self, one: &impl Fn(&Cell) -> anyhow::Result<Guarded>) {
        while let Some(next) = self.next() {
            let result = match next {
                Ok((cell, Readiness::Now)) if self.goes_on() => caught(cell, one),
                Ok(_) => Ok(Guarded::Stopped),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = result.map(|guarded| self.count(&guarded)) {
                held(&self.state).error.get_or_insert(error);
                self.stop.store(true, Ordering::SeqCst);
                return;
            }
        }
    }

    /// Whether further cells are started.
    fn goes_on(&self) -> bool {
        let enough = self.max_failures > 0 && held(&self.state).failed >= self.max_failures;
        !enough && !self.stop.load(Ordering::SeqCst)
    }

    fn count(&self, guarded: &Guarded) {
        let state = &mut *held(&self.state);
        match guarded {
            Guarded::Ended(End::Done { .. }) => state.tally.ran += 1,
            Guarded::Ended(End::Failed { .. }) | Guarded::Lost(_) => {
                state.tally.ran += 1;
                state.tally.failed += 1;
                state.failed += 1;
            }
            Guarded::Stopped => state.tally.skipped += 1,
        }
    }

    /// The next cell whose turn has come, or that is not to be run any more. Where all are waiting for a model that is being
    /// fitted, here or elsewhere, so does this.
    fn next(&self) -> Option<io::Result<(&'a Cell, Readiness)>> {
        loop {
            match self.take() {
                Some(Ok(None)) => std::thread::sleep(Duration::from_millis(200)),
                Some(Ok(Some(found))) => return Some(Ok(found)),
                Some(Err(error)) => return Some(Err(error)),
                None => return None,
            }
        }
    }

    /// The first of the waiting cells that need not wait longer; none of all where the list is empty.
    fn take(&self) -> Option<io::Result<Option<(&'a Cell, Readiness)>>> {
        let mut waiting = held(&self.waiting);
        if waiting.is_empty() {
            return None;
        }
        for place in 0..waiting.len() {
            let (spec, folder) = waiting[place];
            match turn(spec, folder) {
                Ok(Readiness::Later) if !self.stop.load(Ordering::SeqCst) => {}
                Ok(turn) => return Some(Ok(waiting.remove(place).map(|cell| (cell, turn)))),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(None))
    }
}

/// Runs one cell; a panic of this program while it does is an error like any other, not the silent end of a worker.
fn caught(cell: &Cell, one: impl Fn(&Cell) -> anyhow::Result<Guarded>) -> anyhow::Result<Guarded> {
    catch_unwind(AssertUnwindSafe(|| one(cell))).unwrap_or_else(|panic| {
        let name = cell.0.folder();
        Err(anyhow!("{name}: this program panicked while it ran the cell: {}", said(&*panic)))
    })
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// What a lock holds, also after a panic of somebody who held it: counts and lists are whole at every moment.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::{Reason, ReasonKind};

    const SPEC: &str = include_str!("../../tests/fixtures/store/spec.v1.json");

    fn cells(count: u64) -> Vec<Cell> {
        let spec: CellSpec = serde_json::from_str(SPEC).unwrap();
        let cell = |seed| (CellSpec { seed, ..spec.clone() }, CellFolder::at("nowhere".into()));
        (0..count).map(cell).collect()
    }

    fn shift<'a>(cells: &'a [Cell], stop: &'a AtomicBool, max_failures: usize) -> Shift<'a> {
        let state = State { tally: Tally::default(), failed: 0, error: None };
        let (waiting, state) = (Mutex::new(cells.iter().collect()), Mutex::new(state));
        Shift { waiting, max_failures, stop, state }
    }

    fn failed() -> Guarded {
        Guarded::Ended(End::Failed { reason: Reason::new(ReasonKind::Exit, "it ended") })
    }

    #[test]
    fn a_panic_is_told_with_its_cell_and_ends_the_shift() {
        let (cells, stop) = (cells(3), AtomicBool::new(false));
        let asked = Mutex::new(Vec::new());
        let error = shift(&cells, &stop, 0).run(1, |(spec, _)| {
            held(&asked).push(spec.seed);
            assert!(spec.seed != 1, "seed {} is bad", spec.seed);
            Ok(Guarded::Stopped)
        });
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains(&cells[1].0.folder()) && error.ends_with("seed 1 is bad"),
            "{error}"
        );
        assert!(stop.load(Ordering::SeqCst), "the other workers stop");
        assert_eq!(*held(&asked), [0, 1]);
    }

    #[test]
    fn a_lock_whose_holder_panicked_ends_no_worker() {
        let (cells, stop) = (cells(2), AtomicBool::new(false));
        let shift = shift(&cells, &stop, 0);
        for poison in [
            catch_unwind(AssertUnwindSafe(|| {
                let _state = shift.state.lock();
                panic!("while it counts");
            })),
            catch_unwind(AssertUnwindSafe(|| {
                let _waiting = shift.waiting.lock();
                panic!("while it takes");
            })),
        ] {
            assert!(poison.is_err());
        }
        assert!(shift.state.is_poisoned() && shift.waiting.is_poisoned());
        assert_eq!(shift.run(1, |_| Ok(failed())).unwrap().failed, 2);
    }

    #[test]
    fn after_so_many_failures_none_is_started() {
        for (max_failures, ran) in [(0, 5), (1, 1), (2, 2), (9, 5)] {
            let (cells, stop) = (cells(5), AtomicBool::new(false));
            let tally = shift(&cells, &stop, max_failures).run(1, |_| Ok(failed())).unwrap();
            let expect = Tally { ran, failed: ran, skipped: 5 - ran, ..Tally::default() };
            assert_eq!(tally, expect, "{max_failures}");
        }
    }
}
