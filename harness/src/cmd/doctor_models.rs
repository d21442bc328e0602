//! What `--model SPEC` needs on this machine: programs that serve models, Python's `transformers`, Hugging Face's cache, GPUs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::finding::Finding;
use crate::exec::named;

/// A program, the specs that need it, and how to get it.
const PROGRAMS: [(&str, &str, &str); 3] = [
    ("llama-server", "llama.cpp:FILE.gguf", "install llama.cpp"),
    ("vllm", "vllm:NAME", "pip install vllm"),
    ("ollama", "ollama:NAME", "install Ollama"),
];

/// Findings about models named in one line. What is not there is a note: no run needs all of it.
pub(super) fn findings() -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut findings: Vec<Finding> = PROGRAMS
        .into_iter()
        .map(|(program, spec, how)| {
            let found =
                folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
            Finding::of(
                &format!("models {spec}"),
                found.map(|path| path.display().to_string()),
                &format!("there is no {program} in PATH; {how}"),
            )
        })
        .collect();
    findings.push(transformers());
    findings.push(hugging_face());
    findings.push(gpus());
    findings
}

fn transformers() -> Finding {
    let python = named::python();
    let versions = "import torch, transformers; print(torch.__version__, transformers.__version__)";
    let found = printed(&python, &["-c", versions]);
    let found = found.map(|text| format!("{python}: torch and transformers {text}"));
    let missing =
        format!("{python} has no torch or no transformers; `just transformers` makes one that has");
    Finding::of("models hf:NAME", found, &missing)
}

fn hugging_face() -> Finding {
    let cache = named::hugging_face();
    let token = std::env::var_os("HF_TOKEN").is_some() || cache.join("token").is_file();
    let token = if token { "a token" } else { "no token: models with a gate need one (HF_TOKEN)" };
    let models = models_in(&cache.join("hub"));
    let found = cache.is_dir().then(|| format!("{}: {models} models, {token}", cache.display()));
    Finding::of(
        "Hugging Face's cache",
        found,
        &format!("{} is not there yet; {token}", cache.display()),
    )
}

/// Models that a hub's cache holds.
fn models_in(hub: &Path) -> usize {
    let entries = fs_err::read_dir(hub).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("models--")).count()
}

fn gpus() -> Finding {
    let query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
    let found = printed("nvidia-smi", &query).map(|text| text.replace('\n', "; "));
    Finding::of("GPUs", found, "nvidia-smi finds none; models run on the processor")
}

/// What a command prints, if it ends well.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
