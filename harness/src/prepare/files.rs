//! Which files an input reads, whether they are the pinned ones, and how they are opened.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::definition::dataset::{Dataset, Format, Input, Task};
use crate::definition::rows::RowPath;
use crate::definition::source::{Origin, Source};
use crate::normalise::table::Loaded;
use crate::normalise::taken::{self, Fit, Taken};
use crate::normalise::{self, Lookup, Pipeline, Place, Rows, Sink, Tables, Tally};
use crate::store::hex;

use super::meta::SourceRecord;
use super::{Error, Mode};

/// One file of an input.
#[derive(Debug)]
pub(super) struct InputFile<'a> {
    /// The input it belongs to.
    pub input: &'a Input,
    /// Number of that input within the task.
    pub number: u32,
    /// Where it lies.
    pub path: PathBuf,
    /// `dataset/path`, as messages name it.
    pub shown: String,
    /// Path inside the source's folder; empty for a single file.
    inside: String,
    /// The `file` of its rows.
    stem: String,
    /// How near its name is to the pattern.
    fit: Fit,
}

/// The files of a task in the order they are read; an input that replaces another only where that has no file.
pub(super) fn resolve<'a>(
    dataset: &Dataset,
    task: &'a Task,
    files: &BTreeMap<String, PathBuf>,
) -> Result<Vec<InputFile<'a>>, Error> {
    let mut all = Vec::new();
    for (number, input) in task.inputs.iter().enumerate() {
        let stands_in = input.instead_of.as_ref();
        let Some(path) = files.get(&input.source) else {
            let replaced = |other: &Input| {
                other.instead_of.as_ref() == Some(&input.source)
                    && files.contains_key(&other.source)
            };
            if stands_in.is_some() || task.inputs.iter().any(replaced) {
                continue;
            }
            return Err(Error::Missing {
                task: task.name.clone(),
                source_id: input.source.clone(),
            });
        };
        if stands_in.is_some_and(|primary| files.contains_key(primary)) {
            continue;
        }
        let source = dataset.sources.iter().find(|source| source.id == input.source);
        let shown = format!(
            "{}/{}",
            dataset.name,
            source.map_or(input.source.as_str(), |source| &source.path)
        );
        let file = |path: PathBuf, inside: String, stem: Option<String>, fit: Fit| {
            let shown = if inside.is_empty() { shown.clone() } else { format!("{shown}/{inside}") };
            let stem = stem.unwrap_or_else(|| self::stem(&shown));
            InputFile { input, number: number as u32, path, shown, inside, stem, fit }
        };
        let Some(pattern) = &input.files else {
            all.push(file(path.clone(), String::new(), None, Fit::Exact));
            continue;
        };
        let (fit, taken) = inside(path, pattern, &input.source)?;
        all.extend(
            taken
                .into_iter()
                .map(|taken| file(path.join(&taken.path), taken.path, Some(taken.stem), fit)),
        );
    }
    Ok(all)
}

/// One file that a lookup reads.
pub(super) struct JoinedFile {
    pub(super) path: PathBuf,
    /// `dataset/path`.
    pub(super) shown: String,
    /// Path inside the source's folder; empty for a single file.
    pub(super) inside: String,
}

/// Reads a file that steps join.
pub(super) fn load(lookup: &Lookup, file: &JoinedFile) -> Result<Loaded, Error> {
    let format = format(lookup.format, &file.shown, &file.path)?;
    let mut rows = open(&file.path, &file.shown, format, lookup.rows.as_ref(), lookup.read())?;
    Ok(lookup.load(&file.shown, &stem(&file.shown), &mut rows)?)
}

fn stem(shown: &str) -> String {
    let name = Path::new(shown).file_stem();
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The files of a pattern inside a folder, in order.
pub(super) fn inside(
    folder: &Path,
    pattern: &str,
    source_id: &str,
) -> Result<(Fit, Vec<Taken>), Error> {
    let mut names = Vec::new();
    walk(folder, "", &mut names)?;
    names.sort();
    let (fit, mut taken) = taken::taken(pattern, &names);
    if taken.is_empty() {
        return Err(Error::NoFiles {
            folder: folder.to_owned(),
            pattern: pattern.to_owned(),
            source_id: source_id.to_owned(),
            there: listing(&names),
        });
    }
    let roots = taken::roots(pattern, &taken);
    if roots.len() > 1 {
        return Err(Error::Copies {
            folder: folder.to_owned(),
            pattern: pattern.to_owned(),
            source_id: source_id.to_owned(),
            roots: roots.iter().map(|root| format!("`{root}/`")).collect(),
        });
    }
    taken.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((fit, taken))
}

/// What lies in a folder, a folder a line with the number of its files and the first of them.
fn listing(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let (folder, file) = name.rsplit_once('/').unwrap_or((".", name));
        folders.entry(folder).or_default().push(file);
    }
    let line = |(folder, files): (&&str, &Vec<&str>)| {
        format!(
            "{folder}/ ({} files: {}{})",
            files.len(),
            files[0],
            if files.len() > 1 { ", ..." } else { "" }
        )
    };
    let mut lines: Vec<String> = folders.iter().take(SHOWN).map(line).collect();
    if folders.len() > SHOWN {
        lines.push(format!("and {} more folders", folders.len() - SHOWN));
    }
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") }
}

