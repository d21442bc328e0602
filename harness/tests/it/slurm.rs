//! A suite on a real Slurm of two nodes: the same bytes as here, whatever is killed meanwhile.
//!
//! Slurm's programs and root are needed; `scripts/test-slurm` installs them. With `CULTURE_EVAL_SLURM=1` it is a failure
//! that they are missing. One test, because a machine has one Slurm.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::program::{Place, Ran, assert_says, end_of, files_below, wait_until};
use super::skipped::skipped;

/// Batches of four that a slow cell asks for.
const BATCHES: usize = 10;

/// A running Slurm; it ends with this.
struct Cluster {
    folder: tempfile::TempDir,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/slurm-cluster")
}

impl Cluster {
    /// None where Slurm is not here, unless it must be.
    fn start() -> Option<Self> {
        let asked = std::env::var("CULTURE_EVAL_SLURM").is_ok_and(|v| v == "1");
        let here = |name: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        };
        let missing: Vec<&str> = ["slurmctld", "slurmd", "sbatch", "munge"]
            .into_iter()
            .filter(|name| !here(name))
            .collect();
        let root = rustix::process::getuid().is_root();
        if !asked && (!missing.is_empty() || !root) {
            let why = if root {
                format!("{} not in PATH", missing.join(", "))
            } else {
                "not root".to_owned()
            };
            skipped(&format!("Slurm: {why}"), "scripts/test-slurm");
            return None;
        }
        let cluster = Self { folder: tempfile::tempdir().unwrap() };
        cluster.act(&["start"], &["2"]);
        Some(cluster)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    fn act(&self, before: &[&str], after: &[&str]) {
        // Not piped: its daemons would hold the pipe open.
        let log = fs::File::create(self.path("script.log")).unwrap();
        let status = Command::new(script())
            .args(before)
            .arg(self.folder.path())
            .args(after)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.into_file())
            .status()
            .unwrap();
        let said = fs::read_to_string(self.path("script.log")).unwrap();
        assert!(status.success(), "{before:?} {after:?}: {said}");
    }

    fn slurm(&self, name: &str, args: &[&str]) -> String {
        let output = Command::new(name)
            .args(args)
            .env("SLURM_CONF", self.path("slurm.conf"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// As if the power of a node went: its daemon, the job's and all that runs in it are gone at once.
    fn kill_node(&self, name: &str, job: &[i32]) {
        let daemon: i32 = fs::read_to_string(self.path(&format!("slurmd-{name}.pid")))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        for pid in std::iter::once(&daemon).chain(job) {
            kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL).unwrap();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("scancel")
            .args(["-u", "root"])
            .env("SLURM_CONF", self.path("slurm.conf"))
            .output();
        let _ = Command::new(script()).arg("stop").arg(self.folder.path()).status();
    }
}

struct Site<'a> {
    place: Place,
    cluster: &'a Cluster,
}

impl Site<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        command.env("SLURM_CONF", self.cluster.path("slurm.conf"));
        command
    }

    fn ran(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn suite(&self, name: &str, models: &str, more: &str) {
        let text = format!(
            "name = \"{name}\"\ntitle = \"Suite {name}\"\nmodels = [{models}]\nbenchmarks = [\"emgsd\"]\nseeds = [1, 2]\n{more}"
        );
        self.place.write(&format!("defs/{name}.toml"), text);
    }

    /// All that a run leaves behind, but for what is about time and jobs.
    fn outcome(&self, run: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = self.place.path(&format!("runs/{run}"));
        let beside = [
            "timing.json",
            "log.txt",
            "tries.json",
            "leaderboard.html",
            "spec.json",
            "manifest.json",
        ];
        files_below(&folder)
            .into_iter()
            .filter(|path| !path.starts_with("jobs") && !path.starts_with("specs"))
            .filter(|path| !beside.contains(&&*path.file_name().unwrap().to_string_lossy()))
            .filter(|path| !path.components().any(|part| part.as_os_str() == "state"))
            .map(|path| (path.clone(), fs::read(folder.join(path)).unwrap()))
            .collect()
    }

    /// The outcome of the suite by the local executor; its folder is then out of the way.
    fn here(&self, suite: &str, args: &[&str]) -> Vec<(PathBuf, Vec<u8>)> {
        self.ran(&[&["run", suite, "--data", "sample"], args].concat()).exits(0);
        let outcome = self.outcome(suite);
        let folder = self.place.path(&format!("runs/{suite}"));
        fs::rename(&folder, folder.with_extension("here")).unwrap();
        outcome
    }

    fn status(&self, run: &str) -> Value {
        self.ran(&["--json", "status", run]).lines().remove(0)
    }

    /// The lease of the cell of a model and a seed, once there is one.
    fn lease(&self, run: &str, start: &str) -> Option<Value> {
        let cells = fs::read_dir(self.place.path(&format!("runs/{run}/cells"))).ok()?;
        let cell = cells
            .flatten()
            .map(|e| e.path())
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(start))?;
        serde_json::from_slice(&fs::read(cell.join("lease")).ok()?).ok()
    }
}

