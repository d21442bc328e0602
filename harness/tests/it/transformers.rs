//! `baselines/transformers`: its own tests, and a run with a tiny random model (`hf:FOLDER`).

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use super::program::{Place, assert_says};
use super::skipped::skipped;

/// A Python with `torch` and `transformers`; that of `just transformers` where it is unset.
const PYTHON: &str = "CULTURE_EVAL_TRANSFORMERS";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn python() -> Option<String> {
    let own = root().join(".tools/transformers/bin/python");
    let named = std::env::var(PYTHON).ok();
    let python = named.or_else(|| own.is_file().then(|| own.display().to_string()))?;
    let found = Command::new(&python).args(["-c", "import torch, transformers"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

fn python_or_skipped() -> Option<String> {
    let python = python();
    if python.is_none() {
        skipped(
            "a Python with transformers",
            "run `just transformers`, or set CULTURE_EVAL_TRANSFORMERS",
        );
    }
    python
}

#[test]
fn its_own_tests() {
    let Some(python) = python_or_skipped() else { return };
    let output =
        Command::new(python).arg(root().join("baselines/transformers/test.py")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\nOK"), "{said}");
}

const TINY: &str = "
import sys
sys.path.insert(0, sys.argv[1])
import test
test.CAUSAL['llama'](sys.argv[2])
";

#[test]
fn a_checkpoint_in_one_line() {
    let Some(python) = python_or_skipped() else { return };
    let place = Place::new();
    let made = Command::new(&python)
        .args(["-c", TINY])
        .arg(root().join("baselines/transformers"))
        .arg(place.path("tiny"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let spec = format!("hf:./tiny,dtype=float32,python={python}");
    let args = ["--model", &spec, "--benchmarks", "crehate,blend", "--limit", "4", "--jobs", "1"];
    place.sample(&args).exits(0);
    let cells = place.summary("default")["cells"].as_array().unwrap().clone();
    assert!(cells.iter().all(|cell| !cell["outcome"]["score"].is_null()), "{cells:?}");
    let log = fs::read_to_string(place.cell("default", "tiny.crehate").join("log.txt")).unwrap();
    assert_says(&log, &["its folder: causal, ", "torch.float32, cpu", "chat template sha256"]);
    let board = || fs::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    let first = board();
    fs::remove_dir_all(place.path("runs")).unwrap();
    place.sample(&args).exits(0);
    assert_eq!(board(), first);
}
