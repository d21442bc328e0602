//! `culture-eval prepare`: the data of tasks, normalised and split, with its statistics.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::{Context, Outcome};
use crate::definition::dataset::Benchmark;
use crate::exec::{bars::Board, data};
use crate::prepare::{Meta, trust};
use crate::store;

/// Normalises and splits the data of tasks; shows statistics
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tasks; all where absent
    tasks: Vec<String>,
    /// All tasks (the default without names)
    #[arg(long)]
    all: bool,
    /// Also write the statistics to this folder, as they are committed in benchmarks/statistics
    #[arg(long, value_name = "DIR")]
    write_statistics: Option<PathBuf>,
}

/// A line of `--json`.
#[derive(Debug, Serialize)]
struct Prepared<'a> {
    #[serde(flatten)]
    meta: &'a Meta,
    /// The examples, as Parquet.
    file: String,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let mut wanted: Vec<Benchmark> = Vec::new();
    let _ = args.all;
    if args.tasks.is_empty() {
        wanted.extend(catalogue.benchmarks().cloned());
    }
    for name in &args.tasks {
        let (_, task) = catalogue.task(name)?;
        wanted.extend(
            catalogue.benchmarks().filter(|b| b.task.as_deref() == Some(&task.name)).cloned(),
        );
    }
    let board = Board::new(context.output.progress());
    let mut failed = 0;
    for (name, found) in data::obtain(catalogue, &wanted, context.settings(), &board)? {
        let data = match found {
            Ok(data) => data,
            Err(reason) => {
                failed += 1;
                context.output.warn(format!("{name}: {}", reason.message));
                continue;
            }
        };
        let meta = Meta::beside(data.file.path.as_ref())
            .with_context(|| format!("failed to read the statistics of {name}"))?;
        if let Some(folder) = &args.write_statistics {
            let kind = if data.sample { "sample" } else { "official" };
            let path = folder.join(format!("{name}.{kind}.json"));
            store::write_json(&path, &meta.statistics)
                .with_context(|| format!("failed to write {}", path.display()))?;
        }
        let own = wanted.iter().filter(|benchmark| benchmark.task.as_deref() == Some(&name));
        let mut warnings: Vec<String> = own
            .flat_map(|benchmark| trust::warnings(&data.task, benchmark, &data.statistics))
            .collect();
        warnings.dedup();
        for warning in warnings {
            context.output.warn(format!("{name}: {warning}"));
        }
        if context.output.json {
            let file = data.file.path.clone();
            context.output.json(&Prepared { meta: &meta, file })?;
        } else {
            context
                .output
                .text(format!("{name}{}\n{meta}", if data.sample { " · SAMPLE" } else { "" }))?;
        }
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::No })
}