#[track_caller]
fn same(here: &[(PathBuf, Vec<u8>)], there: &[(PathBuf, Vec<u8>)]) {
    let names =
        |all: &[(PathBuf, Vec<u8>)]| all.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    assert_eq!(names(here), names(there));
    assert!(names(here).iter().any(|path| path == Path::new("leaderboard.csv")));
    for ((path, ours), (_, theirs)) in here.iter().zip(there) {
        assert_eq!(
            String::from_utf8_lossy(ours),
            String::from_utf8_lossy(theirs),
            "{}",
            path.display()
        );
    }
}

fn asked(calls: &Path) -> usize {
    count(calls, "classify")
}

fn count(calls: &Path, start: &str) -> usize {
    let text = fs::read_to_string(calls).unwrap_or_default();
    text.lines().filter(|line| line.starts_with(start)).count()
}

#[test]
fn slurm_gives_the_board_of_this_machine() {
    let Some(cluster) = Cluster::start() else { return };
    let site = Site { place: Place::new(), cluster: &cluster };
    undisturbed(&site);
    a_node_dies(&site);
    sliced(&site);
    preempted_while_the_controller_is_away(&site);
    out_of_the_jobs_time(&site);
    out_of_the_jobs_memory(&site);
    cancelled_and_resumed(&site);
    a_poison_cell_is_given_up(&site);
    a_wrong_partition_is_told(&site);
}

fn undisturbed(site: &Site<'_>) {
    site.suite(
        "plain",
        "\"majority\", \"stratified-random\"",
        "[resources]\nmemory = 500\ntime = 5\n",
    );
    let here = site.here("plain", &[]);
    let detached =
        site.ran(&["run", "plain", "--data", "sample", "--executor", "slurm", "--detach"]).exits(0);
    assert_says(&detached.err, &["4 cells are with the scheduler", "culture-eval status"]);
    let ran = site.ran(&["run", "plain", "--data", "sample", "--executor", "slurm"]).exits(0);
    assert_says(&ran.err, &["0 failed"]);
    assert_eq!(
        fs::read_dir(site.place.path("runs/plain/jobs")).unwrap().count(),
        1,
        "one array, submitted once"
    );
    same(&here, &site.outcome("plain"));
    let status = site.status("plain");
    assert_eq!(
        (&status["total"], &status["done"], &status["models"][0]["done"]),
        (&4.into(), &4.into(), &2.into())
    );
    let rows = site.ran(&["--json", "status", "plain", "--efficiency"]).exits(0).lines();
    assert_eq!((rows.len(), &rows[0]["cells"], &rows[0]["asked_mib"]), (2, &2.into(), &500.into()));
    assert!(
        rows[0]["wait_max"].is_number() && rows[0]["peak_mib"].as_u64().unwrap() > 0,
        "{rows:?}"
    );
    let again = site.ran(&["run", "plain", "--data", "sample", "--executor", "slurm"]).exits(0);
    assert_says(&again.err, &["0 cells run, 4 reused, 0 failed"]);
}

