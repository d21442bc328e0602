//! Every attack of `attacks/`: what each comes to at each level of the sandbox, and that SECURITY.md says the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fs_err as fs;
use serde::Deserialize;
use serde_json::Value;

use super::program::{Place, Ran, end_of, wait_until};
use super::skipped::skipped;

#[derive(Deserialize)]
struct Attacks {
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    title: String,
    attacks: Vec<Attack>,
}

#[derive(Deserialize)]
struct Attack {
    name: String,
    namespaces: String,
    landlock: String,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn attacks() -> Attacks {
    toml::from_str(&fs::read_to_string(project().join("attacks/attacks.toml")).unwrap()).unwrap()
}

/// Who attacks: the user of the tests, or an ordinary one where that is root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum User {
    Own,
    Ordinary,
}

/// The number of `nobody`.
const NOBODY: u32 = 65_534;

impl User {
    fn runs(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Own => command,
            Self::Ordinary => {
                command.uid(NOBODY).gid(NOBODY).env("PATH", "/usr/local/bin:/usr/bin:/bin")
            }
        }
    }

    /// Those whom this test can be: an ordinary user must be able to run the program, and have Python.
    fn all(place: &Place) -> Vec<Self> {
        if !rustix::process::getuid().is_root() {
            return vec![Self::Own];
        }
        let can = |mut command: Command| {
            Self::Ordinary.runs(&mut command).output().is_ok_and(|o| o.status.success())
        };
        let mut python = Command::new("/usr/bin/python3");
        python.arg("--version");
        if can(place.command(&["--version"])) && can(python) {
            vec![Self::Own, Self::Ordinary]
        } else {
            skipped(
                "attacks of an ordinary user",
                "build where nobody may read, and install python3 there",
            );
            vec![Self::Own]
        }
    }
}

/// A place with everything that is attacked.
struct Scene {
    place: Place,
    victim: Child,
    name: String,
    _sockets: (UnixListener, UnixListener),
}

impl Scene {
    fn new(level: &str, user: User, more: &str) -> Self {
        let place = Place::new();
        for (path, text) in [
            ("cache/unpacked/0/data/x.csv", "label"),
            ("home/.netrc", "machine x password y"),
            ("home/.ssh/id_ed25519", "key"),
            ("neighbour", "temporary"),
        ] {
            place.write(path, text);
        }
        for script in ["attacks.py", "leavings.py"] {
            place.write(
                &format!("defs/models/{script}"),
                fs::read(project().join("attacks").join(script)).unwrap(),
            );
        }
        let name = format!("ce-{}-{level}-{user:?}-{}", std::process::id(), more.len());
        let address = <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(&name);
        let by_name = UnixListener::bind_addr(&address.unwrap()).unwrap();
        let by_path = UnixListener::bind(place.path("socket")).unwrap();
        let mut sleeper = Command::new("sleep");
        let victim = user.runs(sleeper.arg("600").stdin(Stdio::null())).spawn().unwrap();
        let scene = Self { place, victim, name, _sockets: (by_name, by_path) };
        scene.attacker(more);
        if user == User::Ordinary {
            Self::give(&scene.place.path(""));
        }
        scene
    }

    /// Gives everything to the ordinary user.
    fn give(path: &Path) {
        std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() {
            fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
            for entry in fs::read_dir(path).unwrap() {
                Self::give(&entry.unwrap().path());
            }
        }
    }

    fn attacker(&self, more: &str) {
        let here = self.place.path("").display().to_string();
        let here = here.trim_end_matches('/');
        let words = format!(
            "\"place:{here}\", \"victim:{}\", \"name:{}\", \"socket:{here}/socket\"{more}",
            self.victim.id(),
            self.name
        );
        self.program("attacker", "attacks.py", &words);
    }

    fn program(&self, name: &str, file: &str, words: &str) {
        let top = format!(
            "capabilities = [\"classify\"]\nprotocols = [\"zero-shot\"]\nfiles = {{ program = \"{file}\" }}\naccess = {{}}"
        );
        let command = format!("command = [\"python3\", \"{{program}}\", {words}]");
        self.place.model(name, "command", &top, &command);
    }

