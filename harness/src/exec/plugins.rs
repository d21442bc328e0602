//! Which plugins there are and what they can do, asked in a process of their own and remembered by content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sandboxed;
use crate::definition::access::Access;
use crate::definition::dataset::Capability;
use crate::settings::Settings;
use crate::store::path_text;
use crate::store::record::{FileRef, PluginIdentity, Reason, ReasonKind};
use crate::{plugin, store};

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its file.
    pub file: FileRef,
    /// Name, version, build.
    pub identity: PluginIdentity,
    /// Whether it can be fitted.
    pub fits: bool,
    /// Whether a fitted model can be saved.
    pub saves: bool,
    /// What else it can do.
    pub capabilities: Vec<Capability>,
}

/// Described plugins by the name that models use, or why they cannot be used.
#[derive(Debug, Default)]
pub struct Plugins(BTreeMap<String, Result<Described, Reason>>);

impl Plugins {
    /// Finds and describes the plugins of some models.
    pub fn describe<'a>(names: impl Iterator<Item = &'a str>, settings: &Settings) -> Self {
        let (folders, hidden) = (search_path(settings), settings.hidden());
        let mut all = BTreeMap::new();
        for name in names {
            if !all.contains_key(name) {
                all.insert(name.to_owned(), describe(name, &folders, &settings.cache, &hidden));
            }
        }
        Self(all)
    }

    /// A plugin by the name that models use.
    pub fn get(&self, name: &str) -> Result<&Described, Reason> {
        match self.0.get(name) {
            Some(found) => found.as_ref().map_err(Clone::clone),
            None => {
                Err(Reason::new(ReasonKind::NoPlugin, format!("plugin `{name}` was not requested")))
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Result<Described, Reason>)> {
        self.0.iter().map(|(name, found)| (name.as_str(), found))
    }
}

/// Where plugins are looked for: the named folders, those that belong to this program, cargo's target folders.
pub fn search_path(settings: &Settings) -> Vec<PathBuf> {
    let mut folders = settings.plugins.clone();
    if let Ok(program) = std::env::current_exe() {
        folders.extend(of_program(&program));
    }
    folders.extend(["target/release", "target/debug"].map(PathBuf::from));
    folders
}

/// Beside the program, and where an installation has them: PREFIX/bin and PREFIX/lib/culture-eval.
fn of_program(program: &Path) -> Vec<PathBuf> {
    let Some(own) = program.parent() else { return Vec::new() };
    let installed = own.parent().map(|prefix| prefix.join("lib/culture-eval"));
    [own.join("plugins"), own.to_owned()].into_iter().chain(installed).collect()
}

/// Seconds that a library may take to be loaded: those on libtorch take some where the disk is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// Finds a plugin and asks it what it is, in a process of its own.
///
/// # Errors
/// There is none of that name, or it cannot be loaded.
pub fn describe(
    name: &str,
    folders: &[PathBuf],
    cache: &Path,
    hidden: &[PathBuf],
) -> Result<Described, Reason> {
    let no_plugin = |message: String| Reason::new(ReasonKind::NoPlugin, message);
    let path = plugin::find(name, folders).map_err(|e| no_plugin(e.to_string()))?;
    let sha256 = store::sha256_file(&path).map_err(|e| no_plugin(e.to_string()))?;
    let file = FileRef { path: path_text(&path), sha256 };
    let remembered =
        cache.join("plugins").join(format!("{}-2-{}.json", env!("CARGO_PKG_VERSION"), file.sha256));
    if let Ok(known) = store::read_json::<Described>(&remembered) {
        return Ok(Described { file, ..known });
    }
    let (mut command, _scratch) =
        sandboxed::command(&Access::default(), 1).map_err(|e| no_plugin(e.to_string()))?;
    command.args(["--json", "plugin", "describe", "--here"]).arg(&path);
    for folder in hidden {
        command.arg("--hide").arg(folder);
    }
    let (status, out, err) = sandboxed::output(&mut command, PATIENCE)
        .map_err(|e| no_plugin(format!("failed to describe {}: {e}", path.display())))?;
    let Some(status) = status else {
        let seconds = PATIENCE.as_secs();
        return Err(no_plugin(format!("{} was not loaded within {seconds} s", path.display())));
    };
    if !status.success() {
        let text = String::from_utf8_lossy(&err);
        let text = text.trim().trim_start_matches("error: ").replace('\n', " ");
        let text = if text.is_empty() { status.to_string() } else { text };
        return Err(no_plugin(text));
    }
    let described: Described = serde_json::from_slice(&out)
        .map_err(|e| no_plugin(format!("{} describes itself wrongly: {e}", path.display())))?;
    // A cache that cannot be written costs a process next time, nothing else.
    let _ = store::write_json(&remembered, &described);
    Ok(Described { file, ..described })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_program_has_its_plugins_below_its_prefix() {
        let folders = of_program(Path::new("/opt/tools/bin/culture-eval"));
        let expected = ["/opt/tools/bin/plugins", "/opt/tools/bin", "/opt/tools/lib/culture-eval"];
        assert_eq!(folders, expected.map(PathBuf::from));
    }
}
