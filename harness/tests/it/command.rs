//! Any program is a model, through the whole way: `run` with the plugin `command`, and each way a program can fail.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, Ran, assert_says, wait_until};
use super::skipped::skipped;

const ARGS: [&str; 6] = ["--models", "program", "--benchmarks", "crehate", "--limit", "20"];

/// A program that answers `create` and then does this with each request.
fn shell(body: &str) -> String {
    format!(
        "while IFS= read -r line; do case $line in\n'{{\"do\":\"create\"'*) echo '{{\"can\":[\"classify\"]}}' ;;\n*) {body} ;;\nesac; done\n"
    )
}

/// A model of this shell script, limited to `classify` without fitting.
fn place(script: &str, top: &str, config: &str) -> Place {
    let place = Place::new();
    place.write("defs/models/program.sh", script);
    let top = format!(
        "capabilities = [\"classify\"]\nprotocols = [\"zero-shot\"]\nfiles = {{ program = \"program.sh\" }}\nbatch = 8\n{top}"
    );
    place.model(
        "program",
        "command",
        &top,
        &format!("command = [\"sh\", \"{{program}}\"]\n{config}"),
    );
    place
}

/// The reason of the only cell of the board, as `kind: message`.
fn reason(place: &Place) -> String {
    let summary = place.summary("default");
    let reason = &summary["cells"][0]["outcome"]["reason"];
    let word = |name: &str| reason[name].as_str().unwrap_or_else(|| panic!("{summary}")).to_owned();
    place.plain(&format!("{}: {}", word("kind"), word("message")))
}

fn fails(body: &str, config: &str) -> (Place, String) {
    let place = place(&shell(body), "", config);
    place.sample(&ARGS).exits(1);
    let reason = reason(&place);
    (place, reason)
}

/// Copies an example of the plugin's README to the definitions.
fn with_example(name: &str) -> Place {
    let place = Place::new();
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../baselines/command/examples").join(name);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        place.write(&format!("defs/{name}"), fs::read(&path).unwrap());
    }
    place
}

#[track_caller]
fn has(program: &str, arguments: &[&str]) -> bool {
    let there = Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    if !there {
        skipped(
            &format!("{program} {}", arguments.join(" ")),
            &format!("install {program} and what this loads"),
        );
    }
    there
}

fn first(place: &Place) -> Value {
    place.summary("default")["cells"][0].clone()
}

#[test]
fn the_shell_example_stands_on_the_board() {
    let place = with_example("shell-first");
    place.run(&["validate"]).exits(0);
    let args = ["--models", "shell-first", "--benchmarks", "crehate,emgsd", "--limit", "40"];
    place.sample(&args).exits(0);
    let cell = first(&place);
    assert_eq!((&cell["protocol"], &cell["served"]), (&"zero-shot".into(), &"classify".into()));
    assert_eq!(cell["outcome"]["score"]["answered"], 40);
    let summary = place.summary("default");
    assert_says(&summary["cells"][1]["outcome"]["reason"].to_string(), &["limits it to crehate"]);
    // Another place, the same cell; another program, another cell.
    let elsewhere = with_example("shell-first");
    elsewhere.sample(&args).exits(0);
    let key = |place: &Place| {
        let folder = place.cell("default", "shell-first.");
        folder.file_name().unwrap().to_string_lossy().into_owned()
    };
    assert_eq!(key(&place), key(&elsewhere));
    let script = fs::read_to_string(elsewhere.path("defs/first.sh")).unwrap();
    elsewhere.write("defs/first.sh", format!("{script}# the same in other bytes\n"));
    assert_says(&elsewhere.sample(&args).exits(0).err, &["1 cells run, 0 reused"]);
    assert_says(&place.sample(&args).exits(0).err, &["0 cells run, 1 reused"]);
}

#[test]
fn the_python_example_learns_on_every_task() {
    if !has("python3", &["-c", "import sklearn"]) {
        return;
    }
    let place = with_example("python-logreg");
    let args = ["--models", "python-logreg,majority", "--benchmarks", "crehate,emgsd,wvs"];
    place.sample(&args).exits(0);
    let summary = place.summary("default");
    let value = |model: &str, benchmark: &str| {
        let cells = summary["cells"].as_array().unwrap();
        let cell = cells.iter().find(|c| c["model"] == model && c["benchmark"] == benchmark);
        cell.unwrap()["outcome"]["score"]["value"].as_f64().unwrap()
    };
    for benchmark in ["crehate", "emgsd", "wvs"] {
        assert!(value("python-logreg", benchmark) > value("majority", benchmark), "{benchmark}");
    }
}

