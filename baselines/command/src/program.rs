//! The program: a child process, asked line by line.
//!
//! It ends with its owner: its stdin closes, and on Linux it is killed when the thread that started it ends. What it starts
//! itself stays in the owner's process group, which the harness ends with the cell. What it writes to stderr goes to the
//! cell's log; the last of it is in the reason when it fails.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
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

/// How long to wait for the last words of a program that has ended: something that it started may hold its stderr open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Lines of the program that wait to be read; it waits when there are more.
const WAITING: usize = 16;

/// Bytes of stderr that are quoted when the program fails.
const QUOTED: usize = 600;

/// Longest line quoted in an error, in characters.
const SHOWN: usize = 200;

/// Bytes that no line of a program may exceed; the vectors of a batch are some millions.
const LINE: u64 = 1 << 30;

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    /// The program as the user wrote it.
    name: String,
    child: Child,
    /// Requests on their way; nothing once the program has failed.
    requests: Option<Sender<Vec<u8>>>,
    lines: Receiver<std::io::Result<Vec<u8>>>,
    said: Arc<Mutex<VecDeque<u8>>>,
    hearing: JoinHandle<()>,
    /// Longest time for one answer; zero: no limit.
    patience: Duration,
}

impl Program {
    /// Starts it, with the thread budget and the seed where programs look for them.
    pub(crate) fn start(
        command: &[String],
        patience: Duration,
        host: &Host,
    ) -> Result<Self, Error> {
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
            .stderr(Stdio::piped())
            .env("PYTHONHASHSEED", (host.seed() as u32).to_string());
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(name, host.threads().to_string());
        }
        die_with_owner(&mut command);
        let mut child = command.spawn().map_err(|e| {
            Error::config(format!(
                "failed to start `{program}`: {e}; install it or correct `command` in the model's TOML"
            ))
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::internal("a program without pipes"));
        };
        let (requests, to_write) = channel();
        std::thread::spawn(move || write(stdin, &to_write));
        let (sender, lines) = sync_channel(WAITING);
        std::thread::spawn(move || read(stdout, &sender, LINE));
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let hearing = {
            let said = Arc::clone(&said);
            std::thread::spawn(move || hear(stderr, &said))
        };
        let (name, requests) = (program.clone(), Some(requests));
        Ok(Self { name, child, requests, lines, said, hearing, patience })
    }

    /// Asks and waits for the answer. After an error, or when it is cancelled meanwhile, the program is not asked again.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        request: &Request<'_>,
        host: &Host,
    ) -> Result<T, Error> {
        if host.is_cancelled() {
            return Err(Error::cancelled());
        }
        let answer = self.exchange(request, host);
        if answer.is_err() {
            self.kill();
        }
        answer
    }

    fn exchange<T: DeserializeOwned>(
        &mut self,
        request: &Request<'_>,
        host: &Host,
    ) -> Result<T, Error> {
        let what = request.name();
        let line = request.to_line().map_err(Error::internal)?;
        self.nothing_left(what, host)?;
        // A program that has ended reads nothing; its end is found below.
        let _ = match &self.requests {
            Some(requests) => requests.send(line),
            None => {
                return Err(Error::internal(format!("`{}` has ended before `{what}`", self.name)));
            }
        };
        let answer = self.answer(what, host)?;
        lenient_json::from_slice(&answer).map_err(|e| {
            Error::internal(format!(
                "`{}` answered `{what}` with {}: {e}; the README of the plugin `command` shows the answer",
                self.name,
                shown(&answer)
            ))
        })
    }

    /// A line too many would be taken for the next answer.
    fn nothing_left(&mut self, what: &str, host: &Host) -> Result<(), Error> {
        while let Ok(Ok(line)) = self.lines.try_recv() {
            if let Some(line) = self.heard(what, line, host)? {
                return Err(Error::internal(format!(
                    "`{}` wrote another line after its answer, before `{what}`: {}; print nothing else to stdout",
                    self.name,
                    shown(&line)
                )));
            }
        }
        Ok(())
    }

    /// The first line that is neither log nor progress.
    fn answer(&mut self, what: &str, host: &Host) -> Result<Vec<u8>, Error> {
        let start = Instant::now();
        let mut has_ended = false;
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
                Ok(Ok(line)) => line,
                Ok(Err(e)) => {
                    return Err(Error::internal(format!(
                        "failed to read from `{}`: {e}",
                        self.name
                    )));
                }
                // Something that it started may hold its stdout open: look twice, then it has ended.
                Err(RecvTimeoutError::Timeout) if has_ended => return Err(self.ended(what)),
                Err(RecvTimeoutError::Timeout) => {
                    has_ended = matches!(self.child.try_wait(), Ok(Some(_)));
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended(what)),
            };
            if let Some(line) = self.heard(what, line, host)? {
                return if line.ends_with(b"\n") { Ok(line) } else { Err(self.ended(what)) };
            }
        }
    }

    /// Passes logs, progress and metrics on; gives back what is none of them.
    fn heard(&self, what: &str, line: Vec<u8>, host: &Host) -> Result<Option<Vec<u8>>, Error> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        match lenient_json::from_slice::<Aside>(&line) {
            Ok(Aside::Log(text)) => host.log(text),
            Ok(Aside::Progress(done, total)) => host.progress(done, total),
            Ok(Aside::Metric(name, step, value)) => host.metric(&name, step, value),
            Ok(Aside::Error(text)) => {
                return Err(Error::internal(format!("`{}`: {what}: {text}", self.name)));
            }
            Err(_) => return Ok(Some(line)),
        }
        Ok(None)
    }

    /// It closed its stdout, or ended: why?
    fn ended(&mut self, what: &str) -> Error {
        self.requests = None;
        let how = match self.wait(GOODBYE) {
            Some(status) => format!("ended ({status})"),
            None => "closed its stdout".to_owned(),
        };
        let start = Instant::now();
        while !self.hearing.is_finished() && start.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(2));
        }
        Error::internal(format!(
            "`{}` {how} without an answer to `{what}`{}",
            self.name,
            self.quoted()
        ))
    }

    /// The end of what it wrote to stderr.
    fn quoted(&self) -> String {
        let Ok(said) = self.said.lock() else { return String::new() };
        // The first character may be cut in its middle.
        let bytes: Vec<u8> = said.iter().copied().skip_while(|b| b & 0xc0 == 0x80).collect();
        let text = String::from_utf8_lossy(&bytes);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            "; it printed nothing".to_owned()
        } else {
            format!("; it printed: {text}")
        }
    }

    fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
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
        self.requests = None;
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.requests = None;
        if self.wait(GOODBYE).is_none() {
            self.kill();
        }
    }
}

