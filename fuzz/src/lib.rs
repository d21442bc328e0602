//! Every reader of bytes that others wrote, as a function of bytes. None may panic, hang or take memory that the bytes do not
//! justify; what an error says is tested where the reader stands.
//!
//! `cargo test` reads the corpora and seeded changes of them; `scripts/fuzz` lets libFuzzer search.

#![expect(clippy::disallowed_methods, reason = "a tool of the tests: the panic names the line")]

mod choice;
mod files;
mod logs;
mod protocols;
mod scratch;
mod tables;

use choice::choice;
use scratch::{file, folder};

/// What is searched for an input that it does not bear.
pub type Reader = fn(&[u8]);

/// Reader's name (its corpus lies in `corpus/NAME`), reader.
pub const READERS: &[(&str, Reader)] = &[
    ("delimited", tables::delimited),
    ("jsonl", tables::jsonl),
    ("json", tables::json),
    ("literal", tables::literal),
    ("parquet", tables::parquet),
    ("archive", files::archive),
    ("gzip", files::gzip),
    ("definition", files::definition),
    ("records", logs::records),
    ("run", logs::run),
    ("examples", logs::examples),
    ("predictions", logs::predictions),
    ("batches", logs::batches),
    ("import", logs::import),
    ("replay", logs::replay),
    ("lenient-json", protocols::lenient_json),
    ("reply", protocols::reply),
    ("message", protocols::message),
    ("answer", protocols::answer),
    ("request", protocols::request),
    ("safetensors", files::safetensors),
    ("tokenizer", files::tokenizer),
    ("vectors", files::vectors),
];
