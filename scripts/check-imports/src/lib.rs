//! Reads which file of a crate imports from which, and finds what should not be: circles and climbs.
//!
//! A **circle** is a ring of files in which each imports from the next: none of them can be read, tested or moved
//! without the others. A **climb** is an import from a lower room to a higher one (or to its neighbour on the same
//! floor); the order of [`Rooms`] is written in `ARCHITECTURE.md`.
//!
//! An import is a `use` line or a path in code (`crate::x::y()`, also `child::y()`). It leads to the file in which the
//! item is defined: re-exports are followed, however many there are. `mod x;` is not an import, and neither is a
//! re-export of something below (`pub use child::Item`); if the file also uses that item in its own code, it is one.
//! Test code (`#[cfg(test)]`, `#[test]`), comments, strings and other crates do not count.
//!
//! This is a reader of names, not a compiler. It does not see names that a macro puts together, and methods that are
//! called without their type or trait being named.

mod circles;
mod lex;
mod parse;
mod resolve;
mod rooms;
mod tree;

pub use circles::{Circle, Tie, circles};
pub use resolve::{Import, Imports};
pub use rooms::{Climb, Rooms, RoomsError};
pub use tree::Missing;
