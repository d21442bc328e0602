//! Plugins that break every rule: each costs its own cell and says why; the others are done.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, Ran, assert_says, plugins};
use super::skipped::skipped;

/// Runs the honest and some misbehaving models and gives the reasons in order of model; the honest one has a number.
fn reasons(place: &Place, models: &str, more: &[&str], code: i32) -> Vec<Value> {
    let names = format!("majority,{models}");
    let args = ["--models", &names, "--benchmarks", "emgsd", "--limit", "20", "--jobs", "2"];
    place.sample(&[&args[..], more].concat()).exits(code);
    let summary = place.summary("default");
    let cells = summary["cells"].as_array().unwrap();
    assert!(cells[0]["outcome"]["score"].is_object(), "the honest model: {}", cells[0]);
    cells[1..].iter().map(|cell| cell["outcome"]["reason"].clone()).collect()
}

/// What `lie = "..."` comes to: kind and message.
fn lie(lie: &str, more: &[&str]) -> String {
    let place = Place::new();
    place.model("liar", "liar", "", &format!("lie = \"{lie}\""));
    let reason = reasons(&place, "liar", more, 1).remove(0);
    let text =
        format!("{}: {}", reason["kind"].as_str().unwrap(), reason["message"].as_str().unwrap());
    let markdown = fs::read_to_string(place.path("runs/default/leaderboard.md")).unwrap();
    assert_says(&markdown, &["SAMPLE"]);
    without_line(&place.plain(&text))
}

/// The place of a panic without its line, which changes with every edit of the plugin.
fn without_line(text: &str) -> String {
    match text.split_once("lib.rs:") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
            format!("{before}lib.rs:<line>{rest}")
        }
        None => text.to_owned(),
    }
}

#[test]
fn wrong_numbers() {
    insta::assert_snapshot!(lie("nan", &[]), @"plugin: plugin liar, classify: NaN for example `test/0`; scores and vectors must be finite (no answer: mark the row)");
    insta::assert_snapshot!(lie("infinite", &[]), @"plugin: plugin liar, classify: inf for example `test/0`; scores and vectors must be finite (no answer: mark the row)");
    insta::assert_snapshot!(lie("short", &[]), @"plugin: plugin liar, classify: NaN for example `test/19`; scores and vectors must be finite (no answer: mark the row)");
    insta::assert_snapshot!(lie("refuse", &[]), @"plugin: plugin liar, classify: I do not like it (example `test/1`)");
}

#[test]
fn panics() {
    insta::assert_snapshot!(lie("panic-create", &[]), @"panic: plugin liar, create: panicked: no wish to exist (at plugin-api/test-plugins/liar/src/lib.rs:<line>)");
    insta::assert_snapshot!(lie("panic-fit", &[]), @"panic: plugin liar, fit: panicked: no wish to learn (at plugin-api/test-plugins/liar/src/lib.rs:<line>)");
    insta::assert_snapshot!(lie("panic-classify", &[]), @"panic: plugin liar, classify: panicked: no wish to judge test/0 (at plugin-api/test-plugins/liar/src/lib.rs:<line>)");
}

#[test]
fn sudden_ends() {
    insta::assert_snapshot!(lie("abort", &[]), @"signal: killed by signal 6 (SIGABRT, it aborted); it printed nothing");
    insta::assert_snapshot!(lie("crash", &[]), @"signal: killed by signal 11 (SIGSEGV, it crashed); it printed nothing");
    insta::assert_snapshot!(lie("exit", &[]), @"exit: exit code 3 without a result; it printed nothing");
}

#[test]
fn a_wrong_configuration() {
    insta::assert_snapshot!(lie("unheard-of", &[]), @"config: plugin liar, create: config: unknown variant `unheard-of`, expected one of `none`, `nan`, `infinite`, `short`, `fewer`, `panic-create`, `panic-fit`, `panic-classify`, `panic-text`, `panic-empty`, `abort`, `hang`, `deaf`, `no-dimension`, `random`, `neighbours`, `shared`, `leak`, `refuse`, `print`, `hog`, `crash`, `overread`, `chdir`, `close`, `offspring`, `exit`, `pieces` at line 1 column 19");
}

