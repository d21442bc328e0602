//! Reference lines of a run's benchmarks, stored beside the scores.

use anyhow::Context as _;
use rayon::prelude::*;

use super::Run;
use super::cells::Done;
use super::rules::{VERSION, rules};
use super::summary::ReferenceScore;
use crate::definition::dataset::Benchmark;
use crate::score::reference;
use crate::store;

/// What simple rules score on the benchmarks of a run, on the examples of its first model; aggregates have none.
pub(super) fn of(run: &Run) -> anyhow::Result<Vec<ReferenceScore>> {
    let manifest = &run.manifest;
    let benchmarks = manifest.columns.iter().filter_map(|column| {
        let benchmark = manifest.benchmarks.iter().find(|b| b.name == column.name)?;
        let task = benchmark.task.as_ref()?;
        let cell = run.groups.iter().find(|group| group.task == *task)?.cells.first()?;
        Some((benchmark, cell))
    });
    let benchmarks: Vec<_> = benchmarks.collect();
    let found: Vec<Vec<ReferenceScore>> = benchmarks
        .into_par_iter()
        .map(|(benchmark, cell)| {
            let lines = reference_lines(run, benchmark, cell)?;
            let benchmark = benchmark.name.clone();
            let of = |line| ReferenceScore { benchmark: benchmark.clone(), line };
            Ok(lines.into_iter().map(of).collect())
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// The lines of one benchmark, remembered: a page also works when the examples are gone.
fn reference_lines(
    run: &Run,
    benchmark: &Benchmark,
    cell: &Done,
) -> anyhow::Result<Vec<reference::SimpleRule>> {
    let spec = &cell.spec;
    let asked =
        (VERSION, benchmark, &spec.task, &spec.data.sha256, &spec.protocol.eval, spec.limit);
    let key = store::sha256(&serde_json::to_vec(&asked)?);
    let name = format!("{}-references-{}.json", benchmark.name, &key[..16]);
    let path = run.folder.path().join("scores").join(name);
    if let Ok(known) = store::read_json(&path) {
        return Ok(known);
    }
    let examples = run.gold.of(cell)?;
    let lines = reference::lines(&spec.task, &examples, &rules(benchmark, &spec.task, 2))?;
    store::write_json(&path, &lines).context("failed to store the reference lines")?;
    Ok(lines)
}
