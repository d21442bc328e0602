//! Is a run what it says it is? Keys, hashes and answers of its cells recomputed from the files; two runs compared.
//!
//! What `culture-eval verify` adds: scores and reports rebuilt in a folder of their own and compared byte by byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::answer::Answer;
use crate::fetch::Fetched;
use crate::results::manifest::{Manifest, PlannedCell};
use crate::store::predictions::{self, Answers};
use crate::store::record::record_of;
use crate::store::record::{CellSpec, End, FileRef};
use crate::store::{self, RunFolder};

/// Something that is not as it should be, or that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Finished cells whose files agree with their hashes.
    pub cells: usize,
    /// Answers in them.
    pub answers: u64,
    /// Cells that failed or did not run: they hold no answer.
    pub without_answers: usize,
    /// Files of scores and reports that were rebuilt and are the same.
    pub files: usize,
    /// One hash for the whole run: see [`digest`].
    pub digest: String,
    /// The digest that it should have, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is wrong.
    pub wrong: Vec<Finding>,
    /// What could not be looked at on this machine.
    pub unseen: Vec<Finding>,
}

impl Verified {
    /// Notes what is wrong with a file.
    pub fn wrong(&mut self, file: &Path, what: impl Into<String>) {
        self.wrong.push(Finding { file: file.display().to_string(), what: what.into() });
    }

    fn unseen(&mut self, file: &str, what: impl Into<String>) {
        let finding = Finding { file: file.to_owned(), what: what.into() };
        if !self.unseen.contains(&finding) {
            self.unseen.push(finding);
        }
    }
}

/// Recomputes keys and hashes of all cells, and those of data and plugins that are still here.
pub fn cells(run: &RunFolder, manifest: &Manifest) -> Verified {
    let (mut found, mut outside) = (Verified::default(), Outside::default());
    for (task, file) in &manifest.data {
        outside.look(&mut found, file, &format!("the examples of {task}"));
    }
    match manifest.is_as_written(run) {
        Ok(Some(true)) => {}
        Ok(Some(false)) => found.wrong(&run.manifest(), "its content does not fit its seal"),
        Ok(None) => found.unseen("manifest.json", "from before manifests were sealed"),
        Err(error) => found.wrong(&run.manifest(), error.to_string()),
    }
    for planned in &manifest.cells {
        cell(run, manifest, planned, &mut outside, &mut found);
    }
    match digest(run, manifest) {
        Ok(digest) => found.digest = digest,
        Err(error) => found.wrong(run.path(), error.to_string()),
    }
    found
}

/// A hash that stands for a run, to be printed or signed: SHA-256 of what `sha256sum` prints of the cells' records in the order of
/// their names, and of the manifest. Records hold the hash of their answers.
///
/// # Errors
/// Names the file that cannot be read.
pub fn digest(run: &RunFolder, manifest: &Manifest) -> std::io::Result<String> {
    let folders: BTreeSet<&str> = manifest.cells.iter().map(|cell| cell.folder.as_str()).collect();
    let mut lines = String::new();
    for folder in folders {
        let record = run.cell(folder).record();
        if record.is_file() {
            let hash = store::sha256_file(&record)?;
            let _ = writeln!(lines, "{hash}  cells/{folder}/record.json");
        }
    }
    let _ = writeln!(lines, "{}  manifest.json", store::sha256_file(&run.manifest())?);
    Ok(store::sha256(lines.as_bytes()))
}

/// Hashes of files outside the run, each read once.
#[derive(Default)]
struct Outside(BTreeMap<String, Option<String>>);

impl Outside {
    /// A file that is gone or newer is no fault of the run's, but the run cannot be made again with it.
    fn look(&mut self, found: &mut Verified, file: &FileRef, what: &str) {
        let seen = self.0.entry(file.path.clone());
        let seen =
            seen.or_insert_with(|| Fetched::named(file.path.clone().into()).ok().map(|f| f.sha256));
        match seen {
            Some(hash) if *hash == file.sha256 => {}
            Some(_) => found.unseen(&file.path, format!("{what}: not the file that the run used")),
            None => found.unseen(&file.path, format!("{what}: not on this machine any more")),
        }
    }
}

