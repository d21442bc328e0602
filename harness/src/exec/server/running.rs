//! One running server: started by its keeper, waited for, looked at, ended.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::keeper::Ended;
use super::needs::Needs;
use super::probe::{self, Answer};
use super::relay::Relay;
use crate::definition::server::Server;
use crate::exec::bars::Board;
use crate::exec::sandboxed;
use crate::process;
use crate::store::record::{FileRef, Reason, ReasonKind};
use crate::store::{self, lease};

/// Starts where another process was faster to take the port.
const PORTS: usize = 3;

/// How often a server that loads is asked.
const ASK: Duration = Duration::from_millis(100);

/// How often the wait is told.
const TELL: Duration = Duration::from_secs(10);

/// Longest time that a program may take to print its version.
const VERSION: Duration = Duration::from_mins(1);

/// Bytes of a server's log that a reason quotes.
const QUOTED: usize = 400;

/// What is put down of a server: `RUN/servers/NAME.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The model.
    pub model: String,
    /// The program and its arguments, as they were started.
    pub command: Vec<String>,
    /// Variables of its environment that the definition sets.
    pub env: BTreeMap<String, String>,
    /// What the program says its version is; empty where it is not asked or says nothing.
    pub version: String,
    /// The chat template that its server tells (llama.cpp's does); empty where it tells none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chat_template: String,
    /// SHA-256 of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chat_template_sha256: String,
    /// Files and weights of the model.
    pub files: BTreeMap<String, FileRef>,
    /// GPUs of the machine with their drivers, as `nvidia-smi` lists them.
    pub gpus: Vec<String>,
    /// Variables that choose among them.
    pub visible_gpus: String,
    /// The machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When it was started: seconds since 1970.
    pub started: u64,
    /// Seconds until it was ready.
    pub ready_seconds: f64,
}

/// A server that can be asked.
#[derive(Debug)]
pub(in crate::exec) struct Running {
    keeper: Mutex<Keeper>,
    pub(super) port: u16,
    log: PathBuf,
    what: String,
}

/// The keeper's process; closing its stdin ends the server.
#[derive(Debug)]
struct Keeper {
    child: Child,
    stdin: Option<ChildStdin>,
    grace: Duration,
    /// How the server ended, once it has.
    ended: Option<Ended>,
}

/// What a start needs beside the specification.
pub(super) struct Start<'a> {
    /// Where logs and facts go.
    pub(super) folder: &'a Path,
    /// The model.
    pub(super) model: &'a str,
    /// Name of this server's files there.
    pub(super) name: String,
    pub(super) board: &'a Board,
    pub(super) stop: &'a AtomicBool,
}

/// Why there is no server.
pub(super) enum NotRunning {
    /// The run was stopped.
    Stopped,
    /// What it says, and what to do.
    Because(String),
}

impl Running {
    /// Starts the server of a model and waits until it is ready.
    pub(super) fn start(
        needs: &Needs<'_>,
        server: &Server,
        start: &Start<'_>,
    ) -> anyhow::Result<Result<Self, NotRunning>> {
        fs::create_dir_all(start.folder)?;
        for attempt in 1.. {
            let port = match server.port {
                Some(port) if probe::is_held(port) => {
                    return Ok(Err(NotRunning::Because(format!(
                        "port {port} is held by another process; end that, or leave `port` out of [server]: then a free one is chosen"
                    ))));
                }
                Some(port) => port,
                None => probe::free_port()?,
            };
            let command = match filled(needs, server, port) {
                Ok(command) => command,
                Err(why) => return Ok(Err(NotRunning::Because(why))),
            };
            let log = start.folder.join(format!("{}.log", start.name));
            let began = Instant::now();
            let running = Self::spawn(needs, server, &command, port, log)?;
            match running.wait(server, start)? {
                Ok(()) => {
                    running.put_down(needs, server, &command, began, start)?;
                    return Ok(Ok(running));
                }
                Err(NotRunning::Because(why)) => {
                    if server.port.is_some() || attempt == PORTS || !running.lost_its_port() {
                        return Ok(Err(NotRunning::Because(why)));
                    }
                }
                Err(stopped) => return Ok(Err(stopped)),
            }
        }
        anyhow::bail!("no attempt at a server")
    }

