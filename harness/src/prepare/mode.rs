//! Which data are prepared, and by which version of the code.

/// Which data the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The official files, checked against the definition.
    Official,
    /// The project's synthetic sample.
    Sample,
}

/// Raised when the code makes other examples of the same files: old prepared data are rebuilt.
pub const VERSION: u32 = 2;
