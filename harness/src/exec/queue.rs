//! Cells by a scheduler: submits those that are not in its queue, looks at the run's folder until all have a record, and
//! submits lost ones again after a pause, a few times. All that it knows lies in the run's folder, so that it can be
//! stopped and started at any moment, on any machine that sees the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::bars::Board;
use super::jobs::{self, JobFolder};
use super::options::Options;
use super::scheduler::{Life, LostTask, NotAccepted, Scheduler, Submission, patiently};
use super::slices::{self, Readiness, turn};
use super::{Executor, Tally, Todo};
use crate::definition::resources::Resources;
use crate::store::record::{CellSpec, End, fail, record_of};
use crate::store::{CellFolder, RunFolder, lease, tries};

/// An executor that hands cells to a scheduler.
#[derive(Debug)]
pub struct Queue<S> {
    /// The scheduler.
    pub scheduler: S,
    /// What each model's cells ask for and may take.
    pub options: Options,
    /// Failed attempts that make a failed cell.
    pub tries: usize,
    /// Folders that plugins do not see.
    pub hidden: Vec<PathBuf>,
    /// Whether the end is waited for.
    pub wait: Wait,
    /// Before a lost cell is tried again; doubled for each further time.
    pub pause: Duration,
    /// Cancel what is left after this many failures; 0 = never.
    pub max_failures: usize,
}

/// Whether the end of what was submitted is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until all cells have a record.
    ToTheEnd,
    /// No longer than it takes to submit.
    Detached,
}

/// Which `run` has submitted a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Submitted {
    /// An earlier one.
    Before,
    /// This one.
    Now,
}

/// What the cells of one job have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asks {
    resources: Resources,
    /// Seconds a cell may take; 0 = no limit.
    timeout: u64,
    /// MiB a cell may take; 0 = no limit.
    memory: u64,
}

/// A cell without an end.
struct Open {
    spec: CellSpec,
    folder: CellFolder,
    asks: Asks,
    /// It had failed and is run again: its earlier tasks count no more.
    again: bool,
    /// Its task, and the job's folder where this process has submitted it.
    task: Option<String>,
    /// Where the task writes to.
    log: String,
    /// Before it is tried again.
    after: Duration,
    /// Its model is being fitted by another slice.
    waits: bool,
    /// Looks in a row at which the scheduler no longer knew its task. A record may be seen late on a shared folder.
    gone: u32,
}

/// Between two looks at records; longer where looking takes long.
const GLANCE: Duration = Duration::from_millis(200);

/// Between two questions to the scheduler at first, and at last.
const ASK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