    fn spawn(
        needs: &Needs<'_>,
        server: &Server,
        (command, env): &Filled,
        port: u16,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut keeper = Command::new(std::env::current_exe()?);
        process::budget(process::lead(&mut keeper), needs.threads);
        sandboxed::server_environment(&mut keeper, &server.pass);
        keeper.envs(env).args(["keep-server", "--stop", server.stop.name(), "--grace"]);
        keeper.arg(server.grace.to_string()).arg("--log").arg(&log).arg("--").args(command);
        let mut child = keeper
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start a process for a server")?;
        let stdin = child.stdin.take();
        let grace = Duration::from_secs(server.grace);
        let keeper = Mutex::new(Keeper { child, stdin, grace, ended: None });
        Ok(Self { keeper, port, log, what: command.join(" ") })
    }

    fn wait(&self, server: &Server, start: &Start<'_>) -> anyhow::Result<Result<(), NotRunning>> {
        let name = start.model;
        start.board.note(&format!("{name}: starting its server: {}", self.what));
        let (began, mut told) = (Instant::now(), Instant::now());
        let mut said = String::new();
        loop {
            if start.stop.load(Ordering::SeqCst) {
                return Ok(Err(NotRunning::Stopped));
            }
            if let Some(how) = self.ended()? {
                return Ok(Err(NotRunning::Because(format!(
                    "{how} before it was ready{}; its log is {}",
                    self.quoted(),
                    self.log.display()
                ))));
            }
            match probe::ask(self.port, &server.ready) {
                Answer::Ready => {
                    let seconds = began.elapsed().as_secs_f64();
                    start.board.note(&format!("{name}: its server is ready after {seconds:.1} s"));
                    return Ok(Ok(()));
                }
                Answer::NotYet(why) => said = format!("; it answers {} with {why}", server.ready),
                Answer::Silent => {}
            }
            if began.elapsed() >= Duration::from_secs(server.ready_within) {
                return Ok(Err(NotRunning::Because(format!(
                    "its server was not ready within {} s{said}{}; raise `ready_within` in [server], or correct `ready`; its log is {}",
                    server.ready_within,
                    self.quoted(),
                    self.log.display()
                ))));
            }
            if told.elapsed() >= TELL {
                told = Instant::now();
                let seconds = began.elapsed().as_secs();
                let line = self.last_line();
                start.board.note(&format!("{name}: waiting for its server, {seconds} s: {line}"));
            }
            std::thread::sleep(ASK);
        }
    }

    fn put_down(
        &self,
        needs: &Needs<'_>,
        server: &Server,
        (command, env): &Filled,
        began: Instant,
        start: &Start<'_>,
    ) -> anyhow::Result<()> {
        let visible = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"];
        let visible =
            visible.iter().filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
        let gpus = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"];
        let template = probe::chat_template(self.port);
        let facts = Facts {
            model: needs.model.name.clone(),
            command: command.clone(),
            env: env.clone(),
            version: printed(&server.version).into_iter().next().unwrap_or_default(),
            chat_template_sha256: template
                .as_ref()
                .map_or_else(String::new, |text| store::sha256(text.as_bytes())),
            chat_template: template.unwrap_or_default(),
            files: needs.weights.clone(),
            gpus: printed(&gpus.map(str::to_owned)),
            visible_gpus: visible.collect::<Vec<_>>().join(" "),
            host: lease::host(),
            port: self.port,
            started: lease::now(),
            ready_seconds: began.elapsed().as_secs_f64(),
        };
        store::write_json(&start.folder.join(format!("{}.json", start.name)), &facts)?;
        Ok(())
    }

    /// A socket in a folder that leads to this server.
    pub(in crate::exec) fn relay(&self, folder: &Path) -> std::io::Result<Relay> {
        Relay::start(folder, self.port)
    }

