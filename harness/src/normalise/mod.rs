//! From upstream rows to [`Example`](crate::example::Example)s: readers and named pure steps.
//!
//! No I/O of its own: it takes readers and gives values. [`reader`] turns bytes into rows,
//! [`pipeline`] a row into examples, [`crate::prepare`] opens the files and stores the result.

mod action;
pub mod answer;
pub mod chain;
mod document;
pub mod error;
pub mod glob;
pub mod guess;
mod list_actions;
mod lists;
pub mod literal;
mod load;
mod names;
pub mod pipeline;
pub mod problem;
mod projection;
pub mod reader;
mod steps;
pub mod table;
pub mod taken;
pub mod value;
pub mod warnings;

pub use chain::Lookup;
pub use error::{Error, Kind, Place};
pub use pipeline::{Pipeline, Sink, normalise};
pub use reader::Rows;
pub use table::Tables;
pub use warnings::{Tally, Warnings};

#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod tests;
