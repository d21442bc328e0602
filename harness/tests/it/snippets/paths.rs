//! Every file and folder of the repository that a page names exists.

use fs_err as fs;

use super::blocks::{pages, root};

/// Folders of the repository, and where the architecture counts its rooms from.
const TOP: [&str; 9] = [
    "harness/",
    "plugin-api/",
    "calm-plugin/",
    "baselines/",
    "benchmarks/",
    "reports/",
    "scripts/",
    "docs/",
    "fuzz/",
];

/// What a reader makes on their own.
const NOT_HERE: [&str; 3] = ["baselines/my-model", "baselines/my-model/models", "src/lib.rs"];

/// Words in backticks outside of blocks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            words.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    words
}

/// Whether a word is a path of a file of this repository, or of one of its folders.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let to_fill_in = word.split('/').any(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        stem.len() > 1 && stem.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    });
    let source = word.contains('/') && word.rsplit('.').next() == Some("rs");
    plain && !to_fill_in && (source || TOP.iter().any(|top| word.starts_with(top)))
}

#[test]
fn every_path_of_the_pages_exists() {
    let mut missing = Vec::new();
    let mut found = 0;
    for page in pages() {
        let folder = root().join(&page);
        let folder = folder.parent().unwrap();
        for word in words(&fs::read_to_string(root().join(&page)).unwrap()) {
            if !is_path(&word) || NOT_HERE.contains(&word.as_str()) {
                continue;
            }
            found += 1;
            let places = [root(), folder.to_owned(), root().join("harness/src")];
            if !places.iter().any(|place| place.join(&word).exists()) {
                missing.push(format!("{page}: `{word}`"));
            }
        }
    }
    assert!(missing.is_empty(), "{} paths are not there:\n{}", missing.len(), missing.join("\n"));
    assert!(found > 60, "only {found} paths were found");
}
