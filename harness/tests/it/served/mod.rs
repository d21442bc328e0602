//! `[server]`: the harness starts a model's server, leads the model to it, and nothing of it is left, whatever happens.

mod llama_cpp;
mod specs;

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use serde_json::Value;

use super::program::{Place, Ran, assert_says, end_of, wait_until};
use super::skipped::skipped;

const SERVER: &str = include_str!("server.py");

/// Whether `python3` can serve here.
fn python() -> bool {
    let there = Command::new("python3").args(["-c", "import http.server"]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        skipped("python3", "install Python 3");
    }
    there
}

/// A model with a server of a mode; it has no access to anything. `keys` are those of `[server]`.
fn model(place: &Place, name: &str, mode: &str, keys: &str) {
    let script = place.write("server.py", SERVER);
    let text = format!(
        "name = \"{name}\"\ntitle = \"{name}\"\nplugin = \"openai-api\"\ndescription = \"x\"\nlicense = \"MIT\"\ncapabilities = [\"generate\"]\nbatch = 4\n\
         files = {{ script = \"{}\" }}\n[server]\ncommand = [\"python3\", \"{{script}}\", \"{{port}}\", \"{mode}\", \"{}\"]\nversion = [\"python3\", \"--version\"]\n{keys}\n\
         [config]\nmodel = \"m\"\nbackoff = 0.01\nconcurrency = 2\n",
        script.display(),
        place.path("").display(),
    );
    place.write(&format!("defs/models/{name}.toml"), text);
}

fn run(place: &Place, models: &str, more: &[&str]) -> Ran {
    let args = ["run", "--data", "sample", "--jobs", "1", "--limit", "6", "--benchmarks"];
    place.run(&[&args[..], &["crehate,cultureatlas", "--models", models], more].concat())
}

/// All processes that servers have started.
fn pids(place: &Place) -> Vec<Pid> {
    let text = fs::read_to_string(place.path("pids")).unwrap_or_default();
    text.lines().map(|line| Pid::from_raw(line.parse().unwrap()).unwrap()).collect()
}

fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let stat = stat.unwrap_or_default();
    test_kill_process(pid).is_err() || stat.rsplit(") ").next().is_some_and(|s| s.starts_with('Z'))
}

#[track_caller]
fn nothing_is_left(place: &Place, started: usize) {
    assert_eq!(pids(place).len(), started);
    no_process_is_left(place);
}

#[track_caller]
fn no_process_is_left(place: &Place) {
    wait_until("no process is left", || pids(place).into_iter().all(is_gone));
}

/// What is put down of servers.
fn facts(place: &Place) -> Vec<Value> {
    facts_of(place, "default")
}

fn facts_of(place: &Place, run: &str) -> Vec<Value> {
    let folder = place.path(&format!("runs/{run}/servers"));
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

fn reason(place: &Place) -> String {
    place.summary("default")["cells"][0]["outcome"].to_string()
}

#[test]
fn one_server_answers_for_all_cells_of_a_model() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "good", "");
    let ran = run(&place, "served", &[]).exits(0);
    assert_says(&ran.err, &["starting its server: python3", "its server is ready after"]);
    nothing_is_left(&place, 2);
    let facts = facts(&place);
    assert_eq!(facts.len(), 1, "two cells, one server: {facts:?}");
    assert_eq!(facts[0]["model"], "served");
    assert!(facts[0]["version"].as_str().unwrap().starts_with("Python 3"), "{facts:?}");
    assert_eq!(facts[0]["files"]["script"]["sha256"].as_str().unwrap().len(), 64);
    let port = facts[0]["port"].to_string();
    assert!(facts[0]["command"].as_array().unwrap().contains(&Value::from(port)));
    let timing: Value = serde_json::from_slice(
        &fs::read(place.cell("default", "served.crehate").join("timing.json")).unwrap(),
    )
    .unwrap();
    assert!(!timing["fence"].as_str().unwrap().contains("network allowed"), "{timing}");
    for cell in place.summary("default")["cells"].as_array().unwrap() {
        assert!(!cell["outcome"]["score"].is_null(), "{cell}");
    }
}

