//! One cell in a child process, watched from outside: its lease, its time and memory, and a record whatever happens.
//!
//! A cell that panics, aborts, hangs or eats memory costs that cell and nothing else: the reason goes into its record. What
//! its plugin started ends with it. The same on this machine (`local`) and on a node of a cluster (`cell --guard`).

use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use super::bars::Board;
use super::events::Answered;
use super::heard::{Heard, Times};
use super::messages::Messages;
use super::server::{Needs, Running, Served, Servers};
use super::{asked, commit, sandboxed, slices};
use crate::process;
use crate::store::lease::{Held, Holder, Lease};
use crate::store::record::{CellSpec, End, Reason, ReasonKind, fail, record_of};
use crate::store::{CellFolder, tries};

/// What a cell may take, as [`super::options`] has it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Seconds; 0 = no limit.
    pub timeout: u64,
    /// MiB; 0 = no limit.
    pub memory: u64,
    /// Starts that may be lost to time, memory, a signal or a dead machine; the last one makes a failed cell of it.
    pub tries: usize,
    /// Starts of a model's server that is lost while the cell queries it, within this one start of the cell.
    pub server_starts: usize,
    /// The scheduler's name for this job; empty if there is none.
    pub job: String,
    /// Folders that plugins do not see: downloads, prepared data, other cells.
    pub hidden: Vec<PathBuf>,
}

/// What became of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Guarded {
    /// It has a record.
    Ended(End),
    /// It was stopped from outside and has none.
    Stopped,
    /// This start was lost; another may be tried.
    Lost(Reason),
}

/// How often a running cell is looked at.
const POLL: Duration = Duration::from_millis(50);

/// How often it is asked for a cell that another process works on.
const WAIT: Duration = Duration::from_millis(200);

/// Events that are taken between two looks at the clock.
const AT_ONCE: usize = 1024;

/// Runs a cell to its record, or waits for the one who does; with the last of its slices it ends as a whole.
pub fn run(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
    servers: &Servers,
    board: &Board,
    stop: &AtomicBool,
) -> anyhow::Result<Guarded> {
    let guarded = to_record(spec, folder, limits, servers, board, stop)?;
    if matches!(guarded, Guarded::Ended(_)) {
        slices::settle(spec, folder).context("failed to join the slices of a cell")?;
    }
    Ok(guarded)
}

fn to_record(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
    servers: &Servers,
    board: &Board,
    stop: &AtomicBool,
) -> anyhow::Result<Guarded> {
    let Some((mut lease, lost)) = take(spec, folder, limits, board, stop)? else {
        return Ok(match record_of(folder, &spec.key)? {
            Some(record) => Guarded::Ended(record.end),
            None => Guarded::Stopped,
        });
    };
    if let Some(record) = record_of(folder, &spec.key)? {
        return Ok(Guarded::Ended(record.end));
    }
    let counted = |lost: &Holder| -> std::io::Result<bool> {
        // Whoever submits has seen that job end; this very job may have been started again by its scheduler.
        let tries = tries::read(folder)?;
        Ok(lost.job != limits.job && tries.iter().any(|t| t.job == lost.job))
    };
    if let Some(lost) = lost.filter(|_| limits.tries > 1)
        && !counted(&lost)?
    {
        let message = format!("the process {} on {} ended without a word", lost.pid, lost.host);
        let reason = Reason::new(ReasonKind::Node, message);
        let tries = tries::add(folder, &lost.job, reason)?;
        if let Some(reason) = tries::given_up(&tries).filter(|_| tries.len() >= limits.tries) {
            return Ok(Guarded::Ended(fail(folder, &spec.key, reason)?));
        }
    }
    let mut once = || {
        attempt(spec, folder, limits, servers, board, stop, &mut lease).unwrap_or_else(|error| {
            // Whatever is wrong with a cell's folder is that cell's reason.
            let reason = Reason::new(ReasonKind::Harness, format!("{error:#}"));
            let end = End::Failed { reason };
            board.ended(spec, &end);
            Guarded::Ended(end)
        })
    };
    let mut ended = once();
    for start in 2..=limits.server_starts {
        let Guarded::Ended(End::Failed { reason }) = &ended else { break };
        if reason.kind != ReasonKind::Server {
            break;
        }
        board.note(&format!("{}: start {start} of its server: {}", spec.folder(), reason.message));
        ended = once();
    }
    let Guarded::Ended(End::Failed { reason }) = ended else { return Ok(ended) };
    let mut reason = reason;
    if limits.tries > 1 && may_pass(reason.kind) {
        let tries = tries::add(folder, &limits.job, reason.clone())?;
        if tries.len() < limits.tries {
            return Ok(Guarded::Lost(reason));
        }
        reason = tries::given_up(&tries).unwrap_or(reason);
    }
    Ok(Guarded::Ended(fail(folder, &spec.key, reason)?))
}

