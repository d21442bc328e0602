//! Whether a command did what it was asked to.

/// Whether a command's answer is yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: it ran, but the answer is no.
    No,
    /// Exit code 130: stopped by Ctrl-C.
    Interrupted,
    /// Exit code 75: this start of a cell was lost; another may be tried.
    Again,
    /// The exit code of a program that this one was to become.
    Code(i32),
}
