//! What a cluster needs and every machine can show: shares, templates, two starts of one cell, and clear words without Slurm.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err as fs;

use super::program::{Place, Ran, assert_says, wait_until};

const SUITE: [&str; 7] = [
    "run",
    "--models",
    "majority,stratified-random",
    "--benchmarks",
    "emgsd,crehate",
    "--limit",
    "40",
];

fn sample(place: &Place, args: &[&str]) -> Command {
    place.command(&[&SUITE[..], &["--data", "sample"], args].concat())
}

fn board(place: &Place, run: &str) -> String {
    fs::read_to_string(place.path(&format!("runs/{run}/leaderboard.csv"))).unwrap()
}

#[test]
fn shares_make_the_whole() {
    let place = Place::new();
    Ran::of(&mut sample(&place, &["--name", "whole"])).exits(0);
    for (share, says) in [("1/3", "2 cells run"), ("2/3", "1 cells run"), ("3/3", "1 cells run")] {
        let ran = Ran::of(&mut sample(&place, &["--name", "shares", "--shard", share])).exits(0);
        assert_says(&ran.err, &[says]);
    }
    assert_eq!(board(&place, "shares"), board(&place, "whole"));
    let wrong = Ran::of(&mut sample(&place, &["--shard", "4/3"])).exits(2);
    assert_says(&wrong.err, &["4/3", "i from 1 to n"]);
}

/// A template that waits for the cell, and one that only hands it over.
#[test]
fn templates_run_cells() {
    let place = Place::new();
    Ran::of(&mut sample(&place, &["--name", "here"])).exits(0);
    for (name, template) in [("waits", "{command}"), ("hands", "setsid -f {script} >>{log} 2>&1")] {
        let args = ["--name", name, "--executor", "command", "--template", template];
        let ran = Ran::of(&mut sample(&place, &args)).exits(0);
        assert_says(&ran.err, &["4 cells run, 0 reused, 0 failed"]);
        assert_eq!(board(&place, name), board(&place, "here"));
        assert_eq!(fs::read_dir(place.path(&format!("runs/{name}/jobs"))).unwrap().count(), 4);
    }
}

#[test]
fn a_template_that_fails_is_tried_again_and_given_up() {
    let place = Place::new();
    let args = [
        "--name",
        "bad",
        "--executor",
        "command",
        "--retry-after",
        "0",
        "--tries",
        "2",
        "--models",
        "majority",
    ];
    let template = ["--template", "echo no such host >&2; false {command}"];
    let all =
        [&["run", "--benchmarks", "emgsd", "--data", "sample"], &args[..], &template].concat();
    let ran = place.run(&all).exits(1);
    assert_says(&ran.err, &["try 2 of 2", "exit status: 1", "given up after 2 tries", "1 failed"]);
    assert_says(
        &fs::read_to_string(place.path("runs/bad/jobs/0001/0.log")).unwrap(),
        &["no such host"],
    );
    // A failed cell is run again by `retry`, and its failed attempts are forgotten.
    let good = [&all[..all.len() - 1], &["{command}"]].concat();
    let again = place.run(&[&good[..], &["--retry-failed"]].concat()).exits(0);
    assert_says(&again.err, &["1 cells run, 0 reused, 0 failed"]);
}

#[test]
fn what_is_missing_is_said() {
    let place = Place::new();
    let mut without = sample(&place, &["--executor", "slurm"]);
    without.env("PATH", place.path("nothing"));
    let ran = Ran::of(&mut without).exits(2);
    assert_says(&ran.err, &["Slurm is not on this machine: sbatch", "login node", "--shard"]);
    assert!(!place.path("runs/default/cells").exists(), "nothing was begun");
    for (args, says) in [
        (&["--executor", "command"][..], "--template"),
        (&["--executor", "command", "--template", "qsub {command} {cors}"], "{cors}"),
        (&["--detach"], "--executor slurm"),
    ] {
        let ran = Ran::of(&mut sample(&place, args)).exits(2);
        assert_says(&ran.err, &[says]);
    }
    place.write("defs/s.toml", "name = \"s\"\ntitle = \"S\"\nmodels = [\"majority\"]\nbenchmarks = [\"emgsd\"]\nseeds = [1]\n[resources]\ncore = 2");
    let ran = place.run(&["run", "s"]).exits(2);
    assert_says(&ran.err, &["defs/s.toml:7:1", "unknown field `core`", "cores"]);
}

/// A run of the slow model.
fn slow(place: &Place, run: &str, args: &[&str]) -> Command {
    let fixed =
        ["run", "--models", "slow", "--benchmarks", "emgsd", "--limit", "40", "--data", "sample"];
    place.command(&[&fixed[..], &["--name", run], args].concat())
}

/// The calls of the slow model and its one cell, written down and not run: the template runs nothing.
fn prepared(place: &Place, run: &str) -> (PathBuf, PathBuf) {
    let calls = place.slow("slow", 60);
    let nothing = ["--executor", "command", "--detach", "--template", "true {command}"];
    Ran::of(&mut slow(place, run, &nothing)).exits(0);
    (calls, place.cell(run, "slow.emgsd."))
}

/// Two guards on one cell: one works, the other waits and ends well with it.
#[test]
fn a_cell_that_is_started_twice_is_run_once() {
    let place = Place::new();
    let (calls, cell) = prepared(&place, "twice");
    let guard = || {
        place
            .command(&["cell", "--guard", cell.to_str().unwrap()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = guard();
    wait_until("the first holds the lease", || cell.join("lease").exists());
    let second = guard();
    let (first, second) = (first.wait_with_output().unwrap(), second.wait_with_output().unwrap());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(first.status.success() && second.status.success(), "{said}");
    assert_says(&said, &["works on it; waiting"]);
    let text = fs::read_to_string(&calls).unwrap();
    assert_eq!(
        text.lines().filter(|line| line.starts_with("classify")).count(),
        10,
        "each batch once"
    );
    let ran = Ran::of(&mut slow(&place, "twice", &[])).exits(0);
    assert_says(&ran.err, &["0 cells run, 1 reused, 0 failed"]);
}

/// If both work because each believes the other dead, the first record stands and both end well.
#[test]
fn of_two_commits_the_first_stands() {
    let place = Place::new();
    let (_, cell) = prepared(&place, "both");
    let guard = || {
        place
            .command(&["cell", "--guard", cell.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = guard();
    wait_until("the first holds the lease", || cell.join("lease").exists());
    // A lease that is lost: the second takes its own, as if the first were dead.
    fs::remove_file(cell.join("lease")).unwrap();
    let both = [first, guard()].map(|child| child.wait_with_output().unwrap());
    let said: String =
        both.iter().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect();
    assert!(both.iter().all(|output| output.status.success()), "{said}");
    let record = fs::read_to_string(cell.join("record.json")).unwrap();
    let ran = Ran::of(&mut slow(&place, "alone", &[])).exits(0);
    assert_says(&ran.err, &["1 cells run, 0 reused, 0 failed"]);
    let alone = place.cell("alone", "slow.emgsd.");
    assert_eq!(record, fs::read_to_string(alone.join("record.json")).unwrap());
    let read = |cell: &std::path::Path| fs::read(cell.join("predictions.parquet")).unwrap();
    assert_eq!(read(&cell), read(&alone));
}
