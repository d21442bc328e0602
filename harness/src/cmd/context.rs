//! What every command shares: the flags before the subcommand, resolved settings, definitions.

use std::cell::OnceCell;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum as _};
use toml::{Table, Value};

use super::Output;
use crate::definition::catalogue::Catalogue;
use crate::exec::jobs::quoted;
use crate::settings::{self, DataMode, Resolved, Settings};
use crate::store::RunFolder;

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// JSON lines on stdout instead of text
    #[arg(long, global = true)]
    json: bool,
    /// No notes and no progress on stderr
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Which data to use: official if available, else the SAMPLE; official only, or the SAMPLE only
    #[arg(long, global = true, value_enum, help_heading = "Settings")]
    data: Option<DataMode>,
    /// Folder or URL to try for data before the authors' servers, as DATASET/PATH (repeatable)
    #[arg(long, global = true, value_name = "DIR|URL", help_heading = "Settings")]
    mirror: Vec<String>,
    /// Folder of files that only you can fetch, as DATASET/PATH
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    drop_in: Option<PathBuf>,
    /// Never touch the network
    #[arg(long, global = true, help_heading = "Settings")]
    offline: bool,
    /// Folder of downloads and prepared data
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    cache: Option<PathBuf>,
    /// Folder of runs
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    runs: Option<PathBuf>,
    /// Folder or file with your definitions (repeatable)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Settings")]
    definitions: Vec<PathBuf>,
    /// Folder searched for plugins first (repeatable)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    plugins: Vec<PathBuf>,
    /// Let the models of the `culture-eval.toml` in this folder reach what they ask for (`access`); remembered
    #[arg(long, global = true, help_heading = "Settings")]
    trust: bool,
    /// Cells that run at once; 0 = one per core
    #[arg(long, global = true, value_name = "N", help_heading = "Settings")]
    jobs: Option<u32>,
}

impl Common {
    /// These flags as they would be typed.
    fn typed(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut put = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        if let Some(data) = self.data.and_then(|data| data.to_possible_value()) {
            put("--data", data.get_name());
        }
        self.mirror.iter().for_each(|mirror| put("--mirror", mirror));
        let paths =
            [("--drop-in", &self.drop_in), ("--cache", &self.cache), ("--runs", &self.runs)];
        let lists = [("--definitions", &self.definitions), ("--plugins", &self.plugins)];
        let of_lists = lists.iter().flat_map(|(flag, list)| list.iter().map(move |p| (*flag, p)));
        let all = paths.iter().filter_map(|(flag, path)| Some((*flag, path.as_ref()?)));
        all.chain(of_lists).for_each(|(flag, path)| put(flag, &path.to_string_lossy()));
        if self.offline {
            words.push("--offline".to_owned());
        }
        words
    }

    fn flags(&self) -> Table {
        let mut flags = Table::new();
        let mut put = |key: &str, value: Value| flags.insert(key.to_owned(), value);
        let path = |p: &PathBuf| Value::String(p.to_string_lossy().into_owned());
        if let Some(data) = self.data {
            put("data", Value::try_from(data).unwrap_or(Value::Boolean(false)));
        }
        if !self.mirror.is_empty() {
            put("mirror", self.mirror.clone().into());
        }
        if let Some(dir) = &self.drop_in {
            put("drop_in", path(dir));
        }
        if self.offline {
            put("offline", true.into());
        }
        if let Some(dir) = &self.cache {
            put("cache", path(dir));
        }
        if let Some(dir) = &self.runs {
            put("runs", path(dir));
        }
        if !self.definitions.is_empty() {
            put("definitions", Value::Array(self.definitions.iter().map(path).collect()));
        }
        if !self.plugins.is_empty() {
            put("plugins", Value::Array(self.plugins.iter().map(path).collect()));
        }
        if let Some(jobs) = self.jobs {
            put("jobs", Value::Integer(jobs.into()));
        }
        flags
    }
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    /// Where it writes.
    pub output: Output,
    /// Settings with their origins.
    pub resolved: Resolved,
    /// The command line itself, for what describes it.
    pub(super) command_line: fn() -> clap::Command,
    /// Whether what a settings file's models ask for is allowed now.
    pub(super) trust: bool,
    catalogue: OnceCell<Catalogue>,
    /// The common flags as they were typed.
    typed: Vec<String>,
}

impl Context {
    /// Resolves the settings; `flags` are those of the command that are settings.
    pub(super) fn new(
        common: Common,
        flags: Table,
        command_line: fn() -> clap::Command,
    ) -> anyhow::Result<Self> {
        let folder = std::env::current_dir().context("failed to find the working folder")?;
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let typed = common.typed();
        let flags = common.flags().into_iter().chain(flags).collect();
        let resolved =
            settings::resolve(&folder, variables, flags).context("failed to read the settings")?;
        let output = Output { json: common.json, quiet: common.quiet };
        let trust = common.trust;
        Ok(Self { output, resolved, command_line, trust, catalogue: OnceCell::new(), typed })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.resolved.settings
    }

    /// A command to be typed next, with the common flags of this one: it means the same data, cache and definitions.
    pub(super) fn command(&self, words: &[&str]) -> String {
        let typed = self.typed.iter().map(String::as_str);
        let all = ["culture-eval"].into_iter().chain(typed).chain(words.iter().copied());
        all.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// The run of a name or folder.
    pub fn run(&self, name: &str) -> anyhow::Result<RunFolder> {
        let run = RunFolder::named(&self.settings().runs, name);
        run.must_exist()?;
        Ok(run)
    }

    /// All known definitions.
    pub fn catalogue(&self) -> anyhow::Result<&Catalogue> {
        if self.catalogue.get().is_none() {
            let loaded = Catalogue::load(&self.settings().definitions)
                .context("failed to read the definitions")?;
            let _ = self.catalogue.set(loaded);
        }
        self.catalogue.get().context("no definitions")
    }
}
