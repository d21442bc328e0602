//! Settings: defaults < `culture-eval.toml` < environment < flags, each value with its [`Origin`].
//!
//! What a suite or a model says in its TOML comes between environment and flags: [`crate::exec::options`].

mod origin;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::{Table, Value};

pub use origin::{Origin, Sourced};

/// The embedded, commented defaults: the reference of all settings.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Name of the settings file in the working folder.
pub const FILE: &str = "culture-eval.toml";

/// Environment variables that set a setting start with this: `CULTURE_EVAL_OFFLINE=true`.
pub const ENV_PREFIX: &str = "CULTURE_EVAL_";

/// Environment variables of this program that are no settings. See also [`crate::fetch`] for tokens.
pub const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("NO_COLOR", "set to anything: no colour"),
    ("HF_TOKEN", "token for gated files on huggingface.co; sent there only"),
    ("GITHUB_TOKEN", "token for raw files on GitHub; sent there only"),
    ("CULTURE_EVAL_SHARED", "folder of shared test data (tests only)"),
    (
        "CULTURE_EVAL_SLURM",
        "1: a test that needs Slurm fails where it cannot have one (tests only)",
    ),
    ("CULTURE_EVAL_SKIPPED", "file that tests append to what they skip (tests only)"),
    ("CULTURE_EVAL_CHAOS", "how many faults the test of faults makes (tests only)"),
    ("CULTURE_EVAL_PYTHON", "a Python with xllamacpp (tests only)"),
    ("CULTURE_EVAL_SMOLLM2", "a GGUF file of SmolLM2 (tests only)"),
    ("CULTURE_EVAL_TRANSFORMERS", "a Python with transformers (tests only)"),
    ("CULTURE_EVAL_EEE", "a Python with every-eval-ever (tests only)"),
];

/// What is wrong with a setting.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read settings: {0}")]
    Read(#[from] std::io::Error),
    /// Not TOML, an unknown name or a wrong type.
    #[error("{origin}: {message} (`culture-eval config` shows all settings)")]
    Invalid {
        /// File, variable or flag.
        origin: String,
        /// What the parser says.
        message: String,
    },
}

/// What is meant, after all layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Downloads, prepared data and plugin descriptions.
    pub cache: PathBuf,
    /// Run folders.
    pub runs: PathBuf,
    /// Which data to use.
    pub data: DataMode,
    /// Mirrors: folders or URLs.
    pub mirror: Vec<String>,
    /// Folder for files that only the user can fetch.
    pub drop_in: PathBuf,
    /// Never touch the network.
    pub offline: bool,
    /// Folders or files with more definitions.
    pub definitions: Vec<PathBuf>,
    /// Folders searched for plugins first.
    pub plugins: Vec<PathBuf>,
    /// Cells at once; 0 = one per core.
    pub jobs: usize,
    /// Threads of each cell; 0 = cores / jobs, by a scheduler as many as the cores that are asked for.
    pub threads: usize,
    /// Seconds a cell may take; 0 = no limit.
    pub timeout: u64,
    /// MiB a cell may take; 0 = no limit.
    pub memory: u64,
    /// Examples that one process predicts; 0 = all of a cell's.
    pub slice: u64,
    /// Stop starting cells after this many failures; 0 = never.
    pub max_failures: usize,
    /// Failed attempts of a cell in a scheduler's job that make it a failed cell.
    pub tries: usize,
    /// Seconds before the next attempt, doubled each time.
    pub retry_after: u64,
    /// Resamples of a bootstrap interval, at most [`MOST_RESAMPLES`].
    #[serde(deserialize_with = "resamples")]
    pub resamples: usize,
}

/// Resamples that a run may be scored with: a resample keeps about 200 bytes, so these take 0.2 GB a model.
pub const MOST_RESAMPLES: usize = 1_000_000;

fn resamples<'de, D: serde::Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let asked = usize::deserialize(from)?;
    if (2..=MOST_RESAMPLES).contains(&asked) {
        Ok(asked)
    } else {
        Err(serde::de::Error::custom(format!(
            "`resamples` is {asked}: give 2 to {MOST_RESAMPLES}; more do not fit into memory"
        )))
    }
}

