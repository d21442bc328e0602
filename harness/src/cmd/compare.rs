//! `culture-eval compare`: which model of a run is better, and do we know it? Never calls a model.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use rayon::prelude::*;

use super::{Context, Outcome, hinted};
use crate::compare::{
    self, Column, Correction, Entrant, Field, NotCompared, Options, Part, Report,
};
use crate::definition::family::{Benchmark, Task};
use crate::example::Examples;
use crate::manifest::{Manifest, tasks_of};
use crate::report::summary::{Cell, Outcome as Scored};
use crate::store::{self, RunFolder};
use crate::summarise::{self, Columns, Gold, Group, RESAMPLING_SEED};

/// Compares the models of a run: tests, intervals, effect sizes
///
/// Only answers to the same examples by the same protocol are compared, paired by example; what is left out is listed
/// with the reason. The test follows from the metric, the number of models and whether examples are independent.
/// The whole comparison is also written to the run's `comparison.json`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval compare                                     the run `default`, all pairs
  culture-eval compare mine --baseline majority            every model against one
  culture-eval compare mine --margin 2                     also: equivalent within 2 points?
  culture-eval compare mine --format latex > compare.tex   tables and paragraphs for a paper
  culture-eval compare mine --fail-if-worse released       for CI: exit 1 on a significant loss

--fail-if-worse exits 1 when any compared model is significantly worse than BASELINE on any benchmark, after
correction at --alpha. A model that was not compared does not fail; it is listed. Exit 2 where BASELINE was compared
with no model at all. \"Not significant\" is never \"equal\": look at the detectable difference, or give --margin.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// Only these models
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    models: Vec<String>,
    /// Only these benchmarks
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    benchmarks: Vec<String>,
    /// A test, instead of the one that fits: mcnemar-midp, mcnemar-exact, cochran-q, approximate-randomisation,
    /// cluster-sign-flip, cluster-bootstrap, paired-t, wilcoxon, wilcoxon-pratt
    #[arg(long, value_name = "NAME")]
    test: Option<String>,
    /// Level of the tests
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Correction over the pairs of a benchmark
    #[arg(long, value_enum, default_value_t = Correction::Holm)]
    correction: Correction,
    /// Resamples of bootstraps and randomisation tests
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    resamples: usize,
    /// Compare all other models with this one only
    #[arg(long, value_name = "MODEL")]
    baseline: Option<String>,
    /// Test equivalence within so many points (hundredths of the score)
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// Exit 1 when a model is significantly worse than this one (sets --baseline)
    #[arg(long, value_name = "BASELINE")]
    fail_if_worse: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Face::Text)]
    format: Face,
}

/// A face of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Face {
    /// Tables for the eye
    Text,
    /// GitHub Markdown
    Md,
    /// Tables and paragraphs for a paper
    Latex,
    /// Everything
    Json,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let options = options(&args)?;
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let report = report(&run, &args.models, &args.benchmarks, &options)?;
    store::write_json(&run.path().join("comparison.json"), &report).with_context(|| {
        format!("failed to write {}", run.path().join("comparison.json").display())
    })?;
    let output = context.output;
    match args.format {
        Face::Text if !output.json => output.text(compare::text(&report))?,
        Face::Md => output.text(compare::markdown(&report))?,
        Face::Latex => output.text(compare::latex(&report))?,
        Face::Text | Face::Json => output.json(&report)?,
    }
    let Some(baseline) = &args.fail_if_worse else { return Ok(Outcome::Done) };
    if !report.compares(baseline) {
        return Err(hinted(
            anyhow::anyhow!("--fail-if-worse {baseline}: it was compared with no model"),
            "the list of what was not compared tells why",
        ));
    }
    let worse = report.worse_than(baseline);
    for (benchmark, model) in &worse {
        output.warn(format!("{model} is significantly worse than {baseline} on {benchmark}"));
    }
    Ok(if worse.is_empty() { Outcome::Done } else { Outcome::No })
}

