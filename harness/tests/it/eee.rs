//! `report --format eee`: files that the validator of Every Eval Ever takes, and that come back with every score.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use serde_json::Value;

use crate::program::{Place, assert_says};
use crate::skipped::skipped;

fn exported() -> Place {
    let place = Place::new();
    let models = "majority,tfidf-logreg";
    place
        .run(&[
            "run",
            "--data",
            "sample",
            "--models",
            models,
            "--benchmarks",
            "crehate,emgsd",
            "-q",
        ])
        .exits(0);
    place
        .run(&["report", "--format", "eee", "--out", place.path("eee").to_str().unwrap()])
        .exits(0);
    place
}

fn below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn scores_and_answers_leave_and_come_back() {
    let place = exported();
    let summary = place.json("runs/default/summary.json");
    let aggregates = below(&place.path("eee"), ".json");
    assert_eq!(aggregates.len(), 4, "two models, two benchmarks");
    for path in &aggregates {
        let found = read(path);
        let model = found["model_info"]["name"].as_str().unwrap();
        let benchmark = found["evaluation_results"][0]["evaluation_name"].as_str().unwrap();
        let cells = summary["cells"].as_array().unwrap();
        let cell =
            cells.iter().find(|c| c["model"] == model && c["benchmark"] == benchmark).unwrap();
        let first = &found["evaluation_results"][0]["score_details"];
        assert_eq!(first["score"], cell["outcome"]["score"]["value"]);
        assert_eq!(
            first["uncertainty"]["confidence_interval"]["lower"],
            cell["outcome"]["score"]["low"]
        );
        assert_eq!(first["details"]["data"], "SAMPLE");
        assert_says(
            found["evaluation_results"][0]["source_data"]["dataset_name"].as_str().unwrap(),
            &["SAMPLE"],
        );

        // The samples: named, counted, hashed, and of the same accuracy.
        let detail = &found["detailed_evaluation_results"];
        let samples = place.path("eee").join(detail["file_path"].as_str().unwrap());
        let bytes = fs::read(&samples).unwrap();
        assert_eq!(detail["checksum"], harness::store::sha256(&bytes));
        let rows: Vec<Value> = bytes
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect();
        assert_eq!(detail["total_rows"], rows.len());
        assert_eq!(cell["outcome"]["score"]["n"], rows.len());
        for row in &rows {
            assert_eq!(row["evaluation_id"], found["evaluation_id"]);
            let id = &row["evaluation_result_id"];
            assert!(
                found["evaluation_results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|r| r["evaluation_result_id"] == *id),
                "{id}"
            );
        }
    }
    let pairs = read(&aggregates[0])["eval_library"]["additional_details"]["pairwise"]
        .as_str()
        .unwrap()
        .to_owned();
    let pairs: Value = serde_json::from_str(&pairs).unwrap();
    assert_eq!(pairs.as_array().unwrap().len(), 1);
    assert!(pairs[0]["p_corrected"].is_number());
}

/// The exported answers give the differences that the run itself gives.
#[test]
fn exported_answers_are_compared_like_the_run() {
    let place = exported();
    let samples = below(&place.path("eee/data/emgsd"), "_samples.jsonl");
    let [a, b] = &samples[..] else { panic!("{samples:?}") };
    let ran = place
        .run(&["compare", a.to_str().unwrap(), b.to_str().unwrap(), "--format", "json"])
        .exits(0);
    let pair = &ran.lines()[0]["benchmarks"][0]["pairs"][0];
    let scores = place.json("runs/default/summary.json")["scores"].clone();
    let accuracy = |model: &str| {
        let mut of = scores.as_array().unwrap().iter().filter(|s| {
            s["model"] == model
                && s["benchmark"] == "emgsd"
                && s["score"]["metric"] == "accuracy"
                && s["score"]["subset"]["kind"] == "all"
        });
        of.next().unwrap()["score"]["value"].as_f64().unwrap()
    };
    let name = |side: &str| pair[side].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let wanted = accuracy(&name("a")) - accuracy(&name("b"));
    assert!((pair["difference"].as_f64().unwrap() - wanted).abs() < 1e-12, "{pair} {wanted}");
}

#[test]
fn the_official_validator_takes_every_file() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/eee/bin/python");
    let named = std::env::var("CULTURE_EVAL_EEE").ok();
    let Some(python) = named.or_else(|| own.is_file().then(|| own.display().to_string())) else {
        skipped(
            "a Python with every-eval-ever",
            "run `scripts/eee-python`, or set CULTURE_EVAL_EEE",
        );
        return;
    };
    let place = exported();
    let folder = place.path("eee");
    let paths = [below(&folder, ".json"), below(&folder, ".jsonl")].concat();
    let relative = paths.iter().map(|path| path.strip_prefix(&folder).unwrap());
    let said = Command::new(python)
        .args(["-m", "every_eval_ever", "validate"])
        .args(relative)
        .current_dir(&folder)
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{text}");
}