#[test]
fn no_end() {
    insta::assert_snapshot!(lie("hang", &["--timeout", "3"]), @"timeout: took longer than 3 s; raise --timeout, or `timeout` in the model's TOML or the settings");
}

/// A flag wins over the model's TOML, here and in the job of a scheduler; the TOML wins over a setting.
#[test]
fn a_limit_that_was_typed_wins_over_the_models() {
    let place = Place::new();
    place.model("endless", "liar", "timeout = 86400", "lie = \"hang\"");
    place.model("short", "liar", "timeout = 2", "lie = \"hang\"");
    let timeout = |model: &str, more: &[&str]| {
        let args = ["--models", model, "--benchmarks", "emgsd", "--limit", "4", "--name", model];
        place.sample(&[&args[..], more].concat()).exits(1);
        let reason = &place.summary(model)["cells"][0]["outcome"]["reason"];
        reason["message"].as_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let template = ["--executor", "command", "--template", "{script} >>{log} 2>&1", "--tries", "1"];
    assert_eq!(timeout("endless", &["--timeout", "1"]), "took longer than 1 s");
    assert_eq!(timeout("short", &["--retry-failed"]), "took longer than 2 s");
    let typed = [&["--timeout", "1", "--retry-failed"], &template[..]].concat();
    assert_eq!(timeout("endless", &typed), "took longer than 1 s");
    assert_eq!(
        timeout("short", &[&["--retry-failed"], &template[..]].concat()),
        "took longer than 2 s"
    );
}

#[test]
fn no_memory() {
    if !Path::new("/proc/self/status").exists() {
        skipped("/proc", "it needs Linux");
        return;
    }
    assert_says(
        &lie("hog", &["--memory", "400"]),
        &["out-of-memory: used ", " MiB of 400 MiB; lower `batch`, or raise --memory or `memory`"],
    );
}

#[test]
fn what_a_plugin_prints_is_no_event() {
    let place = Place::new();
    place.model("liar", "liar", "", "lie = \"print\"");
    place.model("honest", "liar", "", "lie = \"none\"");
    let args = ["--models", "liar,honest", "--benchmarks", "emgsd", "--limit", "20"];
    let ran = place.sample(&args).exits(0);
    assert!(!ran.out.contains("loading weights") && !ran.out.contains("forged"), "{}", ran.out);
    let cell = place.cell("default", "liar.");
    assert_says(&fs::read_to_string(cell.join("log.txt")).unwrap(), &["loading weights"]);
    let read =
        |model: &str| fs::read(place.cell("default", model).join("predictions.parquet")).unwrap();
    assert_eq!(read("liar."), read("honest."));
}

/// A dynamic library from a line of C, where there is a compiler.
#[track_caller]
fn c_library(place: &Place, name: &str, code: &str) -> Option<PathBuf> {
    let source = place.write(&format!("{name}.c"), code);
    let library = place.path(&format!("{name}{}", std::env::consts::DLL_SUFFIX));
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
    if !made.is_ok_and(|status| status.success()) {
        skipped("cc", "install a C compiler");
        return None;
    }
    Some(library)
}

#[test]
fn files_that_are_no_plugins() {
    let place = Place::new();
    let text = place.write("text.so", "no library at all\n");
    let table = "static struct { unsigned major, minor; unsigned long size; char rest[4096]; } table = { MAJOR, 0, SIZE };\nconst void *culture_eval_plugin_v1(void) { return &table; }\n";
    let with = |major: &str, size: &str| table.replace("MAJOR", major).replace("SIZE", size);
    let (Some(empty), Some(other), Some(small), Some(null), Some(hollow)) = (
        c_library(&place, "empty", "int nothing(void) { return 0; }\n"),
        c_library(&place, "other", &with("9", "4096")),
        c_library(&place, "small", &with("1", "16")),
        c_library(&place, "null", "const void *culture_eval_plugin_v1(void) { return 0; }\n"),
        c_library(&place, "hollow", &with("1", "4096")),
    ) else {
        return;
    };
    let all =
        [&text, &empty, &other, &small, &null, &hollow].map(|path| path.display().to_string());
    for (name, path) in ["a", "b", "c", "d", "e", "f"].iter().zip(&all) {
        place.model(name, path, "", "");
    }
    place.model("g", "./gone.so", "", "");
    let found = reasons(&place, "a,b,c,d,e,f,g", &[], 0);
    assert!(found.iter().all(|reason| reason["kind"] == "no-plugin"), "{found:?}");
    let messages: Vec<String> =
        found.iter().map(|r| place.plain(r["message"].as_str().unwrap())).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    <place>/text.so: not a loadable library: <place>/text.so: file too short
    <place>/empty.so: no symbol `culture_eval_plugin_v1`; a plugin ends with `export_plugin!(YourModel)` and has crate-type cdylib
    <place>/other.so: built for plugin ABI 9.0, this program has 1.4; rebuild the plugin with plugin-api 1.x
    <place>/small.so: its table says ABI 1.0 but has 16 bytes; that of ABI 1.0 has 152; rebuild the plugin against this version's plugin-api
    <place>/null.so: the table is null; rebuild the plugin against this version's plugin-api
    <place>/hollow.so: the function `create` is missing; rebuild the plugin against this version's plugin-api
    <place>/gone.so: not a loadable library: there is no such file
    ");
}

#[test]
fn retry_runs_only_what_failed() {
    let place = Place::new();
    place.model("liar", "liar", "", "lie = \"panic-fit\"");
    let args = ["--models", "majority,liar", "--benchmarks", "emgsd", "--limit", "20"];
    assert_says(
        &place.sample(&args).exits(1).err,
        &[
            "2 cells run, 0 reused, 1 failed",
            "/runs/default` runs the failed cells of this run again",
        ],
    );
    assert_says(&place.sample(&args).exits(1).err, &["0 cells run, 1 reused, 1 failed"]);
    // Neither models nor benchmarks nor the limit are typed again: the run has them.
    let retry = place.run(&["retry", "--data", "sample"]).exits(1);
    assert_says(&retry.err, &["1 cells run, 1 reused, 1 failed"]);
    for (model, starts) in [("liar.", 2), ("majority.", 1)] {
        let timing = fs::read(place.cell("default", model).join("timing.json")).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&timing).unwrap()["starts"], starts, "{model}");
    }
}

