//! Every baseline passes the validator.

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
}