#[test]
fn each_failure_is_a_reason() {
    let (place, reason) = fails("echo 'cannot find the vocabulary' >&2; exit 7", "");
    insta::assert_snapshot!(reason, @"plugin: plugin command, classify: `sh` ended (exit status: 7) without an answer to `classify`; it printed: cannot find the vocabulary");
    let log = fs::read_to_string(place.cell("default", "program.").join("log.txt")).unwrap();
    assert_says(&log, &["cannot find the vocabulary"]);
    insta::assert_snapshot!(fails("kill -9 $$", "").1, @"plugin: plugin command, classify: `sh` ended (signal: 9 (SIGKILL)) without an answer to `classify`; it printed nothing");
    insta::assert_snapshot!(fails("echo '{\"labels\":[\"hate\"]}'", "").1, @"plugin: plugin command, classify: the program answered with 1 labels for 8 examples; answer each, in their order");
    insta::assert_snapshot!(fails("echo hello", "").1, @r#"plugin: plugin command, classify: `sh` answered `classify` with "hello": expected value at line 1 column 1; the README of the plugin `command` shows the answer"#);
    insta::assert_snapshot!(fails("echo '{\"error\":\"the post is too long; cut it\"}'", "").1, @"plugin: plugin command, classify: `sh`: classify: the post is too long; cut it");
    insta::assert_snapshot!(fails("sleep 60", "timeout = 0.5").1, @"plugin: plugin command, classify: `sh` did not answer `classify` within 0.5 s; raise `timeout` in the model's [config], or mend the program; it printed nothing");

    let gone = Place::new();
    let top = "capabilities = [\"classify\"]\nprotocols = [\"zero-shot\"]\nfiles = { program = \"gone.sh\" }";
    gone.model("program", "command", top, "command = [\"sh\", \"{program}\"]");
    gone.sample(&ARGS).exits(1);
    assert_says(
        &self::reason(&gone),
        &["no-weights: the model's file `program` cannot be read", "gone.sh", "beside"],
    );
}

/// The shells whose command line has a place and a word in it. The numbers that they know of themselves are those of their own space
/// of processes.
fn shells(place: &Place, word: &str) -> Vec<i32> {
    let here = place.path("").display().to_string();
    let fits = |pid: &i32| {
        let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        let of_place = line.contains(here.trim_end_matches('/')) && line.contains(word);
        line.starts_with("sh\0") && of_place
    };
    let entries = fs_err::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    pids.filter(fits).collect()
}

/// A program that starts another one, writes both numbers down, and hangs.
fn hanging() -> Place {
    let place = place("", "", "");
    let pids = place.path("pids");
    let pids = pids.display();
    let body = format!(
        "sh -c 'sleep 600; : {pids}' & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"
    );
    place.write("defs/models/program.sh", shell(&body));
    place
}

fn pids(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.path("pids")).unwrap();
    let pids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    assert_eq!(pids.len(), 2, "{text}");
    pids
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children() {
    if !Path::new("/proc/self/stat").exists() {
        skipped("/proc", "it needs Linux");
        return;
    }
    let place = hanging();
    place.sample(&[&ARGS[..], &["--timeout", "2"]].concat()).exits(1);
    insta::assert_snapshot!(reason(&place), @"timeout: took longer than 2 s; raise --timeout, or `timeout` in the model's TOML or the settings");
    assert_eq!(pids(&place).len(), 2);
    wait_until("both are gone", || shells(&place, "").is_empty());
}

#[test]
fn ctrl_c_and_kill_end_programs_too() {
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;

    use rustix::process::{Pid, Signal, kill_process, kill_process_group};

    if !Path::new("/proc/self/stat").exists() {
        skipped("/proc", "it needs Linux");
        return;
    }
    for signal in [Signal::INT, Signal::KILL] {
        let place = hanging();
        let mut run = place
            .command(&[&["run", "--data", "sample"], &ARGS[..]].concat())
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the program hangs", || place.path("pids").exists());
        let pid = Pid::from_child(&run);
        if signal == Signal::INT {
            // A terminal sends it to the whole group; the cell is stopped, not failed, and its programs end with it.
            kill_process_group(pid, signal).unwrap();
            assert_eq!(run.wait().unwrap().code(), Some(130));
            wait_until("both are gone", || shells(&place, "").is_empty());
            let cell = place.cell("default", "program.");
            assert!(!cell.join("record.json").exists(), "stopped, not failed");
        } else {
            // Nobody is left to end the group: the program dies with the cell, the cell with the run. What the program has
            // started dies where processes have a space of their own (`attacks::`).
            kill_process(pid, signal).unwrap();
            run.wait().unwrap();
            wait_until("the program is gone", || shells(&place, "program.sh").is_empty());
            for child in shells(&place, "sleep 600") {
                let _ = kill_process(Pid::from_raw(child).unwrap(), Signal::KILL);
            }
        }
    }
}

#[test]
fn memory_of_programs_counts() {
    if !has("python3", &["-c", ""]) {
        return;
    }
    if !Path::new("/proc/self/status").exists() {
        skipped("/proc", "it needs Linux");
        return;
    }
    let place = place(
        &shell("python3 -c 'import time; x = bytearray(500 << 20); time.sleep(60)'"),
        "memory = 300",
        "",
    );
    let ran: Ran = place.sample(&ARGS).exits(1);
    assert_says(&reason(&place), &["out-of-memory: used ", " MiB of 300 MiB"]);
    assert_says(&ran.err, &["1 cells run", "1 failed"]);
}
