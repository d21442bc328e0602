//! What a cell leaves behind: its specification before, its record after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CellFolder;
use crate::definition::family::{Capability, Protocol, Task};
use crate::definition::model::Model;

/// Version of the files of a run folder; raised when old ones need another reader.
pub const FORMAT: u32 = 1;

/// Everything that a cell needs and everything that matters for its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSpec {
    /// Version of this file.
    pub format: u32,
    /// Hash of all that matters ([`CellSpec::key`]).
    pub key: String,
    /// The model.
    pub model: Model,
    /// The task; its label list is filled in from the data.
    pub task: Task,
    /// The protocol.
    pub protocol: Protocol,
    /// How the model serves it.
    pub served: Capability,
    /// The recorded seed.
    pub seed: u64,
    /// Only the first examples of the evaluated part; 0 = all.
    pub limit: usize,
    /// The plugin's file.
    pub plugin: FileRef,
    /// Weights and files of the model by id.
    pub weights: BTreeMap<String, FileRef>,
    /// The prepared examples.
    pub data: FileRef,
    /// Whether they are the project's synthetic sample.
    pub sample: bool,
    /// Folder of the cache that the plugin may keep answers in; it changes none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// Which of the cell's examples, where several processes share them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// Where the answers come from, if another tool asked the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Names of all cultures of the data, sorted.
    pub cultures: Vec<String>,
    /// Version of the family's definition.
    pub family_version: u32,
    /// Version of the harness.
    pub harness: String,
    /// Threads of the cell (they never change an answer).
    pub threads: usize,
}

/// The `index`-th of so many slices of a cell's examples: whole batches, about equally many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Which, from 0.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl Slice {
    /// Which of `n` examples it has.
    pub fn range(self, n: usize, batch: usize) -> std::ops::Range<usize> {
        let batches = n.div_ceil(batch);
        let start = |index: usize| (batches * index / self.of * batch).min(n);
        start(self.index)..start(self.index + 1)
    }

    /// Name of its folder within the cell's.
    pub fn folder(self) -> String {
        format!("slices/{:04}-of-{:04}", self.index + 1, self.of)
    }
}

/// Where imported answers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The tool that asked the model.
    pub tool: String,
    /// Its version; empty where the log does not tell it.
    pub version: String,
    /// The tool's name for the task.
    pub task: String,
    /// The tool's name for the model.
    pub model: String,
    /// How replies were read: a prompt of the task, or `labels`.
    pub read_as: String,
    /// The logs.
    pub files: Vec<FileRef>,
}

/// A file and its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Where it lies on this machine.
    pub path: String,
    /// What is in it.
    pub sha256: String,
}

/// Fields of a model that change no answer, or whose content stands elsewhere in the specification. A field that is not
/// listed makes new cells: one too many is asked again, rather than an old answer taken for a new one.
const CARD: [&str; 14] = [
    "title",
    "description",
    "licence",
    "parameters",
    "contamination",
    "tasks",
    "protocols",
    "timeout",
    "memory",
    "access",
    "resources",
    "cache",
    "weights",
    "files",
];

impl CellSpec {
    /// The hash of everything that matters: the content of files instead of their paths, and no thread count.
    ///
    /// # Panics
    /// Never: all parts serialise.
    pub fn compute_key(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        let fields = value.as_object_mut();
        if let Some(fields) = fields {
            fields.remove("key");
            fields.remove("threads");
            fields.remove("cache");
            fields.remove("slice");
            if let Some(model) = fields["model"].as_object_mut() {
                for name in CARD {
                    model.remove(name);
                }
                if self.model.plugin_is_a_path() {
                    model.remove("plugin");
                }
            }
            for name in ["plugin", "data"] {
                fields[name].as_object_mut().map(|m| m.remove("path"));
            }
            if let Some(files) = fields.get_mut("imported").and_then(|i| i["files"].as_array_mut())
            {
                for file in files {
                    file.as_object_mut().map(|m| m.remove("path"));
                }
            }
            if let Some(weights) = fields["weights"].as_object_mut() {
                for weight in weights.values_mut() {
                    weight.as_object_mut().map(|m| m.remove("path"));
                }
            }
        }
        super::sha256(value.to_string().as_bytes())
    }

    /// Name of the cell's folder; of a slice, within it.
    pub fn folder(&self) -> String {
        match self.slice {
            Some(slice) => format!("{}/{}", self.whole_folder(), slice.folder()),
            None => self.whole_folder(),
        }
    }