fn cell(
    run: &RunFolder,
    manifest: &Manifest,
    planned: &PlannedCell,
    outside: &mut Outside,
    found: &mut Verified,
) {
    let folder = run.cell(&planned.folder);
    let record = match record_of(&folder, &planned.key) {
        Ok(Some(record)) => record,
        Ok(None) if folder.record().is_file() => {
            return found.wrong(&folder.record(), "its key is not that of manifest.json");
        }
        Ok(None) => return found.without_answers += 1,
        Err(error) => return found.wrong(&folder.record(), error.to_string()),
    };
    match record.is_as_written() {
        Some(true) => {}
        Some(false) => found.wrong(&folder.record(), "its content does not fit its seal"),
        None => found.unseen("record.json", "from before records were sealed"),
    }
    let End::Done { predictions: hash, rows, examples, variants, .. } = record.end else {
        return found.without_answers += 1;
    };
    let spec: CellSpec = match store::read_json(&folder.spec()) {
        Ok(spec) => spec,
        Err(error) => return found.wrong(&folder.spec(), error.to_string()),
    };
    let before = found.wrong.len();
    match folder.has_one_spec() {
        Ok(Some(true) | None) => {}
        Ok(Some(false)) => found.wrong(&folder.spec(), "it is not the one of `specs/`"),
        Err(error) => found.wrong(&folder.spec(), error.to_string()),
    }
    if spec.key != planned.key || spec.compute_key() != planned.key {
        found.wrong(&folder.spec(), "its content has another key than manifest.json says");
    }
    for (place, input) in &spec.inputs {
        outside.look(found, input, &format!("`config.{place}` of {}", spec.model.name));
    }
    if !manifest.models.contains(&spec.model) {
        found.wrong(&folder.spec(), "its model is not one of manifest.json");
    }
    if manifest.data.get(&planned.task).is_some_and(|data| data.sha256 != spec.data.sha256) {
        found.wrong(&folder.spec(), "its examples are not those of manifest.json");
    }
    outside.look(found, &spec.plugin, &format!("the plugin of {}", planned.model));
    let path = folder.predictions();
    match store::sha256_file(&path) {
        Ok(seen) if seen == hash => match predictions::read(&path, &variants, &spec.task.labels) {
            Ok(answers) => {
                let seen: u64 = answers.iter().map(|a| a.ids.len() as u64).sum();
                if seen != rows || answers.iter().any(|a| a.ids.len() as u64 != examples) {
                    found.wrong(
                        &folder.record(),
                        format!(
                            "{rows} rows of {examples} examples are recorded, {seen} rows are there"
                        ),
                    );
                }
            }
            Err(error) => found.wrong(&path, error.to_string()),
        },
        Ok(seen) => {
            found.wrong(&path, format!("its SHA-256 is {seen}, but record.json says {hash}"));
        }
        Err(error) => found.wrong(&path, error.to_string()),
    }
    if found.wrong.len() == before {
        found.cells += 1;
        found.answers += rows;
    }
}

/// How a cell of one run differs from that of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// Model, task, protocol and seed.
    pub cell: String,
    /// What differs; of answers the first one.
    pub what: String,
    /// Parts of the specification that differ, as far as both cells have one.
    pub because: Vec<String>,
}

/// Two runs side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SideBySide {
    /// Cells with the same answers, bit by bit.
    pub same: usize,
    /// Cells that differ.
    pub apart: Vec<Apart>,
    /// Cells that only one of the runs has, with its place, `first` or `second`.
    pub alone: Vec<(String, &'static str)>,
}

/// Compares the answers of two runs, cell by cell.
///
/// # Errors
/// A file of either run that cannot be read.
pub fn side_by_side(
    a: (&RunFolder, &Manifest),
    b: (&RunFolder, &Manifest),
) -> std::io::Result<SideBySide> {
    let name =
        |c: &PlannedCell| format!("{} on {} ({}, seed {})", c.model, c.task, c.protocol, c.seed);
    let others: BTreeMap<_, _> = b.1.cells.iter().map(|c| (place(c), c)).collect();
    let own: BTreeSet<_> = a.1.cells.iter().map(place).collect();
    let mut found = SideBySide::default();
    for cell in &a.1.cells {
        let Some(other) = others.get(&place(cell)) else {
            found.alone.push((name(cell), "first"));
            continue;
        };
        match differ((a.0, cell), (b.0, other))? {
            None => found.same += 1,
            Some((what, because)) => found.apart.push(Apart { cell: name(cell), what, because }),
        }
    }
    let other_only = b.1.cells.iter().filter(|c| !own.contains(&place(c)));
    found.alone.extend(other_only.map(|c| (name(c), "second")));
    Ok(found)
}

/// What makes two cells of different runs the same one.
fn place(cell: &PlannedCell) -> (&str, &str, &str, u64) {
    (&cell.model, &cell.task, &cell.protocol, cell.seed)
}

