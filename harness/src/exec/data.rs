//! The data of tasks and the weights of models: fetched, else the sample, else a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::bars::Board;
use super::inputs;
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{Benchmark, Dataset, Task, Usage};
use crate::definition::model::Model;
use crate::fetch::{self, FetchError, Fetched};
use crate::prepare::{self, Mode, Statistics};
use crate::sample;
use crate::settings::{DataMode, Settings};
use crate::store::path_text;
use crate::store::record::{FileRef, Reason, ReasonKind};

/// Prepared examples of one task.
#[derive(Debug, Clone)]
pub struct TaskData {
    /// The task.
    pub task: Task,
    /// Its dataset.
    pub dataset: String,
    /// What its authors ask it to be used for.
    pub usage: Usage,
    /// Version of the dataset's definition.
    pub family_version: u32,
    /// The fixed label list.
    pub labels: Vec<String>,
    /// All cultures, sorted.
    pub cultures: Vec<String>,
    /// `examples.parquet`.
    pub file: FileRef,
    /// Examples in it.
    pub examples: u64,
    /// Whether they are the synthetic sample.
    pub sample: bool,
    /// Why the sample; empty where it was asked for.
    pub because: String,
    /// What was noted: replaced sources, warnings, overlap.
    pub notes: Vec<String>,
    /// Counts, by which a benchmark is checked ([`crate::prepare::trust`]).
    pub statistics: Statistics,
}

/// How downloads are made, from the settings.
pub fn fetch_options(settings: &Settings) -> fetch::Options {
    fetch::Options {
        cache: settings.cache.clone(),
        mirrors: settings.mirror.iter().map(|m| fetch::Mirror::parse(m)).collect(),
        drop_in: Some(settings.drop_in.clone()),
        offline: settings.offline,
        ..fetch::Options::default()
    }
}

/// The tasks that some benchmarks use, aggregates included, in order of name.
pub fn tasks_of<'a>(
    catalogue: &'a Catalogue,
    benchmarks: &[Benchmark],
) -> anyhow::Result<Vec<(&'a Dataset, &'a Task)>> {
    let mut names = BTreeSet::new();
    for benchmark in benchmarks {
        names.extend(benchmark.task.clone());
        for part in &benchmark.aggregate {
            names.extend(catalogue.benchmark(part)?.task.clone());
        }
    }
    names.iter().map(|name| catalogue.task(name)).collect::<Result<_, _>>().map_err(Into::into)
}

/// Fetches and prepares the data of all tasks that the benchmarks use.
pub fn obtain(
    catalogue: &Catalogue,
    benchmarks: &[Benchmark],
    settings: &Settings,
    board: &Board,
) -> anyhow::Result<BTreeMap<String, Result<TaskData, Reason>>> {
    super::places::check(settings)?;
    let tasks = tasks_of(catalogue, benchmarks)?;
    let bars = fetch::bars::Bars::new();
    let options = fetch_options(settings);
    Ok(tasks
        .into_par_iter()
        .map(|(dataset, task)| {
            let data = obtain_task(dataset, task, settings, &options, &bars);
            match &data {
                Ok(data) if data.sample && !data.because.is_empty() => {
                    board.note(&format!("{}: SAMPLE data: {}", task.title, data.because));
                }
                Ok(_) => {}
                Err(reason) => board.note(&format!("{}: {}", task.title, reason.message)),
            }
            (task.name.clone(), data)
        })
        .collect())
}

fn obtain_task(
    dataset: &Dataset,
    task: &Task,
    settings: &Settings,
    options: &fetch::Options,
    bars: &fetch::bars::Bars,
) -> Result<TaskData, Reason> {
    let official = match settings.data {
        DataMode::Sample => Err(Unavailable { because: String::new(), wrong: false }),
        DataMode::Auto | DataMode::Official => official_files(dataset, task, options, bars),
    };
    let (files, mode, because, mut notes) = match official {
        Ok((files, notes)) => (files, Mode::Official, String::new(), notes),
        Err(Unavailable { because, .. }) if settings.data == DataMode::Official => {
            return Err(Reason::new(ReasonKind::NoData, because));
        }
        // Wrong bytes are never a reason to look away.
        Err(Unavailable { because, wrong: true }) => {
            return Err(Reason::new(ReasonKind::NoData, because));
        }
        Err(Unavailable { because, .. }) => {
            let files = sample_files(dataset, settings).map_err(harness)?;
            (files, Mode::Sample, because, Vec::new())
        }
    };
    let prepared = prepare::prepare(dataset, task, &paths(&files), mode, &settings.cache)
        .map_err(|e| Reason::new(ReasonKind::NoData, e.to_string()))?;
    let worded = prepare::wording::resolve(task, &paths(&files))
        .map_err(|e| Reason::new(ReasonKind::NoData, e))?;
    let meta = &prepared.meta;
    notes.extend(meta.notes());
    Ok(TaskData {
        task: worded,
        dataset: dataset.name.clone(),
        usage: dataset.usage,
        family_version: dataset.version,
        labels: meta.statistics.labels.clone(),
        cultures: meta.statistics.cultures.clone(),
        file: FileRef { path: path_text(&prepared.examples), sha256: meta.sha256.clone() },
        examples: meta.statistics.examples,
        sample: mode == Mode::Sample,
        because,
        notes,
        statistics: meta.statistics.clone(),
    })
}

