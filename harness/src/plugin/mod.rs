//! Plugins: found, loaded and called so that nothing they return is believed unchecked.
//!
//! `unsafe` is in [`load`](mod@self) and `instance` only; the contract is the crate `plugin-api`.

pub mod check;
mod elf;
mod error;
mod find;
mod host;
mod instance;
mod library;
mod task;
#[cfg(test)]
mod tests;

pub use elf::library_folders;
pub use error::PluginError;
pub use find::find;
pub use host::{Host, Listener};
pub use instance::{Instance, ShownOptions};
pub use library::{Library, load};
pub use task::{Columns, TaskInfo};
