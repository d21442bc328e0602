//! Processes of this program that load a plugin: what they find around them. They put the fence up themselves ([`crate::cell::fence`]).

use std::io;
use std::process::Command;

use tempfile::TempDir;

use super::processes;
use crate::definition::access::Access;

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
    processes::budget(processes::lead(&mut command), threads);
    if !access.everything {
        environment(&mut command, access);
    }
    command.env("TMPDIR", scratch.path());
    Ok((command, scratch))
}

/// Where the gate is, for a failure that may be the fence's.
pub fn hint(message: &str, access: &Access) -> &'static str {
    let signs = ["Permission denied", "PermissionError"];
    if !access.everything && signs.iter().any(|sign| message.contains(sign)) {
        "; what a model may reach beside its cell stands in `access` of its TOML"
    } else {
        ""
    }
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