impl<S: Scheduler> Executor for Queue<S> {
    fn run(
        &self,
        run: &RunFolder,
        work: Todo,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<Tally> {
        let Todo { cells, again, mut tally } = work;
        board.start(cells.len(), tally.reused, tally.failed);
        let mut open = self.opened(cells, &again)?;
        // Joined here, should the one who ended the last slice not have come to it.
        let slices: Vec<(CellSpec, CellFolder)> = (open.iter())
            .filter(|cell| cell.spec.slice.is_some())
            .map(|cell| (cell.spec.clone(), cell.folder.clone()))
            .collect();
        self.take_up(run, &mut open, &mut tally, board, stop)?;
        let mut watch = Watch { began: Instant::now(), asked: Instant::now(), told: false };
        let failed_before = tally.failed;
        loop {
            self.submit(run, &mut open, board, stop)?;
            if self.wait == Wait::Detached && all_submitted(&open, board) {
                tally.queued = open.len();
                break;
            }
            let glance = Instant::now();
            open = without_ended(open, &mut tally, board)?;
            if open.is_empty() || stop.load(Ordering::SeqCst) {
                tally.skipped += open.len();
                break;
            }
            if self.max_failures > 0 && tally.failed - failed_before >= self.max_failures {
                board.note("too many failures: what is left is cancelled");
                self.scheduler.cancel(&jobs_of(&open))?;
                tally.skipped += open.len();
                break;
            }
            if watch.is_time() {
                open = self.look(open, &mut tally, &mut watch, board)?;
            }
            std::thread::sleep(GLANCE.max(glance.elapsed() * 10));
        }
        slices.iter().try_for_each(|(spec, folder)| slices::settle(spec, folder))?;
        board.finish();
        Ok(tally)
    }
}

/// Whether all cells have a task, but for those that wait for another slice's fit.
fn all_submitted(open: &[Open], board: &Board) -> bool {
    let later = open.iter().filter(|cell| cell.task.is_none()).count();
    let all = open.iter().all(|cell| cell.task.is_some() || cell.waits);
    if all && later > 0 {
        board.note(&format!(
            "{later} slices wait for their model to be fitted: the same command submits them then"
        ));
    }
    all
}

/// The cells that have no record yet; the others are counted.
fn without_ended(open: Vec<Open>, tally: &mut Tally, board: &Board) -> anyhow::Result<Vec<Open>> {
    let mut rest = Vec::new();
    for cell in open {
        match record_of(&cell.folder, &cell.spec.key)? {
            Some(record) => end(&cell, &record.end, tally, board),
            // Another slice has failed.
            None if turn(&cell.spec, &cell.folder)? == Readiness::Never => tally.skipped += 1,
            None => rest.push(cell),
        }
    }
    Ok(rest)
}

/// When the scheduler is asked.
struct Watch {
    began: Instant,
    asked: Instant,
    /// That it does not answer was said.
    told: bool,
}

impl Watch {
    fn is_time(&mut self) -> bool {
        let pause = (self.began.elapsed() / 20).clamp(ASK.0, ASK.1);
        let due = self.asked.elapsed() >= pause;
        if due {
            self.asked = Instant::now();
        }
        due
    }
}

impl<S: Scheduler> Queue<S> {
    fn opened(
        &self,
        cells: Vec<(CellSpec, CellFolder)>,
        again: &BTreeSet<String>,
    ) -> anyhow::Result<Vec<Open>> {
        let one = |(spec, folder): (CellSpec, CellFolder)| {
            let limits = self.options.of(&spec.model);
            let (timeout, memory) = (limits.timeout.value, limits.memory.value);
            let asks = Asks { resources: limits.resources, timeout, memory };
            if let Some((field, problem)) = asks.resources.problems().into_iter().next() {
                anyhow::bail!("model `{}`: resources.{field}: {problem}", spec.model.name);
            }
            let (task, log, after, gone) = (None, String::new(), Duration::ZERO, 0);
            let again = again.contains(&spec.folder());
            Ok(Open { spec, folder, asks, again, task, log, after, waits: false, gone })
        };
        cells.into_iter().map(one).collect()
    }

    /// Finds the tasks that an earlier `run` has submitted. Those that are gone are counted as lost.
    fn take_up(
        &self,
        run: &RunFolder,
        open: &mut Vec<Open>,
        tally: &mut Tally,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        let mut last = BTreeMap::new();
        for (folder, job) in jobs::read(run).context("failed to read the run's jobs")? {
            if job.executor == self.scheduler.name() {
                for (index, cell) in job.cells.iter().enumerate() {
                    let log = folder.log(index).display().to_string();
                    last.insert(cell.clone(), (job.task(index), log));
                }
            }
        }
        for cell in open.iter_mut().filter(|cell| !cell.again) {
            if let Some((task, log)) = last.remove(&cell.spec.folder()) {
                (cell.task, cell.log) = (Some(task), log);
            }
        }
        let tasks: Vec<&str> = open.iter().filter_map(|cell| cell.task.as_deref()).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let asked = patiently(board, stop, || {
            self.scheduler.look(&tasks).map_err(|e| NotAccepted::Now(e.to_string()))
        })?;
        let lives: BTreeMap<String, Life> =
            tasks.into_iter().map(str::to_owned).zip(asked.unwrap_or_default()).collect();
        let mut rest = Vec::new();
        for mut cell in std::mem::take(open) {
            let held = lease::holder(&cell.folder.lease())?.is_some();
            match cell.task.as_ref().and_then(|task| lives.get(task)) {
                None | Some(Life::Alive) => rest.push(cell),
                Some(Life::Unknown) => {
                    if !held {
                        cell.task = None;
                    }
                    rest.push(cell);
                }
                Some(Life::Gone) => {
                    rest.extend(self.lost(cell, Submitted::Before, tally, board)?);
                }
            }
        }
        let there = rest.iter().filter(|cell| cell.task.is_some()).count();
        if there > 0 {
            board.note(&format!("{there} cells wait or run already"));
        }
        *open = rest;
        Ok(())
    }

