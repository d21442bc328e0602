//! What a server says is wrong.

/// What a server says is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// `invalid_api_key`, `content_filter`, `429`.
    pub code: String,
    /// In words.
    pub message: String,
}