impl Settings {
    /// What no plugin needs and some could profit from: the whole cache with its data, other runs, and the settings, which may hold a
    /// mirror's password. A model's weights and the folder of its cache are shown again.
    pub fn hidden(&self) -> Vec<PathBuf> {
        let mirrors = self.mirror.iter().filter(|place| !place.contains("://")).map(PathBuf::from);
        let own = [self.cache.clone(), self.runs.clone(), self.drop_in.clone(), FILE.into()];
        let all = own.into_iter().chain(mirrors);
        // A node may begin in another folder.
        all.map(|folder| std::path::absolute(&folder).unwrap_or(folder)).collect()
    }
}

/// Which data to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DataMode {
    /// Official if available, else the SAMPLE, marked everywhere.
    Auto,
    /// Official only.
    Official,
    /// The synthetic sample only.
    Sample,
}

/// Settings with the origin of each value.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The values.
    pub settings: Settings,
    /// By setting.
    pub origins: BTreeMap<String, Origin>,
}

impl Resolved {
    /// Where a setting comes from.
    pub fn origin(&self, name: &str) -> Origin {
        self.origins.get(name).cloned().unwrap_or(Origin::Default)
    }
}

/// Merges the layers.
///
/// `flags` holds what was typed, by setting name; `environment` all variables.
pub fn resolve(
    folder: &Path,
    environment: impl Iterator<Item = (String, String)>,
    flags: Table,
) -> Result<Resolved, SettingsError> {
    let mut merged: Table = DEFAULTS.parse().map_err(|e| invalid("defaults", &e))?;
    let mut origins: BTreeMap<String, Origin> =
        merged.keys().map(|key| (key.clone(), Origin::Default)).collect();
    for (key, value, origin) in
        file(folder)?.into_iter().chain(variables(environment, &merged)).chain(typed(flags))
    {
        let mut probe = merged.clone();
        probe.insert(key.clone(), value.clone());
        Settings::deserialize(probe).map_err(|e| invalid(&origin.to_string(), &e))?;
        merged.insert(key.clone(), value);
        origins.insert(key, origin);
    }

    let mut settings = Settings::deserialize(merged).map_err(|e| invalid("settings", &e))?;
    let given = !settings.cache.as_os_str().is_empty();
    if !given {
        settings.cache = default_cache();
    }
    if settings.drop_in.as_os_str().is_empty() {
        settings.drop_in =
            if given { beside(&settings.cache) } else { default_data().join("drop-in") };
    }
    Ok(Resolved { settings, origins })
}

/// A setting, its value and who gave it.
type Layered = (String, Value, Origin);

/// What the settings file of a folder says.
fn file(folder: &Path) -> Result<Vec<Layered>, SettingsError> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = fs_err::read_to_string(&path)?;
    let table: Table = text.parse().map_err(|e| invalid(&path.display().to_string(), &e))?;
    Ok(table.into_iter().map(|(key, value)| (key, value, Origin::File(path.clone()))).collect())
}

/// What the environment says; `defaults` gives the types.
fn variables(
    environment: impl Iterator<Item = (String, String)>,
    defaults: &Table,
) -> Vec<Layered> {
    let mut variables: Vec<(String, String)> = environment
        .filter(|(name, _)| {
            name.starts_with(ENV_PREFIX) && !OTHER_VARIABLES.iter().any(|(other, _)| name == other)
        })
        .collect();
    variables.sort();
    let layered = |(name, text): (String, String)| {
        let key = name[ENV_PREFIX.len()..].to_lowercase();
        let value = from_text(&text, defaults.get(&key));
        (key, value, Origin::Variable(name))
    };
    variables.into_iter().map(layered).collect()
}

/// What was typed.
fn typed(flags: Table) -> impl Iterator<Item = Layered> {
    flags.into_iter().map(|(key, value)| {
        let flag = format!("--{}", key.replace('_', "-"));
        (key, value, Origin::Flag(flag))
    })
}

