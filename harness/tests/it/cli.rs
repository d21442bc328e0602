//! The command line: help, names, exit codes, JSON lines, pipes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::program::{Place, Ran, assert_says};

/// All commands for people, those of a command included: `plugin check` as `["plugin", "check"]`.
fn commands(of: &clap::Command, path: &[String]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for command in of.get_subcommands().filter(|command| !command.is_hide_set()) {
        let path = [path, &[command.get_name().to_owned()]].concat();
        all.extend(commands(command, &path));
        all.push(path);
    }
    all
}

#[test]
fn every_command_has_help() {
    let place = Place::new();
    let all = place.run(&["--help"]).exits(0);
    assert_says(&all.out, &["Examples:", "Exit codes: 0 done", "culture-eval run"]);
    let line = harness::cmd::command_line();
    let commands = commands(&line, &[]);
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        if let [top] = &command[..] {
            assert_says(&all.out, &[&format!("  {top} ")]);
        }
        let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
        words.push("--help");
        let help = place.run(&words).exits(0);
        assert_says(&help.out, &["Usage: culture-eval", &command.join(" "), "--json"]);
        assert_eq!(help.err, "", "{command:?}");
        assert!(!help.out.contains('\x1b'), "{command:?}");
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
    insta::assert_snapshot!(error(&["report", "nothing"]), @"error: <place>/runs/nothing is not a run: it has no manifest.json; `culture-eval list runs` shows all");
    insta::assert_snapshot!(error(&["prepare", "emgds"]), @"error: unknown task `emgds`: did you mean `emgsd`? (`culture-eval list tasks` shows all)");
    insta::assert_snapshot!(error(&["fetch", "emgds"]), @"error: unknown dataset `emgds`: did you mean `emgsd`? (`culture-eval list benchmarks` shows all)");
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
    assert_says(&error(&["run", "--modls", "majority"]), &["--models"]);
    assert_says(&error(&["run", "--limit", "many"]), &["--limit", "many"]);
}

