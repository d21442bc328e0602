//! Runs of earlier versions load for ever: reported, compared, watched. `fixtures/report/run.v1` was written by the first
//! version; `@PLACE@` is where it named a folder of its machine.

use std::path::Path;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, assert_says, files_below};

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/report/run.v1");

/// The old run in a place of its own, as `runs/old`.
fn old() -> Place {
    let place = Place::new();
    for file in files_below(Path::new(OLD)) {
        let bytes = fs::read(Path::new(OLD).join(&file)).unwrap();
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => {
                text.replace("@PLACE@", &place.path("runs/old").to_string_lossy()).into_bytes()
            }
            Err(binary) => binary.into_bytes(),
        };
        place.write(&format!("runs/old/{}", file.display()), bytes);
    }
    place
}

#[test]
fn a_run_of_format_1_is_reported_compared_and_watched() {
    let place = old();
    let before = place.json("runs/old/summary.json");
    assert_eq!(before["format"], 1);
    place.run(&["report", "old"]).exits(0);
    let after = place.summary("old");
    let cells = |summary: &Value| summary["cells"].as_array().unwrap().clone();
    let (was, is) = (cells(&before), cells(&after));
    assert_eq!(was.len(), is.len());
    let mut scores = 0;
    for (was, is) in was.iter().zip(&is) {
        for name in ["model", "benchmark", "protocol", "served", "variant", "seeds", "sample"] {
            assert_eq!(was[name], is[name], "{name} of {was}");
        }
        for name in ["metric", "value", "n", "answered", "missing", "clusters"] {
            assert_eq!(
                was["outcome"]["score"][name], is["outcome"]["score"][name],
                "{name} of {was}"
            );
        }
        assert_eq!(was["outcome"]["reason"], is["outcome"]["reason"]);
        scores += usize::from(is["outcome"]["score"].is_object());
    }
    assert_eq!(scores, 2, "it has two numbers and a reason");
    let compared = place.run(&["compare", "old"]).exits(0).out;
    assert_says(&compared, &["majority", "stratified-random"]);
    let seen = &place.run(&["--json", "watch", "old", "--once"]).exits(0).lines()[0];
    assert_eq!((&seen["total"], &seen["done"]), (&2.into(), &2.into()));
    place.run(&["show", "old"]).exits(0);
    let same = place.run(&["report", "old", "--against", "runs/old"]).exits(0).out;
    assert_says(&same, &["2 same answers"]);
}
