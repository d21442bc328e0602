//! No file of this repository imports in a circle, and no room of the harness imports from above.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use check_imports::{Imports, Rooms, circles};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

/// Folders of crates, down to the depth of `plugin-api/test-plugins/NAME`.
fn crates() -> Vec<PathBuf> {
    let is_source = |folder: &PathBuf| !folder.ends_with("target") && !folder.ends_with("runs");
    let mut level = vec![root()];
    let mut all = Vec::new();
    for _ in 0..3 {
        level = level.iter().flat_map(|folder| folders(folder)).filter(is_source).collect();
        all.extend(
            level
                .iter()
                .filter(|f| f.join("Cargo.toml").is_file() && f.join("src").is_dir())
                .cloned(),
        );
    }
    all
}

/// Path below `src` -> text.
fn sources(src: &Path) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut open = vec![src.to_owned()];
    while let Some(folder) = open.pop() {
        open.extend(folders(&folder));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name: Vec<_> = path
                    .strip_prefix(src)
                    .unwrap()
                    .iter()
                    .map(|part| part.to_string_lossy())
                    .collect();
                sources.insert(name.join("/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// What a crate imports; its folder is called as it is (`Cargo.toml` of the workspace).
fn imports(folder: &Path) -> Imports {
    let name = folder.file_name().unwrap().to_string_lossy();
    Imports::read(&name, &sources(&folder.join("src")))
        .unwrap_or_else(|missing| panic!("{name}/src: {missing}"))
}

fn listed(faults: &[impl Display]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is wrong in one crate, empty if nothing is.
fn circles_of(folder: &Path) -> String {
    let place = folder.strip_prefix(root()).unwrap().join("src").display().to_string();
    let Imports { files, unseen, imports } = imports(folder);
    assert!(!files.is_empty(), "{place}: no lib.rs and no main.rs");
    assert!(unseen.is_empty(), "{place}: no plain `mod x;` leads to {unseen:?}");
    match circles(&imports) {
        none if none.is_empty() => String::new(),
        some => format!("\nin {place}, {} circles:\n{}\n", some.len(), listed(&some)),
    }
}

#[test]
fn no_file_imports_in_a_circle() {
    let crates = crates();
    assert!(crates.len() > 15, "only {} crates found: {crates:?}", crates.len());
    let report: String = crates.iter().map(|folder| circles_of(folder)).collect();
    assert!(report.is_empty(), "files that import each other in a circle\n{report}");
}

/// The order in ARCHITECTURE.md, and the harness.
fn rooms_and_harness() -> (Rooms, Imports) {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rooms = Rooms::read(&page).unwrap_or_else(|error| panic!("ARCHITECTURE.md: {error}"));
    (rooms, imports(&root().join("harness")))
}

#[test]
fn no_room_of_the_harness_imports_from_above() {
    let (rooms, harness) = rooms_and_harness();
    assert!(harness.imports.len() > 500, "only {} imports found", harness.imports.len());
    let climbs = rooms.climbs(&harness.imports);
    assert!(climbs.is_empty(), "in harness/src, {} climbs:\n{}", climbs.len(), listed(&climbs));
}

#[test]
fn the_list_of_rooms_is_that_of_the_harness() {
    let (rooms, harness) = rooms_and_harness();
    let (unlisted, missing) = (rooms.unlisted(&harness), rooms.missing(&harness));
    assert!(
        unlisted.is_empty() && missing.is_empty(),
        "block `rooms` of ARCHITECTURE.md: add {unlisted:?}, which are in harness/src, each to its floor; \
         remove {missing:?}, which are not"
    );
}
