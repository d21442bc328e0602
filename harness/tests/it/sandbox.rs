//! What a plugin tries that is none of its business: each attempt is refused, and what it may do it can.

use std::path::PathBuf;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, Ran};
use super::skipped::skipped;

/// A program that tries everything when it is created, says what came of it, and then answers with the first label.
const CURIOUS: &str = r#"
import glob, json, os, socket, subprocess, sys

def tried(what):
    try:
        what()
        return "done"
    except Exception as error:
        return type(error).__name__

def write(path):
    with open(path, "w") as file:
        file.write("x")

def read(pattern):
    paths = glob.glob(pattern, recursive=True) or [pattern]
    with open(paths[0], "rb") as file:
        file.read()

def connect(dataset, address):
    with socket.socket(dataset) as s:
        s.settimeout(2)
        s.connect(address)

place, data, port = sys.argv[1:4]
# The cell's process is our parent; its own is the one that started all.
runner = int(open(f"/proc/{os.getppid()}/stat").read().rsplit(")", 1)[1].split()[1])
said = {
    "write beside": tried(lambda: write(place + "/beside")),
    "write into a granted folder": tried(lambda: write(place + "/defs/beside")),
    "write into the cache": tried(lambda: write(place + "/cache/beside")),
    "remove from the cache": tried(lambda: os.remove(place + "/cache/prepared/victim")),
    "read the data": tried(lambda: read(data)),
    "read the data by its descriptor": tried(lambda: [read(path) for path in glob.glob(f"/proc/{os.getppid()}/fd/*") if os.readlink(path) == data][0]),
    "read other cells": tried(lambda: read(place + "/runs/other/cells/majority/predictions.parquet")),
    "list other runs": tried(lambda: os.listdir(place + "/runs")),
    "read the runner's environment": tried(lambda: read(f"/proc/{runner}/environ")),
    "connect": tried(lambda: connect(socket.AF_INET, ("127.0.0.1", int(port)))),
    "connect by IPv6": tried(lambda: connect(socket.AF_INET6, ("::1", int(port)))),
    "datagram": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    "a child writes": tried(lambda: subprocess.run(["sh", "-c", f"echo x > {place}/child"], check=True, stderr=subprocess.DEVNULL)),
    "signal the runner": tried(lambda: os.kill(runner, 0)),
    "a session of its own": tried(os.setsid),
    "a group of its own": tried(lambda: os.setpgid(0, 0)),
    "write into its own": tried(lambda: write(os.environ["TMPDIR"] + "/own")),
    "temporary folder": os.environ["TMPDIR"],
    "key": os.environ.get("SOME_API_KEY", "not there"),
    "token": os.environ.get("HF_TOKEN", "not there"),
}
print("tried " + json.dumps(said), file=sys.stderr, flush=True)
tried(lambda: open(place + "/defs/said.json", "w").write(json.dumps(said)))
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "create":
        label = asked["task"]["labels"][0]
        print(json.dumps({"can": ["classify"]}), flush=True)
    else:
        print(json.dumps({"labels": [label for _ in asked["examples"]]}), flush=True)
"#;

/// What a test of the whole sandbox needs.
const KERNEL: &str = "a kernel with Landlock and seccomp";

/// Whether all of a sandbox is there, at whichever level.
fn is_whole(sandbox: &str) -> bool {
    ["namespaces, Landlock, seccomp", "Landlock, seccomp"].contains(&sandbox)
}

/// Runs it on the SAMPLE; what it tried and what came of it, and the cell's `timing.json`.
#[track_caller]
fn tries(access: impl Fn(&Place) -> String) -> Option<(Place, Value, Value)> {
    let place = Place::new();
    let python = std::process::Command::new("python3").arg("--version").output();
    if !cfg!(target_os = "linux") || python.is_err() {
        skipped("Linux with python3", "install python3");
        return None;
    }
    place.model("majority", "majority", "access = {}", "by = \"culture\"");
    place.sample(&["--models", "majority", "--benchmarks", "crehate", "--limit", "4"]).exits(0);
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    place.write("runs/other/cells/majority/predictions.parquet", "somebody else's");
    place.write("cache/prepared/victim", "");
    place.write("defs/models/curious.py", CURIOUS);
    let access = access(&place);
    let top = format!(
        "capabilities = [\"classify\"]\nprotocols = [\"zero-shot\"]\nfiles = {{ program = \"curious.py\" }}\naccess = {{ {access} }}"
    );
    let prepared = place.path("cache/prepared");
    let tasks = fs::read_dir(prepared).unwrap().map(|entry| entry.unwrap().path());
    let data = tasks.map(|task| task.join("examples.parquet")).find(|path| path.is_file()).unwrap();
    let here = place.path("");
    let here = here.to_string_lossy().trim_end_matches('/').to_owned();
    let command = format!(
        "command = [\"python3\", \"{{program}}\", \"{here}\", \"{}\", \"{}\"]",
        data.display(),
        server.local_addr().unwrap().port()
    );
    place.model("curious", "command", &top, &command);
    let args =
        ["--models", "curious", "--benchmarks", "crehate", "--limit", "4", "--name", "tried"];
    let mut run = place.command(&[&["run", "--data", "sample"], &args[..]].concat());
    let ran = Ran::of(run.env("SOME_API_KEY", "sk-1").env("HF_TOKEN", "hf-1"));
    let cell = place.cell("tried", "curious.");
    let log = fs::read_to_string(cell.join("log.txt")).unwrap();
    assert_eq!(ran.code, Some(0), "{}{}{log}", ran.out, ran.err);
    let line =
        log.lines().find_map(|line| line.split_once("tried ")).expect("it tells what it tried");
    let timing = serde_json::from_slice(&fs::read(cell.join("timing.json")).unwrap()).unwrap();
    Some((place, serde_json::from_str(line.1).unwrap(), timing))
}

