//! A run under `strace`, which lets system calls of the store fail or kills whoever makes them: afterwards all is as ever.
//!
//! strace counts a thread's calls of one name and hits the n-th: so each write, fsync, rename, removal and folder of the parent
//! and of its cells is hit in its turn, before or after the others. The short form runs with all tests; `just test-chaos` sets
//! CULTURE_EVAL_CHAOS to the number of faults of the full one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use fs_err as fs;

use super::program::{Place, Ran, end_of, files_below};
use super::skipped::skipped;

/// Faults of the short form.
const SHORT: usize = 40;

/// Names of calls that go together.
const CALLS: [&str; 9] = [
    "write",
    "fsync",
    "fdatasync",
    "rename,renameat,renameat2",
    "ftruncate",
    "unlink,unlinkat",
    "mkdir,mkdirat",
    "openat",
    "close",
];

/// A disk that is full, one that is broken, a quota, and a process that is gone at once.
const FAULTS: [&str; 5] =
    ["error=ENOSPC", "error=EIO", "error=EDQUOT", "signal=KILL", "signal=KILL"];

/// Batches of four that the recorder is asked.
const BATCHES: usize = 10;

/// A stream of numbers that look random: splitmix64 (Steele, Lea & Flood 2014).
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n as u64) as usize
    }
}

/// One suite in a place of its own: two models on two benchmarks, the recorder among them.
struct Suite {
    place: Place,
    calls: PathBuf,
}

impl Suite {
    fn new() -> Self {
        let place = Place::new();
        // From the folder that the program runs in: the same cells in every place.
        let (file, calls) = ("slow.calls", place.path("slow.calls"));
        place.model("slow", "recorder", "batch = 4", &format!("file = \"{file}\"\npause_ms = 0"));
        Self { place, calls }
    }

    fn args() -> Vec<&'static str> {
        let run = "run --data sample --models majority,slow --benchmarks emgsd,crehate --limit 40 --jobs 1 --quiet";
        run.split(' ').collect()
    }

    fn run(&self, more: &[&str]) -> Ran {
        Ran::of(&mut self.place.command(&[&Self::args()[..], more].concat()))
    }

    /// The run with a fault: how many calls were hit.
    fn hit(&self, calls: &str, fault: &str, nth: usize) -> usize {
        let plain = self.place.command(&[&Self::args()[..], &["--retry-failed"]].concat());
        let trace = self.place.path("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(&trace);
        command.arg(format!("--trace={calls}"));
        command.arg(format!("--inject={calls}:{fault}:when={nth}"));
        command.arg(plain.get_program()).args(plain.get_args());
        command.current_dir(plain.get_current_dir().unwrap()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap();
        let lines = fs::read_to_string(trace).unwrap();
        let failed = lines.lines().filter(|line| line.contains("(INJECTED)")).count();
        // Threads that end with their process are one kill.
        failed + usize::from(lines.contains("killed by SIGKILL"))
    }

    /// What a run leaves: bytes by file, without what gives seconds and what was said.
    fn left(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let folder = self.place.path("runs/default");
        let told = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name == "record.json" || name.starts_with("predictions") || name == "leaderboard.csv"
        };
        let files = files_below(&folder).into_iter().filter(|path| told(path));
        files.map(|path| (path.clone(), fs::read(folder.join(path)).unwrap())).collect()
    }

    /// Asserts that it ended as one that was not disturbed.
    #[track_caller]
    fn is_as(&self, end: &BTreeMap<PathBuf, Vec<u8>>, said: &str) {
        let left = self.left();
        assert_eq!(left.keys().collect::<Vec<_>>(), end.keys().collect::<Vec<_>>(), "{said}");
        for (path, bytes) in &left {
            assert!(*bytes == end[path], "{said}: {} differs", path.display());
        }
    }

    /// Asserts that files which nobody finished are gone with the next run, once nobody can be at work on them.
    #[track_caller]
    fn is_swept(&self, said: &str) {
        let runs = self.place.path("runs");
        for path in self.partial() {
            let file = fs::File::open(runs.join(path)).unwrap();
            let before = std::time::SystemTime::now() - Duration::from_hours(1);
            file.file().set_modified(before).unwrap();
        }
        self.run(&[]).exits(0);
        assert!(self.partial().is_empty(), "{said}: {:?}", self.partial());
    }

    /// Files that nobody finished.
    fn partial(&self) -> Vec<PathBuf> {
        let all = files_below(&self.place.path("runs")).into_iter();
        all.filter(|path| path.to_string_lossy().contains(".partial")).collect()
    }

    /// How often the recorder was asked.
    fn asked(&self) -> usize {
        let text = fs::read_to_string(&self.calls).unwrap_or_default();
        text.lines().filter(|line| line.starts_with("classify")).count()
    }
}

