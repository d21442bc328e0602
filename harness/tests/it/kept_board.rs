//! A board never loses a row, a column or a seed by a later command of the same run.

use serde_json::Value;

use crate::program::{Place, assert_says};

const SAMPLE: [&str; 4] = ["run", "--data", "sample", "-q"];

fn rows(place: &Place, run: &str) -> Vec<(String, String, Value)> {
    let ran = place.run(&["report", run, "--format", "json", "-q"]).exits(0);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let cells = summary["cells"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    cells
        .map(|c| (text(&c["model"]), text(&c["benchmark"]), c["outcome"]["score"]["value"].clone()))
        .collect()
}

fn run(place: &Place, rest: &[&str]) -> crate::program::Ran {
    place.run(&[&SAMPLE[..3], rest].concat()).exits(0)
}

#[test]
fn a_command_that_asks_for_less_takes_nothing_off_the_board() {
    let place = Place::new();
    run(&place, &["--models", "majority,hashed-ngrams", "--benchmarks", "crehate,emgsd"]);
    let before = rows(&place, "default");
    assert_eq!(before.len(), 4);

    // One model more, on one benchmark: five cells, and a reason for the sixth.
    let ran = run(&place, &["--models", "tfidf-logreg", "--benchmarks", "crehate"]);
    assert_says(&ran.err, &["4 earlier cells of this run stay on its board", "--name NAME"]);
    let after = rows(&place, "default");
    for cell in &before {
        assert!(after.contains(cell), "{cell:?} is gone from {after:?}");
    }
    assert!(
        after
            .iter()
            .any(|(m, b, value)| m == "tfidf-logreg" && b == "crehate" && value.is_number())
    );

    // Nothing is run twice, and what runs again is what was planned: no cell of tfidf-logreg on emgsd.
    let ran = place.run(&["retry", "default"]).exits(0);
    assert_says(&ran.err, &["0 cells run, 5 reused"]);

    // More seeds of one model leave the others as they are.
    run(&place, &["--models", "majority", "--benchmarks", "emgsd", "--seeds", "1,2"]);
    let seeds = rows(&place, "default");
    for cell in &before {
        assert!(seeds.contains(cell), "{cell:?} is gone from {seeds:?}");
    }
    place.run(&["verify", "default"]).exits(0);
}

#[test]
fn cells_of_another_number_of_examples_leave_the_board_and_it_is_said() {
    let place = Place::new();
    run(&place, &["--models", "majority", "--benchmarks", "crehate", "--limit", "50"]);
    let ran = run(&place, &["--models", "hashed-ngrams", "--benchmarks", "emgsd"]);
    assert_says(
        &ran.err,
        &[
            "1 earlier cells of this run are of the first 50 examples and leave the board, which is of all examples now",
            "--name NAME",
        ],
    );
    assert_eq!(rows(&place, "default").len(), 1);
}
