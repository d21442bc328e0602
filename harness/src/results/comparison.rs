//! A run -> the comparison of its models. Never calls a model.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use rayon::prelude::*;

use super::Run;
use super::answers::{Columns, columns};
use super::cells::{Group, by_model_and_protocol};
use super::leaderboard::{fill_gaps, own};
use super::manifest::{Manifest, tasks_of};
use super::summary::{Cell, Outcome};
use crate::answer::Answer;
use crate::compare::{self, Column, Entrant, Field, NotCompared, Options, Part, Report};
use crate::definition::family::{Benchmark, Task};
use crate::example::Examples;
use crate::store::{self};

/// The default comparison of a run; remembered in its `scores/` by a hash of everything that it uses.
pub(super) fn remembered(run: &Run, resamples: usize) -> anyhow::Result<Report> {
    let options = Options { resamples, ..Options::default() };
    let manifest = &run.manifest;
    let cells: Vec<_> = (run.groups.iter())
        .map(|g| {
            let hashes: Vec<(u64, &str, &str)> =
                (g.cells.iter()).map(|c| (c.planned.seed, &*c.predictions, &*c.spec.key)).collect();
            (&*g.model, &*g.task, &*g.protocol, hashes, &g.reasons)
        })
        .collect();
    let asked = (compare::FORMAT, &options, &manifest.suite.title, &manifest.columns, cells);
    let asked = (asked, &manifest.rows, &manifest.benchmarks, &manifest.missing);
    let key = store::sha256(&serde_json::to_vec(&asked)?);
    let path = run.folder.path().join("scores").join(format!("comparison-{}.json", &key[..16]));
    if let Ok(known) = store::read_json(&path) {
        return Ok(known);
    }
    let report = report(run, &[], &[], &options)?;
    store::write_json(&path, &report).context("failed to keep the comparison")?;
    Ok(report)
}

/// Reads a run and compares its models; empty lists: all models, all benchmarks.
pub(super) fn report(
    run: &Run,
    models: &[String],
    benchmarks: &[String],
    options: &Options,
) -> anyhow::Result<Report> {
    let manifest = &run.manifest;
    let known =
        |what: &str, names: &[String], all: &mut dyn Iterator<Item = &str>| -> anyhow::Result<()> {
            let all: Vec<&str> = all.collect();
            match names.iter().find(|n| !all.contains(&n.as_str())) {
                Some(name) => bail!("the run has no {what} `{name}`: it has {}", all.join(", ")),
                None => Ok(()),
            }
        };
    known("model", models, &mut manifest.rows.iter().map(|r| &*r.name))?;
    known("benchmark", benchmarks, &mut manifest.columns.iter().map(|c| &*c.name))?;
    known("model", options.baseline.as_slice(), &mut manifest.rows.iter().map(|r| &*r.name))?;
    let model = |name: &str| {
        models.is_empty()
            || models.iter().any(|m| m == name)
            || options.baseline.as_deref() == Some(name)
    };
    let benchmark = |name: &str| benchmarks.is_empty() || benchmarks.iter().any(|b| b == name);

    let wanted: Vec<&Benchmark> = (manifest.columns.iter())
        .filter(|c| benchmark(&c.name))
        .filter_map(|c| manifest.benchmarks.iter().find(|b| b.name == c.name))
        .collect();
    let read: Vec<(Vec<Field>, Vec<NotCompared>, Vec<String>)> = wanted
        .par_iter()
        .map(|benchmark| fields(run, benchmark, &model, options))
        .collect::<anyhow::Result<_>>()?;
    let mut all = Vec::new();
    let mut left_out = Vec::new();
    for (benchmark, (fields, missing, seen)) in wanted.iter().zip(read) {
        all.extend(fields);
        left_out.extend(missing);
        left_out.extend(never_ran(manifest, benchmark, &seen, &model));
    }
    let columns: Vec<Column> = (wanted.iter())
        .map(|b| Column {
            benchmark: b.name.clone(),
            task: b.task.clone(),
            cultures: b.cultures.clone(),
            aggregate: b.aggregate.clone(),
        })
        .collect();
    Ok(compare::compare(
        (&manifest.suite.name, &manifest.suite.title),
        &all,
        &columns,
        left_out,
        options,
    )?)
}