#[test]
fn a_plugin_keeps_to_its_cell() {
    let Some((place, said, timing)) = tries(|_| String::new()) else { return };
    let sandbox = timing["fence"].as_str().unwrap();
    if !is_whole(sandbox) {
        skipped(&format!("sandbox: {sandbox}"), KERNEL);
        return;
    }
    for (attempt, outcome) in said.as_object().unwrap() {
        let wanted = match attempt.as_str() {
            "write into its own" => "done",
            "temporary folder" => {
                let path = std::path::Path::new(outcome.as_str().unwrap());
                assert!(!path.exists(), "{} is left", path.display());
                continue;
            }
            "key" | "token" => "not there",
            // In its own space of processes it may: all of them end with the cell.
            "a session of its own" if sandbox.starts_with("names") => "done",
            _ => {
                assert_ne!(outcome, "done", "{attempt}: {said}");
                continue;
            }
        };
        assert_eq!(outcome, wanted, "{attempt}: {said}");
    }
    assert!(!place.path("beside").exists() && !place.path("child").exists());
    let again = place.run(&["verify", "tried"]).exits(0);
    assert!(again.err.is_empty() || !again.err.contains("differs"), "{}", again.err);
}

#[test]
fn what_its_toml_grants_it_has() {
    let granted = |place: &Place| {
        let folder = place.path("defs").display().to_string();
        format!("network = true, write = [\"{folder}\"], env = [\"SOME_API_KEY\"]")
    };
    let Some((_place, said, timing)) = tries(granted) else { return };
    let sandbox = timing["fence"].as_str().unwrap();
    if !sandbox.ends_with("Landlock, seccomp, network allowed") {
        skipped(&format!("sandbox: {sandbox}"), KERNEL);
        return;
    }
    for (attempt, wanted) in [
        ("connect", "done"),
        ("write into a granted folder", "done"),
        ("key", "sk-1"),
        ("token", "not there"),
    ] {
        assert_eq!(said[attempt], wanted, "{attempt}: {said}");
    }
    for attempt in ["write beside", "read the data", "signal the runner"] {
        assert_ne!(said[attempt], "done", "{attempt}: {said}");
    }
    let Some((_place, said, timing)) = tries(|_| "everything = true".to_owned()) else { return };
    assert_eq!(timing["fence"], "none: access.everything");
    for attempt in [
        "read the data",
        "read the runner's environment",
        "connect",
        "a child writes",
        "list other runs",
        "signal the runner",
        "a session of its own",
    ] {
        assert_eq!(said[attempt], "done", "{attempt}: {said}");
    }
    assert_eq!(said["token"], "hf-1");
}

#[test]
fn a_plugin_that_is_checked_keeps_to_what_its_toml_grants() {
    let granted = |place: &Place| format!("write = [\"{}\"]", place.path("defs").display());
    let Some((place, _, timing)) = tries(granted) else { return };
    let sandbox = timing["fence"].as_str().unwrap();
    if !is_whole(sandbox) {
        skipped(&format!("sandbox: {sandbox}"), KERNEL);
        return;
    }
    let check = |more: &[&str]| {
        fs::remove_file(place.path("defs/said.json")).unwrap();
        let args =
            ["plugin", "check", "--model", "curious", "--calls", "20", "--skip", "huge batch"];
        let ran = Ran::of(
            place
                .command(&[&args, more].concat())
                .env("SOME_API_KEY", "sk-1")
                .env("HF_TOKEN", "hf-1"),
        );
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        place.json("defs/said.json")
    };
    let said = check(&[]);
    for (attempt, outcome) in said.as_object().unwrap() {
        let wanted = match attempt.as_str() {
            "write into its own" | "write into a granted folder" => "done",
            "temporary folder" => continue,
            "key" | "token" => "not there",
            "a session of its own" if sandbox.starts_with("names") => "done",
            _ => {
                assert_ne!(outcome, "done", "{attempt}: {said}");
                continue;
            }
        };
        assert_eq!(outcome, wanted, "{attempt}: {said}");
    }
    let said = check(&["--no-sandbox"]);
    for attempt in ["list other runs", "datagram", "a child writes", "read the data"] {
        assert_eq!(said[attempt], "done", "{attempt}: {said}");
    }
}