#[test]
fn a_server_that_is_not_ready_is_a_reason_with_a_remedy() {
    if !python() {
        return;
    }
    let check = |mode: &str, keys: &str, parts: &[&str], started: usize| {
        let place = Place::new();
        model(&place, "served", mode, keys);
        run(&place, "served", &[]).exits(1);
        assert_says(&reason(&place), parts);
        // One that has no time to begin writes no number.
        assert!(pids(&place).len() <= started);
        no_process_is_left(&place);
    };
    check(
        "never",
        "ready_within = 1",
        &["not ready within 1 s", "it printed nothing", "`ready_within`"],
        1,
    );
    check("dies", "", &["ended (exit status: 1) before it was ready", "the file is damaged"], 1);
    check(
        "error",
        "ready_within = 10",
        &["/health with 200 with the error", "no GPU was found"],
        1,
    );
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    check(
        "good",
        &format!("port = {port}"),
        &[&format!("port {port} is held"), "leave `port` out"],
        0,
    );
    check("refuses", "", &["the model has no chat template"], 1);

    let place = Place::new();
    model(&place, "served", "good", "");
    let file = place.path("defs/models/served.toml");
    let text =
        fs::read_to_string(&file).unwrap().replacen("[\"python3\"", "[\"no-such-program\"", 1);
    fs::write(&file, text).unwrap();
    run(&place, "served", &[]).exits(1);
    assert_says(&reason(&place), &["failed to start `no-such-program`", "install the program"]);
}

#[test]
fn a_server_that_does_not_end_is_killed_with_its_workers() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "stubborn", "grace = 1");
    run(&place, "served", &[]).exits(0);
    nothing_is_left(&place, 2);
}

#[test]
fn a_killed_run_leaves_no_server() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "slow", "grace = 1");
    let mut ran = place
        .command(&["run", "--data", "sample", "--benchmarks", "crehate", "--models", "served"])
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is asked", || place.path("asked").is_file());
    kill_process(Pid::from_child(&ran), Signal::KILL).unwrap();
    end_of(&mut ran);
    nothing_is_left(&place, 1);

    // While it loads, Ctrl-C ends it.
    let place = Place::new();
    model(&place, "served", "never", "grace = 1");
    let mut ran = place
        .command(&["run", "--data", "sample", "--benchmarks", "crehate", "--models", "served"])
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is started", || !pids(&place).is_empty());
    kill_process_group(Pid::from_child(&ran), Signal::INT).unwrap();
    assert_eq!(end_of(&mut ran).code(), Some(130));
    nothing_is_left(&place, 1);
}

#[test]
fn a_lost_server_is_started_again_and_changes_nothing() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "lost", "");
    let ran = run(&place, "served", &[]).exits(0);
    assert_says(&ran.err, &["start 2 of its server", "the GPU fell off the bus"]);
    assert_eq!(facts(&place).len(), 2);
    nothing_is_left(&place, 2);
    let undisturbed = Place::new();
    model(&undisturbed, "served", "quiet", "");
    run(&undisturbed, "served", &[]).exits(0);
    let board =
        |place: &Place| fs::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert_eq!(board(&place), board(&undisturbed));

    let once = Place::new();
    model(&once, "served", "lost", "");
    run(&once, "served", &["--tries", "1"]).exits(1);
    assert_says(
        &reason(&once),
        &["its server ended (exit status: 9) while its cell ran", "off the bus"],
    );
}

#[test]
fn the_memory_of_a_server_counts() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "leaks", "");
    run(&place, "served", &["--memory", "700"]).exits(1);
    assert_says(&reason(&place), &["of 700 MiB, its server ", " of them; lower `batch`"]);
    nothing_is_left(&place, 1);
}

#[test]
fn a_plugin_check_starts_the_server_of_its_model() {
    if !python() {
        return;
    }
    let place = Place::new();
    model(&place, "served", "good", "");
    let check = ["plugin", "check", "--model", "served", "--calls", "20", "--skip"];
    let check = [&check[..], &["huge batch,leak"]].concat();
    let ran = place.run(&check).exits(0);
    assert!(place.path("asked").is_file(), "{ran:?}");
    nothing_is_left(&place, 2);

    let place = Place::new();
    model(&place, "served", "dies", "");
    let ran = place.run(&check).exits(2);
    assert_says(&ran.err, &["the model's server is not there", "the file is damaged"]);
}
