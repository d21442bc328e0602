//! One row of the table of functions.

use super::answer::Answer;
use super::call::Call;
use crate::error::Result;

/// One function that can be called by name.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name in a request (`fn`).
    pub name: &'static str,
    /// One line for the list.
    pub about: &'static str,
    /// Names read from `input`.
    pub input: &'static [&'static str],
    /// Names read from `opts`.
    pub opts: &'static [&'static str],
    pub(crate) run: fn(&Call) -> Result<Answer>,
}
