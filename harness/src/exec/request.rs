//! What is asked for: names that were typed or are in a suite become models and benchmarks.

use std::collections::BTreeSet;

use anyhow::anyhow;

use super::{data, named};
use crate::definition::catalogue::Catalogue;
use crate::definition::dataset::{Benchmark, Protocol};
use crate::definition::model::Model;
use crate::definition::model_spec::is_spec;
use crate::definition::nearest;
use crate::definition::suite::Suite;
use crate::settings::Settings;
use crate::text::hint::hinted;

/// What was asked for, every name resolved.
#[derive(Debug, Clone)]
pub struct Request {
    /// Rows of the board.
    pub models: Vec<Model>,
    /// Columns of the board, aggregates included.
    pub benchmarks: Vec<Benchmark>,
    /// One set of cells for each.
    pub seeds: Vec<u64>,
    /// Only the first examples of the evaluated part; 0 = all.
    pub limit: usize,
    /// Only these protocols; empty = the models' own choice.
    pub protocols: Vec<String>,
}

/// What is asked for instead of what the suite says; empty: as the suite says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrowed<'a> {
    /// Names of models, or specs (`llama.cpp:x.gguf`); `*` is every known one.
    pub models: &'a [String],
    /// Names of benchmarks; `*` is every known one.
    pub benchmarks: &'a [String],
    /// Names of protocols; none: the models' own choice.
    pub protocols: &'a [String],
    /// Seeds.
    pub seeds: &'a [u64],
    /// Only the first examples of the evaluated part; 0 = all, none: as before.
    pub limit: Option<usize>,
}

/// What a run was asked for, as its manifest has it.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Its models, in full.
    pub models: Vec<&'a Model>,
    /// Names of its columns.
    pub benchmarks: Vec<&'a str>,
    /// Its seeds.
    pub seeds: &'a [u64],
    /// Its limit.
    pub limit: usize,
    /// Its protocols; empty = the models' own choice.
    pub protocols: &'a [String],
}

impl Request {
    /// Looks up what a suite asks for, or what is asked for instead.
    ///
    /// # Errors
    /// A name is unknown, or nothing is left.
    pub fn new(
        suite: &Suite,
        instead: Narrowed<'_>,
        catalogue: &Catalogue,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let models = models(or(instead.models, &suite.models), &[], catalogue, settings)?;
        let benchmarks = benchmarks(or(instead.benchmarks, &suite.benchmarks), catalogue)?;
        let instead = Narrowed { seeds: or(instead.seeds, &suite.seeds), ..instead };
        Self::of(models, benchmarks, instead, catalogue)
    }

    /// What a run was asked for, once more. A model is taken as it is defined now, so that a definition that was mended
    /// counts; one that is not defined any more, as the run has it.
    ///
    /// # Errors
    /// A name is unknown, or nothing is left.
    pub fn again(
        asked: &Asked<'_>,
        instead: Narrowed<'_>,
        catalogue: &Catalogue,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let benchmarks = owned(&asked.benchmarks);
        let instead = Narrowed {
            benchmarks: or(instead.benchmarks, &benchmarks),
            protocols: or(instead.protocols, asked.protocols),
            seeds: or(instead.seeds, asked.seeds),
            limit: instead.limit.or(Some(asked.limit)),
            ..instead
        };
        let benchmarks = self::benchmarks(instead.benchmarks, catalogue)?;
        let models = if instead.models.is_empty() {
            let now =
                |model: &&Model| catalogue.model(&model.name).cloned().unwrap_or((*model).clone());
            asked.models.iter().map(now).collect()
        } else {
            models(instead.models, &asked.models, catalogue, settings)?
        };
        Self::of(models, benchmarks, instead, catalogue)
    }

