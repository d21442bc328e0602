//! `culture-eval list [benchmarks|tasks|models|suites|runs]`.

use anyhow::Context as _;
use serde_json::json;

use super::{Context, Outcome, table};
use crate::definition::dataset::Status;
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

/// How the data of a dataset can be had, in words.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Drive => "drive",
        Status::DropIn => "drop-in",
        Status::Gated => "gated",
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    let (head, rows): (&[&str], Vec<Vec<String>>) = match args.what {
        What::Benchmarks => (
            &["#", "benchmark", "title", "task", "metric", "data", "license"],
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
    Ok(catalogue
        .benchmarks()
        .filter_map(|b| Some((catalogue.dataset_of(&b.name)?, b)))
        .map(|(dataset, b)| {
            vec![
                b.number.to_string(),
                b.name.clone(),
                b.title.clone(),
                b.task.clone().unwrap_or_else(|| format!("mean of {}", b.aggregate.join(", "))),
                b.metric.name().to_owned(),
                status(dataset.status).to_owned(),
                dataset.license.clone(),
            ]
        })
        .collect())
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
