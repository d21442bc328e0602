//! libFuzzer on the reader that `READER` names; started by `scripts/fuzz`.
#![no_main]

use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static READ: OnceLock<fuzz::Reader> = OnceLock::new();
    let read = READ.get_or_init(|| {
        let wanted = std::env::var("READER").unwrap_or_default();
        let found = fuzz::READERS.iter().find(|(name, _)| *name == wanted);
        found.expect("READER names one of fuzz::READERS").1
    });
    read(bytes);
});
