//! The program in a folder of its own: no settings, cache, token or terminal of the user's reaches it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fs_err as fs;
use serde_json::Value;

/// A temporary folder with a cache, run folders, definitions and a mirror.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Where cargo puts the plugins: they are dev-dependencies of this crate.
pub(crate) fn plugins() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("defs")).unwrap();
        place
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A model TOML; `top` goes before `[config]`. It may write here unless `top` says what it may.
    pub(crate) fn model(&self, name: &str, plugin: &str, top: &str, config: &str) {
        // What the tests look at lies beside the cell, and their servers on this machine.
        let access = format!(
            "access = {{ network = true, write = [\"{}\"], env = [\"MY_KEY\", \"OPENAI_API_KEY\", \"OPENAI_BASE_URL\"] }}",
            self.path("").display()
        );
        let access = if top.contains("access") { "" } else { &access };
        let text = format!(
            "name = \"{name}\"\ntitle = \"{name}\"\nplugin = \"{plugin}\"\ndescription = \"A model of the tests.\"\nlicence = \"MIT\"\n{access}\n{top}\n[config]\n{config}\n"
        );
        self.write(&format!("defs/models/{name}.toml"), text);
    }

    /// A model that asks in batches of four, pauses after each, and writes every call into the file that comes back.
    pub(crate) fn slow(&self, name: &str, pause_ms: u32) -> PathBuf {
        let calls = self.path(&format!("{name}.calls"));
        let config = format!("file = \"{}\"\npause_ms = {pause_ms}", calls.display());
        self.model(name, "recorder", "batch = 4", &config);
        calls
    }

    /// The program, offline, here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_culture-eval"));
        command.current_dir(self.folder.path()).env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // Few resamples: tests look at figures, not at their last digit.
        command.env("HOME", self.path("home")).env("CULTURE_EVAL_RESAMPLES", "500");
        command.arg("--offline");
        for (flag, folder) in [("--cache", "cache"), ("--runs", "runs"), ("--definitions", "defs")]
        {
            command.arg(flag).arg(self.path(folder));
        }
        command.arg("--plugins").arg(plugins()).args(args).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// `run` on the SAMPLE.
    pub(crate) fn sample(&self, args: &[&str]) -> Ran {
        self.run(&[&["run", "--data", "sample"], args].concat())
    }

    pub(crate) fn summary(&self, run: &str) -> Value {
        self.json(&format!("runs/{run}/summary.json"))
    }

    pub(crate) fn json(&self, relative: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(relative)).unwrap()).unwrap()
    }

    /// The folder of the only cell of a model on a task.
    pub(crate) fn cell(&self, run: &str, start: &str) -> PathBuf {
        let folder = self.path(&format!("runs/{run}/cells"));
        let mut found: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(start))
            .collect();
        assert_eq!(found.len(), 1, "{start}: {found:?}");
        found.remove(0)
    }

    /// A text with this folder and all hashes and versions taken out.
    pub(crate) fn plain(&self, text: &str) -> String {
        let text = text.replace(&*self.folder.path().to_string_lossy(), "<place>");
        let text = text.replace(&*plugins().to_string_lossy(), "<plugins>");
        text.replace(env!("CARGO_PKG_VERSION"), "<version>")
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Ends the test unless the exit code is this.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// stdout as JSON lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lines().map(parse).collect()
    }
}

#[track_caller]
pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// Waits until something holds; a minute later it is a failure.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the end of a process, and kills it if that never comes.
#[track_caller]
pub(crate) fn end_of(child: &mut Child) -> std::process::ExitStatus {
    let mut status = None;
    wait_until("the process ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

/// All files below a folder, as paths from it, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let mut found: Vec<PathBuf> =
        found.iter().map(|path| path.strip_prefix(folder).unwrap().to_owned()).collect();
    found.sort();
    found
}