type Difference = Option<(String, Vec<String>)>;

fn differ(
    a: (&RunFolder, &PlannedCell),
    b: (&RunFolder, &PlannedCell),
) -> std::io::Result<Difference> {
    let end = |(run, planned): (&RunFolder, &PlannedCell)| {
        let folder = run.cell(&planned.folder);
        Ok::<_, std::io::Error>((record_of(&folder, &planned.key)?.map(|r| r.end), folder))
    };
    let ((first, own), (second, other)) = (end(a)?, end(b)?);
    let told = |end: &Option<End>| match end {
        None => "not run".to_owned(),
        Some(End::Failed { reason }) => format!("{}: {}", reason.kind.name(), reason.message),
        Some(End::Done { .. }) => "done".to_owned(),
    };
    let (
        Some(End::Done { predictions: p, variants, .. }),
        Some(End::Done { predictions: q, variants: w, .. }),
    ) = (&first, &second)
    else {
        let same = told(&first) == told(&second);
        return Ok((!same).then(|| (format!("{} / {}", told(&first), told(&second)), Vec::new())));
    };
    if p == q {
        return Ok(None);
    }
    let specs: [CellSpec; 2] = [store::read_json(&own.spec())?, store::read_json(&other.spec())?];
    let because = parts_apart(&specs[0], &specs[1]);
    if variants != w {
        return Ok(Some((format!("answers {variants:?} / {w:?}"), because)));
    }
    let read = |folder: &store::CellFolder, spec: &CellSpec| {
        predictions::read(&folder.predictions(), variants, &spec.task.labels)
    };
    let answers = (read(&own, &specs[0])?, read(&other, &specs[1])?);
    let labels = [&specs[0].task.labels[..], &specs[1].task.labels];
    let first = (answers.0.iter().zip(&answers.1).zip(variants)).find_map(|((a, b), variant)| {
        first_apart(a, b, labels).map(|what| format!("{variant}: {what}"))
    });
    Ok(Some((first.unwrap_or_else(|| "the same answers in other bytes".to_owned()), because)))
}

/// The first example on which two sets of answers differ, in the order of the first.
fn first_apart(a: &Answers, b: &Answers, labels: [&[String]; 2]) -> Option<String> {
    if a.ids.len() != b.ids.len() {
        return Some(format!("{} / {} answers", a.ids.len(), b.ids.len()));
    }
    let told = |answers: &Answers, row: usize, labels: &[String]| match answers.answers[row] {
        Answer::Label(index) => labels.get(index as usize).cloned().unwrap_or_default(),
        Answer::Unparsable => "unparsable".to_owned(),
        Answer::Missing => {
            format!("missing ({})", answers.reasons.get(&row).map_or("", String::as_str))
        }
    };
    let scores = |top: &[(u32, f32)], labels: &[String]| -> Vec<String> {
        let name = |index: u32| labels.get(index as usize).map_or("?", String::as_str);
        top.iter().map(|(index, score)| format!("{} {score}", name(*index))).collect()
    };
    (0..a.ids.len()).find_map(|row| {
        let (id, other) = (a.ids.get(row), b.ids.get(row));
        if id != other {
            return Some(format!("row {row}: example `{id}` / `{other}`"));
        }
        let given = [told(a, row, labels[0]), told(b, row, labels[1])];
        if given[0] != given[1] {
            return Some(format!("example `{id}`: {} / {}", given[0], given[1]));
        }
        let empty = Vec::new();
        let top =
            |answers: &Answers, labels| scores(answers.top.get(row).unwrap_or(&empty), labels);
        let (one, two) = (top(a, labels[0]), top(b, labels[1]));
        (one != two)
            .then(|| format!("example `{id}`, scores: {} / {}", one.join(", "), two.join(", ")))
    })
}

/// Names of the fields in which two specifications differ, apart from places and threads.
fn parts_apart(a: &CellSpec, b: &CellSpec) -> Vec<String> {
    let value = |spec: &CellSpec| serde_json::to_value(spec).unwrap_or_default();
    let (a, b) = (value(a), value(b));
    let silent = ["key", "threads", "cache", "format"];
    let fields =
        a.as_object().into_iter().flatten().filter(|(name, _)| !silent.contains(&name.as_str()));
    let apart = fields.filter(|(name, own)| {
        let other = &b[name.as_str()];
        match own.get("sha256") {
            Some(hash) => *hash != other["sha256"],
            None => *own != other,
        }
    });
    apart.map(|(name, _)| name.clone()).collect()
}