    fn of(
        models: Vec<Model>,
        benchmarks: Vec<Benchmark>,
        instead: Narrowed<'_>,
        catalogue: &Catalogue,
    ) -> anyhow::Result<Self> {
        known_protocols(instead.protocols, &benchmarks, &models, catalogue)?;
        if models.is_empty() || benchmarks.is_empty() {
            let (models, benchmarks) = (models.len(), benchmarks.len());
            return Err(hinted(
                anyhow!("nothing to run: {models} models, {benchmarks} benchmarks"),
                "`culture-eval list models` and `culture-eval list benchmarks` show all",
            ));
        }
        Ok(Self {
            models,
            benchmarks,
            seeds: instead.seeds.to_vec(),
            limit: instead.limit.unwrap_or(0),
            protocols: instead.protocols.to_vec(),
        })
    }
}

fn or<'a, T>(typed: &'a [T], of_suite: &'a [T]) -> &'a [T] {
    if typed.is_empty() { of_suite } else { typed }
}

/// The names of a list; `a, b` has a blank one between comma and space.
fn typed(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(|name| name.trim()).filter(|name| !name.is_empty())
}

/// Models in the order of their names' first mention; `there` are those that a run has, whether they are defined or not.
fn models(
    names: &[String],
    there: &[&Model],
    catalogue: &Catalogue,
    settings: &Settings,
) -> anyhow::Result<Vec<Model>> {
    let mut models: Vec<Model> = Vec::new();
    for name in typed(names) {
        if name == "*" {
            models.extend(catalogue.models().cloned());
        } else if is_spec(name) {
            let own = named::model(name, catalogue, settings)?;
            if models.iter().any(|other| other.name == own.name && *other != own) {
                let error = anyhow!("model `{name}`: another one is called `{}`, too", own.name);
                return Err(hinted(error, "give it another name: add ,name=NAME"));
            }
            models.push(own);
        } else {
            let of_run = there.iter().find(|model| model.name == name).copied();
            let found = catalogue.model(name).ok().or(of_run).map_or_else(
                || catalogue.model(name).map_err(|error| or_suite(name, error.into(), catalogue)),
                Ok,
            );
            models.push(found?.clone());
        }
    }
    let mut seen = BTreeSet::new();
    models.retain(|m| seen.insert(m.name.clone()));
    Ok(models)
}

/// Benchmarks in the order of the board.
fn benchmarks(names: &[String], catalogue: &Catalogue) -> anyhow::Result<Vec<Benchmark>> {
    let mut benchmarks: Vec<Benchmark> = Vec::new();
    for name in typed(names) {
        if name == "*" {
            benchmarks.extend(catalogue.benchmarks().cloned());
        } else {
            let found = catalogue
                .benchmark(name)
                .map_err(|error| or_suite(name, error.into(), catalogue))?;
            benchmarks.push(found.clone());
        }
    }
    benchmarks.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
    benchmarks.dedup_by(|a, b| a.name == b.name);
    Ok(benchmarks)
}

/// Lists take all words that follow them: a suite behind one is taken for one of its names.
fn or_suite(name: &str, error: anyhow::Error, catalogue: &Catalogue) -> anyhow::Error {
    if catalogue.suite(name).is_err() {
        return error;
    }
    let remedy =
        format!("`{name}` is a suite: name it first, `culture-eval run {name} --models ...`");
    hinted(error, remedy)
}

/// A typed protocol must be one of the benchmarks' tasks, or what a model makes of it (`4-shot`).
fn known_protocols(
    typed: &[String],
    benchmarks: &[Benchmark],
    models: &[Model],
    catalogue: &Catalogue,
) -> anyhow::Result<()> {
    let mut known: BTreeSet<String> =
        models.iter().filter_map(|model| model.prompt.few_shot()).collect();
    for (_, task) in data::tasks_of(catalogue, benchmarks)? {
        known.extend(task.protocols.iter().map(|p| p.name.clone()));
    }
    let Some(name) = typed.iter().find(|name| !known.contains(Protocol::without_way(name))) else {
        return Ok(());
    };
    let meant = nearest(name, known.iter().map(String::as_str))
        .map(|n| format!("did you mean `{n}`? "))
        .unwrap_or_default();
    let all = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(hinted(anyhow!("no task has a protocol `{name}`"), format!("{meant}they have {all}")))
}
