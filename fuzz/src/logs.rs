//! What a run leaves behind, and logs of other tools.

use std::io::Cursor;

use harness::definition::split::Split;
use harness::results::manifest::Manifest;
use harness::store::batches::guarded;
use harness::store::record::{CellSpec, Record, Timing};
use harness::store::{RunFolder, examples, log, predictions, tries};

/// A run's JSON files.
pub(crate) fn records(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 5);
    match choice {
        0 => drop(serde_json::from_slice::<Manifest>(rest)),
        1 => drop(serde_json::from_slice::<CellSpec>(rest).map(|spec| spec.compute_key())),
        2 => drop(serde_json::from_slice::<Record>(rest)),
        3 => drop(serde_json::from_slice::<Timing>(rest)),
        _ => drop(serde_json::from_slice::<Vec<tries::Try>>(rest)),
    }
}

/// A run of somebody else's: its manifest, then the cells that it names.
pub(crate) fn run(bytes: &[u8]) {
    let (folder, _) = super::file("manifest.json", bytes);
    let run = RunFolder::at(folder.path().to_owned());
    if let Ok(manifest) = Manifest::read(&run) {
        let _ = harness::results::verify::cells(&run, &manifest);
    }
}

pub(crate) fn examples(bytes: &[u8]) {
    let (_folder, path) = super::file("examples.parquet", bytes);
    let labels = ["offensive", "not-offensive", "agree"].map(str::to_owned);
    let parts = [Split::Train, Split::Valid, Split::Test];
    let _ = examples::read(&path, &parts, &labels);
    let _ = examples::read_without_texts(&path, &parts, &labels);
    if let Ok(table) = examples::Table::open(&path) {
        let _ = table.count(&parts);
        if let Ok(mut rows) = table.questions(&parts, 1) {
            while rows.next(2).is_ok_and(|rows| !rows.is_empty()) {}
        }
    }
}

pub(crate) fn predictions(bytes: &[u8]) {
    let (_folder, path) = super::file("predictions.parquet", bytes);
    let labels = ["offensive", "not-offensive"].map(str::to_owned);
    let variants = ["direct"].map(str::to_owned);
    let ids = ["a", "b"].into_iter().collect();
    let _ = predictions::read(&path, &variants, &labels);
    let _ = predictions::scan(&path, &variants, &labels, &ids, true, |_| Ok(()));
}

/// The log of a cell under way: whole batches stay, the rest is cut off.
pub(crate) fn batches(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 4);
    let (_folder, path) = super::file("answers.jsonl", rest);
    let (variants, batch) = (1 + choice as usize % 2, 1 + choice as usize / 2);
    let Ok((log, kept)) = log::Log::open(&path, variants, batch) else { return };
    assert_eq!(kept % batch, 0);
    drop(log);
    let rows = log::rows(&path).expect("a log that was opened").flatten().count();
    assert_eq!(rows, kept * variants, "what was counted comes back");
}

/// Logs of lm-evaluation-harness and `inspect_ai`, and plain predictions.
pub(crate) fn import(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 5);
    let ending = ["jsonl", "json", "csv", "tsv", "eval"][choice as usize];
    let _ = harness::import::read(
        &format!("samples_fuzz.{ending}"),
        Cursor::new(rest.to_vec()),
        &harness::import::How::default(),
    );
}

pub(crate) fn replay(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 4);
    let ending = ["csv", "tsv", "jsonl", "parquet"][choice as usize];
    let (_folder, path) = super::file(&format!("predictions.{ending}"), rest);
    // In a plugin: its panic is its cell's reason.
    let _ = guarded(|| replay::read::rows(&path, &["id", "label"], |_, _| Ok(())));
}
