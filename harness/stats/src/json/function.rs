//! A function of the door: its name, what it reads, what it runs.

use super::call::{Answer, Call};
use crate::error::Result;

/// One function of the door.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    /// One line for the list.
    pub about: &'static str,
    /// Names read from `input`.
    pub input: &'static [&'static str],
    /// Names read from `opts`.
    pub opts: &'static [&'static str],
    pub(crate) run: fn(&Call) -> Result<Answer>,
}
