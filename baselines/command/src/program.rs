//! The program: a child process, asked line by line.
//!
//! It ends with its owner: its stdin closes, and on Linux it is killed when this process dies. What it writes to stderr goes
//! to the cell's log; the last of it stands in the reason when it fails.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plugin_api::{Error, Host};
use serde::de::DeserializeOwned;

use crate::message::{Aside, Request};

/// How often a silent program's owner looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long a program may take to end after its stdin has closed.
const GOODBYE: Duration = Duration::from_secs(2);

/// What of stderr is quoted when the program fails.
const QUOTED: usize = 600;

/// Longest line quoted in an error.
const SHOWN: usize = 200;

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    /// The program as the user wrote it.
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<std::io::Result<Vec<u8>>>,
    said: Arc<Mutex<VecDeque<u8>>>,
    hearing: Option<JoinHandle<()>>,
    /// Longest time for one answer; zero: no limit.
    patience: Duration,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(command: &[String], patience: Duration) -> Result<Self, Error> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(Error::config(
                "config: `command` is empty; give the program and its arguments, as in [\"python3\", \"{program}\"]",
            ));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        die_with_owner(&mut command);
        let mut child = command.spawn().map_err(|e| {
            Error::config(format!(
                "failed to start `{program}`: {e}; install it or correct `command` in the model's TOML"
            ))
        })?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut stdout = BufReader::with_capacity(1 << 16, stdout);
                loop {
                    let mut line = Vec::new();
                    let read = stdout.read_until(b'\n', &mut line).map(|_| line);
                    let last = read.as_ref().map_or(true, Vec::is_empty);
                    if last && read.is_ok() || sender.send(read).is_err() || last {
                        return;
                    }
                }
            });
        }
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let hearing = child.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || hear(stderr, &said))
        });
        let stdin = child.stdin.take();
        Ok(Self { name: program.clone(), child, stdin, lines, said, hearing, patience })
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        request: &Request<'_>,
        host: &Host,
    ) -> Result<T, Error> {
        let what = request.name();
        let mut line = serde_json::to_vec(request).map_err(Error::internal)?;
        line.push(b'\n');
        let start = Instant::now();
        // Written from a thread of its own: a program that answers before it has read everything must not block us both.
        let Some(mut stdin) = self.stdin.take() else {
            return Err(Error::internal(format!("`{}` has ended before `{what}`", self.name)));
        };
        let writer = std::thread::spawn(move || {
            let written = stdin.write_all(&line).and_then(|()| stdin.flush());
            (stdin, written)
        });
        let answer = self.answer(what, start, host);
        if answer.is_err() {
            // Kills it where it still runs, which ends a write that waits.
            self.kill();
        }
        match writer.join() {
            Ok((stdin, _)) if answer.is_ok() => self.stdin = Some(stdin),
            _ => {}
        }
        let answer = answer?;
        serde_json::from_slice(&answer).map_err(|e| {
            self.kill();
            Error::internal(format!(
                "`{}` answered `{what}` with {}: {e}; the README of the plugin `command` shows the answer",
                self.name,
                shown(&answer)
            ))
        })
    }

    /// The first line that is neither log nor progress.
    fn answer(&mut self, what: &str, start: Instant, host: &Host) -> Result<Vec<u8>, Error> {
        loop {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            if !self.patience.is_zero() && start.elapsed() > self.patience {
                let message = format!(
                    "`{}` did not answer `{what}` within {} s; raise `timeout` in the model's [config], or mend the program{}",
                    self.name,
                    self.patience.as_secs_f64(),
                    self.quoted()
                );
                return Err(Error::internal(message));
            }
            let line = match self.lines.recv_timeout(LOOK) {
                Ok(line) => line.map_err(|e| {
                    Error::internal(format!("failed to read from `{}`: {e}", self.name))
                })?,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended(what)),
            };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if !line.ends_with(b"\n") {
                return Err(self.ended(what));
            }
            match serde_json::from_slice::<Aside>(&line) {
                Ok(Aside::Log(text)) => host.log(text),
                Ok(Aside::Progress(done, total)) => host.progress(done, total),
                Ok(Aside::Metric(name, step, value)) => host.metric(&name, step, value),
                Ok(Aside::Error(text)) => {
                    return Err(Error::internal(format!("`{}`: {what}: {text}", self.name)));
                }
                Err(_) => return Ok(line),
            }
        }
    }

    /// It closed its stdout: why?
    fn ended(&mut self, what: &str) -> Error {
        self.stdin = None;
        let status = self.wait(GOODBYE);
        if let Some(hearing) = self.hearing.take() {
            let _ = hearing.join();
        }
        let how = match status {
            Some(status) => format!("ended ({status})"),
            None => "closed its stdout".to_owned(),
        };
        Error::internal(format!("`{}` {how} without an answer to `{what}`{}", self.name, self.quoted()))
    }

    /// The end of what it wrote to stderr.
    fn quoted(&self) -> String {
        let Ok(said) = self.said.lock() else { return String::new() };
        let bytes: Vec<u8> = said.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { "; it said nothing".to_owned() } else { format!("; it said: {text}") }
    }

    fn wait(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if start.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                _ => return None,
            }
        }
    }

    fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stdin = None;
        if self.wait(GOODBYE).is_none() {
            self.kill();
        }
    }
}

/// Passes stderr on and remembers its end.
fn hear(mut stderr: impl Read, said: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        // Nobody is left to tell where our own stderr is closed.
        let _ = std::io::stderr().write_all(&buffer[..read]);
        let Ok(mut said) = said.lock() else { return };
        said.extend(&buffer[..read]);
        let excess = said.len().saturating_sub(QUOTED);
        said.drain(..excess);
    }
}

/// A line for an error message.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(target_os = "linux")]
fn die_with_owner(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    #[expect(unsafe_code, reason = "the only way to ask for a death signal between fork and exec")]
    // SAFETY: between fork and exec only the system call is made: no allocation, no lock.
    unsafe {
        command.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
                .map_err(Into::into)
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_owner(_command: &mut Command) {}