/// Whether another start may end otherwise: it resumes from the log of this one.
fn may_pass(kind: ReasonKind) -> bool {
    use ReasonKind::{Node, OutOfMemory, Signal, Timeout};
    matches!(kind, Timeout | OutOfMemory | Signal | Node)
}

/// The cell's lease; none where another process made a record or `stop` was set before.
fn take(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
    board: &Board,
    stop: &AtomicBool,
) -> anyhow::Result<Option<(Lease, Option<Holder>)>> {
    let mut told = false;
    loop {
        match Lease::take(&folder.lease(), &limits.job)
            .context("failed to take the cell's lease")?
        {
            Held::Ours(lease, lost) => return Ok(Some((lease, lost))),
            Held::Theirs(holder) if !told => {
                let (name, pid, host) = (spec.folder(), holder.pid, holder.host);
                board.note(&format!("{name}: process {pid} on {host} works on it; waiting"));
                told = true;
            }
            Held::Theirs(_) => {}
        }
        if stop.load(Ordering::SeqCst) || record_of(folder, &spec.key)?.is_some() {
            return Ok(None);
        }
        std::thread::sleep(WAIT);
    }
}

/// Runs one cell in a child process, its model's server beside it.
fn attempt(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
    servers: &Servers,
    board: &Board,
    stop: &AtomicBool,
    lease: &mut Lease,
) -> anyhow::Result<Guarded> {
    let bar = board.cell(spec);
    if let Err(reason) = asked::prepare(spec) {
        let end = End::Failed { reason };
        bar.ended(&end);
        return Ok(Guarded::Ended(end));
    }
    let server = match serve(spec, servers, board, stop, lease)? {
        Served::Nothing => None,
        Served::By(running) => Some(running),
        Served::Stopped => {
            bar.stopped();
            return Ok(Guarded::Stopped);
        }
        Served::Failed(reason) => {
            let end = End::Failed { reason };
            bar.ended(&end);
            return Ok(Guarded::Ended(end));
        }
    };
    folder.open_work().context("failed to make the cell's working folder")?;
    commit::clear_leftovers(spec, folder)?;
    if spec.slice.is_some() {
        folder.whole().open_work().context("failed to make the cell's working folder")?;
    }
    let mut heard = Heard::new(Times::begin(spec, folder)?, &bar);
    let (mut child, scratch) = start(spec, folder, limits)?;
    let relay = server.as_ref().map(|server| server.relay(scratch.path())).transpose();
    let _relay = relay.context("failed to lead a plugin to its server")?;
    let messages = Messages::keep(&mut child, folder)?;
    let events = sandboxed::events(&mut child);
    let mut faults = 0;
    let ended = watch(&mut child, limits, server.as_deref(), stop, || {
        // A file server that is away for a while: the lease is renewed when it is back.
        if lease.renew().is_err() && faults == 0 {
            faults += 1;
            board.note(&format!("{}: its lease cannot be renewed", spec.folder()));
        }
        // A plugin that floods us must not keep us from looking at the clock.
        for event in events.try_iter().take(AT_ONCE) {
            heard.take(event);
        }
        heard.is_overdue()
    })?;
    for event in &events {
        heard.take(event);
    }
    let Heard { told, answered, mut times, .. } = heard;
    times.write()?;
    let end = match ended {
        Ended::Stopped => None,
        Ended::Exited(status) if is_of_us(status, stop) => None,
        _ if let Some((answered, _)) = answered => {
            Some(committed(spec, folder, &answered, &mut times, board)?)
        }
        Ended::Killed(reason) => Some(End::Failed { reason }),
        Ended::Overdue => None,
        Ended::Exited(status) => {
            let reason = told.unwrap_or_else(|| reason_of(status, &messages.tail()));
            Some(End::Failed { reason })
        }
    };
    let Some(mut end) = end else {
        bar.stopped();
        return Ok(Guarded::Stopped);
    };
    if let End::Failed { reason } = &mut end {
        reason.message = asked::with_real_id(spec, &reason.message);
        reason.message += sandboxed::hint(&reason.message, &spec.model.access);
    }
    bar.ended(&end);
    Ok(Guarded::Ended(end))
}

