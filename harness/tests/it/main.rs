//! The whole program, and what of it needs more than a unit: one binary, because each links the whole harness.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod adapters;
mod chaos;
mod cli;
mod cluster;
mod command;
mod faces;
#[path = "../fixtures/family.rs"]
mod family;
mod fence;
mod fetch;
mod full_disk;
mod html;
mod import;
mod killed;
mod metrics;
mod misbehaving;
mod old_runs;
mod one_interval;
mod openai;
mod own_data;
mod plugin;
mod program;
mod real_data;
mod sample_run;
mod scaffold;
mod scoring;
mod secrets;
#[path = "../fixtures/skipped.rs"]
mod skipped;
mod slices;
mod slurm;
mod verify;
mod weights;