/// Why there are no official files.
struct Unavailable {
    because: String,
    /// They are there, but not what the definition pins.
    wrong: bool,
}

/// The official files of a task, or one line that says why not; and notes on files that replace others.
fn official_files(
    dataset: &Dataset,
    task: &Task,
    options: &fetch::Options,
    bars: &fetch::bars::Bars,
) -> Result<(BTreeMap<String, Fetched>, Vec<String>), Unavailable> {
    let mut files = BTreeMap::new();
    let mut notes = Vec::new();
    for need in task.needs() {
        let mut first_error = None;
        let found = need.iter().find_map(|id| {
            let source = dataset.sources.iter().find(|s| s.id == *id)?;
            match fetch::fetch(&dataset.name, source, options, bars) {
                Ok(fetched) => Some((*id, fetched)),
                Err(error) => {
                    // The error that is about wrong bytes is the one to tell.
                    if first_error
                        .as_ref()
                        .is_none_or(|e: &FetchError| error.is_integrity() && !e.is_integrity())
                    {
                        first_error = Some(error);
                    }
                    None
                }
            }
        });
        let found = found.filter(|_| !first_error.as_ref().is_some_and(FetchError::is_integrity));
        match (found, first_error) {
            (Some((id, fetched)), error) => {
                if let Some(error) = error {
                    notes.push(format!("source `{id}` replaces `{}` ({error})", need[0]));
                }
                files.insert(id.to_owned(), fetched);
            }
            (None, Some(error)) => {
                return Err(Unavailable {
                    because: error.to_string(),
                    wrong: error.is_integrity(),
                });
            }
            (None, None) => {
                let because = format!("source `{}` is not defined", need[0]);
                return Err(Unavailable { because, wrong: true });
            }
        }
    }
    Ok((files, notes))
}

fn sample_files(
    dataset: &Dataset,
    settings: &Settings,
) -> std::io::Result<BTreeMap<String, Fetched>> {
    let version = format!("v{}.{}", sample::VERSION, sample::REVISION);
    let folder = settings.cache.join("sample").join(version).join(&dataset.name);
    sample::ensure(&dataset.name, &folder)?;
    dataset
        .sources
        .iter()
        .map(|source| {
            let path = folder.join(&source.path);
            Ok((source.id.clone(), Fetched::local(path)?))
        })
        .collect()
}

/// The weights and files of models, by id.
pub fn weights(
    models: &[Model],
    settings: &Settings,
    board: &Board,
) -> BTreeMap<String, Result<BTreeMap<String, FileRef>, Reason>> {
    let options = fetch_options(settings);
    let bars = fetch::bars::Bars::new();
    let one = |model: &Model| -> Result<BTreeMap<String, FileRef>, String> {
        let fetch = |source| fetch::fetch(&model.name, source, &options, &bars);
        let weights = model.weights.iter().map(|source| match fetch(source) {
            Ok(file) => Ok((&source.id, file)),
            Err(error) => Err(error.to_string()),
        });
        let files = model.files.iter().map(|(id, path)| {
            let beside = |e| {
                format!(
                    "the model's file `{id}` cannot be read: {e}; it lies beside the model's TOML"
                )
            };
            Ok((id, Fetched::local(path.into()).map_err(beside)?))
        });
        weights
            .chain(files)
            .map(|found| {
                let (id, file) = found?;
                inputs::whole(&file.path)?;
                Ok((id.clone(), FileRef { path: path_text(&file.path), sha256: file.sha256 }))
            })
            .collect()
    };
    models
        .iter()
        .filter(|m| !m.weights.is_empty() || !m.files.is_empty())
        .map(|model| {
            let found = one(model).map_err(|e| Reason::new(ReasonKind::NoWeights, e));
            if let Err(reason) = &found {
                board.note(&format!("{}: {}", model.name, reason.message));
            }
            (model.name.clone(), found)
        })
        .collect()
}

/// The paths of files by source id.
pub fn paths(files: &BTreeMap<String, Fetched>) -> BTreeMap<String, PathBuf> {
    files.iter().map(|(id, file)| (id.clone(), file.path.clone())).collect()
}

fn harness(error: std::io::Error) -> Reason {
    Reason::new(ReasonKind::Harness, error.to_string())
}
