//! Files that were changed by somebody: an error or a model, never a panic, never memory that the file does not justify.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::path::Path;

use gguf::Gguf;
use plugin_api::{Error, Host, Plugin, Task};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

#[path = "../../../fuzz/tests/changes/bears.rs"]
mod bears;
#[path = "../../../fuzz/tests/changes/mod.rs"]
mod changes;
use bears::{bears, peak};

/// Changes of each file.
const CHANGES: usize = 1500;

/// What the whole process may take; a file has some hundred kilobytes.
const MOST_MIB: usize = 512;

fn use_it(file: &Path) -> Result<(), Error> {
    let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
    let (config, host) = (serde_json::json!({ "weights": { "model": file } }), Host::silent(1, 1));
    let mut model = Gguf::create(&config.to_string(), &task, &host)?;
    let found = model.loglikelihood(&["A: the", ""], &[" river", "b"], &host)?;
    assert_eq!(found.len(), 2);
    Ok(())
}

#[test]
fn changed_files_are_errors() {
    std::panic::set_hook(Box::new(|_| {}));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let place = tempfile::tempdir().unwrap();
    let (mut wrong, mut rng) = (Vec::new(), ChaCha12Rng::seed_from_u64(1));
    for name in ["q4.gguf", "q8.gguf"] {
        let bytes = fs_err::read(fixtures.join(name)).unwrap();
        let path = place.path().join(name);
        fs_err::write(&path, &bytes).unwrap();
        use_it(&path).unwrap();
        // Most changes at the head: sizes, metadata, tensors' places.
        let text = b"output_norm.weight";
        let head = bytes.windows(text.len()).rposition(|part| part == text).unwrap() + 64;
        let mut refused = 0;
        for change in 0..CHANGES {
            let end = if rng.random_range(0..8) > 0 { head } else { bytes.len() };
            let start = if rng.random_range(0..2) > 0 { 0 } else { rng.random_range(0..end) };
            let mut input = bytes[..start].to_vec();
            input.extend(changes::changed(&bytes[start..end], &bytes, &mut rng));
            input.extend(&bytes[end..]);
            fs_err::write(&path, &input).unwrap();
            match bears(&format!("hostile-{change}-{name}"), &input, || use_it(&path)) {
                Ok(was) => refused += usize::from(was),
                Err(how) => wrong.push(how),
            }
        }
        println!("{name}: {refused} of {CHANGES} refused");
        assert!(refused > 0, "{name}: the changes reach nothing");
    }
    drop(std::panic::take_hook());
    println!("{} MiB at most", peak());
    assert!(wrong.is_empty(), "{} inputs:\n{}", wrong.len(), wrong.join("\n"));
    assert!(peak() < MOST_MIB, "it took {} MiB", peak());
}

#[test]
fn an_alignment_of_nothing_is_named() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("zero.gguf");
    // Version 3, no tensor, one entry of the head: general.alignment, of type 4 (u32), is 0.
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend([0u64, 1, 17].map(u64::to_le_bytes).concat());
    bytes.extend(b"general.alignment");
    bytes.extend([4u32, 0].map(u32::to_le_bytes).concat());
    bytes.extend([0; 64]);
    fs_err::write(&path, bytes).unwrap();
    let message = use_it(&path).unwrap_err().message;
    assert!(message.contains("zero.gguf") && message.contains("panicked"), "{message}");
}
