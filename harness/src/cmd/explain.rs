//! `culture-eval explain`: why a model of a run answers as it does, as JSON lines.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs_err as fs;

use super::{Context, Outcome, hinted};
use crate::cell::explain;
use crate::results::manifest::Manifest;
use crate::store::record::{CellSpec, Reason, ReasonKind};
use crate::store::{self, CellFolder, RunFolder};

/// Explains why a model of a run answers as it does, as JSON lines
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval explain --model calm --benchmark crehate                first 100 test examples, on stdout
  culture-eval explain --model calm --benchmark crehate --seed 2 --limit 0 --out calm.jsonl

The plugin must offer `explain`, and the cell must have been fitted (its model lies in the run folder).")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// The model
    #[arg(long)]
    model: String,
    /// The benchmark, or the task that it uses
    #[arg(long)]
    benchmark: String,
    /// The seed, where the run has several
    #[arg(long)]
    seed: Option<u64>,
    /// Explain this many examples; 0: all
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let task = match catalogue.benchmark(&args.benchmark) {
        Ok(benchmark) => match &benchmark.task {
            Some(task) => task.clone(),
            None => bail!(
                "`{}` is the mean of {}; name one",
                benchmark.name,
                benchmark.aggregate.join(", ")
            ),
        },
        Err(unknown) => match catalogue.task(&args.benchmark) {
            Ok((_, task)) => task.name.clone(),
            Err(_) => return Err(unknown.into()),
        },
    };
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let folder = find(&run, &args.model, &task, args.seed)?;
    // The run may lie elsewhere than the settings say, and so may its data.
    let manifest = Manifest::read(&run)?;
    let mut hidden = context.settings().hidden();
    hidden.push(std::path::absolute(run.path())?);
    hidden.extend(manifest.data.values().map(|file| PathBuf::from(&file.path)));
    context.output.unsandboxed();
    let explained = match &args.out {
        None => {
            let mut out = std::io::stdout().lock();
            write(&folder, args.limit, &hidden, context, &mut out)?
        }
        Some(path) => {
            let mut count = 0;
            store::write_atomic(path, |file| {
                count = write(&folder, args.limit, &hidden, context, file)
                    .map_err(std::io::Error::other)?;
                Ok(())
            })
            .with_context(|| format!("failed to write {}", path.display()))?;
            count
        }
    };
    context.output.note(format!("{explained} examples of {} explained", folder.path().display()));
    Ok(Outcome::Done)
}

fn write(
    folder: &CellFolder,
    limit: usize,
    hidden: &[PathBuf],
    context: &Context,
    out: &mut impl Write,
) -> anyhow::Result<usize> {
    let note = |text: &str| context.output.note(text);
    let said = explain::explain(folder, limit, hidden, note, |explained| {
        let line = serde_json::to_string(&explained)
            .map_err(|e| Reason::new(ReasonKind::Harness, e.to_string()))?;
        writeln!(out, "{line}").map_err(|e| Reason::new(ReasonKind::Harness, e.to_string()))
    });
    said.map_err(|reason| anyhow::anyhow!(reason.message))
}

/// The one cell of a run that fits; several seeds need a choice.
fn find(run: &RunFolder, model: &str, task: &str, seed: Option<u64>) -> anyhow::Result<CellFolder> {
    let cells = run.path().join("cells");
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    let mut models: Vec<String> = Vec::new();
    let entries = fs::read_dir(&cells)
        .with_context(|| format!("there is no run `{}`", run.path().display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(spec) = spec(&path) else { continue };
        if spec.task.name == task {
            if spec.model.name == model && seed.is_none_or(|seed| seed == spec.seed) {
                found.push((spec.seed, path));
            }
            models.push(spec.model.name);
        }
    }
    found.sort();
    models.sort();
    models.dedup();
    match found.as_slice() {
        [] => Err(hinted(
            anyhow::anyhow!("`{model}` has no cell of task `{task}` in {}", run.path().display()),
            format!(
                "models there: {}",
                if models.is_empty() { "none".to_owned() } else { models.join(", ") }
            ),
        )),
        [(_, one)] => Ok(CellFolder::at(one.clone())),
        several => {
            let seeds: Vec<String> = several.iter().map(|(seed, _)| seed.to_string()).collect();
            Err(hinted(
                anyhow::anyhow!("{} cells fit", several.len()),
                format!("choose with --seed ({}) or remove older cells", seeds.join(", ")),
            ))
        }
    }
}

/// The specification of a cell; `None` where the folder holds none.
fn spec(cell: &Path) -> Option<CellSpec> {
    store::read_json(&CellFolder::at(cell.to_owned()).spec()).ok()
}