/// Debian's libfaketime, which shifts the clock that a program sees.
#[track_caller]
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    let found = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        skipped("libfaketime", "apt-get install libfaketime");
    }
    found
}

/// Whether strace is here and may trace.
#[track_caller]
fn strace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "true"]);
    let may = command.output().is_ok_and(|output| output.status.success());
    if !may {
        skipped("strace that may trace here", "apt-get install strace");
    }
    may
}

fn wanted() -> usize {
    let set = std::env::var("CULTURE_EVAL_CHAOS").ok();
    set.map_or(SHORT, |n| n.parse().expect("CULTURE_EVAL_CHAOS is a number of faults"))
}

#[test]
fn no_fault_changes_the_end() {
    if !strace() {
        return;
    }
    let undisturbed = Suite::new();
    undisturbed.run(&[]).exits(0);
    let end = undisturbed.left();
    assert!(end.len() >= 9, "{:?}", end.keys());
    let cells = 2;
    assert_eq!(undisturbed.asked(), BATCHES * cells);
    let (wanted, done) = (wanted(), Mutex::new((0, 0, BTreeMap::<&str, usize>::new())));
    let work = |thread: usize| {
        for case in (thread..).step_by(2) {
            if done.lock().unwrap().0 >= wanted {
                break;
            }
            let mut draws = Draws(case as u64);
            let suite = Suite::new();
            // Three of four find the data in place: their own writes are those of the run.
            if case % 4 != 0 {
                std::os::unix::fs::symlink(
                    undisturbed.place.path("cache"),
                    suite.place.path("cache"),
                )
                .unwrap();
            }
            let mut said = Vec::new();
            let (mut hits, starts) = (0, 1 + draws.below(3));
            for _ in 0..starts {
                let (calls, fault) = (CALLS[draws.below(9)], FAULTS[draws.below(5)]);
                let most = [3, 8, 24][draws.below(3)];
                let nth = 1 + draws.below(most);
                let hit = suite.hit(calls, fault, nth);
                said.push(format!("{calls} {fault} {nth}: {hit} hit"));
                hits += hit;
                *done.lock().unwrap().2.entry(calls).or_default() += hit;
            }
            let said = format!("case {case}: {}", said.join(", "));
            let last = suite.run(&["--retry-failed"]);
            assert_eq!(last.code, Some(0), "{said}\n{}{}", last.out, last.err);
            suite.is_as(&end, &said);
            suite.is_swept(&said);
            // Each start that was hit may lose the batch that it was in, in each of its cells; nothing that was committed.
            let most = (BATCHES + starts) * cells;
            assert!(suite.asked() <= most, "{said}: asked {} times", suite.asked());
            let mut done = done.lock().unwrap();
            done.0 += hits;
            done.1 += 1;
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
    let (faults, cases, by_call) = done.into_inner().unwrap();
    println!("{faults} faults in {cases} runs, none changed the end: {by_call:?}");
}

/// Two runs of one suite at once, either of which is killed after a while or not at all.
#[test]
fn two_runs_at_once_are_one() {
    let undisturbed = Suite::new();
    undisturbed.run(&[]).exits(0);
    let end = undisturbed.left();
    for case in 0..8 {
        let mut draws = Draws(1_000 + case);
        let suite = Suite::new();
        let start = || {
            let mut command = suite.place.command(&Suite::args());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut both = [start(), start()];
        std::thread::sleep(Duration::from_millis(draws.below(400) as u64));
        if case % 4 != 0 {
            both[draws.below(2)].kill().unwrap();
        }
        for run in &mut both {
            end_of(run);
        }
        let last = suite.run(&["--retry-failed"]);
        assert_eq!(last.code, Some(0), "case {case}\n{}{}", last.out, last.err);
        suite.is_as(&end, &format!("case {case}"));
    }
}

/// A clock that is years ahead when a run is killed, and years behind when it resumes.
#[test]
fn no_jump_of_the_clock_changes_the_end() {
    let Some(library) = faketime() else { return };
    let undisturbed = Suite::new();
    undisturbed.run(&[]).exits(0);
    let end = undisturbed.left();
    for (case, jumps) in [["+10y", "-10y"], ["-10y", "+10y"], ["+2m", "-2m"]].iter().enumerate() {
        let suite = Suite::new();
        let under = |jump: &str| {
            let mut command = suite.place.command(&Suite::args());
            command
                .env("LD_PRELOAD", &library)
                .env("FAKETIME", jump)
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut first = under(jumps[0]);
        std::thread::sleep(Duration::from_millis(150 + 100 * case as u64));
        first.kill().unwrap();
        end_of(&mut first);
        let status = end_of(&mut under(jumps[1]));
        assert_eq!(status.code(), Some(0), "{jumps:?}");
        suite.is_as(&end, &format!("{jumps:?}"));
    }
}