    /// How it has ended, in words; none while it runs.
    pub(in crate::exec) fn ended(&self) -> anyhow::Result<Option<String>> {
        let mut keeper = held(&self.keeper);
        if keeper.ended.is_none() && process::ended(&mut keeper.child)?.is_some() {
            let mut said = String::new();
            if let Some(mut stdout) = keeper.child.stdout.take() {
                stdout.read_to_string(&mut said)?;
            }
            let told = serde_json::from_str(said.trim());
            keeper.ended =
                Some(told.unwrap_or_else(|_| Ended::Itself("its keeper was killed".into())));
        }
        Ok(keeper.ended.as_ref().map(|ended| match ended {
            Ended::Asked | Ended::Killed => "its server was ended".to_owned(),
            Ended::Itself(how) => format!("its server ended ({how})"),
            Ended::NotStarted(why) => {
                format!(
                    "{why}; install the program, or correct `command` in [server]: its server ended"
                )
            }
        }))
    }

    /// The reason of a cell whose server has ended.
    pub(in crate::exec) fn lost(&self) -> anyhow::Result<Option<Reason>> {
        Ok(self.ended()?.map(|how| {
            let message = format!(
                "{how} while its cell ran{}; its log is {}",
                self.quoted(),
                self.log.display()
            );
            Reason::new(ReasonKind::Server, message)
        }))
    }

    /// Resident memory of it and all that it started.
    pub(in crate::exec) fn resident_mib(&self) -> u64 {
        process::resident_mib(held(&self.keeper).child.id())
    }

    fn lost_its_port(&self) -> bool {
        let log = self.tail(1 << 12).to_lowercase();
        ["address already in use", "address in use", "eaddrinuse", "couldn't bind"]
            .iter()
            .any(|sign| log.contains(sign))
    }

    fn tail(&self, most: usize) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(most)..]).into_owned()
    }

    fn quoted(&self) -> String {
        let text = self.tail(QUOTED);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            "; it printed nothing".to_owned()
        } else {
            format!("; it printed: {text}")
        }
    }

    fn last_line(&self) -> String {
        let text = self.tail(QUOTED);
        text.lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .trim()
            .to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        keeper.stdin = None;
        let start = Instant::now();
        while start.elapsed() < keeper.grace + Duration::from_secs(5) {
            match process::ended(&mut keeper.child) {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        // The server dies with its keeper.
        let _ = process::kill(&mut keeper.child);
    }
}

/// A command and the variables of its environment, without braces.
type Filled = (Vec<String>, BTreeMap<String, String>);

fn filled(needs: &Needs<'_>, server: &Server, port: u16) -> Result<Filled, String> {
    let mut values = BTreeMap::from([
        ("port".to_owned(), port.to_string()),
        ("threads".to_owned(), needs.threads.to_string()),
    ]);
    if let Some(name) = needs.model.config.get("model").and_then(toml::Value::as_str) {
        values.insert("model".to_owned(), name.to_owned());
    }
    values.extend(needs.weights.iter().map(|(id, file)| (id.clone(), file.path.clone())));
    let fill =
        |text: &String| Server::filled(text, &values).map_err(|why| format!("[server]: {why}"));
    let command = server.command.iter().map(fill).collect::<Result<_, _>>()?;
    let env = server.env.iter().map(|(name, text)| Ok((name.clone(), fill(text)?)));
    Ok((command, env.collect::<Result<_, String>>()?))
}

/// The lines that a command prints; none where it cannot be run or takes too long.
fn printed(command: &[String]) -> Vec<String> {
    let Some((program, arguments)) = command.split_first() else { return Vec::new() };
    let mut command = Command::new(program);
    let Ok((Some(status), out, err)) =
        sandboxed::output(process::lead(command.args(arguments)), VERSION)
    else {
        return Vec::new();
    };
    if !status.success() {
        return Vec::new();
    }
    // llama.cpp prints its version to stderr.
    let text = if out.is_empty() { err } else { out };
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn held<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
