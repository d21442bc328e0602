//! Weights that are not here: a reason on the board with the command that gets them, and the command does.

use fs_err as fs;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::plugin::{built, fixture};
use super::program::{Place, assert_says};

fn outcome(place: &Place) -> Value {
    place.summary("default")["cells"][0]["outcome"].clone()
}

/// The command between back quotes that a reason names, as arguments.
fn command(reason: &str) -> Vec<&str> {
    let start = reason.find("`culture-eval ").unwrap_or_else(|| panic!("no command in: {reason}"));
    let command = reason[start + 1..].split('`').next().unwrap();
    command.split(' ').skip(1).collect()
}

/// Every model of ours that needs weights, in an empty cache without network.
#[test]
fn a_model_without_its_weights_is_a_reason_that_names_the_command() {
    let place = Place::new();
    let listed = place.run(&["--json", "list", "models"]).exits(0).lines();
    let mut tried = 0;
    for model in &listed {
        let name = model["model"].as_str().unwrap();
        let shown = place.run(&["--json", "show", name]).exits(0).out;
        let card: Value = serde_json::from_str(&shown).unwrap();
        let card = card.get("model").unwrap_or(&card);
        if card["weights"].as_array().is_none_or(Vec::is_empty)
            || !built(card["plugin"].as_str().unwrap()).exists()
        {
            continue;
        }
        tried += 1;
        let args = ["--models", name, "--benchmarks", "emgsd", "--limit", "10"];
        // The board is whole: nothing has failed that could have run.
        place.sample(&args).exits(1);
        let outcome = outcome(&place);
        assert_eq!(outcome["reason"]["kind"], "no-weights", "{name}: {outcome}");
        let message = outcome["reason"]["message"].as_str().unwrap();
        assert_says(message, &["offline", "put it at"]);
        assert_eq!(command(message), ["fetch", name], "{message}");
        let told = place.run(&command(message)).exits(1);
        assert_says(&told.err, &["offline", name]);
    }
    assert!(tried >= 3, "glove-50d, glove-50d-sif and wordllama-256 at least: {tried}");
}

#[test]
fn the_command_of_the_reason_gets_them() {
    let place = Place::new();
    let vectors = fs::read(fixture("word-vectors", "glove.txt")).unwrap();
    let hash = Sha256::digest(&vectors)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let top = format!(
        "[[weights]]\nid = \"vectors\"\npath = \"vectors.txt\"\nsha256 = \"{hash}\"\nfrom = {{ kind = \"python\", package = \"some-vectors\", version = \"1.0\", member = \"vectors.txt\" }}\n"
    );
    place.model("tiny-vectors", "word-vectors", &top, "");
    let args = ["--models", "tiny-vectors", "--benchmarks", "emgsd", "--limit", "40"];
    place.sample(&args).exits(1);
    let outcome = self::outcome(&place);
    let message = outcome["reason"]["message"].as_str().unwrap_or_else(|| panic!("{outcome}"));
    assert_eq!(command(message), ["fetch", "tiny-vectors"]);
    place.write("mirror/tiny-vectors/vectors.txt", vectors);
    let mirror = place.path("mirror").display().to_string();
    place.run(&[&["--mirror", &mirror], &command(message)[..]].concat()).exits(0);
    // From the cache now, without a mirror.
    place.sample(&args).exits(0);
    let score = &self::outcome(&place)["score"];
    assert_eq!(score["n"], 40, "{score}");
}
