//! `culture-eval explain` from the user's side: a cell is fitted, explained, and drawn.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tiny::{self, Bert};

/// Beside the tests, whose place cargo tells to the program's own package only; built where only this package is tested.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let profile = here.parent().unwrap().parent().unwrap();
    let path = profile.join(format!("culture-eval{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "harness", "--bin", "culture-eval"]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the program that the test starts is built");
    }
    path
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn a_fitted_cell_is_explained_and_its_report_draws_it() {
    let program = program();
    let _alone = crate::alone();
    let words: Vec<String> = ["we", "they", "the", "of", "a", "hate", "people", "us", "sg", "["]
        .map(str::to_owned)
        .into();
    let checkpoint = tiny::checkpoint(&words, Bert::default(), 3);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs_err::create_dir(path("defs")).unwrap();
    let model = format!(
        "name = \"calm-tiny\"\ntitle = \"CALM, tiny\"\nplugin = \"calm-plugin\"\ndescription = \"A model of the tests.\"\nlicence = \"MIT\"\ntasks = [\"crehate\"]\n[config]\npreset = \"tiny\"\nprompt_layer = 2\ntrain_examples = 200\nfolder = {:?}\n",
        checkpoint.path()
    );
    fs_err::write(path("defs/calm-tiny.toml"), model).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("--offline").args(["--data", "sample"]);
        for (flag, folder) in [("--cache", "cache"), ("--runs", "runs"), ("--definitions", "defs")]
        {
            command.arg(flag).arg(path(folder));
        }
        command.arg("--plugins").arg(std::env::current_exe().unwrap().parent().unwrap());
        let ran = command.args(args).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        let printed = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{args:?}: {printed}{told}");
        printed
    };
    run(&["run", "--models", "calm-tiny", "--benchmarks", "crehate"]);
    let asked = ["explain", "--model", "calm-tiny", "--benchmark", "crehate", "--limit", "40"];
    let out = path("runs/default/explain/calm-tiny.crehate.jsonl");
    fs_err::create_dir_all(out.parent().unwrap()).unwrap();
    let printed = run(&asked);
    run(&[&asked[..], &["--out", out.to_str().unwrap()]].concat());
    assert_eq!(fs_err::read_to_string(&out).unwrap(), printed, "printed and written alike");
    let lines: Vec<Value> = printed.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 40);
    for line in &lines {
        let said = &line["explanation"];
        let near_one = |sum: f64| (sum - 1.0).abs() < 1e-4;
        assert!(near_one(numbers(&said["gate"]).iter().sum()), "{line}");
        assert!(near_one(numbers(&said["probabilities"]).iter().sum()), "{line}");
        assert_eq!(said["fired"].as_array().unwrap().len(), 2, "{line}");
        assert_eq!(said["deviation"].as_array().unwrap().len(), 1, "{line}");
        assert_eq!(said["clusters"].as_array().unwrap().len(), 2, "{line}");
        for kind in ["explicit", "latent"] {
            let slots = said[kind].as_array().unwrap();
            assert_eq!(slots.len(), 2, "{line}");
            for slot in slots {
                let tokens = slot["tokens"].as_array().unwrap();
                let sum = tokens.iter().map(|t| t["weight"].as_f64().unwrap()).sum();
                assert!(near_one(sum), "{line}");
            }
        }
        assert!(!line["culture"].as_str().unwrap().is_empty() && line["text"].is_string());
    }
    run(&["report", "-q"]);
    assert!(page_has(&path("runs/default/leaderboard.html"), "id=\"part-explained\""));
}

fn page_has(page: &Path, what: &str) -> bool {
    fs_err::read_to_string(page).unwrap().contains(what)
}
