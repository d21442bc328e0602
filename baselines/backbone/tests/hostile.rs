//! Checkpoints that were changed by somebody: an error or a model, never a panic, never memory that the files do not justify.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::collections::HashMap;
use std::path::Path;

use backbone::{Backbone, Checkpoint, Pass, Tune};
use plugin_api::Error;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, no_grad};

#[path = "../../../fuzz/tests/changes/bears.rs"]
mod bears;
#[path = "../../../fuzz/tests/changes/mod.rs"]
mod changes;
use bears::{bears, peak};

/// Changes of each file.
const CHANGES: usize = 150;

/// Most of a change lies where formats keep their lengths.
const HEAD: usize = 2048;

/// What the whole process may take: libtorch itself and models of some hundred kilobytes.
const MOST_MIB: usize = 1024;

/// The way of the plugins from a folder to hidden states.
fn use_it(folder: &Path) -> Result<(), Error> {
    let checkpoint = Checkpoint::open(Some(folder), &HashMap::new())?;
    let tokens = checkpoint.tokens(64)?;
    let store = VarStore::new(Device::Cpu);
    let backbone =
        Backbone::new(&(store.root() / "backbone"), &checkpoint.config, Tune::Frozen, None);
    backbone.load(&store, "backbone", &checkpoint)?;
    let encoded = tokens.encode(&["the village by the river", ""])?;
    let batch = tokens.pad(&encoded.iter().collect::<Vec<_>>(), Device::Cpu);
    let hidden = no_grad(|| backbone.forward(&batch.ids, &batch.mask, Pass::default()));
    assert_eq!(hidden.size()[0], 2);
    Ok(())
}

#[test]
fn changed_checkpoints_are_errors() {
    tch::set_num_threads(1);
    std::panic::set_hook(Box::new(|_| {}));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let (mut wrong, mut rng) = (Vec::new(), ChaCha8Rng::seed_from_u64(1));
    for family in ["bert", "xlm-roberta", "llama3", "mistral", "qwen2"] {
        let copy = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for entry in fs_err::read_dir(fixtures.join(family)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.starts_with("expected") {
                fs_err::copy(&path, copy.path().join(&name)).unwrap();
                files.push(name);
            }
        }
        files.sort();
        use_it(copy.path()).unwrap();
        let (mut tried, mut refused) = (0, 0);
        for name in &files {
            let path = copy.path().join(name);
            let bytes = fs_err::read(&path).unwrap();
            for change in 0..CHANGES {
                let head =
                    if rng.random_range(0..4) > 0 { HEAD.min(bytes.len()) } else { bytes.len() };
                let mut input = changes::changed(&bytes[..head], &bytes, &mut rng);
                input.extend(&bytes[head..]);
                fs_err::write(&path, &input).unwrap();
                let kept = format!("hostile-{family}-{change}-{name}");
                match bears(&kept, &input, || use_it(copy.path())) {
                    Ok(was) => refused += usize::from(was),
                    Err(how) => wrong.push(how),
                }
                tried += 1;
            }
            fs_err::write(&path, &bytes).unwrap();
        }
        println!("{family}: {refused} of {tried} refused");
        assert!(refused > 0, "{family}: the changes reach nothing");
    }
    drop(std::panic::take_hook());
    println!("{} MiB at most", peak());
    assert!(wrong.is_empty(), "{} inputs:\n{}", wrong.len(), wrong.join("\n"));
    assert!(peak() < MOST_MIB, "it took {} MiB", peak());
}