    fn run(&self, level: &str, user: User, models: &str) -> Command {
        let args = [
            "run",
            "--data",
            "sample",
            "--models",
            models,
            "--benchmarks",
            "crehate",
            "--limit",
            "4",
        ];
        let mut command = self.place.command(&args);
        for key in
            ["NVIDIA_API_KEY", "CONDA_TOKEN", "R_API_KEY", "HF_TOKEN", "PYTHON_KEYRING_PASSWORD"]
        {
            command.env(key, "planted");
        }
        user.runs(command.env("CULTURE_SANDBOX_LEVEL", level));
        command
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = fs::remove_file(Path::new("/dev/shm").join(&self.name));
        for pid in named(&self.name) {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Processes whose command line has this word in it, the runner aside.
fn named(word: &str) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let has = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(word) && line.contains("time.sleep")
    };
    entries.filter_map(|e| e.file_name().to_string_lossy().parse().ok()).filter(has).collect()
}

fn python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok();
    if !there || !cfg!(target_os = "linux") {
        skipped("Linux with python3", "install python3");
    }
    there && cfg!(target_os = "linux")
}

/// What each attack came to; none where the level is not available here.
fn outcomes(level: &str, user: User) -> Option<BTreeMap<String, String>> {
    let scene = Scene::new(level, user, "");
    let ran = Ran::of(&mut scene.run(level, user, "majority,attacker"));
    let timing = scene.place.cell("default", "attacker.").join("timing.json");
    let timing: Value = serde_json::from_slice(&fs::read(timing).unwrap()).unwrap();
    let sandbox = timing["fence"].as_str().unwrap().to_owned();
    let log = fs::read_to_string(scene.place.cell("default", "attacker.").join("log.txt")).unwrap();
    let whole = match level {
        "namespaces" => sandbox == "namespaces, Landlock, seccomp",
        _ => sandbox == "Landlock, seccomp",
    };
    if !whole {
        skipped(
            &format!("{level}: {sandbox} {}", ran.err),
            "a kernel with user namespaces, Landlock and seccomp",
        );
        return None;
    }
    assert_eq!(ran.code, Some(0), "{}{}{log}", ran.out, ran.err);
    let line = log.lines().find_map(|line| line.split_once("attacks ")).expect("it tells");
    let mut said: BTreeMap<String, String> = serde_json::from_str(line.1).unwrap();
    let left = Path::new("/dev/shm").join(&scene.name).exists();
    let outcome = |through: bool| if through { "through" } else { "stopped" }.to_owned();
    said.insert("shared memory that stays".to_owned(), outcome(left));
    assert!(named(&scene.name).is_empty(), "what it started is left after the run");
    assert!(!scene.place.path("beside").exists() && !scene.place.path("child").exists());
    Some(said)
}