/// Puts the answers of a cell down.
fn committed(
    spec: &CellSpec,
    folder: &CellFolder,
    answered: &Answered,
    times: &mut Times<'_>,
    board: &Board,
) -> anyhow::Result<End> {
    match commit::commit(spec, folder, answered) {
        Ok((end, true)) => {
            times.end()?;
            Ok(end)
        }
        Ok((end, false)) => {
            let name = spec.folder();
            board.note(&format!(
                "{name}: another start of this cell was done first; its record stands"
            ));
            Ok(end)
        }
        Err(reason) => Ok(End::Failed { reason }),
    }
}

/// The server of the cell's model. While it loads, the lease is renewed by a thread of its own.
fn serve(
    spec: &CellSpec,
    servers: &Servers,
    board: &Board,
    stop: &AtomicBool,
    lease: &mut Lease,
) -> anyhow::Result<Served> {
    if spec.model.server.is_none() {
        return Ok(Served::Nothing);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                // A file server that is away for a while: the lease is renewed when it is back.
                let _ = lease.renew();
                std::thread::sleep(POLL);
            }
        });
        let served = servers.serve(&Needs::of(spec), board, stop);
        done.store(true, Ordering::SeqCst);
        served
    })
}

/// Starts the process of a cell; its folder for temporary files goes with the second value.
fn start(
    spec: &CellSpec,
    folder: &CellFolder,
    limits: &Limits,
) -> anyhow::Result<(Child, TempDir)> {
    let (mut command, scratch) = sandboxed::command(&spec.model.access, spec.threads)?;
    command.arg("cell").arg(folder.path());
    for hidden in &limits.hidden {
        command.arg("--hide").arg(hidden);
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("failed to start a process for a cell")?;
    Ok((child, scratch))
}

enum Ended {
    Exited(ExitStatus),
    Killed(Reason),
    /// It had said all, and did not end.
    Overdue,
    Stopped,
}

fn watch(
    child: &mut Child,
    limits: &Limits,
    server: Option<&Running>,
    stop: &AtomicBool,
    mut look: impl FnMut() -> bool,
) -> anyhow::Result<Ended> {
    let (timeout, memory) = (limits.timeout, limits.memory);
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let overdue = look();
        if let Some(status) = process::ended(child).context("failed to wait for a cell")? {
            return Ok(Ended::Exited(status));
        }
        let (own, of_server) = match memory {
            0 => (0, 0),
            _ => (process::resident_mib(child.id()), server.map_or(0, Running::resident_mib)),
        };
        let used = own + of_server;
        let lost = server.map(Running::lost).transpose()?.flatten();
        let killed = if stop.load(Ordering::SeqCst) {
            Some(Ended::Stopped)
        } else if let Some(reason) = lost {
            Some(Ended::Killed(reason))
        } else if timeout > 0 && start.elapsed() >= Duration::from_secs(timeout) {
            let message = format!(
                "took longer than {timeout} s; raise --timeout, or `timeout` in the model's TOML or the settings"
            );
            Some(Ended::Killed(Reason::new(ReasonKind::Timeout, message)))
        } else if used > memory {
            Some(Ended::Killed(too_much(used, of_server, memory)))
        } else {
            overdue.then_some(Ended::Overdue)
        };
        if let Some(ended) = killed {
            process::kill(child).context("failed to end a cell")?;
            return Ok(ended);
        }
        // Short at first, so that quick cells are not waited for.
        std::thread::sleep(pause);
        pause = (pause * 2).min(POLL);
    }
}

/// The reason of a cell that takes more memory than it may: MiB in all, those of its model's server, and the limit.
fn too_much(used: u64, of_server: u64, limit: u64) -> Reason {
    let share =
        if of_server > 0 { format!(", its server {of_server} of them") } else { String::new() };
    let message = format!(
        "used {used} MiB of {limit} MiB{share}; lower `batch`, or raise --memory or `memory` in the model's TOML or the settings"
    );
    Reason::new(ReasonKind::OutOfMemory, message)
}

/// Whether what ended the cell was meant for all of the job: a scheduler sends its signal to cell and guard alike, and says
/// itself why.
fn is_of_us(status: ExitStatus, stop: &AtomicBool) -> bool {
    let asked = std::os::unix::process::ExitStatusExt::signal(&status)
        .is_some_and(|signal| [1, 2, 15].contains(&signal));
    let heard = |_| {
        std::thread::sleep(POLL);
        stop.load(Ordering::SeqCst)
    };
    asked && (0..20).any(heard)
}

fn reason_of(status: ExitStatus, said: &str) -> Reason {
    let said = if said.is_empty() {
        "it printed nothing".to_owned()
    } else {
        format!("it printed: {said}")
    };
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
