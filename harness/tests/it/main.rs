//! The whole program, and what of it needs more than a unit: one binary, because each links the whole harness.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cli;
mod fetch;
mod killed;
mod misbehaving;
mod own_data;
mod plugin;
mod program;
mod real_data;
mod sample_run;
mod scoring;
mod stats;
