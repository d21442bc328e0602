//! The validator: an honest plugin passes, each lie fails its own check.

use std::time::Duration;

use harness::plugin::check::{self, Outcome, Settings};

use super::built;
use crate::program::{Place, assert_says};

fn settings(lie: &str) -> Settings {
    let patience = Duration::from_secs(2);
    Settings {
        config: format!(r#"{{"lie": "{lie}"}}"#),
        patience,
        calls: 1000,
        ..Settings::default()
    }
}

#[test]
fn each_lie_fails_in_its_own_way() {
    let lies = [
        ("panic-create", "create"),
        ("panic-fit", "create"),
        ("nan", "answers"),
        ("infinite", "answers"),
        ("short", "answers"),
        ("fewer", "answers"),
        ("no-dimension", "answers"),
        ("refuse", "answers"),
        ("panic-classify", "answers"),
        ("panic-empty", "empty batch"),
        ("panic-text", "odd text"),
        ("random", "determinism"),
        ("neighbours", "batch invariance"),
        ("shared", "two handles"),
        ("pieces", "pieces"),
        ("deaf", "cancel"),
    ];
    for (lie, name) in lies {
        let found = check::run(name, &built("liar"), &settings(lie)).unwrap();
        assert_eq!(found.outcome, Outcome::Fail, "{lie}: {found:?}");
    }
    // What is left in memory is told of a process of its own only.
    let (text, code) = table("leak", &["--calls", "1000"]);
    assert_eq!((code, text.matches("FAIL").count()), (Some(1), 1), "{text}");
    assert_says(&text, &["FAIL leak 1000 calls left "]);
    let (text, code) = table("none", &["--calls", "1000"]);
    assert_eq!((code, text.contains("FAIL")), (Some(0), false), "{text}");
    assert!(check::run("no such check", &built("liar"), &settings("none")).is_none());
}

/// `plugin check` on a liar: the table without the columns' blanks, and the exit code.
fn table(lie: &str, more: &[&str]) -> (String, Option<i32>) {
    let place = Place::new();
    let config = format!("{{\"lie\": \"{lie}\"}}");
    let args = ["plugin", "check", "liar", "--config", &config];
    let ran = place.run(&[&args[..], more].concat());
    let rows = ran.out.lines().skip(1).map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "));
    (rows.collect::<Vec<_>>().join("\n"), ran.code)
}

#[test]
fn a_plugin_that_dies_or_hangs_fails_its_checks_only() {
    let (text, code) = table("exit", &["--calls", "50"]);
    assert_eq!(code, Some(1));
    assert_says(
        &text,
        &["pass abi liar", "pass create", "FAIL answers the process ended with exit status: 3"],
    );
    let (text, code) = table("abort", &["--calls", "50"]);
    assert_eq!(code, Some(1));
    assert_says(&text, &["pass create", "FAIL answers the process ended with signal: 6"]);
    let (text, code) = table("hang", &["--patience", "1"]);
    assert_eq!(code, Some(1));
    assert_says(&text, &["pass create", "FAIL answers still running after 1 s"]);
    assert_eq!(text.lines().count(), check::names().len());
    let (text, code) = table("print", &["--calls", "50"]);
    assert_eq!(
        (code, text.contains("FAIL")),
        (Some(0), false),
        "what it prints is no result: {text}"
    );
}

#[test]
fn what_is_no_plugin_is_told_once() {
    let place = Place::new();
    place.write("text.so", "no library at all\n");
    let ran = place.run(&["plugin", "check", "./text.so"]).exits(1);
    assert_says(&ran.out, &["FAIL", "abi", "not a loadable library"]);
    assert_says(&ran.err, &["1 of 1 checks failed, 12 were not tried"]);
    assert_says(&place.run(&["plugin", "check"]).exits(2).err, &["<PLUGIN>"]);
    let unknown = place.run(&["plugin", "check", "--model", "majorty"]).exits(2);
    assert_says(&unknown.err, &["did you mean `majority`?"]);
}

#[test]
fn a_model_is_checked_with_its_own_toml() {
    let place = Place::new();
    let check = |model: &str| place.run(&["plugin", "check", "--model", model, "--calls", "50"]);
    // Its only label is one of its task's.
    assert_says(&check("always-non-hate").exits(0).out, &["pass", "two handles"]);
    let top = "capabilities = [\"embed\"]";
    place.model("only-embeds", "liar", top, "lie = \"panic-classify\"");
    let ran = check("only-embeds").exits(0);
    assert_says(&ran.out, &["liar 0.1.0: embed"]);
    place.model("classifies", "liar", "", "lie = \"panic-classify\"");
    assert_says(&check("classifies").exits(1).out, &["no wish to judge"]);
    let skip = |names: &str| {
        let args = ["plugin", "check", "--model", "only-embeds", "--skip", names];
        place.run(&args)
    };
    let ran = skip("huge batch,leak").exits(0);
    assert_eq!(ran.out.matches("left out by --skip").count(), 2, "{}", ran.out);
    assert_says(
        &skip("huge").exits(2).err,
        &["there is no check `huge`", "did you mean `huge batch`?"],
    );
    place.write(
        "defs/models/odd.sh",
        "while read -r line; do echo '{\"can\":[\"classify\"]}'; done\n",
    );
    let top = "capabilities = [\"classify\"]\nfiles = { program = \"odd.sh\" }";
    place.model("odd", "command", top, "command = [\"sh\", \"{program}\"]");
    let ran = check("odd").exits(1);
    assert_says(&ran.out, &["pass", "created", "FAIL", "answered `classify` with"]);
    place.model("gone", "command", "files = { program = \"gone.sh\" }", "command = [\"sh\"]");
    assert_says(&check("gone").exits(2).err, &["gone.sh", "beside the model's TOML"]);
}
