//! Every reader of bytes that others wrote, as a function of bytes. None may panic, hang or take memory that the bytes do not
//! justify; what an error says is tested where the reader stands.
//!
//! `cargo test` reads the corpora and seeded changes of them; `scripts/fuzz` lets libFuzzer search.

mod files;
mod logs;
mod protocols;
mod tables;

/// What is searched for an input that it does not bear.
pub type Reader = fn(&[u8]);

/// Reader's name (its corpus lies in `corpus/NAME`), reader.
pub const READERS: &[(&str, Reader)] = &[
    ("delimited", tables::delimited),
    ("jsonl", tables::jsonl),
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
    ("message", protocols::message),
    ("answer", protocols::answer),
    ("request", protocols::request),
    ("safetensors", files::safetensors),
    ("tokenizer", files::tokenizer),
    ("vectors", files::vectors),
];

/// A file of these bytes in a folder that goes when it is dropped; in memory where the machine has such a place.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the scratch folder takes a file");
    (folder, path)
}

fn folder() -> tempfile::TempDir {
    let shared = std::path::Path::new("/dev/shm");
    let place = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(place).expect("a scratch folder")
}

/// The first byte chooses among `n`, the rest is read.
fn choice(bytes: &[u8], n: u8) -> (u8, &[u8]) {
    match bytes.split_first() {
        Some((first, rest)) => (first % n, rest),
        None => (0, bytes),
    }
}
