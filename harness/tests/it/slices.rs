//! Cells that several processes share: whatever happens to them, the end is that of a cell by itself.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process_group};

use super::program::{Place, Ran, assert_says, wait_until};

/// 40 examples, ten batches of four: slices of 12 examples are three batches, the last one is one.
fn slow(place: &Place, run: &str, args: &[&str]) -> Command {
    let fixed =
        ["run", "--models", "slow", "--benchmarks", "emgsd", "--limit", "40", "--data", "sample"];
    place.command(&[&fixed[..], &["--name", run], args].concat())
}

fn count(calls: &PathBuf, start: &str) -> usize {
    let text = fs::read_to_string(calls).unwrap_or_default();
    text.lines().filter(|line| line.starts_with(start)).count()
}

/// That a sliced run left what one process leaves, and nothing of its slices' answers.
fn is_whole(place: &Place, run: &str) {
    Ran::of(&mut slow(place, "whole", &["--jobs", "1"])).exits(0);
    let (one, whole) = (place.cell(run, "slow.emgsd."), place.cell("whole", "slow.emgsd."));
    for file in ["predictions.parquet", "record.json"] {
        assert_eq!(
            fs::read(one.join(file)).unwrap(),
            fs::read(whole.join(file)).unwrap(),
            "{file}"
        );
    }
    let board = |run: &str| fs::read(place.path(&format!("runs/{run}/leaderboard.csv"))).unwrap();
    assert_eq!(board(run), board("whole"));
    for slice in fs::read_dir(one.join("slices")).unwrap() {
        assert!(!slice.unwrap().path().join("predictions.parquet").exists());
    }
}

#[test]
fn slices_make_the_whole() {
    let place = Place::new();
    let calls = place.slow("slow", 5);
    let ran = Ran::of(&mut slow(&place, "sliced", &["--slice", "12", "--jobs", "2"])).exits(0);
    assert_says(&ran.err, &["4 cells run, 0 reused, 0 failed"]);
    assert_eq!((count(&calls, "fit"), count(&calls, "classify")), (1, 10), "fitted once");
    is_whole(&place, "sliced");
    let timing = place.cell("sliced", "slow.emgsd.").join("timing.json");
    assert_eq!(fs::read_to_string(timing).unwrap().matches("\"starts\": 4").count(), 1);
    // All of it is done: by slices or as one.
    let asked = count(&calls, "classify");
    for args in [&["--slice", "12"][..], &["--slice", "8"], &[]] {
        let ran = Ran::of(&mut slow(&place, "sliced", args)).exits(0);
        assert_says(&ran.err, &["0 cells run, 1 reused"]);
    }
    assert_eq!(count(&calls, "classify"), asked);
}

#[test]
fn a_killed_run_goes_on_in_the_slices_that_it_began() {
    let place = Place::new();
    let calls = place.slow("slow", 60);
    let mut begun = slow(&place, "hit", &["--slice", "12", "--jobs", "2"]);
    std::os::unix::process::CommandExt::process_group(&mut begun, 0);
    let mut begun = begun.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    wait_until("some batches were asked", || count(&calls, "classify") >= 5);
    kill_process_group(Pid::from_raw(begun.id() as i32).unwrap(), Signal::KILL).unwrap();
    begun.wait().unwrap();
    let seen = place.run(&["watch", "hit", "--once", "--json"]).lines().remove(0);
    let cell = &seen["cells"][0];
    assert_eq!((&cell["state"], &cell["examples"]), (&"stopped".into(), &40.into()), "{seen}");
    let answered = cell["answered"].as_u64().unwrap();
    assert!(answered >= 12 && answered <= 4 * count(&calls, "classify") as u64, "{seen}");
    let asked = count(&calls, "classify");
    assert!(asked < 10, "it was killed in the middle: {asked}");
    // As many slices as before, though none are asked for now.
    Ran::of(&mut slow(&place, "hit", &[])).exits(0);
    assert_eq!(count(&calls, "fit"), 1);
    assert!(count(&calls, "classify") <= 10 + 2, "a batch of each process was lost at most");
    is_whole(&place, "hit");
}

#[test]
fn shares_and_templates_take_slices() {
    let place = Place::new();
    let calls = place.slow("slow", 5);
    let template = ["--executor", "command", "--template", "setsid -f {script} >>{log} 2>&1"];
    Ran::of(&mut slow(&place, "handed", &[&["--slice", "12"], &template[..]].concat())).exits(0);
    is_whole(&place, "handed");
    let before = count(&calls, "fit");
    // The second share waits for the first one's model.
    let second = slow(&place, "shared", &["--slice", "12", "--shard", "2/2"]).spawn().unwrap();
    let first = Ran::of(&mut slow(&place, "shared", &["--slice", "12", "--shard", "1/2"]));
    assert_says(&first.err, &["2 cells run"]);
    assert!(second.wait_with_output().unwrap().status.code().is_some_and(|code| code < 2));
    assert_eq!(count(&calls, "fit") - before, 1);
    // Who ended first has written its board last, perhaps.
    Ran::of(&mut slow(&place, "shared", &[])).exits(0);
    is_whole(&place, "shared");
}

#[test]
fn a_slice_that_fails_fails_its_cell() {
    let place = Place::new();
    place.model("few", "liar", "batch = 4\nprotocols = [\"zero-shot\"]", "lie = \"fewer\"");
    let sliced = |more: &[&str]| {
        let fixed = ["run", "--models", "few", "--benchmarks", "crehate", "--limit", "40"];
        let sliced = ["--data", "sample", "--slice", "12", "--jobs", "1"];
        place.run(&[&fixed[..], &sliced, more].concat()).exits(1)
    };
    let ran = sliced(&[]);
    assert_says(&ran.err, &["1 cells run, 0 reused, 1 failed, 3 not started"]);
    assert_says(&ran.out, &["slice 1 of 4: "]);
    assert_says(&sliced(&[]).err, &["0 cells run, 0 reused, 4 failed"]);
    assert_says(&sliced(&["--retry-failed"]).err, &["1 cells run, 0 reused, 1 failed"]);
}

#[test]
fn a_model_that_cannot_be_handed_over_is_not_sliced() {
    let place = Place::new();
    place.model("kept", "liar", "batch = 4", "lie = \"none\"");
    for benchmark in ["emgsd", "wvs"] {
        let fixed = ["run", "--models", "kept", "--benchmarks", benchmark, "--limit", "40"];
        let ran = place.run(&[&fixed[..], &["--data", "sample", "--slice", "12"]].concat());
        assert_says(&ran.exits(0).err, &["1 cells run"]);
    }
}
