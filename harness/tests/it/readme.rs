//! What the README files of baselines show is tried as it is there.

use std::path::Path;

use fs_err as fs;

use super::program::{Place, assert_says};
use super::scoring::questions;

/// The first block of a language in a README below `baselines/`.
fn block(readme: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../baselines").join(readme);
    let text = fs::read_to_string(path).unwrap();
    let start = text.find(&format!("```{language}\n")).expect("a block") + language.len() + 4;
    text[start..].split("```").next().unwrap().to_owned()
}

/// The model of the README serves a protocol that fits, and a changed file is scored again.
#[test]
fn the_model_of_replay() {
    let place = Place::new();
    place.write("defs/models/my-bert.toml", block("replay/README.md", "toml"));
    let predict = |turned: bool| {
        let other = |label: &str| {
            if label == "stereotype" { "non-stereotype" } else { "stereotype" }.to_owned()
        };
        let row = |[id, _, label]: &[String; 3]| {
            format!("{id},{}\n", if turned { other(label) } else { label.clone() })
        };
        let rows: String = questions(&place).iter().map(row).collect();
        place.write("predictions.csv", format!("id,label\n{rows}"));
    };
    let score = || {
        let ran = place.sample(&["--models", "my-bert", "--benchmarks", "emgsd"]).exits(0);
        (
            place.summary("default")["cells"][0]["outcome"]["score"]["value"].as_f64().unwrap(),
            ran.err,
        )
    };
    predict(false);
    assert_eq!(score().0, 1.0);
    assert_says(&score().1, &["0 cells to run, 1 done before"]);
    predict(true);
    let (turned, said) = score();
    assert_eq!(turned, 0.0, "{said}");
    assert_says(&said, &["1 cells to run, 0 done before"]);
}