/// Writes requests until there are no more, or nobody reads them. In a thread of its own: a program that answers before it
/// has read everything must not block both sides.
fn write(mut stdin: impl Write, requests: &Receiver<Vec<u8>>) {
    for line in requests {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Reads lines until the end or an error, which is the last thing sent. A line of more than `most` bytes is one.
fn read(stdout: impl Read, lines: &SyncSender<std::io::Result<Vec<u8>>>, most: u64) {
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let mut line = Vec::new();
        let mut read = stdout.by_ref().take(most).read_until(b'\n', &mut line);
        if line.len() as u64 == most && line.last() != Some(&b'\n') {
            line = Vec::new();
            read = Err(std::io::Error::other(format!(
                "a line of more than {most} bytes; an answer is one line, and ends with a line end"
            )));
        }
        let last = !matches!(read, Ok(1..));
        if matches!(read, Ok(0)) || lines.send(read.map(|_| line)).is_err() || last {
            return;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_cut_short() {
        let (sender, lines) = sync_channel(WAITING);
        let said = b"{}\n12345\n".as_slice().chain(std::io::repeat(b'x'));
        let reading = std::thread::spawn(move || read(said, &sender, 6));
        assert_eq!(lines.recv().unwrap().unwrap(), b"{}\n");
        assert_eq!(lines.recv().unwrap().unwrap(), b"12345\n");
        let error = lines.recv().unwrap().unwrap_err().to_string();
        assert!(error.contains("more than 6 bytes"), "{error}");
        reading.join().unwrap();
        assert!(lines.recv().is_err(), "nothing more is read");
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        let (sender, lines) = sync_channel(WAITING);
        read(b"{}".as_slice(), &sender, 6);
        assert_eq!(lines.recv().unwrap().unwrap(), b"{}");
    }
}