    /// Name of the cell's folder.
    pub fn whole_folder(&self) -> String {
        let clean = |text: &str| {
            text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_', "-")
        };
        format!(
            "{}.{}.{}.s{}.{}",
            clean(&self.model.name),
            clean(&self.task.name),
            clean(&self.protocol.name),
            self.seed,
            &self.key[..12]
        )
    }
}

/// The end of a cell, written last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this file.
    pub format: u32,
    /// The cell's key.
    pub key: String,
    /// Done or failed.
    #[serde(flatten)]
    pub end: End,
    /// SHA-256 over the rest of this file; empty in records of before there were seals.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Record {
    /// A sealed record.
    pub fn new(key: &str, end: End) -> Self {
        let record = Self { format: FORMAT, key: key.to_owned(), end, seal: String::new() };
        Self { seal: record.seal_of_content(), ..record }
    }

    /// Whether it says what was written; nothing where it has no seal.
    pub fn is_as_written(&self) -> Option<bool> {
        (!self.seal.is_empty()).then(|| self.seal == self.seal_of_content())
    }

    fn seal_of_content(&self) -> String {
        let content = serde_json::json!([self.format, self.key, self.end]);
        super::sha256(content.to_string().as_bytes())
    }
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum End {
    /// All answers are there.
    Done {
        /// Hash of `predictions.parquet`.
        predictions: String,
        /// Rows in it.
        rows: u64,
        /// Examples that were asked.
        examples: u64,
        /// Sets of answers in it (`direct`; `knn`, `linear`; one a prompt).
        variants: Vec<String>,
        /// The score is the mean over so many of the first variants; the others are reported beside it.
        primary: usize,
        /// The plugin as it describes itself.
        plugin: PluginIdentity,
    },
    /// There is no answer, and this is why.
    Failed {
        /// The reason.
        reason: Reason,
    },
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it was built.
    pub build: String,
}

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The class of the trouble.
    pub kind: ReasonKind,
    /// One line: what, where, and what to do.
    pub message: String,
}

impl Reason {
    /// A reason of a kind.
    pub fn new(kind: ReasonKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Classes of trouble, as short as they stand in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// The data cannot be had.
    NoData,
    /// The weights cannot be had.
    NoWeights,
    /// The plugin cannot be found or loaded.
    NoPlugin,
    /// The model's capabilities serve no protocol of the task.
    NotServed,
    /// The model's configuration is wrong.
    Config,
    /// The plugin returned an error.
    Plugin,
    /// The plugin panicked.
    Panic,
    /// The process ended by itself with an exit code.
    Exit,
    /// The process was killed by a signal.
    Signal,
    /// The process took longer than it may.
    Timeout,
    /// The process took more memory than it may.
    OutOfMemory,
    /// The machine or the job that it ran in was lost.
    Node,
    /// The harness itself could not go on (disk, data).
    Harness,
    /// It was not run: the run was stopped before.
    NotRun,
    /// The metric has no value on these answers.
    NoScore,
}

impl ReasonKind {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoData => "no data",
            Self::NoWeights => "no weights",
            Self::NoPlugin => "no plugin",
            Self::NotServed => "not served",
            Self::Config => "config",
            Self::Plugin => "plugin error",
            Self::Panic => "panic",
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out of memory",
            Self::Node => "node failure",
            Self::Harness => "harness",
            Self::NotRun => "not run",
            Self::NoScore => "no score",
        }
    }
}

/// Seconds and memory of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Reading the examples.
    pub load_seconds: f64,
    /// Fitting.
    pub fit_seconds: f64,
    /// Predicting, fsyncs included.
    pub predict_seconds: f64,
    /// Everything from start to end of the process.
    pub total_seconds: f64,
    /// Largest resident memory.
    pub peak_mib: u64,
    /// Threads it had.
    pub threads: usize,
    /// Times that the cell was started before it was done.
    pub starts: u32,
    /// When it was started last: seconds since 1970; 0 in files of older versions.
    #[serde(default)]
    pub started: u64,
    /// The machine it was started on last.
    #[serde(default)]
    pub host: String,
    /// What kept its plugin in; empty in files of older versions.
    #[serde(default)]
    pub fence: String,
}

