//! Text that every format shares: numbers in print, signs made safe, aligned tables.

pub(crate) mod escape;
pub(crate) mod format;
pub(crate) mod table;