/// A node dies with its cell, and so does the `run` that waits; the same command again runs the rest.
fn a_node_dies(site: &Site<'_>) {
    let calls = site.place.slow("slow", 300);
    site.suite("hit", "\"majority\", \"slow\"", "");
    let args = ["--limit", "40"];
    let here = site.here("hit", &args);
    let alone = asked(&calls);
    assert_eq!(alone, 2 * BATCHES);
    let command = [&["run", "hit", "--data", "sample", "--executor", "slurm"][..], &args].concat();
    let mut run = site.start(&command);
    wait_until("both slow cells are in the middle", || {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        asked(&calls) >= alone + 6
    });
    let lease = site.lease("hit", "slow.emgsd.trained.s1").unwrap();
    let guard = lease["pid"].as_i64().unwrap() as i32;
    let environ = fs::read_to_string(format!("/proc/{guard}/environ")).unwrap();
    let node = environ.split('\0').find_map(|v| v.strip_prefix("SLURMD_NODENAME=")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{guard}/stat")).unwrap();
    let daemon: i32 =
        stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    site.cluster.kill_node(node, &[daemon, guard]);
    kill_process(Pid::from_raw(run.id() as i32).unwrap(), Signal::KILL).unwrap();
    end_of(&mut run);
    let status = site.status("hit");
    assert_ne!(status["done"], status["total"]);
    let ran = site.ran(&command).exits(0);
    assert_says(&ran.err, &["wait or run already", "0 failed"]);
    same(&here, &site.outcome("hit"));
    let (lost, total) = (asked(&calls) - alone, 2 * BATCHES);
    assert!((total..=total + 1).contains(&lost), "{lost} batches were asked; one at most was lost");
    let cell = site.place.cell("hit", "slow.emgsd.trained.s1");
    let tries: Value = serde_json::from_slice(&fs::read(cell.join("tries.json")).unwrap()).unwrap();
    assert_eq!(
        (tries.as_array().unwrap().len(), &tries[0]["reason"]["kind"]),
        (1, &"node".into()),
        "{tries}"
    );
    site.cluster.act(&["node"], &[node]);
    wait_until("the node is back", || {
        site.cluster
            .slurm("sinfo", &["-h", "-N", "-p", "main", "-t", "idle", "-o", "%N"])
            .lines()
            .count()
            == 2
    });
}

/// One cell on both nodes: the first slice fits, the others follow, and the bytes are those of one process.
fn sliced(site: &Site<'_>) {
    let calls = site.place.slow("shared", 100);
    site.suite("sliced", "\"shared\"", "");
    let here = site.here("sliced", &["--limit", "40"]);
    let (fits, batches) = (count(&calls, "fit"), asked(&calls));
    let command = [
        "run",
        "sliced",
        "--data",
        "sample",
        "--limit",
        "40",
        "--executor",
        "slurm",
        "--slice",
        "12",
    ];
    let detached = site.ran(&[&command[..], &["--detach"]].concat()).exits(0);
    assert_says(&detached.err, &["6 slices wait for their model to be fitted"]);
    site.ran(&command).exits(0);
    let there: Vec<_> = (site.outcome("sliced").into_iter())
        .filter(|(path, _)| !path.components().any(|part| part.as_os_str() == "slices"))
        .collect();
    same(&here, &there);
    assert_eq!((count(&calls, "fit") - fits, asked(&calls) - batches), (fits, batches));
}

/// A job of higher priority takes both nodes, and meanwhile the controller is gone for a while.
fn preempted_while_the_controller_is_away(site: &Site<'_>) {
    let calls = site.place.slow("moved", 300);
    site.suite("preempted", "\"moved\"", "");
    let args = ["--limit", "40"];
    let here = site.here("preempted", &args);
    let alone = asked(&calls);
    let command =
        [&["run", "preempted", "--data", "sample", "--executor", "slurm"][..], &args].concat();
    let notes = site.place.path("preempted.notes");
    let heard = fs::File::create(&notes).unwrap().into_file();
    let mut run = site.command(&command).stdout(Stdio::null()).stderr(heard).spawn().unwrap();
    wait_until("both cells are in the middle", || {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        asked(&calls) >= alone + 6
    });
    let urgent = ["-p", "urgent", "-N", "2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 3"];
    site.cluster.slurm("sbatch", &urgent);
    let queue = |what: &str| site.cluster.slurm("squeue", &["-h", "-t", "RUNNING", "-o", what]);
    wait_until("the urgent job has the nodes", || queue("%P").lines().any(|p| p == "urgent"));
    let pid: i32 =
        fs::read_to_string(site.cluster.path("slurmctld.pid")).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    wait_until("the one who waits has asked in vain", || {
        fs::read_to_string(&notes).unwrap().contains("the scheduler does not answer")
    });
    assert!(run.try_wait().unwrap().is_none(), "it waits for the controller");
    site.cluster.act(&["controller"], &[]);
    assert!(run.wait().unwrap().success());
    same(&here, &site.outcome("preempted"));
    let lost = asked(&calls) - alone;
    assert!((2 * BATCHES..=2 * BATCHES + 2).contains(&lost), "{lost} batches were asked");
}

/// Our own limit is out of reach here: the scheduler ends the job, and its word is understood.
fn out_of_the_jobs_memory(site: &Site<'_>) {
    site.place.model("hog", "liar", "batch = 4", "lie = \"hog\"");
    site.suite("memory", "\"hog\"", "[resources]\nmemory = 300\n");
    let args = ["run", "memory", "--data", "sample", "--limit", "40", "--seeds", "1"];
    let slurm = ["--executor", "slurm", "--memory", "30000", "--retry-after", "0", "--tries", "2"];
    let ran = site.ran(&[&args[..], &slurm].concat()).exits(1);
    assert_says(
        &ran.err,
        &["out of memory: Slurm ended it at its memory limit", "resources.memory"],
    );
}

/// The scheduler ends a job at its time limit; the next one resumes from the log.
fn out_of_the_jobs_time(site: &Site<'_>) {
    // 120 s of work; Slurm counts in minutes and looks twice a minute.
    let calls = site.place.slow("long", 12000);
    site.suite("short", "\"long\"", "[resources]\ntime = 1\n");
    let args = ["run", "short", "--data", "sample", "--limit", "40", "--seeds", "1"];
    let slurm = ["--executor", "slurm", "--retry-after", "0", "--tries", "9"];
    let ran = site.ran(&[&args[..], &slurm].concat()).exits(0);
    assert_says(&ran.err, &["try 2 of 9", "1 cells run, 0 reused, 0 failed"]);
    let cell = site.place.cell("short", "long.emgsd.trained.s1");
    let tries: Value = serde_json::from_slice(&fs::read(cell.join("tries.json")).unwrap()).unwrap();
    assert_eq!(tries[0]["reason"]["kind"], "timeout", "{tries}");
    let lost = tries.as_array().unwrap().len();
    assert!(asked(&calls) <= BATCHES + lost, "each start lost one batch at most");
}

fn cancelled_and_resumed(site: &Site<'_>) {
    let calls = site.place.slow("later", 300);
    site.suite("cancelled", "\"later\"", "");
    let command = ["run", "cancelled", "--data", "sample", "--limit", "40", "--executor", "slurm"];
    let mut run = site.start(&command);
    wait_until("it runs", || asked(&calls) >= 4);
    site.ran(&["cancel", "cancelled"]).exits(0);
    assert_eq!(end_of(&mut run).code(), Some(1));
    let asked_before = asked(&calls);
    assert!(asked_before < 2 * BATCHES);
    let status = site.status("cancelled");
    assert_eq!(
        (&status["done"], &status["failed"], &status["running"]),
        (&0.into(), &0.into(), &0.into()),
        "{status}"
    );
    site.ran(&command).exits(0);
    assert!(asked(&calls) <= 2 * BATCHES + 2, "each cell lost one batch at most");
    // The records are there before the last job has left the queue.
    wait_until("the queue is empty", || site.cluster.slurm("squeue", &["-h"]).is_empty());
    let nothing = site.ran(&["cancel", "cancelled"]).exits(0);
    assert_says(&nothing.err, &["nothing of this run is in Slurm's queue"]);
}

fn a_poison_cell_is_given_up(site: &Site<'_>) {
    site.place.model("poison", "liar", "", "lie = \"abort\"");
    site.suite("poisoned", "\"majority\", \"poison\"", "");
    let ran = site
        .ran(&[
            "run",
            "poisoned",
            "--data",
            "sample",
            "--limit",
            "8",
            "--executor",
            "slurm",
            "--retry-after",
            "1",
        ])
        .exits(1);
    assert_says(&ran.err, &["try 2 of 3", "try 3 of 3", "given up after 3 tries", "2 failed"]);
    let cell = site.place.cell("poisoned", "poison.emgsd.trained.s1");
    let tries: Value = serde_json::from_slice(&fs::read(cell.join("tries.json")).unwrap()).unwrap();
    assert_eq!(tries.as_array().unwrap().len(), 3, "{tries}");
    let status = site.status("poisoned");
    assert_eq!((&status["done"], &status["failed"]), (&2.into(), &2.into()));
}

fn a_wrong_partition_is_told(site: &Site<'_>) {
    site.suite("nowhere", "\"majority\"", "[resources]\npartition = \"nowhere\"\n");
    let ran = site.ran(&["run", "nowhere", "--data", "sample", "--executor", "slurm"]).exits(2);
    assert_says(&ran.err, &["sbatch refuses", "nowhere"]);
}