/// Following the hint starts the failed cells of that run and no others, with the places that were typed.
#[test]
fn the_hint_of_a_failed_run_names_that_run() {
    let place = Place::new();
    place.model("liar", "liar", "", "lie = \"panic-fit\"");
    let run = ["--models", "majority,liar", "--benchmarks", "emgsd", "--limit", "20"];
    let ran = place.sample(&[&run[..], &["--seeds", "3", "--name", "try"]].concat()).exits(1);
    let hint = ran.err.lines().find(|line| line.starts_with("hint:")).expect("a hint");
    let typed: Vec<&str> = hint.split('`').nth(1).expect("a command").split_whitespace().collect();
    assert_eq!(typed[0], "culture-eval");
    assert!(typed.last().is_some_and(|run| run.ends_with("/runs/try")), "{hint}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_culture-eval"));
    let again = Ran::of(command.args(&typed[1..]).current_dir(place.path("."))).exits(1);
    assert_says(&again.err, &["1 cells run, 1 reused, 1 failed"]);
    assert!(!place.path("runs/default").exists(), "another run was begun");

    let cells =
        place.run(&["--json", "--data", "sample", "retry", "try", "--dry-run"]).exits(0).lines();
    assert_eq!(cells.len(), 2, "{cells:?}");
    assert!(cells.iter().all(|cell| cell["seed"] == 3), "{cells:?}");
    assert_says(&place.run(&["retry", "no-such-run"]).exits(2).err, &["no-such-run"]);
}

