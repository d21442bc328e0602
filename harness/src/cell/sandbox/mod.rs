//! The sandbox around a plugin: what a process may touch from the moment before a plugin is loaded.
//!
//! A plugin shares the process of its cell, so that the process sandboxes itself in, for good and for all that it starts. `plugin
//! describe`, `plugin check` and `explain` load plugins in the same way, and their plugins write into no cell. There are three
//! levels ([`Level`]); each cell's `timing.json` says which one was in force.
//!
//! - It writes into its working folder, into a folder of its own for temporary files (`TMPDIR`), into `config.cache`, the
//!   folders of `access.write`, and a few devices.
//! - It reads system folders, its own files, its weights and the folders of `access.read`. Hidden are data, other cells, the
//!   home folder and temporary folders (`view`).
//! - It opens no socket to another machine unless `access.network`.
//! - It and all that it starts end together; it signals nobody else.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
mod level;
#[cfg(target_os = "linux")]
mod namespaces;
mod view;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::definition::access::Access;
use crate::plugin::library_folders;
use crate::store::record::FileRef;
pub use level::Level;
use view::View;

/// Decides which sandbox is set up; for tests, and for a machine whose namespaces are broken: `namespaces` fails where there are
/// none, `landlock` does without.
pub const LEVEL: &str = "CULTURE_SANDBOX_LEVEL";

/// What is let through.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    access: Access,
    view: View,
}

impl Gate {
    /// What any process of a plugin needs: its own file, devices, and what its `access` says.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn new(access: &Access, plugin: &Path, hidden: &[PathBuf]) -> std::io::Result<Self> {
        let mut view = View::default();
        view.hide_private();
        for path in hidden {
            view.hide(path);
        }
        let plugin = std::path::absolute(plugin)?;
        view.read_tools();
        for folder in library_folders(&plugin) {
            view.read(&folder);
        }
        view.read(&plugin);
        access.read.iter().for_each(|path| view.read(path.as_ref()));
        access.write.iter().for_each(|path| view.write(path.as_ref()));
        Ok(Self { access: access.clone(), view })
    }

    /// What a model needs besides: its weights, its cache, and `TMPDIR`, which is a folder of its own.
    ///
    /// # Errors
    /// The cache cannot be made.
    pub fn with_model(
        mut self,
        weights: &BTreeMap<String, FileRef>,
        cache: Option<&Path>,
    ) -> std::io::Result<Self> {
        for file in weights.values() {
            self.view.read_with_folder(file.path.as_ref());
        }
        // What is not there when the sandbox goes up cannot be made within it.
        if let Some(cache) = cache {
            fs_err::create_dir_all(cache)?;
            self = self.writes(cache)?;
        }
        self.writes(&std::env::temp_dir())
    }

    /// Files and folders that a configuration names, and what lies beside such a file: a script finds its modules.
    #[must_use]
    pub fn with_inputs<'p>(mut self, paths: impl Iterator<Item = &'p Path>) -> Self {
        for path in paths {
            self.view.read_input(path);
        }
        self
    }

    /// A folder or file that is read and written.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn writes(mut self, path: &Path) -> std::io::Result<Self> {
        self.view.write(&std::path::absolute(path)?);
        Ok(self)
    }

    /// A folder or file that is read.
    ///
    /// # Errors
    /// The working folder is gone.
    pub fn reads(mut self, path: &Path) -> std::io::Result<Self> {
        self.view.read(&std::path::absolute(path)?);
        Ok(self)
    }
}

/// Puts the sandbox up around this thread and all that it starts; says what is in force. With namespaces it comes back in another
/// process than it was called in: the caller's waits for that one and ends as it does.
///
/// # Errors
/// In words, where the kernel has the means and refuses them.
pub fn around(gate: &Gate) -> Result<String, String> {
    if gate.access.everything {
        return Ok("none: access.everything".to_owned());
    }
    system::around(gate).map_err(|e| format!("failed to sandbox the plugin: {e}"))
}

/// What of a sandbox this machine cannot set up, in words; empty where all of it is there. Nothing is set up.
pub fn lacking() -> Vec<&'static str> {
    system::lacking()
}

/// Why this machine allows no namespaces; none where it does.
pub fn no_namespaces() -> Option<String> {
    system::no_namespaces()
}

/// The strongest level that this machine can set up. Nothing is set up.
pub fn level() -> Level {
    system::level()
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Gate, LEVEL, Level, calls, files, namespaces};

    pub(super) fn around(gate: &Gate) -> Result<String, String> {
        let wanted = std::env::var(LEVEL).unwrap_or_default();
        let network = gate.access.network;
        let note = match wanted.as_str() {
            "" | "namespaces" => match namespaces::enter(&gate.view, network) {
                Ok(()) => {
                    let files = files::keep(&gate.view, Level::Namespaces)?;
                    // The first process of the spaces collects orphans; it is not to be disturbed.
                    files::keep_signals()?;
                    let calls = calls::keep(network, Level::Namespaces)?;
                    return Ok(format!("namespaces, {files}, {calls}"));
                }
                Err(reason) if wanted.is_empty() => format!(" (no namespaces: {reason})"),
                Err(reason) => return Err(format!("namespaces: {reason}")),
            },
            "landlock" => String::new(),
            other => return Err(format!("{LEVEL}={other}: give namespaces or landlock")),
        };
        let files = files::keep(&gate.view, Level::Landlock)?;
        files::keep_orphans()?;
        let signals = files::keep_signals()?;
        let calls = calls::keep(network, Level::Landlock)?;
        Ok(format!("{files}, {calls}{signals}{note}"))
    }

    pub(super) fn lacking() -> Vec<&'static str> {
        if level() == Level::Namespaces { Vec::new() } else { files::lacking() }
    }

    pub(super) fn no_namespaces() -> Option<String> {
        namespaces::possible().err()
    }

    pub(super) fn level() -> Level {
        let forced = std::env::var(LEVEL).is_ok_and(|level| level == "landlock");
        if !forced && namespaces::possible().is_ok() {
            Level::Namespaces
        } else if files::lacking().iter().any(|what| what.starts_with("files")) {
            Level::None
        } else {
            Level::Landlock
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Gate, Level};

    pub(super) fn around(_: &Gate) -> Result<String, String> {
        Ok("none: a sandbox needs Linux".to_owned())
    }

    pub(super) fn lacking() -> Vec<&'static str> {
        vec!["files, network and signals (a sandbox needs Linux)"]
    }

    pub(super) fn no_namespaces() -> Option<String> {
        Some("they need Linux".to_owned())
    }

    pub(super) fn level() -> Level {
        Level::None
    }
}
