//! Every baseline passes the validator, each check in a process of its own.

use std::path::Path;

use super::fixture;
use crate::program::Place;

fn passes(name: &str, config: &str) {
    let place = Place::new();
    place.run(&["plugin", "check", name, "--config", config, "--calls", "200"]).exits(0);
}

#[test]
fn baselines_pass() {
    passes("majority", r#"{"by": "culture"}"#);
    passes("majority", r#"{"label": "yes"}"#);
    passes("stratified-random", "{}");
    passes("hashed-ngrams", r#"{"dimensions": 64, "shortest": 3, "longest": 5}"#);
    passes("tfidf-logreg", "{}");
}

#[test]
fn programs_pass() {
    let place = Place::new();
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../baselines/command/examples/shell-first/first.sh");
    let files = format!("capabilities = [\"classify\"]\nfiles = {{ program = {program:?} }}");
    place.model("program", "command", &files, "command = [\"sh\", \"{program}\"]");
    place.run(&["plugin", "check", "--model", "program", "--calls", "50"]).exits(0);
}

#[test]
fn replay_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.csv");
    fs_err::write(&path, "id,label\ncheck-0,yes\ncheck-1,no\n").unwrap();
    passes("replay", &serde_json::json!({ "path": path }).to_string());
}

#[test]
fn vectors_pass() {
    for pooling in ["mean", "sif"] {
        let weights = serde_json::json!({
            "vectors": fixture("word-vectors", "columns.npy"), "index": fixture("word-vectors", "index.parquet"),
        });
        let config = serde_json::json!({ "weights": weights, "pooling": pooling });
        passes("word-vectors", &config.to_string());
    }
    // Files below `/tmp` are hidden from plugins; those that a configuration names, at any depth, are shown.
    let place = tempfile::tempdir().unwrap();
    let copy = |name: &str| {
        let path = place.path().join(name);
        fs_err::copy(fixture("word-vectors", name), &path).unwrap();
        path
    };
    let weights =
        serde_json::json!({ "vectors": copy("columns.npy"), "index": copy("index.parquet") });
    passes("word-vectors", &serde_json::json!({ "weights": weights }).to_string());
    for (vectors, tokenizer) in [("wordllama-f16", "llama"), ("model2vec-mapped", "bert")] {
        let weights = serde_json::json!({
            "vectors": fixture("static-embeddings", &format!("{vectors}.safetensors")),
            "tokenizer": fixture("static-embeddings", &format!("{tokenizer}.tokenizer.json")),
        });
        passes("static-embeddings", &serde_json::json!({ "weights": weights }).to_string());
    }
}