/// The record of a cell, where it has one of this key.
pub fn record_of(folder: &CellFolder, key: &str) -> std::io::Result<Option<Record>> {
    if !folder.record().is_file() {
        return Ok(None);
    }
    let record: Record = super::read_json(&folder.record())?;
    Ok((record.key == key && record.format <= FORMAT).then_some(record))
}

/// Puts down that a cell failed, unless it has a record by now; returns what its record says.
pub fn fail(folder: &CellFolder, key: &str, reason: Reason) -> std::io::Result<End> {
    let record = Record::new(key, End::Failed { reason });
    if !super::place_json(&folder.record(), &record)? {
        if let Some(there) = record_of(folder, key)? {
            return Ok(there.end);
        }
        super::write_json(&folder.record(), &record)?;
    }
    Ok(record.end)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// As the first version wrote it: old runs load for ever.
    const OLD: &str = include_str!("../../tests/fixtures/store/spec.v1.json");

    fn old() -> CellSpec {
        serde_json::from_str(OLD).unwrap()
    }

    #[test]
    fn old_specifications_load() {
        let spec = old();
        assert_eq!((spec.model.name.as_str(), spec.format), ("majority", 1));
        assert!(spec.folder().starts_with("majority.emgsd.trained.s1.3256067d7549"));
        let again = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<CellSpec>(&again).unwrap(), spec);
    }

    #[test]
    fn slices_are_whole_batches_of_all() {
        for (n, batch, of) in [(10, 3, 4), (1, 1, 1), (1000, 7, 6), (64, 64, 1), (20, 5, 4)] {
            let ranges: Vec<_> = (0..of).map(|index| Slice { index, of }.range(n, batch)).collect();
            assert_eq!((ranges[0].start, ranges[of - 1].end), (0, n));
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].end, pair[1].start);
                assert!(pair[0].end.is_multiple_of(batch) && !pair[0].is_empty(), "{ranges:?}");
            }
        }
        let whole = old();
        let slice = CellSpec { slice: Some(Slice { index: 1, of: 12 }), ..whole.clone() };
        assert_eq!(slice.compute_key(), whole.compute_key());
        assert_eq!(slice.folder(), format!("{}/slices/0002-of-0012", whole.folder()));
    }

    #[test]
    fn the_key_follows_content_and_not_places() {
        let file = |path: &str, sha256: &str| FileRef { path: path.into(), sha256: sha256.into() };
        let key = |change: &dyn Fn(&mut CellSpec)| {
            let mut spec = old();
            spec.weights.insert("program".into(), file("/a/model.py", "1f"));
            change(&mut spec);
            spec.compute_key()
        };
        let first = key(&|_| {});
        let same: [&dyn Fn(&mut CellSpec); 11] = [
            &|s| s.weights.get_mut("program").unwrap().path = "/b/model.py".into(),
            &|s| s.model.files = [("program".to_owned(), "/b/model.py".to_owned())].into(),
            &|s| s.plugin.path = "/b/libmajority.so".into(),
            &|s| s.data.path = "/b/examples.parquet".into(),
            &|s| s.threads = 7,
            &|s| s.cache = Some("/b/cache".into()),
            &|s| s.model.cache = true,
            &|s| s.model.title = "Another title".into(),
            &|s| s.model.timeout = Some(5),
            &|s| s.model.resources.cores = Some(8),
            &|s| s.model.access.network = true,
        ];
        for (i, change) in same.into_iter().enumerate() {
            assert_eq!(key(change), first, "change {i} makes no new cell");
        }
        let other: [&dyn Fn(&mut CellSpec); 8] = [
            &|s| s.weights.get_mut("program").unwrap().sha256 = "2f".into(),
            &|s| s.plugin.sha256 = "2f".into(),
            &|s| s.data.sha256 = "2f".into(),
            &|s| s.seed = 2,
            &|s| s.limit = 6,
            &|s| s.model.batch = 1,
            &|s| s.model.capabilities = vec![crate::definition::model::Offer::Classify],
            &|s| s.model.config = toml::Table::new(),
        ];
        let mut keys = HashSet::from([first.clone()]);
        for (i, change) in other.into_iter().enumerate() {
            assert!(keys.insert(key(change)), "change {i} makes a new cell");
        }
        let plugin = |path: &str| key(&|s| s.model.plugin = path.to_owned());
        assert_eq!(plugin("/a/libmine.so"), plugin("/b/libmine.so"));
        assert_ne!(plugin("mine"), plugin("majority"));
    }
}
