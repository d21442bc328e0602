//! The fields of an example that a model may be given.

use serde::{Deserialize, Serialize};

/// A field of an example that a model may be given: an entry of `sees` in a task or a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The text, in the words of the protocol's `input` or prompt.
    Text,
    /// The culture tag, as a column beside the text, and the list of all cultures.
    Culture,
}

impl Field {
    /// The name in TOML files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Culture => "culture",
        }
    }
}