/// Models of which no cell was planned on a benchmark, with the reason that the board gives.
fn never_ran(
    manifest: &Manifest,
    benchmark: &Benchmark,
    seen: &[String],
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<NotCompared> {
    let mut cells: Vec<Cell> = Vec::new();
    fill_gaps(manifest, &mut cells);
    (cells.iter())
        .filter(|c| c.benchmark == benchmark.name && wanted(&c.model) && !seen.contains(&c.model))
        .map(|c| NotCompared {
            benchmark: c.benchmark.clone(),
            model: c.model.clone(),
            protocol: String::new(),
            reason: match &c.outcome {
                Outcome::Reason(reason) => format!("{}: {}", reason.kind.name(), reason.message),
                Outcome::Score(_) => String::new(),
            },
        })
        .collect()
}

/// One benchmark: models with the same protocol and examples together; the others with a reason; the models seen.
fn fields(
    run: &Run,
    benchmark: &Benchmark,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    options: &Options,
) -> anyhow::Result<(Vec<Field>, Vec<NotCompared>, Vec<String>)> {
    let tasks = tasks_of(benchmark, &run.manifest.benchmarks);
    let mut left_out = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut alike: BTreeMap<String, Vec<(&str, Vec<&Group>)>> = BTreeMap::new();
    for (model, parts) in by_model_and_protocol(&run.groups, &tasks) {
        if !wanted(model) {
            continue;
        }
        seen.push(model.to_owned());
        let mut leave = |reason: String| {
            left_out.push(NotCompared {
                benchmark: benchmark.name.clone(),
                model: model.to_owned(),
                protocol: parts[0].protocol.to_owned(),
                reason,
            });
        };
        if let Some(reason) = parts.iter().flat_map(|g| &g.reasons).next() {
            leave(format!("{}: {}", reason.kind.name(), reason.message));
            continue;
        }
        if parts.len() < tasks.len() {
            leave(format!("only {} of {} parts ran", parts.len(), tasks.len()));
            continue;
        }
        if parts.iter().any(|g| g.seeds() != parts[0].seeds()) {
            leave("its parts ran with different seeds".to_owned());
            continue;
        }
        // Everything that makes two sets of answers comparable, example by example.
        let same = |g: &&Group| {
            let spec = &g.cells[0].spec;
            let one = g
                .cells
                .iter()
                .all(|c| c.spec.data.sha256 == spec.data.sha256 && c.spec.limit == spec.limit);
            one.then(|| {
                (
                    spec.data.sha256.clone(),
                    spec.limit,
                    spec.task.labels.clone(),
                    spec.protocol.clone(),
                )
            })
        };
        let Some(key) = parts.iter().map(same).collect::<Option<Vec<_>>>() else {
            leave("its seeds ran on different examples".to_owned());
            continue;
        };
        let key = format!("{} {}", parts[0].protocol, store::sha256(&serde_json::to_vec(&key)?));
        alike.entry(key).or_default().push((model, parts));
    }
    let protocols: Vec<String> = alike.values().map(|m| m[0].1[0].protocol.to_owned()).collect();
    let mut fields = Vec::new();
    for entrants in alike.into_values() {
        let protocol = entrants[0].1[0].protocol.as_str();
        let alone = if protocols.iter().filter(|p| *p == protocol).count() > 1 {
            format!("no other model ran by protocol {protocol} on the same examples and definition")
        } else {
            format!("the only model that ran by protocol {protocol}")
        };
        let without = options.baseline.as_ref().filter(|b| entrants.iter().all(|(m, _)| m != b));
        if entrants.len() < 2 || without.is_some() {
            let reason = match without {
                Some(baseline) => format!(
                    "the baseline {baseline} has no answers by protocol {protocol} on these examples"
                ),
                None => alone,
            };
            left_out.extend(entrants.iter().map(|(model, _)| NotCompared {
                benchmark: benchmark.name.clone(),
                model: (*model).to_owned(),
                protocol: protocol.to_owned(),
                reason: reason.clone(),
            }));
            continue;
        }
        fields.push(field(run, benchmark, &entrants, options.resamples)?);
    }
    Ok((fields, left_out, seen))
}

fn field(
    run: &Run,
    benchmark: &Benchmark,
    entrants: &[(&str, Vec<&Group>)],
    resamples: usize,
) -> anyhow::Result<Field> {
    let first = &entrants[0].1;
    let mut cultures: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for group in first {
        let examples = run.gold.of(&group.cells[0])?;
        let rows = rows(&examples, benchmark);
        parts.push(part(&group.cells[0].spec.task, &examples, &rows, &mut cultures));
        kept.push(rows);
    }
    let models = entrants
        .par_iter()
        .map(|(model, groups)| {
            let answers = (groups.iter().zip(&kept))
                .map(|(group, rows)| Ok(primary(&columns(run, group)?, rows)))
                .collect::<anyhow::Result<Vec<Vec<Vec<Answer>>>>>()?;
            let own = own(run, resamples, benchmark, groups)?;
            Ok(Entrant { name: (*model).to_owned(), seeds: groups[0].seeds(), answers, own })
        })
        .collect::<anyhow::Result<Vec<Entrant>>>()?;
    Ok(Field {
        benchmark: benchmark.name.clone(),
        title: benchmark.title.clone(),
        protocol: first[0].protocol.to_owned(),
        metric: benchmark.metric,
        mean_over_cultures: benchmark.mean_over_cultures,
        sample: first.iter().flat_map(|g| &g.cells).any(|c| c.spec.sample),
        data: first.iter().map(|g| g.cells[0].spec.data.sha256.clone()).collect(),
        cultures,
        parts,
        models,
    })
}

/// Picked examples of a task; names of their cultures are added to `cultures`.
pub(super) fn part(
    task: &Task,
    examples: &Examples,
    rows: &[usize],
    cultures: &mut Vec<String>,
) -> Part {
    let positive = task.positive.as_ref().and_then(|p| task.labels.iter().position(|l| l == p));
    let mut culture_of = Vec::with_capacity(rows.len());
    for row in rows {
        let name = examples.cultures.get(*row);
        let place = cultures.iter().position(|c| c == name).unwrap_or_else(|| {
            cultures.push(name.to_owned());
            cultures.len() - 1
        });
        culture_of.push(place as u32);
    }
    Part {
        classes: task.labels.len(),
        positive: positive.unwrap_or(0) as u32,
        smoothing: task.scoring.smoothing,
        gold: rows.iter().map(|r| examples.labels[*r]).collect(),
        cultures: culture_of,
        clusters: rows.iter().map(|r| examples.clusters[*r]).collect(),
    }
}

/// The primary columns of answers, at picked rows.
pub(super) fn primary(columns: &Columns, rows: &[usize]) -> Vec<Vec<Answer>> {
    let width = columns.names.len();
    let primary = columns.answers.iter().enumerate().filter(|(i, _)| i % width < columns.primary);
    primary.map(|(_, column)| rows.iter().map(|r| column[*r]).collect()).collect()
}

/// The examples that a benchmark is about.
pub(super) fn rows(examples: &Examples, benchmark: &Benchmark) -> Vec<usize> {
    let wanted: Vec<bool> = (examples.cultures.names.iter())
        .map(|name| benchmark.cultures.is_empty() || benchmark.cultures.contains(name))
        .collect();
    (0..examples.len()).filter(|row| wanted[examples.cultures.codes[*row] as usize]).collect()
}
