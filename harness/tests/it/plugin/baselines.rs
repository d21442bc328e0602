//! Every baseline passes the validator.

use std::path::Path;

use harness::definition::model::Offer;
use harness::plugin::check::{self, Outcome, Settings};

use super::built;

fn passes(name: &str, config: &str) {
    let settings = Settings { config: config.to_owned(), calls: 200, ..Settings::default() };
    let found = check::run_all(&built(name), &settings);
    assert!(found.iter().all(|c| c.outcome != Outcome::Fail), "{name}: {found:#?}");
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
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../baselines/command/examples/shell-first/first.sh");
    let config = serde_json::json!({ "command": ["sh", program] }).to_string();
    let offers = vec![Offer::Classify];
    let settings = Settings { config, offers, calls: 50, ..Settings::default() };
    let found = check::run_all(&built("command"), &settings);
    assert!(found.iter().all(|c| c.outcome != Outcome::Fail), "{found:#?}");
}

#[test]
fn replay_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.csv");
    fs_err::write(&path, "id,label\ncheck-0,yes\ncheck-1,no\n").unwrap();
    passes("replay", &serde_json::json!({ "path": path }).to_string());
}
