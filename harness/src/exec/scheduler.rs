//! What a scheduler is asked: to take jobs, to tell how they are, to end them. [`super::slurm`] and [`super::template`] are two.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::bars::Board;
use super::jobs::JobFolder;
use crate::definition::resources::Resources;
use crate::store::record::Reason;

/// Whether a task is known to its scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It waits or runs.
    Alive,
    /// It has ended.
    Gone,
    /// Only its cell's folder can tell.
    Unknown,
}

/// What became of a task that ended without a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostTask {
    /// Somebody cancelled it.
    Cancelled,
    /// It was lost.
    Lost(Reason),
}

/// Why a job was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAccepted {
    /// The scheduler is away.
    Now(String),
    /// The job is wrong.
    Never(String),
}

/// A job to be handed over.
#[derive(Debug)]
pub struct Submission<'a> {
    /// Name of the job.
    pub name: String,
    /// Its folder, with the list of cells.
    pub folder: &'a JobFolder,
    /// How many cells.
    pub cells: usize,
    /// What each asks for.
    pub resources: &'a Resources,
    /// It may not begin earlier than in so long.
    pub after: Duration,
    /// The command that runs one cell; `--job NAME` and the cell's folder are to be added.
    pub command: &'a [String],
}

/// A scheduler.
pub trait Scheduler {
    /// Its name in `job.json`.
    fn name(&self) -> &'static str;
    /// Cells that one job may have.
    fn most(&self) -> usize;
    /// Jobs that may be handed over now.
    fn room(&self) -> usize {
        usize::MAX
    }
    /// Hands a job over; its id comes back.
    fn submit(&self, submission: &Submission<'_>) -> Result<String, NotAccepted>;
    /// What it knows of tasks.
    fn look(&self, tasks: &[&str]) -> io::Result<Vec<Life>>;
    /// Why a task that is gone has left no record; `log` is where it wrote to.
    fn fate(&self, task: &str, log: &str) -> LostTask;
    /// Ends jobs.
    fn cancel(&self, jobs: &[String]) -> io::Result<()>;
}

/// A scheduler that is away for longer is told as an error.
const AWAY: Duration = Duration::from_mins(10);

/// Asks again while the scheduler is away. None where the user does not want to wait.
pub(super) fn patiently<T>(
    board: &Board,
    stop: &AtomicBool,
    mut ask: impl FnMut() -> Result<T, NotAccepted>,
) -> anyhow::Result<Option<T>> {
    let (began, mut told) = (Instant::now(), false);
    loop {
        match ask() {
            Ok(answer) => return Ok(Some(answer)),
            Err(NotAccepted::Never(why)) => anyhow::bail!("{why}"),
            Err(NotAccepted::Now(why)) if began.elapsed() > AWAY => {
                anyhow::bail!(
                    "the scheduler does not answer: {why}; start the same command when it is back"
                )
            }
            Err(NotAccepted::Now(why)) => {
                if !told {
                    board.note(&format!("the scheduler does not answer ({why}); asking again"));
                    told = true;
                }
            }
        }
        for _ in 0..25 {
            if stop.load(Ordering::SeqCst) {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
