//! Definitions as data: families (benchmarks), models and suites, each one TOML.
//!
//! Everything here is plain values read from TOML, checked but not resolved:
//! [`crate::prepare`] turns a family into examples, [`crate::exec`] a suite into cells.

pub mod catalogue;
pub mod family;
pub mod model;
pub mod source;
pub mod split;
pub mod step;
pub mod suite;
