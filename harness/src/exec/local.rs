//! Runs cells on this machine: one process each, a few at a time, watched for time and memory.
//!
//! A cell that panics, aborts, hangs or eats memory costs that cell and nothing else: the parent writes the
//! reason into its record. What its plugin started ends with it. Killing the parent kills the cells (Linux:
//! parent-death signal); what they had written stays, and the next run resumes them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fs_err as fs;
use fs_err::OpenOptions;

use super::bars::Board;
use super::events::Event;
use super::processes;
use crate::store::record::{CellSpec, End, FORMAT, Reason, ReasonKind, Record};
use crate::store::{self, CellFolder, RunFolder};

/// How cells are run.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Cells at once.
    pub jobs: usize,
    /// Seconds a cell may take, unless its model says; 0 = no limit.
    pub timeout: u64,
    /// MiB a cell may take, unless its model says; 0 = no limit.
    pub memory: u64,
    /// Stop starting cells after this many failures; 0 = never.
    pub max_failures: usize,
    /// Run failed cells again.
    pub retry: bool,
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
    /// Not started because of `max_failures` or Ctrl-C.
    pub skipped: usize,
}

/// How often a running cell is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Lines of a failed cell's messages that its reason quotes.
const QUOTED_BYTES: usize = 400;

/// Runs what is not done. `stop` is set by Ctrl-C.
pub fn run(
    run: &RunFolder,
    cells: &[CellSpec],
    limits: &Limits,
    board: &Board,
    stop: &AtomicBool,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut todo = Vec::new();
    for spec in cells {
        let folder = run.cell(&spec.folder());
        match record_of(&folder, &spec.key)? {
            Some(Record { end: End::Done { .. }, .. }) => tally.reused += 1,
            Some(_) if !limits.retry => tally.failed += 1,
            found => {
                if found.is_some() {
                    fs::remove_file(folder.record())?;
                }
                store::write_json(&folder.spec(), spec).with_context(|| {
                    format!("failed to prepare the cell {}", folder.path().display())
                })?;
                todo.push((spec, folder));
            }
        }
    }
    board.start(todo.len(), tally.reused, tally.failed);
    let next = AtomicUsize::new(0);
    let failed_now = AtomicUsize::new(0);
    let tallies = Mutex::new(&mut tally);
    let first_error = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..limits.jobs.clamp(1, todo.len().max(1)) {
            scope.spawn(|| {
                while let Some((spec, folder)) = todo.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let enough = limits.max_failures > 0
                        && failed_now.load(Ordering::SeqCst) >= limits.max_failures;
                    let result = if enough || stop.load(Ordering::SeqCst) {
                        Ok(None)
                    } else {
                        run_one(spec, folder, limits, board, stop)
                    };
                    let Ok(mut tally) = tallies.lock() else { return };
                    match result {
                        Ok(Some(End::Done { .. })) => tally.ran += 1,
                        Ok(Some(End::Failed { .. })) => {
                            tally.ran += 1;
                            tally.failed += 1;
                            failed_now.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(None) => tally.skipped += 1,
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

/// The record of a cell, where it has one of this key.
pub fn record_of(folder: &CellFolder, key: &str) -> std::io::Result<Option<Record>> {
    if !folder.record().is_file() {
        return Ok(None);
    }
    let record: Record = store::read_json(&folder.record())?;
    Ok((record.key == key && record.format <= FORMAT).then_some(record))
}

/// Runs one cell in a child process to its record; `None` where it was stopped.
fn run_one(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
    board: &Board,
    stop: &AtomicBool,
) -> anyhow::Result<Option<End>> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.lock())?;
    let waiting = lock.file().try_lock().is_err();
    if waiting {
        board.note(&format!("{}: another process works on it; waiting", spec.folder()));
        lock.file().lock().context("failed to lock the cell")?;
        if let Some(record) = record_of(folder, &spec.key)? {
            return Ok(Some(record.end));
        }
    }
    let bar = board.cell(spec);
    let messages = OpenOptions::new().create(true).append(true).open(folder.messages())?;
    let quoted_from = messages.metadata()?.len();
    let program = std::env::current_exe().context("failed to find this program")?;
    let mut child = processes::budget(processes::lead(&mut Command::new(program)), spec.threads)
        .arg("cell")
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(messages.into_file())
        .spawn()
        .context("failed to start a process for a cell")?;

    let (sender, events) = mpsc::channel();
    let pipe = child.stdout.take();
    let reader = std::thread::spawn(move || {
        for line in pipe.into_iter().flat_map(|p| BufReader::new(p).lines()).map_while(Result::ok) {
            if let Ok(event) = serde_json::from_str::<Event>(&line) {
                let _ = sender.send(event);
            }
        }
    });
    let mut told = None;
    let ended = watch(&mut child, spec, limits, stop, || {
        for event in events.try_iter() {
            match event {
                Event::Failed(reason) => told = Some(reason),
                other => bar.event(&other),
            }
        }
    })?;
    let _ = reader.join();
    told = events.try_iter().fold(told, |told, event| match event {
        Event::Failed(reason) => Some(reason),
        _ => told,
    });

    let end = match ended {
        Ended::Stopped => {
            bar.stopped();
            return Ok(None);
        }
        Ended::Killed(reason) => End::Failed { reason },
        Ended::Exited(status) => match record_of(folder, &spec.key)? {
            Some(record) if status.success() => record.end,
            _ => End::Failed {
                reason: told.unwrap_or_else(|| reason_of(status, &tail(folder, quoted_from))),
            },
        },
    };
    if let End::Failed { .. } = &end {
        let record = Record { format: FORMAT, key: spec.key.clone(), end: end.clone() };
        store::write_json(&folder.record(), &record)?;
    }
    bar.ended(&end);
    Ok(Some(end))
}

enum Ended {
    Exited(ExitStatus),
    Killed(Reason),
    Stopped,
}

fn watch(
    child: &mut Child,
    spec: &CellSpec,
    limits: &Limits,
    stop: &AtomicBool,
    mut look: impl FnMut(),
) -> anyhow::Result<Ended> {
    let timeout = spec.model.timeout.unwrap_or(limits.timeout);
    let memory = spec.model.memory.unwrap_or(limits.memory);
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        look();
        if let Some(status) = processes::ended(child).context("failed to wait for a cell")? {
            return Ok(Ended::Exited(status));
        }
        let used = if memory > 0 { processes::resident_mib(child.id()) } else { 0 };
        let killed = if stop.load(Ordering::SeqCst) {
            Some(Ended::Stopped)
        } else if timeout > 0 && start.elapsed() >= Duration::from_secs(timeout) {
            let message = format!(
                "took longer than {timeout} s; raise `timeout` in the model's TOML or the settings"
            );
            Some(Ended::Killed(Reason::new(ReasonKind::Timeout, message)))
        } else if used > memory {
            let message = format!(
                "used {used} MiB of {memory} MiB; lower `batch` or raise `memory` in the model's TOML or the settings"
            );
            Some(Ended::Killed(Reason::new(ReasonKind::OutOfMemory, message)))
        } else {
            None
        };
        if let Some(ended) = killed {
            processes::kill(child).context("failed to end a cell")?;
            return Ok(ended);
        }
        // Short at first, so that quick cells are not waited for.
        std::thread::sleep(pause);
        pause = (pause * 2).min(POLL);
    }
}

/// The end of what a cell wrote to stderr in its last start.
fn tail(folder: &CellFolder, from: u64) -> String {
    let bytes = fs::read(folder.messages()).unwrap_or_default();
    let bytes = bytes.get(from as usize..).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(QUOTED_BYTES)..]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reason_of(status: ExitStatus, said: &str) -> Reason {
    let said =
        if said.is_empty() { "it said nothing".to_owned() } else { format!("it said: {said}") };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let (kind, name) = match signal {
            4 => (ReasonKind::Signal, "SIGILL, an instruction this processor lacks"),
            6 => (ReasonKind::Signal, "SIGABRT, it aborted"),
            7 => (ReasonKind::Signal, "SIGBUS"),
            8 => (ReasonKind::Signal, "SIGFPE"),
            9 => (ReasonKind::Signal, "SIGKILL, perhaps by the system for lack of memory"),
            11 => (ReasonKind::Signal, "SIGSEGV, it crashed"),
            15 => (ReasonKind::Signal, "SIGTERM"),
            _ => (ReasonKind::Signal, "a signal"),
        };
        return Reason::new(kind, format!("killed by signal {signal} ({name}); {said}"));
    }
    let code = status.code().unwrap_or(-1);
    Reason::new(ReasonKind::Exit, format!("exit code {code} without a result; {said}"))
}
