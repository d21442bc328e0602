//! Processes of this program that load a plugin: what they find around them. They put the sandbox up themselves ([`crate::cell::sandbox`]).

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::events::Event;
use crate::definition::access::Access;
use crate::process;
use crate::store::record::{Reason, ReasonKind};

/// How often a silent child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Variables that programs, libraries and accelerators read; no key is among them. `*`: all that begin so.
const ENVIRONMENT: &str = "PATH HOME USER LOGNAME SHELL TERM TZ LANG LC_* LD_LIBRARY_PATH DYLD_* RUST_BACKTRACE RAYON_* \
    OMP_* MKL_* OPENBLAS_* KMP_* GOMP_* CUDA_* NVIDIA_* ROCR_* HIP_* PYTHON* VIRTUAL_ENV CONDA_* R_* JULIA_* JAVA_HOME \
    SLURM_CPU* SLURM_GPU* SLURM_JOB_ID SLURM_ARRAY_TASK_ID";

/// The same for those who may ask a server.
const NETWORK: &str = "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy SSL_CERT_*";

/// This program, to lead a process group, with so many threads, the variables that a plugin needs and a folder of its own for
/// temporary files, which goes with the second value.
///
/// # Errors
/// This program is not found any more, or no folder can be made.
pub fn command(access: &Access, threads: usize) -> io::Result<(Command, TempDir)> {
    // Not in the cell's folder, whose path may be too long for a socket of Python's `multiprocessing`.
    let scratch = tempfile::Builder::new().prefix("culture-eval-").tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    process::budget(process::lead(&mut command), threads);
    if !access.everything {
        environment(&mut command, access);
    }
    command.env("TMPDIR", scratch.path());
    Ok((command, scratch))
}

/// What a child that [`command`] started tells on its stdout, until nobody is left who could write there.
pub fn events(child: &mut Child) -> mpsc::Receiver<Event> {
    let (sender, events) = mpsc::channel();
    let pipe = child.stdout.take();
    std::thread::spawn(move || {
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines());
        for event in lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok())
        {
            if sender.send(event).is_err() {
                break;
            }
        }
    });
    events
}

/// Takes the events of a child that [`command`] started until it ends; then all that it has started is ended.
///
/// # Errors
/// What `take` says.
pub fn follow(
    child: &mut Child,
    mut take: impl FnMut(Event) -> Result<(), Reason>,
) -> Result<ExitStatus, Reason> {
    let failed = |error: io::Error| Reason::new(ReasonKind::Harness, error.to_string());
    let events = events(child);
    loop {
        match events.recv_timeout(LOOK) {
            Ok(event) => take(event)?,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return process::wait(child).map_err(failed);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if let Some(status) = process::ended(child).map_err(failed)? {
                    // Nobody is left who could write.
                    events.iter().try_for_each(&mut take)?;
                    return Ok(status);
                }
            }
        }
    }
}

/// What a child that [`command`] started has said on stdout and stderr when it ends; `None` where it was ended after `patience`.
///
/// # Errors
/// The system's.
pub fn output(
    command: &mut Command,
    patience: Duration,
) -> io::Result<(Option<ExitStatus>, Vec<u8>, Vec<u8>)> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Read meanwhile: a plugin that says much must not wait for us.
    let (out, err) = (hear(child.stdout.take()), hear(child.stderr.take()));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = process::ended(&mut child)? {
            break Some(status);
        }
        if start.elapsed() > patience {
            process::kill(&mut child)?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let heard = |ear: JoinHandle<Vec<u8>>| {
        ear.join().map_err(|_| io::Error::other("failed to read what a process said"))
    };
    Ok((status, heard(out)?, heard(err)?))
}

fn hear(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is to tell.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// Where the gate is, for a failure that may be the sandbox's.
pub fn hint(message: &str, access: &Access) -> &'static str {
    let signs = ["Permission denied", "PermissionError"];
    if !access.everything && signs.iter().any(|sign| message.contains(sign)) {
        "; what a model may reach beside its cell stands in `access` of its TOML"
    } else {
        ""
    }
}

/// Leaves a model's server the usual variables, those of the network, and those that its definition names.
pub(super) fn server_environment(command: &mut Command, pass: &[String]) {
    let own = ["TMPDIR", "XDG_*"].map(str::to_owned);
    let env = [&own[..], pass].concat();
    environment(command, &Access { network: true, env, ..Access::default() });
}

/// Leaves a process the variables that it needs: keys of other models and tokens are none of its business.
fn environment(command: &mut Command, access: &Access) {
    let known = ENVIRONMENT.split_whitespace();
    let known = known.chain(if access.network { NETWORK } else { "" }.split_whitespace());
    let known: Vec<&str> = known.chain(access.env.iter().map(String::as_str)).collect();
    let usual = |name: &str| {
        known.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *known,
        })
    };
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if !usual(&text) {
            command.env_remove(&name);
        }
    }
}
