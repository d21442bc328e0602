//! Runs cells on this machine: one process each, a few at a time.
//!
//! Killing the parent kills the cells (Linux: parent-death signal); what they had written stays, and the next run resumes
//! them. How one cell is watched stands in [`super::guard`].

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::bars::Board;
use super::guard::{self, Guarded};
use super::slices::{Turn, turn};
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
    /// What one may take.
    pub limits: guard::Limits,
}

impl Executor for Local {
    fn run(
        &self,
        _: &RunFolder,
        work: Todo,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<Tally> {
        run(self, work, board, stop)
    }
}

fn run(local: &Local, work: Todo, board: &Board, stop: &AtomicBool) -> anyhow::Result<Tally> {
    let Todo { cells: todo, mut tally, .. } = work;
    let limits = &local.limits;
    board.start(todo.len(), tally.reused, tally.failed);
    let waiting = Mutex::new(todo.iter().collect::<VecDeque<_>>());
    let failed_now = AtomicUsize::new(0);
    let tallies = Mutex::new(&mut tally);
    let first_error = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..local.jobs.clamp(1, todo.len().max(1)) {
            scope.spawn(|| {
                while let Some(next) = next(&waiting, stop) {
                    let enough = local.max_failures > 0
                        && failed_now.load(Ordering::SeqCst) >= local.max_failures;
                    let result = match next {
                        Ok(((spec, folder), Turn::Now))
                            if !enough && !stop.load(Ordering::SeqCst) =>
                        {
                            guard::run(spec, folder, limits, board, stop)
                        }
                        Ok(_) => Ok(Guarded::Stopped),
                        Err(error) => Err(error.into()),
                    };
                    let Ok(mut tally) = tallies.lock() else { return };
                    match result {
                        Ok(Guarded::Ended(End::Done { .. })) => tally.ran += 1,
                        Ok(Guarded::Ended(End::Failed { .. }) | Guarded::Lost(_)) => {
                            tally.ran += 1;
                            tally.failed += 1;
                            failed_now.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(Guarded::Stopped) => tally.skipped += 1,
                        Err(error) => {
                            if let Ok(mut slot) = first_error.lock() {
                                slot.get_or_insert(error);
                            }
                            stop.store(true, Ordering::SeqCst);
                            return;
                        }
                    }
                }
            });
        }
    });
    board.finish();
    match first_error.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(tally),
    }
}

type Cell = (CellSpec, CellFolder);

/// The next cell whose turn has come, or that is not to be run any more. Where all are waiting for a model that is being
/// fitted, here or elsewhere, so does this.
fn next<'c>(
    waiting: &Mutex<VecDeque<&'c Cell>>,
    stop: &AtomicBool,
) -> Option<io::Result<(&'c Cell, Turn)>> {
    loop {
        {
            let mut waiting = waiting.lock().ok()?;
            if waiting.is_empty() {
                return None;
            }
            for place in 0..waiting.len() {
                let (spec, folder) = waiting[place];
                match turn(spec, folder) {
                    Ok(Turn::Later) if !stop.load(Ordering::SeqCst) => {}
                    Ok(turn) => return waiting.remove(place).map(|cell| Ok((cell, turn))),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
