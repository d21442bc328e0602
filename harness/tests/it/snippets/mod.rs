//! Every command and every model that a page shows is tried, on the SAMPLE and offline. What is not run is in [`listed`] with the
//! reason; a command that is not there and fails, fails the test.

mod blocks;
mod listed;
mod paths;

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use blocks::{Block, blocks, commands, pages, root};
use fs_err as fs;
use listed::{Instead, NO_MODEL, ROWS};

use super::program::{Place, Ran, plugins};
use super::scoring::questions;

/// Few examples, and no data but the SAMPLE.
const SMALL: &str = "--limit 20";

/// A place with what the pages need: the repository's folders, two runs, predictions, a dataset and a model of the user.
fn prepared() -> Place {
    let place = Place::new();
    for folder in ["baselines", "benchmarks"] {
        symlink(root().join(folder), place.path(folder)).unwrap();
    }
    own_dataset(&place);
    new_files(&place);
    let mut rows = "id,label\n".to_owned();
    for [id, _, label] in questions(&place) {
        let _ = writeln!(rows, "{id},{label}");
    }
    place.write("mine.csv", rows);
    let votes = "CREHate_final_annotations.csv";
    fs::copy(place.path("sample/crehate/data").join(votes), place.path(votes)).unwrap();
    for file in ["smollm2.gguf", "my-checkpoint/config.json", "lora/adapter_config.json"] {
        place.write(file, "x");
    }
    place.write("defs/models/my-model.toml", model("my-model", "plugin = \"majority\""));
    for run in ["default", "mine"] {
        let models = "majority,stratified-random,my-model";
        place.sample(&["--models", models, "--limit", "20", "--name", run]).exits(0);
    }
    wrapper(&place);
    place
}

/// The dataset of the field reports with as many rows as every model needs.
fn own_dataset(place: &Place) {
    let ground = root().join("harness/tests/field-reports/ground");
    let text = |name: &str| fs::read_to_string(ground.join(name)).unwrap();
    let given = "method = \"given\"";
    let definition = text("own.toml");
    assert!(definition.contains(given));
    let carved = format!("{given}\nvalid = {{ share = 0.2, seed = 1 }}");
    place.write("own.toml", definition.replace(given, &carved));
    let mut train = "id,text,label,country\n".to_owned();
    for i in 0..60 {
        let (word, label) = [("fine", "good"), ("terrible", "bad")][i % 2];
        let country = ["SG", "ZA"][i / 2 % 2];
        let _ = writeln!(train, "t{i},{word} number {i},{label},{country}");
    }
    place.write("mirror/own/train.csv", train);
    place.write("mirror/own/test.csv", text("test.csv"));
}

/// The files that docs/your-dataset.md begins with.
fn new_files(place: &Place) {
    let (mut posts, mut quiz) = ("post,label,country\n".to_owned(), String::new());
    for i in 0..60 {
        let (word, label) = [("fine", "good"), ("terrible", "bad")][i % 2];
        let _ = writeln!(posts, "{word} number {i},{label},{}", ["SG", "ZA"][i / 2 % 2]);
        let gold = ["rice", "bread"][i % 2];
        let _ = writeln!(
            quiz,
            r#"{{"question": "what is eaten on day {i}?", "choices": ["rice", "bread"], "answer": "{gold}"}}"#
        );
    }
    place.write("posts.csv", posts);
    place.write("quiz.jsonl", quiz);
}

