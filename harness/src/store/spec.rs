//! The specification of a cell: written before it starts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hash::sha256;
use crate::definition::dataset::{Capability, Protocol, Task};
use crate::definition::model::Model;
use crate::definition::server::NOT_IN_KEY;

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
    /// Files and folders that the model's `[config]` names, by their place in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, FileRef>,
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
    /// Version of the dataset's definition.
    pub family_version: u32,
    /// Version of the harness.
    pub harness: String,
    /// Threads of the cell (they never change an answer).
    pub threads: usize,
}

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
                if let Some(server) = model.get_mut("server").and_then(|s| s.as_object_mut()) {
                    server.retain(|name, _| !NOT_IN_KEY.contains(&name.as_str()));
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
            for name in ["weights", "inputs"] {
                for file in
                    fields.get_mut(name).and_then(|f| f.as_object_mut()).into_iter().flatten()
                {
                    file.1.as_object_mut().map(|m| m.remove("path"));
                }
            }
        }
        sha256(value.to_string().as_bytes())
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

/// Fields of a model that change no answer, or whose content is elsewhere in the specification. A field that is not
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
