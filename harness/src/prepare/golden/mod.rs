//! The official files of datasets with all kinds of answers, read by their definitions. Counts and fingerprints must
//! equal those computed from the same files without this program (`tests/benchmarks-2/golden.json` of the shared
//! data).

mod bias;
mod blend;
mod choices;
mod lines;
mod map;
mod people;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::joins::Joins;
use super::{Mode, Statistics, files, prepare};
use crate::definition::catalogue::Catalogue;
use crate::example::Example;
use crate::normalise::{Rows, Tally};
use crate::store::hex;
use crate::testing::shared;

/// The golden values whose names begin with `PREFIX.`; each must be looked at.
struct Golden {
    prefix: &'static str,
    values: BTreeMap<String, (Value, f64)>,
}

impl Golden {
    fn of(prefix: &'static str) -> Option<Self> {
        let path = shared("../tests/benchmarks-2/golden.json")?;
        let all: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let mut values = BTreeMap::new();
        for value in all["values"].as_array().unwrap() {
            let id = value["id"].as_str().unwrap();
            if let Some(name) = id.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) {
                let tolerance = value["tol"].as_f64().unwrap_or_default();
                values.insert(name.to_owned(), (value["value"].clone(), tolerance));
            }
        }
        Some(Self { prefix, values })
    }

    /// The value of this name, where it is among those that are here: a part of them is kept elsewhere.
    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|(value, _)| value)
    }

    /// Names that begin with `start`, without it.
    fn below(&self, start: &str) -> Vec<String> {
        self.values.keys().filter_map(|name| name.strip_prefix(start)).map(str::to_owned).collect()
    }

    /// Compares, where the value is here; gives how many were compared.
    #[track_caller]
    fn is(&self, name: &str, found: impl Into<Value>) -> usize {
        let found = found.into();
        let Some((expected, tolerance)) = self.values.get(name) else { return 0 };
        let near = match (expected.as_f64(), found.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= *tolerance,
            _ => *expected == found,
        };
        assert!(near, "{}.{name}: {found}, expected {expected}", self.prefix);
        1
    }
}

/// What a task's official files give.
struct Read {
    examples: Vec<Example>,
    tally: Tally,
    statistics: Statistics,
}

/// Reads a task's official files from the shared mirror, and compares the statistics with the committed ones; with
/// UPDATE_STATISTICS=1 writes them.
fn read(task: &str) -> Option<Read> {
    let definitions = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../benchmarks");
    let catalogue = Catalogue::load(&[definitions]).unwrap();
    let (dataset, task) = catalogue.task(task).unwrap();
    let folder = shared(&dataset.name)?;
    let sources = dataset.sources.iter();
    let paths: BTreeMap<String, PathBuf> =
        sources.map(|source| (source.id.clone(), folder.join(&source.path))).collect();
    let inputs = files::resolve(dataset, task, &paths).unwrap();
    let tables = Joins::find(dataset, task, &paths, Mode::Official).unwrap().read().unwrap();
    let (mut examples, mut tally) = (Vec::new(), Tally::default());
    for input in &inputs {
        files::normalise(task, input, &tables, &mut tally, &mut |example, _| {
            examples.push(example.clone());
            Ok(())
        })
        .unwrap();
    }
    let cache = tempfile::tempdir().unwrap();
    let prepared = prepare(dataset, task, &paths, Mode::Official, cache.path()).unwrap();
    assert!(
        prepared.meta.sources.iter().all(|source| source.verified == "sha256"),
        "{:?}",
        prepared.meta.sources
    );
    let statistics = prepared.meta.statistics;
    assert_eq!(statistics.examples, examples.len() as u64);
    let committed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../benchmarks/statistics");
    let found = [(task.name.clone(), statistics.clone())].into();
    super::tests::check_statistics(&committed, "official", found);
    Some(Read { examples, tally, statistics })
}

/// The rows of an official file as text cells, in file order.
fn cells(path: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let file = shared(path).unwrap();
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let reader = fs_err::File::open(file).unwrap();
    let mut rows = Rows::delimited(path, b',', &columns, reader).unwrap();
    let (mut all, mut row) = (Vec::new(), vec![String::new(); columns.len()]);
    while rows.next(&mut row).unwrap() {
        all.push(row.clone());
    }
    all
}

/// SHA-256 of rows: fields joined by tabs, each row ended by a line feed.
fn fingerprint(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row.join("\t"));
        hash.update("\n");
    }
    hex(&hash.finalize())
}

fn count(examples: &[Example], holds: impl Fn(&Example) -> bool) -> usize {
    examples.iter().filter(|example| holds(example)).count()
}

fn distinct<'e>(examples: &'e [Example], of: impl Fn(&'e Example) -> &'e str) -> usize {
    examples.iter().map(of).collect::<std::collections::BTreeSet<_>>().len()
}

/// The place of the option that is right.
fn right(example: &Example) -> usize {
    example.item.target.iter().position(|share| *share == 1.0).unwrap()
}

/// The shorter option in bytes, the first of two that are as long.
fn shorter(example: &Example) -> usize {
    let lengths = example.item.options.iter().map(String::len).enumerate();
    lengths.min_by_key(|(place, length)| (*length, *place)).unwrap().0
}
