//! Why a spec cannot be read.

/// What is wrong with a spec, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model `{spec}`: {what}; {remedy}")]
pub struct Error {
    /// The spec as typed.
    pub spec: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