fn invalid(origin: &str, error: &impl std::fmt::Display) -> SettingsError {
    let message = error.to_string().trim().replace('\n', " ");
    SettingsError::Invalid { origin: origin.to_owned(), message }
}

/// Text of an environment variable as the type that the default has.
fn from_text(text: &str, like: Option<&Value>) -> Value {
    match like {
        Some(Value::Array(_)) => Value::Array(
            text.split(',')
                .filter(|s| !s.is_empty())
                .map(|s| Value::String(s.to_owned()))
                .collect(),
        ),
        Some(Value::Boolean(_)) => match text {
            "1" | "true" => Value::Boolean(true),
            "0" | "false" => Value::Boolean(false),
            other => Value::String(other.to_owned()),
        },
        Some(Value::Integer(_)) => {
            text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer)
        }
        Some(Value::Float(_)) => {
            text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Float)
        }
        _ => Value::String(text.to_owned()),
    }
}

/// What the user has put into a cache is lost with it: the drop-in folder of a cache `X` is `X-drop-in`.
fn beside(cache: &Path) -> PathBuf {
    let mut name = cache.file_name().unwrap_or_default().to_owned();
    name.push("-drop-in");
    cache.with_file_name(name)
}

fn from(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// Where users keep data of programs.
/// Where it is remembered which settings files are trusted.
pub fn trusted_file() -> PathBuf {
    default_data().join("trusted.json")
}

fn default_data() -> PathBuf {
    from("XDG_DATA_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(std::env::temp_dir)
        .join("culture-eval")
}

fn default_cache() -> PathBuf {
    from("XDG_CACHE_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("culture-eval")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_in(
        file: Option<&str>,
        env: &[(&str, &str)],
        flags: Table,
    ) -> Result<Resolved, String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            fs_err::write(folder.path().join(FILE), text).unwrap();
        }
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        resolve(folder.path(), env, flags)
            .map_err(|e| e.to_string().replace(&folder.path().display().to_string(), "<dir>"))
    }

    #[test]
    fn the_defaults_name_every_setting_and_no_other() {
        let table: Table = DEFAULTS.parse().unwrap();
        let settings = Settings::deserialize(table.clone()).unwrap();
        let back = Table::try_from(settings).unwrap();
        assert_eq!(back.keys().collect::<Vec<_>>(), table.keys().collect::<Vec<_>>());
    }

    #[test]
    fn the_later_layer_wins_and_is_named() {
        let flags = Table::from_iter([("jobs".to_owned(), Value::Integer(7))]);
        let got = resolve_in(
            Some("jobs = 3\ntimeout = 5\noffline = true"),
            &[("CULTURE_EVAL_TIMEOUT", "9"), ("CULTURE_EVAL_MIRROR", "a,b"), ("OTHER", "x")],
            flags,
        )
        .unwrap();
        assert_eq!((got.settings.jobs, got.settings.timeout), (7, 9));
        assert_eq!(got.settings.mirror, ["a", "b"]);
        assert!(got.settings.offline);
        assert_eq!(got.origin("jobs"), Origin::Flag("--jobs".to_owned()));
        assert_eq!(got.origin("timeout"), Origin::Variable("CULTURE_EVAL_TIMEOUT".to_owned()));
        assert!(matches!(got.origin("offline"), Origin::File(path) if path.ends_with(FILE)));
        assert_eq!(got.origin("data"), Origin::Default);
    }

    #[test]
    fn a_wrong_setting_names_its_origin() {
        let unknown = resolve_in(Some("jbos = 3"), &[], Table::new()).unwrap_err();
        assert!(
            unknown.contains("<dir>/culture-eval.toml") && unknown.contains("jbos"),
            "{unknown}"
        );
        let wrong = resolve_in(None, &[("CULTURE_EVAL_JOBS", "many")], Table::new()).unwrap_err();
        assert!(wrong.starts_with("CULTURE_EVAL_JOBS: "), "{wrong}");
    }
}
