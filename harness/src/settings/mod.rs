//! Settings: defaults < `culture-eval.toml` < environment < flags, each value with its origin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::{Table, Value};

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
    /// Threads of each cell; 0 = cores / jobs.
    pub threads: usize,
    /// Seconds a cell may take; 0 = no limit.
    pub timeout: u64,
    /// MiB a cell may take; 0 = no limit.
    pub memory: u64,
    /// Stop starting cells after this many failures; 0 = never.
    pub max_failures: usize,
    /// Resamples of a bootstrap interval.
    pub resamples: usize,
}

impl Settings {
    /// What no plugin needs and some could profit from: data with their labels, and what other models said.
    pub fn hidden(&self) -> Vec<PathBuf> {
        let mirrors = self.mirror.iter().filter(|place| !place.contains("://")).map(PathBuf::from);
        let cache = ["prepared", "sample", "objects", "partial", "models"]
            .map(|name| self.cache.join(name));
        let all = cache.into_iter().chain([self.runs.clone(), self.drop_in.clone()]).chain(mirrors);
        // A node may begin in another folder.
        all.map(|folder| std::path::absolute(&folder).unwrap_or(folder)).collect()
    }
}

/// Which data to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DataMode {
    /// Official where it can be had, else the sample, said loudly.
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
    /// Setting -> `default`, the file, the variable or the flag it comes from.
    pub origins: BTreeMap<String, String>,
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
    let mut origins: BTreeMap<String, String> =
        merged.keys().map(|key| (key.clone(), "default".to_owned())).collect();
    let mut put = |key: String, value: Value, origin: String, merged: &mut Table| {
        let candidate = Table::from_iter([(key.clone(), value.clone())]);
        let mut probe = merged.clone();
        probe.extend(candidate);
        Settings::deserialize(probe).map_err(|e| invalid(&origin, &e))?;
        merged.insert(key.clone(), value);
        origins.insert(key, origin);
        Ok::<(), SettingsError>(())
    };

    let file = folder.join(FILE);
    if file.is_file() {
        let text = fs_err::read_to_string(&file)?;
        let table: Table = text.parse().map_err(|e| invalid(&file.display().to_string(), &e))?;
        for (key, value) in table {
            put(key, value, file.display().to_string(), &mut merged)?;
        }
    }
    let mut variables: Vec<(String, String)> = environment
        .filter(|(name, _)| {
            name.starts_with(ENV_PREFIX) && !OTHER_VARIABLES.iter().any(|(other, _)| name == other)
        })
        .collect();
    variables.sort();
    for (name, text) in variables {
        let key = name[ENV_PREFIX.len()..].to_lowercase();
        let value = from_text(&text, merged.get(&key));
        put(key, value, name, &mut merged)?;
    }
    for (key, value) in flags {
        let origin = format!("--{}", key.replace('_', "-"));
        put(key, value, origin, &mut merged)?;
    }

    let mut settings = Settings::deserialize(merged).map_err(|e| invalid("settings", &e))?;
    if settings.cache.as_os_str().is_empty() {
        settings.cache = default_cache();
    }
    if settings.drop_in.as_os_str().is_empty() {
        settings.drop_in = settings.cache.join("drop-in");
    }
    Ok(Resolved { settings, origins })
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

fn default_cache() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
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
        assert_eq!(got.origins["jobs"], "--jobs");
        assert_eq!(got.origins["timeout"], "CULTURE_EVAL_TIMEOUT");
        assert!(got.origins["offline"].ends_with(FILE));
        assert_eq!(got.origins["data"], "default");
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