#[test]
fn a_broken_definition_names_file_line_and_field() {
    let place = Place::new();
    place.write("defs/mine.toml", "name = \"mine\"\nplugin = \"majority\"\nbatchsize = 3\n");
    let list = place.run(&["list", "models"]).exits(2);
    insta::assert_snapshot!(place.plain(&list.err), @"error: failed to read the definitions: <place>/defs/mine.toml:3:1: unknown field `batchsize`, expected one of `name`, `title`, `plugin`, `description`, `licence`, `license`, `tasks`, `protocols`, `parameters`, `contamination`, `weights`, `files`, `capabilities`, `cache`, `batch`, `neighbours`, `timeout`, `memory`, `resources`, `access`, `prompt`, `server`, `config`: did you mean `batch`?");
    place.write("defs/mine.toml", "colour = 3\n");
    insta::assert_snapshot!(place.plain(&place.run(&["list"]).exits(2).err), @"error: failed to read the definitions: <place>/defs/mine.toml: neither a dataset (`[[task]]`), nor a model (`plugin` or `extends`), nor a suite (`models` and `benchmarks`); add the fields of one of them");
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
fn flags_of_a_run_are_settings_with_an_origin() {
    let place = Place::new();
    place.write("culture-eval.toml", "timeout = 7\nmemory = 8\n");
    let typed = ["--timeout", "60", "--slice", "5", "--max-failures", "2", "--resamples", "99"];
    let more = ["--threads", "3", "--tries", "4", "--retry-after", "9"];
    let config = place.run(&[&["--json", "config"], &typed[..], &more].concat()).exits(0);
    let of_the_test = ["cache", "definitions", "offline", "plugins", "runs"];
    let shown: Vec<String> = (config.lines().iter())
        .map(|line| ["setting", "value", "origin"].map(|field| line[field].to_string()))
        .map(|words| place.plain(&words.join(" ").replace('"', "")))
        .filter(|line| !line.ends_with(" default"))
        .filter(|line| !of_the_test.iter().any(|name| line.starts_with(name)))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    max_failures 2 --max-failures
    memory 8 <place>/culture-eval.toml
    resamples 99 --resamples
    retry_after 9 --retry-after
    slice 5 --slice
    threads 3 --threads
    timeout 60 --timeout
    tries 4 --tries
    ");
    assert_says(&place.run(&["config", "--tries", "0"]).exits(2).err, &["--tries", "0"]);
}

/// A model's TOML wins over the suite's, that over the settings, and a flag over all of them.
#[test]
fn the_limits_of_each_model_are_shown_with_their_origin() {
    let place = Place::new();
    place.write("culture-eval.toml", "memory = 800\n");
    place.model("long", "majority", "timeout = 86400\nresources.slice = 50", "");
    place.model("plain", "majority", "", "");
    place.write(
        "defs/mine.toml",
        "name = \"mine\"\ntitle = \"Mine\"\nmodels = [\"long\", \"plain\"]\nbenchmarks = [\"emgsd\"]\nseeds = [1]\ntimeout = 600\n",
    );
    let limits = |text: &str| {
        let from = text.find("timeout s").unwrap();
        let from = text[..from].rfind('\n').unwrap() + 1;
        let table = text[from..].lines().take_while(|line| !line.is_empty());
        // The width of a column is that of a path.
        let cells = |line: &str| {
            line.split("  ")
                .map(str::trim)
                .filter(|c| !c.is_empty())
                .collect::<Vec<_>>()
                .join(" | ")
        };
        place.plain(&table.map(cells).collect::<Vec<_>>().join("\n"))
    };
    let dry = ["run", "mine", "--data", "sample", "--dry-run", "--threads", "2"];
    let shown = limits(&place.run(&dry).exits(0).out);
    insta::assert_snapshot!(shown, @r"
    model | timeout s | memory MiB | threads | slice
    long | 86400 (model long) | 800 (<place>/culture-eval.toml) | 2 (--threads) | 50 (model long)
    plain | 600 (suite mine) | 800 (<place>/culture-eval.toml) | 2 (--threads) | 0
    ");
    assert_eq!(
        limits(&place.run(&["config", "--suite", "mine", "--threads", "2"]).exits(0).out),
        shown
    );
    let flags = ["--timeout", "60", "--memory", "0", "--slice", "0"];
    insta::assert_snapshot!(limits(&place.run(&[&dry[..], &flags].concat()).exits(0).out), @r"
    model | timeout s | memory MiB | threads | slice
    long | 60 (--timeout) | 0 (--memory) | 2 (--threads) | 0 (--slice)
    plain | 60 (--timeout) | 0 (--memory) | 2 (--threads) | 0 (--slice)
    ");
    let json = place.run(&[&["--json"], &dry[..], &["--timeout", "60"]].concat()).exits(0).lines();
    assert_eq!(
        json[0]["limits"]["timeout"],
        serde_json::json!({"value": 60, "origin": "--timeout"})
    );
}

#[test]
fn lists_take_commas_and_spaces() {
    let place = Place::new();
    let cells = |args: &[&str]| {
        let run = ["--json", "run", "--data", "sample", "--dry-run"];
        place.run(&[&run[..], args].concat()).exits(0).lines()
    };
    let commas = [
        "--models=majority,stratified-random",
        "--benchmarks=emgsd,crehate",
        "--seeds=1,2",
        "--protocols=trained,finetuned",
    ];
    let expect = cells(&commas);
    assert_eq!(expect.len(), 8);
    let spaces = "--models majority stratified-random --benchmarks emgsd crehate --seeds 1 2 --protocols trained finetuned";
    assert_eq!(cells(&spaces.split(' ').collect::<Vec<_>>()), expect);
    let mixed = "default --models majority,stratified-random --benchmarks emgsd --benchmarks crehate --seeds 1,2 --protocols trained,finetuned";
    assert_eq!(cells(&mixed.split(' ').collect::<Vec<_>>()), expect);
    let behind = place.run(&["run", "--models", "majority", "default", "--dry-run"]).exits(2);
    assert_says(
        &behind.err,
        &["unknown model `default`", "hint: `default` is a suite: name it first"],
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
    assert_eq!(names.len(), 49);
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
    assert!(
        ["ok", "note"].contains(&of("sandbox")["state"].as_str().unwrap()),
        "{}",
        of("sandbox")
    );
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
    assert_says(&valid.err, &["49 benchmarks", "all well"]);
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

/// Lists take blanks as well as commas, a place that is not there is no reason to look elsewhere, and a board of nothing is no success.
#[test]
fn what_was_typed_wrong_is_told_at_once() {
    let place = Place::new();
    let blanks =
        ["--json", "run", "--dry-run", "--data", "sample", "--benchmarks", "emgsd", "--models"];
    let both =
        place.run(&[&blanks[..], &["majority", "stratified-random"]].concat()).exits(0).lines();
    assert_eq!(both.len(), 2, "{both:?}");
    let gone =
        place.run(&["--mirror", "gone", "run", "--models", "majority", "--benchmarks", "emgsd"]);
    assert_says(&gone.exits(2).err, &["there is no folder gone", "--mirror takes a folder"]);
    place.write("occupied", "a file");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_culture-eval"));
    command.current_dir(place.path(".")).args(["--cache", "occupied", "run", "--data", "sample"]);
    let full = Ran::of(&mut command);
    assert_says(&full.exits(2).err, &["cannot write into the cache occupied", "--cache DIR"]);
    let early = place.run(&["--threads", "1", "run"]).exits(2);
    assert_says(&early.err, &["`--threads` is an option of `run`", "culture-eval run --threads"]);
}
