//! `culture-eval list [benchmarks|tasks|models|suites|runs]`.

use anyhow::Context as _;
use serde_json::json;

use super::{Context, Outcome, table};
use crate::definition::dataset::{Benchmark, Dataset, Status};
use crate::definition::source::Source;
use crate::exec::data;
use crate::fetch;
use crate::results::manifest::Manifest;
use crate::store;

/// Lists benchmarks, tasks, models, suites or runs
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to list
    #[arg(value_enum, default_value_t = What::Benchmarks)]
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Leaderboard columns
    Benchmarks,
    /// What models are fitted and evaluated on
    Tasks,
    /// Leaderboard rows
    Models,
    /// Which models on which benchmarks
    Suites,
    /// Runs of this folder
    Runs,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    let (head, rows): (&[&str], Vec<Vec<String>>) = match args.what {
        What::Benchmarks => (
            &["benchmark", "answers", "metric", "files here", "official data"],
            benchmarks(context)?,
        ),
        What::Tasks => (&["task", "dataset", "question", "protocols"], tasks(context)?),
        What::Models => (&["model", "plugin", "description"], models(context)?),
        What::Suites => (&["suite", "title", "models", "benchmarks", "seeds"], suites(context)?),
        What::Runs => {
            (&["run", "title", "models", "benchmarks", "cells", "done", "failed"], runs(context)?)
        }
    };
    if output.json {
        for row in rows {
            let object: serde_json::Map<String, serde_json::Value> = head
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
                .collect();
            output.json(&object)?;
        }
    } else if rows.is_empty() {
        output.note("none");
    } else {
        output.text(table(head, rows))?;
    }
    Ok(Outcome::Done)
}

fn benchmarks(context: &Context) -> anyhow::Result<Vec<Vec<String>>> {
    let catalogue = context.catalogue()?;
    let options = data::fetch_options(context.settings());
    let row = |(dataset, benchmark): (&Dataset, &Benchmark)| {
        let task = benchmark.task.as_deref().and_then(|name| catalogue.task(name).ok());
        vec![
            benchmark.name.clone(),
            task.map_or("mean of tasks", |(_, task)| task.kind().name()).to_owned(),
            benchmark.metric.name().to_owned(),
            here(dataset, &options),
            how_to_get(dataset.status).to_owned(),
        ]
    };
    let benchmarks = catalogue.benchmarks();
    Ok(benchmarks.filter_map(|b| Some((catalogue.dataset_of(&b.name)?, b))).map(row).collect())
}

/// Which official files of a dataset this machine has: all, none, or how many of how many.
fn here(dataset: &Dataset, options: &fetch::Options) -> String {
    let there =
        |source: &&Source| fetch::is_available_locally(&dataset.name, source, options).is_some();
    let (found, all) = (dataset.sources.iter().filter(there).count(), dataset.sources.len());
    match found {
        0 => "no".to_owned(),
        found if found == all => "yes".to_owned(),
        found => format!("{found} of {all}"),
    }
}

/// How official files come to this machine.
fn how_to_get(status: Status) -> &'static str {
    match status {
        Status::Open => "`fetch` downloads them",
        Status::Drive => "`fetch` downloads them from a drive",
        Status::DropIn => "you put them into the drop-in folder",
        Status::Gated => "`fetch` with your token, after you accept the terms",
    }
}

fn tasks(context: &Context) -> anyhow::Result<Vec<Vec<String>>> {
    let tasks = context.catalogue()?.tasks();
    Ok(tasks
        .map(|(dataset, task)| {
            let protocols: Vec<&str> = task.protocols.iter().map(|p| p.name.as_str()).collect();
            vec![
                task.name.clone(),
                dataset.name.clone(),
                task.question.clone(),
                protocols.join(", "),
            ]
        })
        .collect())
}

fn models(context: &Context) -> anyhow::Result<Vec<Vec<String>>> {
    let models = context.catalogue()?.models();
    Ok(models.map(|m| vec![m.name.clone(), m.plugin.clone(), m.description.clone()]).collect())
}

fn suites(context: &Context) -> anyhow::Result<Vec<Vec<String>>> {
    let suites = context.catalogue()?.suites();
    Ok(suites
        .map(|s| {
            let seeds: Vec<String> = s.seeds.iter().map(u64::to_string).collect();
            vec![
                s.name.clone(),
                s.title.clone(),
                s.models.join(", "),
                s.benchmarks.join(", "),
                seeds.join(", "),
            ]
        })
        .collect())
}

fn runs(context: &Context) -> anyhow::Result<Vec<Vec<String>>> {
    let runs = &context.settings().runs;
    if !runs.is_dir() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for entry in fs_err::read_dir(runs).context("failed to list the runs")? {
        let folder = store::RunFolder::of(runs, &entry?.file_name().to_string_lossy());
        if !folder.manifest().is_file() {
            continue;
        }
        rows.push(of_run(&folder)?);
    }
    rows.sort();
    Ok(rows)
}

/// A run: name, title, models, benchmarks, cells, those that are done, those that failed.
fn of_run(folder: &store::RunFolder) -> anyhow::Result<Vec<String>> {
    let manifest: Manifest = store::read_json(&folder.manifest())?;
    let (mut done, mut failed) = (0, 0);
    for cell in &manifest.cells {
        match crate::store::record::record_of(&folder.cell(&cell.folder), &cell.key)? {
            Some(record) if matches!(record.end, store::record::End::Done { .. }) => done += 1,
            Some(_) => failed += 1,
            None => {}
        }
    }
    let counts = [manifest.rows.len(), manifest.columns.len(), manifest.cells.len(), done, failed];
    let mut row = vec![manifest.suite.name, manifest.suite.title];
    row.extend(counts.iter().map(ToString::to_string));
    Ok(row)
}
