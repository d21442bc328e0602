//! `compare` of files with a score for each item, without a benchmark.

use std::fmt::Write as _;

use fs_err as fs;
use serde_json::json;

use crate::program::{Place, assert_says};

/// Logs of 200 items by lm-evaluation-harness and as samples of Every Eval Ever; 70 items only A has right, 30 only B.
fn place() -> Place {
    let place = Place::new();
    let (mut lm_eval, mut eee) = (String::new(), String::new());
    for i in 0..200 {
        let right = [i % 5 != 0, !(i % 4 == 0 || i % 5 == 1)].map(u8::from);
        let row = json!({"doc_id": i, "doc": {"passage": i / 4}, "filtered_resps": ["x"], "filter": "none",
            "metrics": ["acc"], "acc": right[0]});
        writeln!(lm_eval, "{row}").unwrap();
        let row = json!({"schema_version": "0.3.0", "evaluation_id": "e", "model_id": "org/b", "evaluation_name": "acc",
            "sample_id": i.to_string(), "evaluation": {"score": right[1], "is_correct": right[1] == 1}});
        writeln!(eee, "{row}").unwrap();
    }
    fs::write(place.path("samples_own_1.jsonl"), lm_eval).unwrap();
    fs::write(place.path("b.jsonl"), eee).unwrap();
    place
}

#[test]
fn two_logs_of_two_tools_are_compared_in_one_command() {
    let place = place();
    let (a, b) = (place.path("samples_own_1.jsonl"), place.path("b.jsonl"));
    let paths = [a.to_str().unwrap(), b.to_str().unwrap()];
    let ran = place.run(&["compare", paths[0], paths[1]]).exits(0);
    assert_says(
        &ran.out,
        &["own (acc) · as logged · accuracy · n = 200", "samples_own_1", "-20.0, p < .001"],
    );
    let ran = place.run(&["compare", paths[0], paths[1], "--format", "json"]).exits(0);
    let pair = &ran.lines()[0]["benchmarks"][0]["pairs"][0];
    assert!((pair["p"].as_f64().unwrap() - 5.533_070_587_580_156e-5).abs() < 1e-12, "{pair}");
    // For CI: B is significantly worse than A.
    let ran =
        place.run(&["compare", paths[0], paths[1], "--fail-if-worse", "samples_own_1"]).exits(1);
    assert_says(&ran.err, &["b is significantly worse than samples_own_1 on files"]);
}

#[test]
fn what_compare_cannot_do_with_files_is_said() {
    let place = place();
    let a = place.path("samples_own_1.jsonl");
    let a = a.to_str().unwrap();
    let ran = place.run(&["compare", a]).exits(2);
    assert_says(&ran.err, &["is one file: nothing to compare it with", "give a second file"]);
    let ran = place.run(&["compare", a, "no-such.csv"]).exits(2);
    assert_says(&ran.err, &["there is no file no-such.csv", "report RUN --against OTHER"]);
    let ran = place.run(&["compare", "mine", "--cluster", "x"]).exits(2);
    assert_says(&ran.err, &["--cluster is about files of scores, and `mine` is a run"]);
}
