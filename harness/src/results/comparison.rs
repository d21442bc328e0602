//! A run -> the comparison of its models. Never calls a model.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use eval_stats::annotators::Distance;
use rayon::prelude::*;

use super::Run;
use super::answers::{Columns, columns};
use super::cells::{Group, by_model_and_protocol};
use super::leaderboard::{fill_gaps, own, unanswered};
use super::manifest::{Manifest, tasks_of};
use super::summary::{Cell, Outcome};
use super::terms::Terms;
use crate::answer::Answer;
use crate::compare::{self, Column, ComparedModel, Comparison, NotCompared, Options, Part, Report};
use crate::definition::dataset::{AbsentCultures, Benchmark, Task};
use crate::example::Examples;
use crate::score::votes::{Against, of_example};
use crate::score::{NoScore, in_groups};
use crate::store::{self};
use crate::text::unicode::same;

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
    let read: Vec<(Vec<Comparison>, Vec<NotCompared>, Vec<String>)> = wanted
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
) -> anyhow::Result<(Vec<Comparison>, Vec<NotCompared>, Vec<String>)> {
    let tasks = tasks_of(benchmark, &run.manifest.benchmarks);
    let mut left_out = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut alike: BTreeMap<String, Vec<Asked<'_>>> = BTreeMap::new();
    let asked: Vec<Asked<'_>> = by_model_and_protocol(&run.groups, &tasks)
        .into_iter()
        .filter(|(model, _)| wanted(model))
        .collect();
    let silent = asked
        .par_iter()
        .map(|(_, parts)| match comparable(parts, tasks.len())? {
            Ok(_) => unanswered(run, options.resamples, benchmark, parts),
            Err(_) => Ok(None),
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    for ((model, parts), silent) in asked.into_iter().zip(silent) {
        seen.push(model.to_owned());
        if let Some(reason) = silent {
            let reason = format!("{}: {}", reason.kind.name(), reason.message);
            left_out.push(not_compared(benchmark, (model, &parts), reason));
            continue;
        }
        match comparable(&parts, tasks.len())? {
            Ok(key) => alike.entry(key).or_default().push((model, parts)),
            Err(reason) => left_out.push(not_compared(benchmark, (model, &parts), reason)),
        }
    }
    let protocols: Vec<String> = alike.values().map(|m| m[0].1[0].protocol.clone()).collect();
    let mut fields = Vec::new();
    for models in alike.into_values() {
        let alone =
            neither_is_better(benchmark).or_else(|| why_alone(&models, &protocols, options));
        match alone.map_or_else(|| not_whole(run, benchmark, &models[0].1), |why| Ok(Some(why)))? {
            Some(reason) => left_out.extend(
                models.iter().map(|(m, parts)| not_compared(benchmark, (m, parts), reason.clone())),
            ),
            None => fields.push(field(run, benchmark, &models, options.resamples)?),
        }
    }
    Ok((fields, left_out, seen))
}

/// A model and its groups on the tasks of a benchmark.
type Asked<'r> = (&'r str, Vec<&'r Group>);

fn not_compared(
    benchmark: &Benchmark,
    (model, parts): (&str, &[&Group]),
    reason: String,
) -> NotCompared {
    NotCompared {
        benchmark: benchmark.name.clone(),
        model: model.to_owned(),
        protocol: parts[0].protocol.clone(),
        reason,
    }
}

/// A key of everything that makes two sets of answers comparable, example by example; else why they are not.
fn comparable(parts: &[&Group], tasks: usize) -> anyhow::Result<Result<String, String>> {
    if let Some(reason) = parts.iter().flat_map(|g| &g.reasons).next() {
        return Ok(Err(format!("{}: {}", reason.kind.name(), reason.message)));
    }
    if parts.len() < tasks {
        return Ok(Err(format!("only {} of {tasks} parts ran", parts.len())));
    }
    if parts.iter().any(|g| g.seeds() != parts[0].seeds()) {
        return Ok(Err("its parts ran with different seeds".to_owned()));
    }
    let same = |g: &&Group| {
        let spec = &g.cells[0].spec;
        let mut cells = g.cells.iter();
        let one =
            cells.all(|c| c.spec.data.sha256 == spec.data.sha256 && c.spec.limit == spec.limit);
        let (data, limit) = (spec.data.sha256.clone(), spec.limit);
        one.then(|| (data, limit, spec.task.labels.clone(), spec.protocol.clone()))
    };
    let Some(key) = parts.iter().map(same).collect::<Option<Vec<_>>>() else {
        return Ok(Err("its seeds ran on different examples".to_owned()));
    };
    let hash = store::sha256(&serde_json::to_vec(&key)?);
    Ok(Ok(format!("{} {hash}", parts[0].protocol)))
}

/// Why a benchmark whose cultures do not all have examples is not compared on; nothing where it allows that.
fn not_whole(run: &Run, benchmark: &Benchmark, parts: &[&Group]) -> anyhow::Result<Option<String>> {
    if benchmark.absent_cultures == AbsentCultures::Allow {
        return Ok(None);
    }
    let mut there: BTreeSet<String> = BTreeSet::new();
    for group in parts {
        let cultures = &run.gold.of(&group.cells[0])?.cultures;
        there.extend(cultures.codes.iter().map(|code| cultures.names[*code as usize].clone()));
    }
    let absent = benchmark.cultures.iter().filter(|name| !there.iter().any(|own| same(own, name)));
    let cultures: Vec<String> = absent.cloned().collect();
    Ok((!cultures.is_empty()).then(|| NoScore::NotWhole { cultures }.to_string()))
}

/// Why models are not compared by a metric that is better at neither end.
fn neither_is_better(benchmark: &Benchmark) -> Option<String> {
    benchmark.metric.direction().is_none().then(|| {
        format!(
            "neither a higher nor a lower {} is better: it has no rank and no test",
            benchmark.metric.name()
        )
    })
}

/// Why models that answered the same examples by the same protocol are not compared: there is but one, or no baseline.
fn why_alone(models: &[Asked<'_>], protocols: &[String], options: &Options) -> Option<String> {
    let protocol = models[0].1[0].protocol.as_str();
    if let Some(baseline) = options.baseline.as_ref().filter(|b| models.iter().all(|(m, _)| m != b))
    {
        return Some(format!(
            "the baseline {baseline} has no answers by protocol {protocol} on these examples"
        ));
    }
    if models.len() > 1 {
        return None;
    }
    Some(if protocols.iter().filter(|p| *p == protocol).count() > 1 {
        format!("no other model ran by protocol {protocol} on the same examples and definition")
    } else {
        format!("the only model that ran by protocol {protocol}")
    })
}

fn field(
    run: &Run,
    benchmark: &Benchmark,
    entrants: &[(&str, Vec<&Group>)],
    resamples: usize,
) -> anyhow::Result<Comparison> {
    let first = &entrants[0].1;
    let mut cultures: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    let mut kept: Vec<Vec<usize>> = Vec::new();
    let terms = terms(run, benchmark, entrants)?;
    for (place, group) in first.iter().enumerate() {
        let examples = run.gold.of(&group.cells[0])?;
        let mut rows = rows(&examples, benchmark);
        if let Some(metric) = benchmark.metric.value() {
            let terms = terms.iter().map(|terms| &terms[place]);
            let defined = Terms::defined(metric, examples.len(), terms)?;
            rows.retain(|row| defined[*row]);
        }
        parts.push(part(&group.cells[0].spec.task, &examples, &rows, &mut cultures));
        kept.push(rows);
    }
    let models = entrants
        .par_iter()
        .zip(&terms)
        .map(|((model, groups), terms)| {
            let columns: Vec<Columns> =
                groups.iter().map(|group| columns(run, group)).collect::<anyhow::Result<_>>()?;
            let answers = columns.iter().zip(&kept).map(|(c, rows)| primary(c, rows)).collect();
            let values = values(benchmark, terms, &columns, &kept)?;
            let mut own = own(run, resamples, benchmark, groups)?;
            if let ([column], [rows]) = (columns.as_slice(), kept.as_slice()) {
                own.distances = distances(&*run.gold.of(&groups[0].cells[0])?, column, rows);
            }
            Ok(ComparedModel {
                name: (*model).to_owned(),
                seeds: groups[0].seeds(),
                answers,
                values,
                own,
            })
        })
        .collect::<anyhow::Result<Vec<ComparedModel>>>()?;
    Ok(Comparison {
        benchmark: benchmark.name.clone(),
        title: benchmark.title.clone(),
        protocol: first[0].protocol.clone(),
        metric: benchmark.metric,
        mean_over_cultures: benchmark.mean_over_cultures,
        sample: first.iter().flat_map(|g| &g.cells).any(|c| c.spec.sample),
        data: first.iter().map(|g| g.cells[0].spec.data.sha256.clone()).collect(),
        cultures,
        parts,
        models,
    })
}

/// What the score room needs of every model, where the metric is a mean of values: a list a model, one a part.
fn terms(
    run: &Run,
    benchmark: &Benchmark,
    entrants: &[Asked<'_>],
) -> anyhow::Result<Vec<Vec<Terms>>> {
    let of_model = |(_, groups): &Asked<'_>| -> anyhow::Result<Vec<Terms>> {
        let needed = benchmark.metric.value().is_some();
        groups
            .iter()
            .map(|group| if needed { Terms::of(run, group) } else { Ok(Terms::default()) })
            .collect()
    };
    entrants.par_iter().map(of_model).collect()
}

/// Where the metric is a mean of values: of each part and primary column one an example, at picked rows. A model without a value
/// there has the lowest one: a benchmark's own metric is a share of which a higher value is better.
pub(super) fn values(
    benchmark: &Benchmark,
    terms: &[Terms],
    columns: &[Columns],
    kept: &[Vec<usize>],
) -> anyhow::Result<Vec<Vec<Vec<f32>>>> {
    let Some(metric) = benchmark.metric.value() else { return Ok(Vec::new()) };
    let (lowest, _) = metric.range();
    let shown = |value: f64| if value.is_nan() { lowest as f32 } else { value as f32 };
    (terms.iter().zip(columns).zip(kept))
        .map(|((terms, columns), rows)| {
            let width = columns.names.len();
            let of_column = |column: usize| -> anyhow::Result<Vec<f32>> {
                let values = terms.values(metric, column)?;
                Ok(rows.iter().map(|&row| shown(values[row])).collect())
            };
            let primary = (0..columns.answers.len()).filter(|i| i % width < columns.primary);
            primary.map(of_column).collect()
        })
        .collect()
}

/// How far a model's answers are from the votes, at picked rows: per distance one an example, NaN where it has no votes.
fn distances(examples: &Examples, columns: &Columns, rows: &[usize]) -> Vec<Vec<f64>> {
    if examples.votes.is_empty() {
        return Vec::new();
    }
    let width = columns.names.len();
    let picked: Vec<usize> =
        (0..columns.answers.len()).filter(|i| i % width < columns.primary).collect();
    let answers: Vec<&[Answer]> = picked.iter().map(|&i| columns.answers[i].as_slice()).collect();
    let given: Vec<Option<&[f32]>> =
        picked.iter().map(|&i| columns.probabilities[i].as_deref()).collect();
    let against = Against { votes: &examples.votes, probabilities: &given };
    let of = |distance: Distance| {
        let one = |&row: &usize| {
            let voted = examples.votes.get(row).iter().any(|&votes| votes > 0);
            if voted { of_example(&answers, against, distance, row) } else { f64::NAN }
        };
        rows.iter().map(one).collect()
    };
    Distance::ALL.into_iter().map(of).collect()
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
        .map(|name| {
            benchmark.cultures.is_empty() || benchmark.cultures.iter().any(|c| same(c, name))
        })
        .collect();
    (0..examples.len())
        .filter(|row| wanted[examples.cultures.codes[*row] as usize])
        .filter(|row| in_groups(&examples.groups, &benchmark.only, *row))
        .collect()
}
