//! kill -9 and Ctrl-C at any moment cost at most one batch, and the end is the same.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

use super::program::{Place, Ran, assert_says, end_of, wait_until};
use super::skipped::skipped;

/// Ten batches of four, each with a pause.
const BATCHES: usize = 10;
const ARGS: [&str; 12] = [
    "run",
    "--data",
    "sample",
    "--models",
    "slow",
    "--benchmarks",
    "emgsd",
    "--limit",
    "40",
    "--jobs",
    "1",
    "--name",
];

struct Slow {
    place: Place,
    calls: PathBuf,
}

impl Slow {
    fn new() -> Self {
        let place = Place::new();
        let calls = place.slow("slow", 60);
        Self { place, calls }
    }

    fn command(&self, run: &str) -> Command {
        self.place.command(&[&ARGS[..], &[run]].concat())
    }

    fn start(&self, run: &str) -> Child {
        self.command(run)
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, run: &str) -> Ran {
        Ran::of(&mut self.command(run)).exits(0)
    }

    /// How many lines the plugin has written that start so.
    fn count(&self, start: &str) -> usize {
        let text = fs::read_to_string(&self.calls).unwrap_or_default();
        text.lines().filter(|line| line.starts_with(start)).count()
    }

    fn cell(&self, run: &str) -> PathBuf {
        self.place.cell(run, "slow.emgsd.")
    }

    /// Batches that are on the disk.
    fn kept(&self, run: &str) -> usize {
        fs::read_to_string(self.cell(run).join("work/predictions.log")).unwrap().lines().count() / 4
    }

    /// Asserts that a run that was disturbed ends as one that was not, and asks only what was lost.
    fn resumes(&self, run: &str) {
        let (asked, fits) = (self.count("classify"), self.count("fit"));
        let kept = self.kept(run);
        assert!((1..BATCHES).contains(&kept), "it was killed in the middle: {kept}");
        assert!(asked - kept <= 1, "{asked} batches were asked, {kept} are kept");
        assert!(!self.cell(run).join("record.json").exists(), "it has not failed: it was stopped");
        let again = self.run(run);
        assert_says(&again.err, &["1 cells run, 0 reused, 0 failed"]);
        assert_eq!(self.count("classify") - asked, BATCHES - kept);
        assert_eq!(self.count("fit"), fits, "the fitted model is loaded, not fitted again");
        self.run("undisturbed");
        for file in ["predictions.parquet", "record.json"] {
            let read = |run: &str| fs::read(self.cell(run).join(file)).unwrap();
            assert_eq!(read(run), read("undisturbed"), "{file}");
        }
        let read = |run: &str| {
            fs::read_to_string(self.place.path(&format!("runs/{run}/leaderboard.csv"))).unwrap()
        };
        assert_eq!(read(run), read("undisturbed"));
        assert!(!self.cell(run).join("work/predictions.log").exists());
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32).unwrap()
}

/// The processes that a process has started.
fn children(parent: Pid) -> Vec<Pid> {
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{}/task", parent.as_raw_nonzero())).unwrap() {
        let text =
            fs_err::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
        found.extend(
            text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()),
        );
    }
    found
}

/// Gone, or dead and not yet collected.
fn is_gone(pid: Pid) -> bool {
    let state =
        fs_err::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_err()
        || state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// Starts a run and waits until its cell is in the middle; gives the run and its cell.
fn in_the_middle(slow: &Slow, run: &str) -> (Child, Pid) {
    let mut child = slow.start(run);
    wait_until("three batches were asked", || {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        slow.count("classify") >= 3
    });
    let cells = children(pid(&child));
    assert_eq!(cells.len(), 1, "{cells:?}");
    (child, cells[0])
}

#[track_caller]
fn proc_is_here() -> bool {
    let here = Path::new("/proc/self/task").exists();
    if !here {
        skipped("/proc", "it needs Linux");
    }
    here
}

#[test]
fn the_parent_is_killed() {
    if !proc_is_here() {
        return;
    }
    let slow = Slow::new();
    let (mut run, cell) = in_the_middle(&slow, "hit");
    kill_process(pid(&run), Signal::KILL).unwrap();
    end_of(&mut run);
    wait_until("the cell is gone too", || is_gone(cell));
    slow.resumes("hit");
}

#[test]
fn the_cell_is_killed() {
    if !proc_is_here() {
        return;
    }
    let slow = Slow::new();
    let (run, cell) = in_the_middle(&slow, "hit");
    kill_process(cell, Signal::KILL).unwrap();
    let output = run.wait_with_output().unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert_says(&out, &["SIGKILL, perhaps by the system for lack of memory"]);
    let kept = slow.kept("hit");
    let asked = slow.count("classify");
    assert!(kept >= 1 && asked - kept <= 1, "{asked} batches were asked, {kept} are kept");
    // Without `retry` a failed cell stays failed; nothing is asked.
    let same = Ran::of(&mut slow.command("hit")).exits(1);
    assert_says(&same.err, &["0 cells run, 0 reused, 1 failed"]);
    assert_eq!(slow.count("classify"), asked);
    // `retry` resumes from the log.
    let again = Ran::of(slow.command("hit").arg("--retry-failed")).exits(0);
    assert_says(&again.err, &["1 cells run, 0 reused, 0 failed"]);
    assert_eq!(slow.count("classify") - asked, BATCHES - kept);
    slow.run("undisturbed");
    for file in ["predictions.parquet", "record.json"] {
        let read = |run: &str| fs::read(slow.cell(run).join(file)).unwrap();
        assert_eq!(read("hit"), read("undisturbed"), "{file}");
    }
}

#[test]
fn ctrl_c_ends_cleanly() {
    if !proc_is_here() {
        return;
    }
    let slow = Slow::new();
    let (run, cell) = in_the_middle(&slow, "hit");
    // A terminal sends it to the whole group.
    kill_process_group(pid(&run), Signal::INT).unwrap();
    let output = run.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert_says(
        &err,
        &[
            "0 cells run, 0 reused, 0 failed, 1 not started",
            "interrupted: the same command resumes from here",
        ],
    );
    assert!(is_gone(cell));
    slow.resumes("hit");
}

#[test]
fn two_runs_at_once_share_the_cell() {
    let slow = Slow::new();
    let runs = [slow.start("both"), slow.start("both")];
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(slow.count("classify"), BATCHES, "each batch once");
}
