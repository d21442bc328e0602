//! `plugin new`: what it writes compiles, passes the validator and is on the board. `scripts/try-new-baseline` follows
//! CONTRIBUTING.md in a fresh clone; this is its quick form.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use super::program::{Place, assert_says, files_below};
use super::skipped::skipped;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The new baseline passes `plugin check` and has a row beside `majority`, by its suite too.
fn checked_and_run(place: &Place, name: &str, more: &[&str]) {
    let with = |args: &[&str]| place.run(&[&["--definitions", "baselines"], more, args].concat());
    with(&["validate"]).exits(0);
    let check = with(&["plugin", "check", "--model", name, "--calls", "100"]).exits(0);
    assert_says(&check.out, &["pass", "determinism", "batch invariance", "leak"]);
    assert_says(&check.err, &["0 of 13 checks failed"]);
    let models = format!("majority,{name}");
    let args = ["run", "--data", "sample", "--models", &models, "--limit", "120"];
    let ran = with(&args).exits(0);
    assert_says(&ran.out, &["majority", name]);
    let summary = place.summary("default");
    let own = summary["cells"].as_array().unwrap().iter().filter(|c| c["model"] == name);
    let own: Vec<_> = own.map(|c| c["outcome"]["score"]["n"].as_u64()).collect();
    assert_eq!(own.len(), 11, "a row over all benchmarks");
    assert!(own.iter().all(Option::is_some), "every cell has a number: {own:?}");
    with(&["run", name, "--data", "sample", "--limit", "10"]).exits(0);
    let summary = place.summary(name);
    let models: Vec<&str> = (summary["models"].as_array().unwrap().iter())
        .map(|m| m["name"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["majority", "tfidf-logreg", name]);
}

#[test]
fn a_new_program_is_a_model() {
    if Command::new("python3").arg("--version").output().is_err() {
        skipped("python3", "install python3");
        return;
    }
    let place = Place::new();
    fs::create_dir(place.path("baselines")).unwrap();
    let new = place.run(&["plugin", "new", "my-script", "--command"]).exits(0);
    assert_says(&new.err, &["model.py", "scripts/just run run --models majority,my-script"]);
    let written: Vec<String> =
        files_below(&place.path("baselines")).iter().map(|p| p.display().to_string()).collect();
    let said: Vec<String> = new.out.lines().map(str::to_owned).collect();
    assert_eq!(written.len(), said.len());
    assert!(written.iter().all(|file| said.contains(&format!("baselines/{file}"))), "{said:?}");
    let script = fs::read_to_string(place.path("baselines/my-script/model.py")).unwrap();
    assert!(script.lines().count() < 60 && !script.contains("{{"), "{script}");
    checked_and_run(&place, "my-script", &[]);
}

#[test]
fn a_new_crate_is_a_model() {
    let place = Place::new();
    fs::create_dir(place.path("baselines")).unwrap();
    place.run(&["plugin", "new", "my-model"]).exits(0);
    place.run(&["plugin", "new", "my-script", "--command"]).exits(0);
    // A workspace around them with the versions and lints of this one, and only their own dependencies.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = manifest.parse().unwrap();
    manifest.remove("profile");
    let workspace = manifest["workspace"].as_table_mut().unwrap();
    workspace.remove("default-members");
    workspace.remove("exclude");
    workspace["members"] = vec!["baselines/my-model", "baselines/my-script"].into();
    for (name, folder) in [("plugin-api", "plugin-api"), ("command", "baselines/command")] {
        let path = fs::canonicalize(root().join(folder)).unwrap().display().to_string();
        workspace["dependencies"][name]["path"] = path.into();
    }
    place.write("Cargo.toml", toml::to_string(&manifest).unwrap());
    fs::copy(root().join("Cargo.lock"), place.path("Cargo.lock")).unwrap();
    fs::copy(root().join("clippy.toml"), place.path("clippy.toml")).unwrap();
    fs::copy(root().join("rustfmt.toml"), place.path("rustfmt.toml")).unwrap();
    let cargo = |args: &[&str]| {
        let done = Command::new(env!("CARGO"))
            .args(args)
            .current_dir(place.path(""))
            .env("CARGO_TARGET_DIR", place.path("target"))
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    cargo(&["fmt", "--package", "my-model", "--package", "my-script", "--check"]);
    cargo(&["test", "--offline", "--quiet"]);
    cargo(&["build", "--offline", "--quiet"]);
    checked_and_run(&place, "my-model", &["--plugins", "target/debug"]);
}

#[test]
fn names_that_cannot_be_are_refused() {
    let place = Place::new();
    let error = |name: &str| place.run(&["plugin", "new", name]).exits(2).err;
    assert_says(&error("My Model"), &["`My Model` cannot be a crate name", "lower-case"]);
    assert_says(&error("majority"), &["there is a model or suite `majority` already"]);
    assert_says(&error("mine"), &["there is no folder baselines", "--folder"]);
    fs::create_dir_all(place.path("baselines/mine")).unwrap();
    assert_says(&error("mine"), &["baselines/mine is there already"]);
}