/// Whether what the attacker has started lives after the runner was killed.
fn outlives(level: &str, user: User) -> bool {
    let scene = Scene::new(level, user, ", \"wait:yes\"");
    let mut runner = scene
        .run(level, user, "attacker")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the attacker has started a program", || !named(&scene.name).is_empty());
    runner.kill().unwrap();
    end_of(&mut runner);
    let start = std::time::Instant::now();
    while !named(&scene.name).is_empty() {
        if start.elapsed() > std::time::Duration::from_secs(5) {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}

fn as_expected(level: &str, wanted: impl Fn(&Attack) -> &str) {
    if !python() {
        return;
    }
    let all = attacks();
    let all: Vec<&Attack> = all.group.iter().flat_map(|group| &group.attacks).collect();
    let mut through = BTreeMap::<&str, bool>::new();
    for user in User::all(&Place::new()) {
        let Some(mut said) = outcomes(level, user) else { return };
        let lives = if outlives(level, user) { "through" } else { "stopped" };
        said.insert("a process that outlives a killed runner".to_owned(), lives.to_owned());
        for attack in &all {
            let came = said.remove(&attack.name);
            let came = came.unwrap_or_else(|| panic!("{} is not tried", attack.name));
            *through.entry(&attack.name).or_default() |= came == "through";
        }
        assert!(said.is_empty(), "attacks.toml does not list {said:?}");
    }
    // Root is kept from more than an ordinary user by what it has given up: one of them is enough.
    let other = |attack: &&&Attack| (wanted(attack) == "through") != through[&*attack.name];
    let wrong: Vec<&str> = all.iter().filter(other).map(|attack| &*attack.name).collect();
    assert!(wrong.is_empty(), "{level}: otherwise than attacks.toml says: {}", wrong.join("; "));
}

#[test]
fn at_the_level_of_namespaces() {
    as_expected("namespaces", |attack| &attack.namespaces);
}

#[test]
fn at_the_level_of_landlock() {
    as_expected("landlock", |attack| &attack.landlock);
}

/// What a plugin leaves in its folder, and the reason of its cell; none where the cell is done all the same.
const LEFT: [(&str, Option<&str>); 9] = [
    ("fifo", Some("not a plain file")),
    ("folder", Some("not a plain file")),
    ("link", Some("not a plain file")),
    ("garbage", Some("damaged")),
    ("more", Some("damaged")),
    ("label", Some("damaged")),
    ("terminal", Some("exit status: 3")),
    ("flood", None),
    ("many", None),
];

/// Whatever a plugin leaves costs its own cell; the honest model's is done, and the next run is not stopped by it.
#[test]
fn what_a_plugin_leaves_costs_its_own_cell() {
    if !python() {
        return;
    }
    let scene = Scene::new("", User::Own, "");
    let mut models = vec!["majority".to_owned()];
    for (mode, _) in LEFT {
        models.push(format!("leaves-{mode}"));
        scene.program(&format!("leaves-{mode}"), "leavings.py", &format!("\"MODE={mode}\""));
    }
    for _ in 0..2 {
        let mut command = scene.run("", User::Own, &models.join(","));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert_eq!(end_of(&mut child).code(), Some(1), "some cells have failed");
        for (mode, reason) in LEFT {
            let cell = scene.place.cell("default", &format!("leaves-{mode}."));
            let record = fs::read_to_string(cell.join("record.json")).unwrap();
            assert!(record.contains(reason.unwrap_or("\"done\"")), "{mode}: {record}");
            let log = fs::metadata(cell.join("log.txt")).unwrap().len();
            assert!(log < 17 << 20, "{mode}: {log} bytes of log");
        }
        let honest =
            fs::read_to_string(scene.place.cell("default", "majority.").join("record.json"));
        assert!(honest.unwrap().contains("\"done\""));
    }
    let obeyed = ['\u{1b}', '\u{7}', '\u{202e}'];
    for args in [&["report"][..], &["--json", "report"], &["status"]] {
        let ran = scene.place.run(args);
        assert!(ran.out.contains("52;c") || args[0] == "status", "{args:?} quotes it: {}", ran.out);
        assert!(!ran.out.contains(obeyed) && !ran.err.contains(obeyed), "{args:?}: {}", ran.out);
    }
    let csv = fs::read_to_string(scene.place.path("runs/default/leaderboard.csv")).unwrap();
    assert!(csv.contains("52;c") && !csv.contains(obeyed), "{csv:?}");
}

/// What bit rot, or somebody with a shell, leaves in a cell: no command hangs, and the next run makes it good again.
#[test]
fn a_broken_cell_is_run_again_and_never_hangs() {
    let place = Place::new();
    let args = ["--models", "majority", "--benchmarks", "crehate", "--limit", "4"];
    place.sample(&args).exits(0);
    let cell = place.cell("default", "majority.");
    let before = fs::read(cell.join("record.json")).unwrap();
    for (name, kind) in [
        ("lease", "fifo"),
        ("lease", "empty"),
        ("log.txt", "fifo"),
        ("record.json", "fifo"),
        ("record.json", "brace"),
        ("record.json", "empty"),
        ("record.json", "folder"),
        ("timing.json", "empty"),
        ("timing.json", "fifo"),
        ("tries.json", "brace"),
    ] {
        let path = cell.join(name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        match kind {
            "fifo" => {
                let made = Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            }
            "folder" => fs::create_dir(&path).unwrap(),
            "brace" => fs::write(&path, "{").unwrap(),
            _ => fs::write(&path, "").unwrap(),
        }
        for command in [&["report"][..], &[&["run", "--data", "sample"], &args[..]].concat()] {
            let mut child = place
                .command(command)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let code = end_of(&mut child).code();
            let mut said = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
            if command[0] == "run" {
                assert_eq!(code, Some(0), "{name} {kind}: {said}");
            }
        }
        assert_eq!(fs::read(cell.join("record.json")).unwrap(), before, "{name} {kind}");
        if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            fs::remove_file(&path).unwrap();
        }
    }
}

/// SECURITY.md's table is made of the outcomes that the tests hold the program to.
#[test]
fn the_page_tells_what_the_tests_found() {
    let mut table = "| attack | namespaces | Landlock |\n|---|---|---|\n".to_owned();
    for group in attacks().group {
        writeln!(table, "| **{}** | | |", group.title).unwrap();
        for attack in group.attacks {
            let Attack { name, namespaces, landlock } = attack;
            writeln!(table, "| {name} | {namespaces} | {landlock} |").unwrap();
        }
    }
    let path = project().join("SECURITY.md");
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- attacks -->\n", "<!-- end of attacks -->");
    let (before, rest) = page.split_once(start).expect("SECURITY.md marks the place of its table");
    let (there, after) = rest.split_once(end).expect("SECURITY.md marks the end of its table");
    if std::env::var_os("CULTURE_WRITE_SECURITY").is_some() {
        fs::write(&path, format!("{before}{start}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there, table,
        "write it again: CULTURE_WRITE_SECURITY=1 cargo test -p harness --test it attacks::"
    );
}
