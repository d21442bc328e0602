//! Run folders: what lies where, and how it gets there without ever being half there.
//!
//! ```text
//! runs/<suite>/
//!   manifest.json                      what was asked: models, benchmarks, data, plugins, environment
//!   cells/<model>.<task>.<protocol>.s<seed>.<key>/
//!     spec.json                        everything that matters, hashed into the key
//!     work/                            the only folder that the plugin's process writes into
//!       predictions.log  *.f32         answers so far, fsynced per batch (gone when the cell is done)
//!       state/                         the fitted model, where the plugin can save it
//!     lease                            who works on the cell; gone when nobody does
//!     tries.json                       starts that were lost, each with its reason (schedulers)
//!     log.txt                          what the cell and its plugin said
//!     predictions.parquet              all answers
//!     record.json                      done or failed: written last, by rename
//!     timing.json                      seconds and memory: the only file that differs between reruns
//!     slices/<i>-of-<n>/               the same for a part of the examples, where several processes share a cell
//!   scores/<benchmark>-<hash>.json      computed from the predictions; may be deleted
//!   specs/<cell>.json                  the specifications that processes go by: where no plugin writes
//!   jobs/<n>/                          what was handed to a scheduler: cells, script, job, what the tasks said
//!   explain/*.jsonl                      what `culture-eval explain --out` wrote; shown on the pages
//!   summary.json leaderboard.md leaderboard.csv leaderboard.html
//! ```

pub mod batches;
pub mod examples;
mod folder;
mod hash;
pub mod lease;
pub mod log;
pub mod metrics;
mod pages;
pub mod predictions;
pub mod record;
mod spec;
pub mod tries;
mod whole;

pub use folder::{CellFolder, RunFolder};
pub use hash::{hex, sha256, sha256_file};
pub use whole::{
    discard, discard_unless_plain, json, open_plain, path_text, place_atomic, place_json, plain,
    read_json, read_plain, sweep, temporary_folder, write_atomic, write_json,
};