fn walk(folder: &Path, inside: &str, files: &mut Vec<String>) -> Result<(), Error> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What macOS puts into archives.
        if name.starts_with('.') || name == "__MACOSX" {
            continue;
        }
        let name = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if entry.path().is_dir() {
            walk(&entry.path(), &name, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

/// Hashes the files, one record a source; official ones must be those that the definition pins.
pub(super) fn verify(
    dataset: &Dataset,
    inputs: &[InputFile<'_>],
    mode: Mode,
) -> Result<Vec<SourceRecord>, Error> {
    let ids: BTreeSet<&str> = inputs.iter().map(|input| input.input.source.as_str()).collect();
    let mut records = Vec::new();
    for id in ids {
        let files: Vec<(String, &Path, &str)> = inputs
            .iter()
            .filter(|input| input.input.source == id)
            .map(|input| (input.inside.clone(), input.path.as_path(), input.shown.as_str()))
            .collect();
        records.push(source_record(dataset, id, &files, mode)?);
    }
    Ok(records)
}

/// The record of a source of which these files (path inside its folder, path, name for messages) are read.
pub(super) fn source_record(
    dataset: &Dataset,
    id: &str,
    files: &[(String, &Path, &str)],
    mode: Mode,
) -> Result<SourceRecord, Error> {
    let source = dataset.sources.iter().find(|source| source.id == id);
    let pinned = source.filter(|_| mode == Mode::Official);
    match files {
        [(inside, path, shown)] if inside.is_empty() => record(id, path, shown, pinned, mode),
        _ => folder_record(id, files, pinned, mode),
    }
}

fn record(
    id: &str,
    path: &Path,
    shown: &str,
    source: Option<&Source>,
    mode: Mode,
) -> Result<SourceRecord, Error> {
    let git = source.is_some_and(|source| source.git_blob.is_some());
    let hashes = Hashes::of(path, git)?;
    let mut verified = Vec::new();
    if let Some(source) = source {
        let bytes = source.bytes.map(|bytes| bytes.to_string());
        let found_bytes = hashes.bytes.to_string();
        for (what, pinned, found) in [
            ("size", bytes.as_ref(), &found_bytes),
            ("sha256", source.sha256.as_ref(), &hashes.sha256),
            ("git blob id", source.git_blob.as_ref(), &hashes.git_blob),
        ] {
            let Some(pinned) = pinned else { continue };
            must_be(path, what, found, pinned, id)?;
            if what != "size" {
                verified.push(what);
            }
        }
    }
    let unpinned = match source.map(|source| &source.from) {
        Some(Origin::DropIn { .. }) => "no published checksum; the user's own file",
        _ => "no published checksum; trusted on first use",
    };
    let verified = match (mode, verified.is_empty()) {
        (Mode::Sample, _) => "sample".to_owned(),
        (Mode::Official, true) => unpinned.to_owned(),
        (Mode::Official, false) => verified.join(", "),
    };
    Ok(SourceRecord {
        id: id.to_owned(),
        file: shown.to_owned(),
        bytes: hashes.bytes,
        sha256: hashes.sha256,
        verified,
        files: Vec::new(),
    })
}

/// The file is what the definition pins.
fn must_be(
    path: &Path,
    what: &'static str,
    found: &str,
    pinned: &str,
    source_id: &str,
) -> Result<(), Error> {
    if found == pinned {
        return Ok(());
    }
    Err(Error::Checksum {
        path: path.to_owned(),
        what,
        found: found.to_owned(),
        pinned: pinned.to_owned(),
        source_id: source_id.to_owned(),
    })
}

/// One record over the files of a folder: a hash of their names and hashes. Files that the definition pins are checked.
fn folder_record(
    id: &str,
    files: &[(String, &Path, &str)],
    source: Option<&Source>,
    mode: Mode,
) -> Result<SourceRecord, Error> {
    let mut hash = Sha256::new();
    let (mut bytes, mut checked) = (0, 0);
    for (inside, path, _) in files {
        let one = Hashes::of(path, false)?;
        let pinned = source.and_then(|source| source.files.iter().find(|f| f.file == *inside));
        if let Some(pinned) = pinned {
            must_be(path, "size", &one.bytes.to_string(), &pinned.bytes.to_string(), id)?;
            must_be(path, "sha256", &one.sha256, &pinned.sha256, id)?;
            checked += 1;
        }
        bytes += one.bytes;
        hash.update(format!("{}\n{}\n", inside, one.sha256));
    }
    let folder = files
        .first()
        .map_or("", |(inside, _, shown)| shown.strip_suffix(inside.as_str()).unwrap_or(shown));
    let verified = match mode {
        Mode::Sample => "sample",
        Mode::Official if checked == files.len() => "sha256",
        Mode::Official => "files of a folder; trusted on first use",
    };
    Ok(SourceRecord {
        id: id.to_owned(),
        file: format!("{folder} ({} files)", files.len()),
        bytes,
        sha256: hex(&hash.finalize()),
        verified: verified.to_owned(),
        files: files.iter().map(|(inside, ..)| inside.clone()).collect(),
    })
}

struct Hashes {
    bytes: u64,
    sha256: String,
    git_blob: String,
}

impl Hashes {
    /// `git`: whether the git blob id is asked for; else it is that of nothing.
    fn of(path: &Path, git: bool) -> Result<Self, Error> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        let (mut sha256, mut blob) = (Sha256::new(), Sha1::new());
        blob.update(format!("blob {length}\0"));
        let mut buffer = vec![0; 1 << 18];
        let mut bytes = 0;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            bytes += n as u64;
            sha256.update(&buffer[..n]);
            if git {
                blob.update(&buffer[..n]);
            }
        }
        Ok(Self { bytes, sha256: hex(&sha256.finalize()), git_blob: hex(&blob.finalize()) })
    }
}

/// Opens a file and normalises it; `tables` are those of [`Joins::read`](super::joins::Joins::read).
pub(super) fn normalise(
    task: &Task,
    file: &InputFile<'_>,
    tables: &BTreeMap<u32, Tables>,
    tally: &mut Tally,
    sink: &mut Sink<'_, Error>,
) -> Result<(), Error> {
    let pipeline = Pipeline::new(task, file.input)
        .map_err(|problem| Error::Definition { task: task.name.clone(), problem })?;
    let format = format(file.input.format, &file.shown, &file.path)?;
    let mut rows =
        open(&file.path, &file.shown, format, file.input.rows.as_ref(), pipeline.read())?;
    if let (Some(pattern), true) = (&file.input.files, file.fit != Fit::Exact) {
        let place = Place { file: file.shown.clone(), row: None, line: None };
        tally.warnings.add(&format!("file taken for `{pattern}`"), &place, "");
    }
    let none = Tables::default();
    let tables = tables.get(&file.number).unwrap_or(&none);
    // By the definition's path: a cache may name its files by their hash.
    normalise::normalise(&pipeline, tables, &mut rows, &file.stem, tally, sink)
}

/// The rows of a file; `path` says where they are in a JSON document.
fn open(
    file: &Path,
    shown: &str,
    format: Format,
    path: Option<&RowPath>,
    columns: &[String],
) -> Result<Rows<'static>, Error> {
    let reader = fs::File::open(file)?;
    Ok(match (format, path) {
        (Format::Csv, _) => Rows::delimited(shown, b',', columns, reader),
        (Format::Tsv, _) => Rows::delimited(shown, b'\t', columns, reader),
        (Format::Jsonl, _) => Rows::jsonl(shown, columns, reader),
        (Format::Json, Some(path)) => Rows::json(shown, path, columns, reader),
        (Format::Json, None) => return Err(Error::Format { path: file.to_owned() }),
        (Format::Parquet, _) => Rows::parquet(shown, columns, reader.into_file()),
    }?)
}

/// By the definition, else by the ending of the source's path (a cache may name its files by their hash).
pub(super) fn format(said: Option<Format>, shown: &str, path: &Path) -> Result<Format, Error> {
    if let Some(format) = said {
        return Ok(format);
    }
    let ending = Path::new(shown).extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("csv") => Ok(Format::Csv),
        Some("tsv" | "tab") => Ok(Format::Tsv),
        Some("jsonl" | "ndjson") => Ok(Format::Jsonl),
        Some("json") => Ok(Format::Json),
        Some("parquet") => Ok(Format::Parquet),
        _ => Err(Error::Format { path: path.to_owned() }),
    }
}