#[test]
fn max_failures_stops_starting_cells() {
    let place = Place::new();
    for name in ["liar-a", "liar-b", "liar-c"] {
        place.model(name, "liar", "", "lie = \"panic-create\"");
    }
    let args = [
        "--models",
        "liar-a,liar-b,liar-c",
        "--benchmarks",
        "emgsd",
        "--limit",
        "5",
        "--jobs",
        "1",
        "--max-failures",
        "1",
    ];
    let ran = place.sample(&args).exits(1);
    assert_says(&ran.err, &["1 cells run, 0 reused, 1 failed, 2 not started"]);
    let summary = place.summary("default");
    let kinds: Vec<&str> = (summary["cells"].as_array().unwrap().iter())
        .map(|c| c["outcome"]["reason"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["panic", "not-run", "not-run"]);
}

#[test]
fn describe_tells_what_a_plugin_offers() {
    let place = Place::new();
    let json = place.run(&["--json", "plugin", "describe", "recorder"]).exits(0).lines();
    assert_eq!(json[0]["identity"]["name"], "recorder");
    assert_eq!(
        (&json[0]["fits"], &json[0]["capabilities"]),
        (&true.into(), &serde_json::json!(["classify", "embed", "choose"]))
    );
    assert!(Path::new(json[0]["file"]["path"].as_str().unwrap()).starts_with(plugins()));
    assert_says(
        &place.run(&["plugin", "describe", "recorder"]).exits(0).out,
        &["fit, classify, embed, choose, save"],
    );
}

/// The answers of a lie, and of an honest model, to the same questions.
fn answers(lie: &str, protocol: &str) -> (Place, Vec<u8>, Vec<u8>) {
    let place = Place::new();
    for name in ["honest", "liar"] {
        let lie = if name == "honest" { "none" } else { lie };
        place.model(name, "liar", protocol, &format!("lie = \"{lie}\""));
    }
    let args = ["--models", "honest,liar", "--benchmarks", "crehate", "--limit", "20"];
    place.sample(&args).exits(0);
    let of = |name: &str| {
        fs::read(place.cell("default", &format!("{name}.")).join("predictions.parquet")).unwrap()
    };
    let (honest, liar) = (of("honest"), of("liar"));
    (place, honest, liar)
}

#[test]
fn a_plugin_that_leaves_its_folder_costs_nothing() {
    let (_place, honest, liar) = answers("chdir", "batch = 4");
    assert!(honest == liar);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_plugin_started_ends_with_it() {
    let (place, honest, liar) = answers("offspring", "batch = 4");
    assert!(honest == liar);
    let timing = fs::read(place.cell("default", "liar.").join("timing.json")).unwrap();
    let timing: Value = serde_json::from_slice(&timing).unwrap();
    // The models of these tests may use the network; that they may not leave their group holds all the same.
    if !timing["fence"].as_str().unwrap().ends_with("Landlock, seccomp, network allowed") {
        let fence = format!("sandbox: {}", timing["fence"]);
        return skipped(&fence, "a kernel with Landlock and seccomp");
    }
    let left = || {
        let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let lines = all.filter_map(|entry| fs_err::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| line.windows(7).any(|part| part == b"297.125")).count()
    };
    super::program::wait_until("no program is left", || left() == 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_plugin_that_closes_our_files_costs_its_own_cell_only() {
    let place = Place::new();
    place.model("honest", "liar", "batch = 4", "lie = \"none\"");
    place.model("liar", "liar", "batch = 4", "lie = \"close\"");
    let args = ["--models", "liar,honest", "--benchmarks", "crehate", "--limit", "20"];
    place.sample(&args).exits(1);
    let record = |name: &str| -> Value {
        let file = place.cell("default", name).join("record.json");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    };
    let (honest, liar) = (record("honest."), record("liar."));
    assert_eq!(honest["status"], "done", "{honest}");
    assert_eq!(liar["status"], "failed", "{liar}");
    place.run(&["verify", "default"]).exits(0);
}
