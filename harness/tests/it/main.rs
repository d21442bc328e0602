//! The whole program, and what of it needs more than a unit: one binary, because each links the whole harness.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod adapters;
mod attacks;
mod chaos;
mod cli;
mod cluster;
mod command;
mod command_page;
#[path = "../fixtures/dataset.rs"]
mod dataset;
mod definition_keys;
mod eee;
mod fetch;
mod field_reports;
mod formats;
mod full_disk;
mod gate;
mod html;
mod https;
mod import;
mod kept_board;
mod killed;
mod kinds;
mod metrics;
mod misbehaving;
mod new_benchmark;
mod old_runs;
mod one_interval;
mod openai;
mod own_data;
mod plan;
mod plugin;
mod program;
mod readme;
mod real_data;
mod sample_run;
mod sandbox;
mod scaffold;
mod score_files;
mod scoring;
mod secrets;
mod sees;
#[cfg(unix)]
mod served;
#[path = "../fixtures/skipped.rs"]
mod skipped;
mod slices;
mod slurm;
#[cfg(unix)]
mod snippets;
mod transformers;
mod verify;
mod weights;
mod whole;