fn options(args: &Args) -> anyhow::Result<Options> {
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        bail!("--alpha is {}: give a number between 0 and 1", args.alpha);
    }
    if args.resamples < 100 {
        bail!("--resamples is {}: give at least 100", args.resamples);
    }
    if let Some(margin) = args.margin.filter(|m| !(*m > 0.0 && *m <= 100.0)) {
        bail!("--margin is {margin}: give points above 0, at most 100");
    }
    if let (Some(baseline), Some(fail)) = (&args.baseline, &args.fail_if_worse)
        && baseline != fail
    {
        bail!("--baseline {baseline} and --fail-if-worse {fail} name two models: give one");
    }
    Ok(Options {
        alpha: args.alpha,
        confidence: crate::score::CONFIDENCE,
        correction: args.correction,
        resamples: args.resamples,
        seed: RESAMPLING_SEED,
        test: args.test.clone(),
        baseline: args.baseline.clone().or_else(|| args.fail_if_worse.clone()),
        margin: args.margin.map(|m| m / 100.0),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// How models are compared where nothing else is asked for.
pub(super) fn usual() -> Options {
    Options {
        alpha: 0.05,
        confidence: crate::score::CONFIDENCE,
        correction: Correction::Holm,
        resamples: 10_000,
        seed: RESAMPLING_SEED,
        test: None,
        baseline: None,
        margin: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The usual comparison of a run; remembered in its `scores/` by a hash of everything that it stands on.
pub(super) fn remembered(run: &RunFolder) -> anyhow::Result<Report> {
    let options = usual();
    let manifest = Manifest::read(run)?;
    let groups = summarise::groups(run, &manifest)?;
    let cells: Vec<_> = (groups.iter())
        .map(|g| {
            let hashes: Vec<(u64, &str, &str)> =
                (g.cells.iter()).map(|c| (c.planned.seed, &*c.predictions, &*c.spec.key)).collect();
            (g.model, g.task, g.protocol, hashes, &g.reasons)
        })
        .collect();
    let asked = (compare::FORMAT, &options, &manifest.suite.title, &manifest.columns, cells);
    let asked = (asked, &manifest.rows, &manifest.benchmarks, &manifest.missing);
    let key = store::sha256(&serde_json::to_vec(&asked)?);
    let path = run.path().join("scores").join(format!("comparison-{}.json", &key[..16]));
    if let Ok(known) = store::read_json(&path) {
        return Ok(known);
    }
    let report = report(run, &[], &[], &options)?;
    store::write_json(&path, &report).context("failed to keep the comparison")?;
    Ok(report)
}

/// Reads a run and compares its models; empty lists: all models, all benchmarks.
pub(super) fn report(
    run: &RunFolder,
    models: &[String],
    benchmarks: &[String],
    options: &Options,
) -> anyhow::Result<Report> {
    let manifest = Manifest::read(run)?;
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

    let groups = summarise::groups(run, &manifest)?;
    let gold = Gold::new(&manifest);
    let wanted: Vec<&Benchmark> = (manifest.columns.iter())
        .filter(|c| benchmark(&c.name))
        .filter_map(|c| manifest.benchmarks.iter().find(|b| b.name == c.name))
        .collect();
    let read: Vec<(Vec<Field>, Vec<NotCompared>, Vec<String>)> = wanted
        .par_iter()
        .map(|benchmark| fields(run, &manifest, &gold, &groups, benchmark, &model, options))
        .collect::<anyhow::Result<_>>()?;
    let mut all = Vec::new();
    let mut left_out = Vec::new();
    for (benchmark, (fields, missing, seen)) in wanted.iter().zip(read) {
        all.extend(fields);
        left_out.extend(missing);
        left_out.extend(never_ran(&manifest, benchmark, &seen, &model));
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
    summarise::fill_gaps(manifest, &mut cells);
    (cells.iter())
        .filter(|c| c.benchmark == benchmark.name && wanted(&c.model) && !seen.contains(&c.model))
        .map(|c| NotCompared {
            benchmark: c.benchmark.clone(),
            model: c.model.clone(),
            protocol: String::new(),
            reason: match &c.outcome {
                Scored::Reason(reason) => format!("{}: {}", reason.kind.name(), reason.message),
                Scored::Score(_) => String::new(),
            },
        })
        .collect()
}

/// One benchmark: models with the same protocol and examples together; the others with a reason; the models seen.
fn fields(
    run: &RunFolder,
    manifest: &Manifest,
    gold: &Gold<'_>,
    groups: &[Group<'_>],
    benchmark: &Benchmark,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    options: &Options,
) -> anyhow::Result<(Vec<Field>, Vec<NotCompared>, Vec<String>)> {
    let tasks = tasks_of(benchmark, &manifest.benchmarks);
    let mut left_out = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut alike: BTreeMap<String, Vec<(&str, Vec<&Group<'_>>)>> = BTreeMap::new();
    for (model, parts) in summarise::by_model_and_protocol(groups, &tasks) {
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
        let seeds = |g: &Group<'_>| g.cells.iter().map(|c| c.planned.seed).collect::<Vec<_>>();
        if parts.iter().any(|g| seeds(g) != seeds(parts[0])) {
            leave("its parts ran with different seeds".to_owned());
            continue;
        }
        // Everything that makes two sets of answers comparable, example by example.
        let same = |g: &&Group<'_>| {
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
        let protocol = entrants[0].1[0].protocol;
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
        fields.push(field(run, gold, benchmark, &entrants)?);
    }
    Ok((fields, left_out, seen))
}

fn field(
    run: &RunFolder,
    gold: &Gold<'_>,
    benchmark: &Benchmark,
    entrants: &[(&str, Vec<&Group<'_>>)],
) -> anyhow::Result<Field> {
    let first = &entrants[0].1;
    let mut cultures: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for group in first {
        let examples = gold.of(&group.cells[0])?;
        let rows = rows(&examples, benchmark);
        parts.push(part(&group.cells[0].spec.task, &examples, &rows, &mut cultures));
        kept.push(rows);
    }
    let models = entrants
        .par_iter()
        .map(|(model, groups)| {
            let answers = (groups.iter().zip(&kept))
                .map(|(group, rows)| Ok(primary(&summarise::columns(run, gold, group)?, rows)))
                .collect::<anyhow::Result<Vec<Vec<Vec<Option<u32>>>>>>()?;
            let seeds = groups[0].cells.iter().map(|c| c.planned.seed).collect();
            Ok(Entrant { name: (*model).to_owned(), seeds, answers })
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
pub(super) fn primary(columns: &Columns, rows: &[usize]) -> Vec<Vec<Option<u32>>> {
    let width = columns.names.len();
    let primary = columns.answers.iter().enumerate().filter(|(i, _)| i % width < columns.primary);
    primary.map(|(_, column)| rows.iter().map(|r| column[*r].label()).collect()).collect()
}

/// The examples that a benchmark is about.
pub(super) fn rows(examples: &Examples, benchmark: &Benchmark) -> Vec<usize> {
    let wanted: Vec<bool> = (examples.cultures.names.iter())
        .map(|name| benchmark.cultures.is_empty() || benchmark.cultures.contains(name))
        .collect();
    (0..examples.len()).filter(|row| wanted[examples.cultures.codes[*row] as usize]).collect()
}