    /// Hands over what has no task: cells that ask for the same in one job.
    fn submit(
        &self,
        run: &RunFolder,
        open: &mut [Open],
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        let mut groups: BTreeMap<(Duration, Asks), Vec<&mut Open>> = BTreeMap::new();
        for cell in open.iter_mut().filter(|cell| cell.task.is_none()) {
            cell.waits = turn(&cell.spec, &cell.folder)? == Readiness::Later;
            if cell.waits {
                continue;
            }
            groups.entry((cell.after, cell.asks.clone())).or_default().push(cell);
        }
        for ((after, asks), mut cells) in groups {
            for cells in cells.chunks_mut(self.scheduler.most()) {
                if self.scheduler.room() == 0 {
                    return Ok(());
                }
                let names: Vec<String> = cells.iter().map(|cell| cell.spec.folder()).collect();
                let folder = JobFolder::new(run, &names).context("failed to prepare a job")?;
                let submission = Submission {
                    name: job_name(run, &folder),
                    folder: &folder,
                    cells: cells.len(),
                    resources: &asks.resources,
                    after,
                    command: &self.command(&asks)?,
                };
                let Some(id) = patiently(board, stop, || self.scheduler.submit(&submission))?
                else {
                    return Ok(());
                };
                let job = folder.taken(self.scheduler.name(), id, &asks.resources, names)?;
                for (index, cell) in cells.iter_mut().enumerate() {
                    cell.task = Some(job.task(index));
                    cell.log = folder.log(index).display().to_string();
                    cell.gone = 0;
                }
            }
        }
        Ok(())
    }

    /// What a node runs for one cell.
    fn command(&self, asks: &Asks) -> anyhow::Result<Vec<String>> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = vec![program.to_string_lossy().into_owned()];
        command.extend(["--offline", "cell", "--guard"].map(str::to_owned));
        for (flag, value) in
            [("--timeout", asks.timeout), ("--memory", asks.memory), ("--tries", self.tries as u64)]
        {
            command.extend([flag.to_owned(), value.to_string()]);
        }
        for folder in &self.hidden {
            command.extend(["--hide".to_owned(), folder.to_string_lossy().into_owned()]);
        }
        Ok(command)
    }

    /// Asks the scheduler; cells whose tasks are gone for good are tried again or given up.
    fn look(
        &self,
        open: Vec<Open>,
        tally: &mut Tally,
        watch: &mut Watch,
        board: &Board,
    ) -> anyhow::Result<Vec<Open>> {
        let tasks: Vec<&str> = open.iter().filter_map(|cell| cell.task.as_deref()).collect();
        let lives: BTreeMap<String, Life> = match self.scheduler.look(&tasks) {
            Ok(lives) => tasks.iter().map(|task| (*task).to_owned()).zip(lives).collect(),
            Err(error) => {
                if !watch.told {
                    board.note(&format!("the scheduler does not answer ({error}); waiting"));
                    watch.told = true;
                }
                return Ok(open);
            }
        };
        watch.told = false;
        let mut rest = Vec::new();
        for mut cell in open {
            let lost = match cell.task.as_ref().and_then(|task| lives.get(task)) {
                Some(Life::Gone) => {
                    cell.gone += 1;
                    cell.gone > 1
                }
                Some(Life::Unknown) => has_lost(&cell)?,
                None | Some(Life::Alive) => {
                    cell.gone = 0;
                    false
                }
            };
            if lost {
                rest.extend(self.lost(cell, Submitted::Now, tally, board)?);
            } else {
                rest.push(cell);
            }
        }
        Ok(rest)
    }

