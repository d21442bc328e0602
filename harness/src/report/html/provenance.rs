//! The run: what it was made with, and how to make it again. No path of the machine is told.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plain;
use crate::results::material::{CellFacts, Material};

/// Everything on the run page.
#[derive(Debug, Serialize)]
pub(super) struct Provenance<'a> {
    /// Version of the program that made the run.
    harness: &'a str,
    /// Version of the program that wrote the page.
    page: &'static str,
    seeds: Vec<String>,
    /// Only so many examples of every evaluated part; 0 = all.
    limit: usize,
    commit: &'a str,
    machine: Machine,
    /// SHA-256 of the prepared data by task.
    data: &'a BTreeMap<String, String>,
    command: String,
    cells: Vec<RunCell<'a>>,
}

/// The machine of the run.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    os: String,
    arch: String,
    processor: String,
    cores: usize,
}

/// One model, task, protocol and seed.
#[derive(Debug, Serialize)]
pub(super) struct RunCell<'a> {
    model: String,
    task: String,
    protocol: &'a str,
    seed: u64,
    key: &'a str,
    plugin: String,
    /// Why it has no answers.
    reason: Option<String>,
}

/// Gathers it.
pub(super) fn provenance(material: &Material) -> Provenance<'_> {
    let ran = &material.ran;
    let seeds: Vec<String> = ran.seeds.iter().map(u64::to_string).collect();
    let command = command(material, &seeds);
    let environment = &ran.environment;
    Provenance {
        harness: &ran.harness,
        page: env!("CARGO_PKG_VERSION"),
        seeds,
        limit: ran.limit,
        commit: &environment.git,
        machine: Machine {
            os: plain(&environment.os),
            arch: plain(&environment.arch),
            processor: plain(&environment.processor),
            cores: environment.cores,
        },
        data: &ran.data,
        command,
        cells: material.cells.iter().map(cell).collect(),
    }
}

/// The command that makes the run again.
fn command(material: &Material, seeds: &[String]) -> String {
    let (ran, summary) = (&material.ran, &material.summary);
    let names = |of: Vec<&str>| of.join(",");
    let limit = if ran.limit > 0 { format!(" --limit {}", ran.limit) } else { String::new() };
    format!(
        "culture-eval run {} --seeds {} --models {} --benchmarks {}{limit}",
        plain(&ran.suite),
        seeds.join(","),
        plain(&names(summary.models.iter().map(|m| &*m.name).collect())),
        plain(&names(summary.benchmarks.iter().map(|b| &*b.name).collect()))
    )
}

fn cell(c: &CellFacts) -> RunCell<'_> {
    RunCell {
        model: plain(&c.model),
        task: plain(&c.task),
        protocol: &c.protocol,
        seed: c.seed,
        key: &c.key,
        plugin: plain(&c.plugin),
        reason: c.reason.as_ref().map(|r| format!("{}: {}", r.kind.name(), plain(&r.message))),
    }
}
