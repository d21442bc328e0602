//! The command line: help, names, exit codes, JSON lines, pipes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::program::{Place, Ran, assert_says};

const COMMANDS: [&str; 16] = [
    "run",
    "retry",
    "report",
    "score",
    "import",
    "list",
    "show",
    "fetch",
    "prepare",
    "sample",
    "validate",
    "doctor",
    "config",
    "plugin",
    "stats",
    "completions",
];

#[test]
fn every_command_has_help() {
    let place = Place::new();
    let all = place.run(&["--help"]).exits(0);
    assert_says(&all.out, &["Examples:", "Exit codes: 0 done", "culture-eval run"]);
    for command in COMMANDS {
        assert_says(&all.out, &[&format!("  {command} ")]);
        let help = place.run(&[command, "--help"]).exits(0);
        assert_says(&help.out, &["Usage: culture-eval", command, "--json"]);
        assert_eq!(help.err, "", "{command}");
        assert!(!help.out.contains('\x1b'), "{command}");
    }
    assert!(!all.out.contains("  cell "), "`cell` is not for people");
    let nothing = Ran::of(&mut std::process::Command::new(env!("CARGO_BIN_EXE_culture-eval")));
    assert_says(&nothing.exits(2).err, &["Usage: culture-eval"]);
}

#[test]
fn what_cannot_run_exits_2_and_says_what_was_meant() {
    let place = Place::new();
    let error = |args: &[&str]| {
        let ran = place.run(args).exits(2);
        assert_eq!(ran.out, "", "{args:?}");
        place.plain(&ran.err)
    };
    insta::assert_snapshot!(error(&["run", "--data", "sample", "--models", "majorty"]), @"error: unknown model `majorty`: did you mean `majority`? (`culture-eval list models` shows all)");
    insta::assert_snapshot!(error(&["run", "--data", "sample", "--benchmarks", "crehat"]), @"error: unknown benchmark `crehat`: did you mean `crehate`? (`culture-eval list benchmarks` shows all)");
    insta::assert_snapshot!(error(&["run", "--data", "sample", "defualt"]), @"error: unknown suite `defualt`: did you mean `default`? (`culture-eval list suites` shows all)");
    insta::assert_snapshot!(error(&["run", "--data", "sample", "--benchmarks", "emgsd", "--protocols", "traind"]), @r"
    error: no task has a protocol `traind`

    hint: did you mean `trained`? they have trained, zero-shot
    ");
    insta::assert_snapshot!(error(&["show", "majorty"]), @r"
    error: nothing is called `majorty`

    hint: did you mean `majority`? `culture-eval list benchmarks|tasks|models|suites|runs` shows all names
    ");
    insta::assert_snapshot!(error(&["report", "nothing"]), @"error: <place>/runs/nothing is no run: it has no manifest.json; `culture-eval list runs` shows all");
    insta::assert_snapshot!(error(&["prepare", "emgds"]), @"error: unknown task `emgds`: did you mean `emgsd`? (`culture-eval list tasks` shows all)");
    insta::assert_snapshot!(error(&["fetch", "emgds"]), @"error: unknown family `emgds`: did you mean `emgsd`? (`culture-eval list benchmarks` shows all)");
    assert_says(
        &error(&["plugin", "describe", "majorty"]),
        &[
            "error: plugin `majorty` is not in <plugins>",
            "(did you mean `majority`?)",
            "cargo build",
            "--plugins",
        ],
    );
    assert_says(&error(&["rnu"]), &["unrecognized subcommand 'rnu'"]);
    assert_says(&error(&["run", "--model", "majority"]), &["--models"]);
    assert_says(&error(&["run", "--limit", "many"]), &["--limit", "many"]);
}

#[test]
fn a_broken_definition_names_file_line_and_field() {
    let place = Place::new();
    place.write("defs/mine.toml", "name = \"mine\"\nplugin = \"majority\"\nbatchsize = 3\n");
    let list = place.run(&["list", "models"]).exits(2);
    insta::assert_snapshot!(place.plain(&list.err), @"error: failed to read the definitions: <place>/defs/mine.toml:3:1: unknown field `batchsize`, expected one of `name`, `title`, `plugin`, `description`, `licence`, `tasks`, `protocols`, `parameters`, `contamination`, `weights`, `files`, `capabilities`, `cache`, `batch`, `timeout`, `memory`, `resources`, `access`, `prompt`, `config`: did you mean `batch`?");
    place.write("defs/mine.toml", "colour = 3\n");
    insta::assert_snapshot!(place.plain(&place.run(&["list"]).exits(2).err), @"error: failed to read the definitions: <place>/defs/mine.toml: neither a family (`[[task]]`), nor a model (`plugin` or `extends`), nor a suite (`models` and `benchmarks`); add the fields of one of them");
}

#[test]
fn settings_come_in_layers_and_a_wrong_one_names_its_origin() {
    let place = Place::new();
    place.write("culture-eval.toml", "timeout = 7\n");
    let config = place.run(&["--json", "--jobs", "3", "config"]).exits(0);
    let of = |name: &str| config.lines().into_iter().find(|l| l["setting"] == name).unwrap();
    assert_eq!((&of("timeout")["value"], &of("jobs")["value"]), (&7.into(), &3.into()));
    assert_eq!(
        (&of("jobs")["origin"], &of("data")["origin"]),
        (&"--jobs".into(), &"default".into())
    );
    assert_says(of("timeout")["origin"].as_str().unwrap(), &["culture-eval.toml"]);
    let defaults = place.run(&["config", "--defaults"]).exits(0).out;
    place.write("culture-eval.toml", defaults);
    place.run(&["config"]).exits(0);
    place.write("culture-eval.toml", "tiemout = 7\n");
    assert_says(
        &place.run(&["list"]).exits(2).err,
        &["culture-eval.toml", "tiemout", "culture-eval config"],
    );
}

#[test]
fn json_is_one_object_a_line() {
    let place = Place::new();
    let commands: [&[&str]; 10] = [
        &["list", "benchmarks"],
        &["list", "tasks"],
        &["list", "models"],
        &["list", "suites"],
        &["list", "runs"],
        &["show", "crehate"],
        &["show", "majority"],
        &["validate"],
        &["config"],
        &["run", "--data", "sample", "--benchmarks", "emgsd", "--models", "majority", "--dry-run"],
    ];
    for command in commands {
        let ran = place.run(&[&["--json"], command].concat()).exits(0);
        assert!(ran.lines().iter().all(serde_json::Value::is_object), "{command:?}: {}", ran.out);
    }
    let names = place.run(&["--json", "list", "benchmarks"]).lines();
    assert_eq!(names.len(), 11);
    assert!(!place.path("runs").exists(), "--dry-run writes no run");
}

#[test]
fn doctor_says_what_is_missing_and_how_to_get_it() {
    let place = Place::new();
    let doctor = place.run(&["--json", "doctor"]).exits(1);
    let of = |what: &str| {
        doctor
            .lines()
            .into_iter()
            .find(|l| l["what"] == what)
            .unwrap_or_else(|| panic!("{what}: {}", doctor.out))
    };
    assert_eq!(of("plugin majority")["state"], "ok");
    assert!(["ok", "note"].contains(&of("fence")["state"].as_str().unwrap()), "{}", of("fence"));
    assert_eq!(of("data emgsd/test")["state"], "missing");
    assert_says(of("data emgsd/test")["detail"].as_str().unwrap(), &["drop-in"]);
}

#[test]
fn completions_and_validate() {
    let place = Place::new();
    assert_says(
        &place.run(&["completions", "bash"]).exits(0).out,
        &["complete -F", "culture-eval"],
    );
    let valid = place.run(&["validate"]).exits(0);
    assert_says(&valid.err, &["11 benchmarks", "all well"]);
    place.model("double", "no-such-plugin", "tasks = [\"emgds\"]", "");
    let invalid = place.run(&["validate"]).exits(1);
    assert_says(&invalid.out, &["double", "emgds", "emgsd"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for args in [
        &["show", "crehate"][..],
        &["--json", "config"],
        &["completions", "bash"],
        &["--help"],
        &["config", "--defaults"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.command(args);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*err), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn the_first_line_comes_before_the_reader_goes_away() {
    let place = Place::new();
    let mut child = place.command(&["list", "models"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_says(&line, &["model", "plugin", "description"]);
    assert_eq!(super::program::end_of(&mut child).code(), Some(0));
}

#[test]
fn quiet_is_quiet() {
    let place = Place::new();
    let ran = place
        .sample(&["--quiet", "--benchmarks", "emgsd", "--models", "majority", "--limit", "5"])
        .exits(0);
    assert_eq!(ran.err, "");
    assert_says(&ran.out, &["SAMPLE", "majority"]);
}
