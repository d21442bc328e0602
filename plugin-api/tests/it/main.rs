//! Tests of the contract crate.

mod header;
