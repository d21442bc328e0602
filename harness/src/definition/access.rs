//! What a model's plugin may reach beside its cell: `[access]` of its TOML.

use serde::{Deserialize, Serialize};

/// Nothing, unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// It asks a server.
    pub network: bool,
    /// Folders that it may write into, as absolute paths.
    pub write: Vec<String>,
    /// Folders and files that it may read beside its own: homes and temporary folders are hidden. Absolute paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// Variables of the environment that it gets beside the usual ones, such as the one that holds a key.
    pub env: Vec<String>,
    /// No sandbox at all: it may do what its user may.
    pub everything: bool,
}

impl Access {
    /// Whether the plugin keeps to its cell.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