/// `culture-eval` for a shell: the program with the folders of the place, and with `$MORE` behind `run`.
fn wrapper(place: &Place) {
    let folder = |flag: &str, path: &Path| format!(" {flag} '{}'", path.display());
    let mut line = format!("exec '{}' --offline", env!("CARGO_BIN_EXE_culture-eval"));
    for (flag, name) in [
        ("--cache", "cache"),
        ("--runs", "runs"),
        ("--definitions", "defs"),
        ("--mirror", "mirror"),
    ] {
        line.push_str(&folder(flag, &place.path(name)));
    }
    line.push_str(&folder("--plugins", &plugins()));
    let script = format!(
        "#!/bin/sh\nmore=\nfor word in \"$@\"; do [ \"$word\" = run ] && more=$MORE; done\n{line} \"$@\" $more\n"
    );
    let path = place.write("bin/culture-eval", script);
    fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn shell(place: &Place, command: &str, more: &str) -> Ran {
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    // The page on clusters leaves the program's name out.
    shell.args(["-c", &format!("run() {{ culture-eval run \"$@\"; }}\n{command}")]);
    shell.current_dir(place.path("")).env_clear().stdin(Stdio::null());
    shell.env("PATH", format!("{}:{path}", place.path("bin").display()));
    shell.env("HOME", place.path("home")).env("CULTURE_EVAL_RESAMPLES", "500").env("MORE", more);
    Ran::of(&mut shell)
}

/// Names for a user's own.
fn filled(command: &str) -> String {
    command.replace("NAME", "own").replace("TASK", "own")
}

#[test]
fn every_command_of_the_pages_runs() {
    let place = prepared();
    let mut used = vec![false; ROWS.len()];
    let mut wrong = Vec::new();
    let mut run = 0;
    for block in pages().iter().flat_map(|page| blocks(page)) {
        // Python is run by scripts/test-wheel.
        if ["toml", "rust", "python", "text"].contains(&&*block.language) {
            continue;
        }
        for (line, command) in commands(&block) {
            let row = ROWS
                .iter()
                .position(|(page, begins, ..)| *page == block.page && command.starts_with(begins));
            if let Some(row) = row {
                used[row] = true;
            }
            let (more, code) = match row.map(|row| ROWS[row].2) {
                Some(Instead::Skipped) => continue,
                Some(Instead::Dry) => ("--dry-run", 0),
                Some(Instead::Exits(code)) => (SMALL, code),
                None => (SMALL, 0),
            };
            run += 1;
            let ran = shell(&place, &filled(&command), more);
            if ran.code != Some(code) {
                wrong.push(format!(
                    "{}:{line}: {command}\nends with {:?}, not {code}\n{}{}",
                    block.page, ran.code, ran.out, ran.err
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} commands:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(run > 30, "only {run} commands were found and run");
    for (row, used) in ROWS.iter().zip(used) {
        assert!(used, "no command of {} begins with {:?}: take the row out", row.0, row.1);
    }
}

/// A whole model definition from what a page shows of one.
fn model(name: &str, shown: &str) -> String {
    let mut whole = String::new();
    let has = |key: &str| shown.lines().any(|line| line.starts_with(&format!("{key} =")));
    for (key, value) in [
        ("name", name),
        ("title", name),
        ("plugin", "replay"),
        ("description", "A model of the tests."),
        ("license", "MIT"),
    ] {
        if !has(key) {
            let _ = writeln!(whole, "{key} = \"{value}\"");
        }
    }
    whole + shown
}

/// The plugin whose page it is.
fn plugin_of(block: &Block) -> Option<&str> {
    let mut parts = block.page.split('/');
    (parts.next() == Some("baselines")).then(|| parts.next()).flatten()
}

/// What a page shows of a model: all of it, or for `SECURITY.md` each line.
fn definitions(block: &Block) -> Vec<String> {
    if NO_MODEL.iter().any(|(page, _)| *page == block.page) {
        return block.text.lines().map(str::to_owned).collect();
    }
    vec![block.text.clone()]
}

#[test]
fn every_model_of_the_pages_is_valid() {
    let mut count = 0;
    for block in pages().iter().flat_map(|page| blocks(page)).filter(|b| b.language == "toml") {
        for shown in definitions(&block) {
            count += 1;
            let place = Place::new();
            let plugin = plugin_of(&block).filter(|_| !shown.contains("plugin ="));
            let shown = match plugin {
                Some(plugin) => format!("plugin = \"{plugin}\"\n{shown}"),
                None => shown,
            };
            place.write("defs/models/shown.toml", model("shown", &shown));
            let at = format!("{}:{}", block.page, block.line);
            let ran = place.run(&["validate"]);
            assert_eq!(ran.code, Some(0), "{at}\n{}{}", ran.out, ran.err);
            let value: toml::Table = toml::from_str(&model("shown", &shown)).unwrap();
            known_to_the_plugin(&place, &value, &at);
        }
    }
    assert!(count >= 8, "{count} models");
}

/// A plugin that is built here knows each key of `[config]`: what it then lacks is a file.
fn known_to_the_plugin(place: &Place, model: &toml::Table, at: &str) {
    let plugin = model["plugin"].as_str().unwrap();
    if !["word-vectors", "static-embeddings", "replay"].contains(&plugin) {
        return;
    }
    let Some(config) = model.get("config") else { return };
    let config = serde_json::to_string(config).unwrap();
    let ran = place.run(&["plugin", "check", plugin, "--config", &config, "--calls", "1"]);
    for word in ["unknown field", "unknown variant", "invalid type"] {
        assert!(!ran.out.contains(word) && !ran.err.contains(word), "{at}\n{}{}", ran.out, ran.err);
    }
}
