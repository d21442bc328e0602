//! The process between the harness and a model's server: `culture-eval keep-server`. Whatever ends the harness, it ends the server.
//!
//! Its stdin is a pipe that the harness holds. When that closes, because the harness lets go or was killed, the server gets its stop
//! signal, and after the grace period it and all that it started are killed. On Linux the server itself dies with its keeper, too.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use crate::definition::server::Stop;
use crate::process;

/// How often a running server is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What a keeper is told.
#[derive(Debug)]
pub struct Kept {
    /// The signal that asks the server to end.
    pub stop: Stop,
    /// Time until it is killed.
    pub grace: Duration,
    /// Where its stdout and stderr go.
    pub log: std::path::PathBuf,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// How a server ended, as the keeper prints it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It was asked to, and did.
    Asked,
    /// It was asked to and did not within its grace period: it was killed.
    Killed,
    /// By itself, with what the system says of it.
    Itself(String),
    /// It could not be started.
    NotStarted(String),
}

/// Starts a server and keeps it until it ends or stdin closes.
///
/// # Errors
/// The system's, where no process can be started or waited for.
pub fn keep(kept: &Kept) -> anyhow::Result<Ended> {
    // Whatever the server leaves behind becomes a child of this process and is found.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let log = fs::OpenOptions::new().create(true).append(true).open(&kept.log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["keep-server", "--become", "--"]).args(&kept.command);
    command.stdin(Stdio::null()).stdout(log.file().try_clone()?).stderr(log.into_file());
    let mut server = process::lead(&mut command).spawn().context("failed to start a process")?;
    let closed = closed();
    loop {
        match closed.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return stop(&mut server, kept),
        }
        if let Some(status) = process::ended(&mut server)? {
            end_children();
            return Ok(match status.code() {
                Some(code) if code == NOT_FOUND => Ended::NotStarted(last_line(&kept.log)),
                _ => Ended::Itself(status.to_string()),
            });
        }
    }
}

/// Exit code of a process that could not become the server.
const NOT_FOUND: i32 = 127;

/// A line in the server's log, which is this process's stderr.
fn log(line: &str) {
    // Without a log there is nobody left to be told.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Becomes the server; it dies with its keeper. Comes back only where the program cannot be started.
pub fn become_server(command: &[String]) -> i32 {
    let Some((program, arguments)) = command.split_first() else { return NOT_FOUND };
    if let Err(error) = process::follow_parent() {
        log(&error.to_string());
        return NOT_FOUND;
    }
    let error = Command::new(program).args(arguments).exec();
    log(&format!("failed to start `{program}`: {error}"));
    NOT_FOUND
}

/// A message when stdin is closed.
fn closed() -> Receiver<()> {
    let (sender, closed) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 64];
        // An error means the same as the end: nobody holds the other end.
        while std::io::stdin().read(&mut bytes).is_ok_and(|n| n > 0) {}
        let _ = sender.send(());
    });
    closed
}

fn stop(server: &mut Child, kept: &Kept) -> anyhow::Result<Ended> {
    let group = Pid::from_child(server);
    let signal = match kept.stop {
        Stop::Term => Signal::TERM,
        Stop::Int => Signal::INT,
        Stop::Quit => Signal::QUIT,
    };
    // An error means that nobody is left in the group.
    let _ = kill_process_group(group, signal);
    let start = Instant::now();
    while start.elapsed() < kept.grace {
        if process::ended(server)?.is_some() {
            end_children();
            return Ok(Ended::Asked);
        }
        std::thread::sleep(LOOK);
    }
    process::kill(server)?;
    end_children();
    Ok(Ended::Killed)
}

/// Kills what the server left: a program that made a group of its own.
fn end_children() {
    // A killed one hands on its children, so that a few rounds find all of them.
    for _ in 0..50 {
        let left = process::children(std::process::id());
        if left.is_empty() {
            return;
        }
        for pid in left.into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
            // An error means that it has ended.
            let _ = kill_process(pid, Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
        }
    }
}

fn last_line(log: &std::path::Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