    /// A cell whose task has ended without a record: to be tried again, or none where it was cancelled or is given up.
    fn lost(
        &self,
        mut cell: Open,
        submitted: Submitted,
        tally: &mut Tally,
        board: &Board,
    ) -> anyhow::Result<Option<Open>> {
        if let Some(record) = record_of(&cell.folder, &cell.spec.key)? {
            end(&cell, &record.end, tally, board);
            return Ok(None);
        }
        let task = cell.task.take().unwrap_or_default();
        lease::reclaim(&cell.folder.lease())?;
        let mut tries = tries::read(&cell.folder)?;
        if !tries.iter().any(|t| t.job == task) {
            match self.scheduler.fate(&task, &cell.log) {
                LostTask::Cancelled if submitted == Submitted::Before => return Ok(Some(cell)),
                LostTask::Cancelled => {
                    tally.skipped += 1;
                    board.note(&format!("{}: its job was cancelled", cell.spec.folder()));
                    return Ok(None);
                }
                LostTask::Lost(reason) => tries = tries::add(&cell.folder, &task, reason)?,
            }
        }
        let message = tries.last().map(|t| t.reason.message.clone()).unwrap_or_default();
        if let Some(reason) = tries::given_up(&tries).filter(|_| tries.len() >= self.tries) {
            let ended = fail(&cell.folder, &cell.spec.key, reason)?;
            slices::settle(&cell.spec, &cell.folder)?;
            end(&cell, &ended, tally, board);
            return Ok(None);
        }
        // Whoever starts `run` again does not want to wait.
        cell.after = match submitted {
            Submitted::Before => Duration::ZERO,
            Submitted::Now => back_off(self.pause, tries.len()),
        };
        board.note(&format!(
            "{}: {message}; try {} of {} in {} s",
            cell.spec.folder(),
            tries.len() + 1,
            self.tries,
            cell.after.as_secs()
        ));
        Ok(Some(cell))
    }
}

/// Whether the folder of a cell says that its task was lost: by its guard, or by a holder that is gone.
fn has_lost(cell: &Open) -> io::Result<bool> {
    let task = cell.task.as_deref().unwrap_or_default();
    let told = tries::read(&cell.folder)?.last().is_some_and(|t| t.job == task);
    let lease = cell.folder.lease();
    Ok(told || (lease.is_file() && lease::holder(&lease)?.is_none()))
}

fn end(cell: &Open, end: &End, tally: &mut Tally, board: &Board) {
    tally.count(end);
    board.ended(&cell.spec, end);
}

fn jobs_of(open: &[Open]) -> Vec<String> {
    let ids =
        open.iter().filter_map(|cell| Some(cell.task.as_ref()?.rsplit_once('_')?.0.to_owned()));
    ids.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A name that a user finds in a queue: `ce-<suite>-<n>`.
fn job_name(run: &RunFolder, folder: &JobFolder) -> String {
    let suite = run.path().file_name().unwrap_or_default().to_string_lossy();
    let clean: String =
        suite.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("ce-{clean}-{}", folder.name())
}

/// How long a cell waits after so many failed attempts: doubled each time, an hour at most.
fn back_off(first: Duration, lost: usize) -> Duration {
    let factor = 1u32 << lost.saturating_sub(1).min(12);
    (first * factor).min(Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let after = |lost| back_off(Duration::from_secs(30), lost).as_secs();
        assert_eq!([1, 2, 3, 7, 8, 99].map(after), [30, 60, 120, 1920, 3600, 3600]);
        assert_eq!(back_off(Duration::ZERO, 5), Duration::ZERO);
    }

    #[test]
    fn names_of_jobs_are_plain() {
        let place = tempfile::tempdir().unwrap();
        let run = RunFolder::of(place.path(), "my süite%1");
        let folder = JobFolder::new(&run, &["a".to_owned()]).unwrap();
        assert_eq!(job_name(&run, &folder), "ce-my-s-ite-1-0001");
    }
}
