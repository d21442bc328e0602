//! Text that every room shares: numbers in print, signs made safe, aligned tables, templates, errors with their remedy.

pub(crate) mod escape;
pub(crate) mod format;
pub(crate) mod hint;
pub(crate) mod table;
pub mod template;
pub(crate) mod unicode;
pub(crate) mod wrap;

use std::fmt::Write as _;

/// At most twelve names, then how many more.
pub(crate) fn names(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text =
        names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    if names.is_empty() {
        text.push_str("none");
    }
    text
}