#[test]
fn a_model_that_explains_sees_and_changes_no_run() {
    let place = Place::new();
    let calls = place.path("defs/calls");
    let top = format!("access = {{ write = [\"{}\"] }}", place.path("defs").display());
    let list = place.path("defs/list");
    let config = format!("file = \"{}\"\nlook = \"{}\"", calls.display(), list.display());
    place.model("nosy", "recorder", &top, &config);
    place.sample(&["--models", "nosy,majority", "--benchmarks", "emgsd", "--limit", "6"]).exits(0);
    let cell = place.cell("default", "nosy.");
    let timing: Value =
        serde_json::from_slice(&fs::read(cell.join("timing.json")).unwrap()).unwrap();
    let data = place.path("cache/prepared");
    let state = cell.join("work/state");
    let cache = place.path("cache/plugins");
    let hidden = [place.path("runs"), cell.clone(), cell.join("predictions.parquet"), data, cache];
    let seen = [state.join("state"), "/etc/passwd".into()];
    let own = [place.path("defs"), list.clone()];
    let all = hidden.iter().chain(&seen).chain(&own).chain([&state]);
    let all: Vec<String> = all.map(|path| path.display().to_string()).collect();
    fs::write(&list, all.join("\n")).unwrap();
    // As a plugin might that wants to see more the next time.
    let spec = fs::read_to_string(cell.join("spec.json")).unwrap();
    let forged = spec.replace("\"everything\": false", "\"everything\": true");
    assert_ne!(forged, spec);
    fs::write(cell.join("spec.json"), forged).unwrap();
    // The run may lie where the settings do not say.
    let explained = |more: &[&str]| {
        let run = place.path("runs/default").display().to_string();
        let args = ["explain", &run, "--model", "nosy", "--benchmark", "emgsd", "--limit", "4"];
        place.run(&[&args[..], more].concat())
    };
    for elsewhere in [&[][..], &["--cache", "c", "--runs", "r"][..]] {
        let lines = explained(elsewhere).exits(0).lines();
        assert_eq!(lines.len(), 4);
        // The gold label is joined by who asked: the process of the plugin has none.
        assert!(
            lines.iter().all(|line| line["gold"].is_string() && line["id"] != "mine"),
            "{lines:?}"
        );
        if !is_whole(timing["fence"].as_str().unwrap()) {
            skipped(&format!("sandbox: {}", timing["fence"]), KERNEL);
            return;
        }
        let found = &lines[0]["explanation"];
        let paths = |paths: &[PathBuf]| serde_json::to_value(paths).unwrap();
        assert_eq!(found["read"], paths(&[&seen[..], &own, std::slice::from_ref(&state)].concat()));
        assert_eq!(found["written"], paths(&own));
    }
    fs::write(cell.join("spec.json"), spec).unwrap();
    place.run(&["verify"]).exits(0);
    fs::rename(&state, place.path("defs/state")).unwrap();
    std::os::unix::fs::symlink(place.path("defs/state"), &state).unwrap();
    assert!(explained(&[]).exits(2).err.contains("state: a link"), "it follows links");
}

/// What a plugin leaves in its folder for the next start: a link in place of its log, a specification that grants more.
#[test]
fn what_a_plugin_leaves_for_its_next_start_is_not_gone_by() {
    let place = Place::new();
    let top = format!("access = {{ write = [\"{}\"] }}", place.path("defs").display());
    let config = format!("file = \"{}\"", place.path("defs/calls").display());
    place.model("nosy", "recorder", &top, &config);
    let asked = ["--models", "nosy", "--benchmarks", "emgsd", "--limit", "6"];
    place.sample(&asked).exits(0);
    let cell = place.cell("default", "nosy.");
    let victim = place.write("victim", "before\n");
    fs::remove_file(cell.join("log.txt")).unwrap();
    std::os::unix::fs::symlink(&victim, cell.join("log.txt")).unwrap();
    let spec = fs::read_to_string(cell.join("spec.json")).unwrap();
    let forged = spec.replace("\"everything\": false", "\"everything\": true");
    fs::remove_file(cell.join("record.json")).unwrap();
    place.sample(&asked).exits(0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "before\n");
    let log = fs::read_to_string(cell.join("log.txt")).unwrap();
    assert!(log.contains("recording"), "{log}");
    // Started on a node, which reads the specification itself.
    fs::remove_file(cell.join("record.json")).unwrap();
    fs::write(cell.join("spec.json"), forged).unwrap();
    place.run(&["cell", "--guard", &cell.display().to_string()]).exits(0);
    let timing: Value =
        serde_json::from_slice(&fs::read(cell.join("timing.json")).unwrap()).unwrap();
    assert_ne!(timing["fence"], "none: access.everything");
}
