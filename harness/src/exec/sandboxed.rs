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
use crate::store;
use crate::store::record::{Reason, ReasonKind};

/// How often a silent child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Events of a child that wait at most, and bytes of each.
const EVENTS: usize = 256;
const EVENT_BYTES: u64 = 16 << 20;

/// Bytes of a child's stdout and stderr that are kept.
const HEARD: u64 = 4 << 20;

/// Variables that programs, libraries and accelerators read, by their exact names: a prefix would let keys through
/// (`NVIDIA_API_KEY`, `CONDA_TOKEN`).
const ENVIRONMENT: &str = "PATH HOME USER LOGNAME SHELL TERM TZ LANG LANGUAGE LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY \
    LC_NUMERIC LC_TIME LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH RUST_BACKTRACE RAYON_NUM_THREADS \
    OMP_NUM_THREADS OMP_PROC_BIND OMP_PLACES OMP_DYNAMIC OMP_WAIT_POLICY OMP_SCHEDULE OMP_STACKSIZE OMP_THREAD_LIMIT \
    MKL_NUM_THREADS MKL_DYNAMIC MKL_THREADING_LAYER MKL_SERVICE_FORCE_INTEL MKL_ENABLE_INSTRUCTIONS OPENBLAS_NUM_THREADS \
    OPENBLAS_CORETYPE NUMEXPR_NUM_THREADS KMP_AFFINITY KMP_BLOCKTIME KMP_DUPLICATE_LIB_OK GOMP_CPU_AFFINITY \
    CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_HOME CUDA_PATH CUDA_LAUNCH_BLOCKING CUDA_MODULE_LOADING CUDA_CACHE_DISABLE \
    CUBLAS_WORKSPACE_CONFIG NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES NVIDIA_TF32_OVERRIDE PYTORCH_CUDA_ALLOC_CONF \
    PYTORCH_ALLOC_CONF ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCM_PATH HSA_OVERRIDE_GFX_VERSION PYTHONPATH PYTHONHOME \
    PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONIOENCODING PYTHONUTF8 PYTHONWARNINGS PYTHONNOUSERSITE \
    PYTHONUSERBASE PYTHONSAFEPATH PYENV_ROOT PYENV_VERSION VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV R_HOME R_LIBS \
    R_LIBS_SITE R_LIBS_USER JULIA_DEPOT_PATH JULIA_LOAD_PATH JULIA_NUM_THREADS JULIA_PROJECT JAVA_HOME SLURM_CPUS_ON_NODE \
    SLURM_CPUS_PER_TASK SLURM_JOB_CPUS_PER_NODE SLURM_GPUS SLURM_GPUS_ON_NODE SLURM_GPUS_PER_NODE SLURM_GPUS_PER_TASK \
    SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID CULTURE_SANDBOX_LEVEL";

/// The same for those who may ask a server.
const NETWORK: &str = "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy SSL_CERT_FILE \
    SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE";

/// This program, to lead a process group, with so many threads, the variables that a plugin needs and a folder of its own for
/// temporary files, which goes with the second value.
///
/// # Errors
/// This program is not found any more, or no folder can be made.
pub fn command(access: &Access, threads: usize) -> io::Result<(Command, TempDir)> {
    // Not in the cell's folder, whose path may be too long for a socket of Python's `multiprocessing`.
    let name = format!("{}{}-", prefix(), std::process::id());
    let scratch = tempfile::Builder::new().prefix(&name).tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    process::budget(process::lead(&mut command), threads);
    if !access.everything {
        environment(&mut command, access);
    }
    command.env("TMPDIR", scratch.path());
    Ok((command, scratch))
}

/// How the names of temporary folders of this start of this machine begin.
fn prefix() -> String {
    let boot = fs_err::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("culture-eval-{}-", &store::sha256(&boot)[..4])
}

/// Removes temporary folders whose process was killed before it could.
pub fn sweep() {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::getuid().as_raw();
    let entries = fs_err::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid =
            name.strip_prefix(&prefix()).and_then(|rest| rest.split('-').next()?.parse().ok());
        let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) else { continue };
        let gone = matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH));
        if gone && entry.metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == own) {
            // What cannot be removed, the system clears up.
            let _ = fs_err::remove_dir_all(entry.path());
        }
    }
}

/// What a child that [`command`] started tells on its stdout, until nobody is left who could write there.
pub fn events(child: &mut Child) -> mpsc::Receiver<Event> {
    // A plugin can reach the pipe: what it may make us hold is bounded.
    let (sender, events) = mpsc::sync_channel(EVENTS);
    let pipe = child.stdout.take();
    std::thread::spawn(move || {
        let Some(mut pipe) = pipe.map(BufReader::new) else { return };
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut pipe).take(EVENT_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if let Ok(event) = serde_json::from_slice(&line)
                && sender.send(event).is_err()
            {
                return;
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
        ear.join().map_err(|_| io::Error::other("failed to read what a process printed"))
    };
    Ok((status, heard(out)?, heard(err)?))
}

fn hear(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is to tell.
        let _ = pipe.map(|mut pipe| {
            (&mut pipe).take(HEARD).read_to_end(&mut bytes)?;
            // Whoever writes more must not wait for us.
            io::copy(&mut pipe, &mut io::sink())
        });
        bytes
    })
}

/// Where the gate is, for a failure that may be the sandbox's.
pub fn hint(message: &str, access: &Access) -> &'static str {
    let signs = ["Permission denied", "PermissionError"];
    if !access.everything && signs.iter().any(|sign| message.contains(sign)) {
        "; what a model may reach beside its cell is in `access` of its TOML"
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
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if !known.contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
}
