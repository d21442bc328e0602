//! Embeds the definitions, so that a new TOML needs no Rust: families, suites, models, statistics.
//!
//! A changed file builds the program again. A new baseline does not: the program finds it in its project (`definition::catalogue`).

#![expect(
    clippy::disallowed_methods,
    reason = "cargo shows what fails, and no dependency is built for it"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default())
        .join("..")
        .canonicalize()?;
    let mut out = String::new();
    embed(&mut out, &root, "FAMILIES", &[root.join("benchmarks")], "toml")?;
    let mut suites = beside_baselines(&root, "suites")?;
    suites.push(root.join("benchmarks/suites"));
    embed(&mut out, &root, "SUITES", &suites, "toml")?;
    embed(&mut out, &root, "MODELS", &beside_baselines(&root, "models")?, "toml")?;
    embed(&mut out, &root, "STATISTICS", &[root.join("benchmarks/statistics")], "json")?;
    println!("cargo::rerun-if-changed=build.rs");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    fs::write(target, out)
}

/// The folders of this name of all baselines and of calm-plugin.
fn beside_baselines(root: &Path, name: &str) -> io::Result<Vec<PathBuf>> {
    let baselines = root.join("baselines");
    if !baselines.is_dir() {
        return Ok(Vec::new());
    }
    let crates = fs::read_dir(baselines)?.collect::<io::Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = crates.iter().map(|entry| entry.path().join(name)).collect();
    folders.push(root.join("calm-plugin").join(name));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    Ok(folders)
}

/// `pub const NAME: &[(&str, &str)]`: path from the root and content of every file, in sorted order.
fn embed(
    out: &mut String,
    root: &Path,
    name: &str,
    folders: &[PathBuf],
    ending: &str,
) -> io::Result<()> {
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == ending) {
                println!("cargo::rerun-if-changed={}", path.display());
                files.push(path);
            }
        }
        // Of the folders of `benchmarks`; it itself holds much else.
        if folder.parent().is_some_and(|parent| parent.ends_with("benchmarks")) {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
    }
    files.sort();
    let _ = writeln!(out, "pub(super) const {name}: &[(&str, &str)] = &[");
    for file in files {
        let shown = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(out, "    ({shown:?}, include_str!({:?})),", file.display().to_string());
    }
    out.push_str("];\n");
    Ok(())
}
