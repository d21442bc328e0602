//! What can be wrong with a plugin, in words that name the plugin, the place and the remedy.

use std::path::PathBuf;

use thiserror::Error;

use crate::store::record::ReasonKind;

/// A plugin cannot be used, or one of its calls failed.
#[derive(Debug, Error)]
pub enum PluginError {
    /// No file of that name.
    #[error(
        "plugin `{name}` is not in {searched}{hint}; build it (`cargo build --release -p {name}`) or name its folder with --plugins"
    )]
    NotFound {
        /// The name as asked for.
        name: String,
        /// Folders that were searched.
        searched: String,
        /// A near name.
        hint: String,
    },
    /// The file cannot be opened as a dynamic library.
    #[error("{}: not a loadable library: {message}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The symbol is missing.
    #[error("{}: no symbol `culture_eval_plugin_v1`; a plugin ends with `export_plugin!(YourModel)` and has crate-type cdylib", path.display())]
    NoSymbol {
        /// The file.
        path: PathBuf,
    },
    /// Another major version.
    #[error("{}: built for plugin ABI {theirs}, this program has {ours}; rebuild the plugin with plugin-api {ours_major}.x", path.display())]
    OtherAbi {
        /// The file.
        path: PathBuf,
        /// Its version.
        theirs: String,
        /// Ours.
        ours: String,
        /// Our major version.
        ours_major: u32,
    },
    /// The table is broken.
    #[error("{}: {problem}; rebuild the plugin against this version's plugin-api", path.display())]
    BadTable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The capability is not there.
    #[error("plugin {plugin} has no `{call}`")]
    NotOffered {
        /// The plugin.
        plugin: String,
        /// The call.
        call: &'static str,
    },
    /// The plugin returned an error.
    #[error("plugin {plugin}, {call}: {message}{}", example.as_ref().map(|id| format!(" (example `{id}`)")).unwrap_or_default())]
    Call {
        /// The plugin.
        plugin: String,
        /// The call.
        call: &'static str,
        /// The class.
        kind: ReasonKind,
        /// What it says.
        message: String,
        /// The example at fault.
        example: Option<String>,
    },
    /// The plugin filled another number of rows than it was asked for.
    #[error("plugin {plugin}, {call}: answered {got} of {wanted} rows; every example needs one")]
    WrongCount {
        /// The plugin.
        plugin: String,
        /// The call.
        call: &'static str,
        /// Rows it says it filled.
        got: usize,
        /// Rows it was asked for.
        wanted: usize,
    },
    /// A number is NaN or infinite.
    #[error(
        "plugin {plugin}, {call}: {value} for example `{example}`; scores and vectors must be finite (no answer: mark the row)"
    )]
    NotFinite {
        /// The plugin.
        plugin: String,
        /// The call.
        call: &'static str,
        /// The number.
        value: f64,
        /// The example.
        example: String,
    },
}

impl PluginError {
    /// The class of the reason in a table.
    pub fn kind(&self) -> ReasonKind {
        match self {
            Self::NotFound { .. }
            | Self::Open { .. }
            | Self::NoSymbol { .. }
            | Self::OtherAbi { .. }
            | Self::BadTable { .. } => ReasonKind::NoPlugin,
            Self::NotOffered { .. } => ReasonKind::NotServed,
            Self::Call { kind, .. } => *kind,
            Self::WrongCount { .. } | Self::NotFinite { .. } => ReasonKind::Plugin,
        }
    }
}
