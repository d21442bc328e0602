//! The settings of one forward pass, the same for every model.

/// How layers are run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pass {
    /// Dropout probability; 0 when nothing is trained.
    pub dropout: f64,
    /// Rows in front of the text that are not tokens (a soft prompt).
    pub prompt: i64,
}
