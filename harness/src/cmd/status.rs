//! `culture-eval status`: how much of a run is done, by model, and what its jobs took against what they asked.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Serialize;

use super::{Context, Outcome, table};
use crate::exec::jobs;
use crate::exec::slurm::Slurm;
use crate::results::progress::{self, Progress, State};
use crate::results::usage::{self, Row};
use crate::store::RunFolder;

/// Counts what is done of a run, from any machine that sees its folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval status                     the run `default`
  culture-eval status mine --json         for a script
  culture-eval status mine --usage        waiting time, running time and memory against what was requested

Exit 0 when every cell is done, 1 when one failed or is left.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// What the cells took against what they requested from the scheduler
    #[arg(long, alias = "efficiency")]
    usage: bool,
}

/// `status --json`: a run at one moment.
#[derive(Debug, Serialize)]
struct Status {
    suite: String,
    #[serde(flatten)]
    all: Counts,
    /// By model, in order of the plan.
    models: Vec<Of>,
    /// Tasks in Slurm's queue by state; none where Slurm was not used or cannot be asked here.
    queue: Option<BTreeMap<String, usize>>,
}

#[derive(Debug, Serialize)]
struct Of {
    model: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Cells by state.
#[derive(Debug, Default, Serialize)]
struct Counts {
    total: usize,
    done: usize,
    running: usize,
    failed: usize,
    stopped: usize,
    waiting: usize,
}

impl Counts {
    fn add(&mut self, state: State) {
        self.total += 1;
        *match state {
            State::Done => &mut self.done,
            State::Running => &mut self.running,
            State::Failed => &mut self.failed,
            State::Stopped => &mut self.stopped,
            State::Waiting => &mut self.waiting,
        } += 1;
    }

    fn numbers(&self) -> impl Iterator<Item = String> {
        [self.total, self.done, self.running, self.failed, self.stopped, self.waiting]
            .into_iter()
            .map(|n| n.to_string())
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = context.run(&args.run)?;
    if args.usage {
        return print_usage(&run, context);
    }
    let seen = progress::read(&run)
        .with_context(|| format!("failed to look at {}", run.path().display()))?;
    let status = status(&run, &seen)?;
    if context.output.json {
        context.output.json(&status)?;
    } else {
        context.output.text(text(&status))?;
    }
    Ok(if seen.done == seen.total { Outcome::Done } else { Outcome::No })
}

fn status(run: &RunFolder, seen: &Progress) -> anyhow::Result<Status> {
    let mut status = Status {
        suite: seen.suite.clone(),
        all: Counts::default(),
        models: Vec::new(),
        queue: None,
    };
    let mut places = BTreeMap::new();
    for cell in &seen.cells {
        let place = *places.entry(&cell.model).or_insert_with(|| {
            status.models.push(Of { model: cell.model.clone(), counts: Counts::default() });
            status.models.len() - 1
        });
        status.models[place].counts.add(cell.state);
        status.all.add(cell.state);
    }
    let jobs = jobs::read(run).context("failed to read the run's jobs")?;
    let own: std::collections::BTreeSet<&str> = jobs
        .iter()
        .filter(|(_, job)| job.executor == "slurm")
        .map(|(_, job)| job.id.as_str())
        .collect();
    if !own.is_empty() && !seen.ended() && Slurm::find().is_ok() {
        // A controller that is away hides nothing: the folder says what counts.
        status.queue = Slurm::queue(own.iter().copied()).ok().map(|tasks| {
            let mut counts = BTreeMap::new();
            for (task, state) in tasks {
                if task.rsplit_once('_').is_some_and(|(job, _)| own.contains(job)) {
                    *counts.entry(state.to_lowercase()).or_default() += 1;
                }
            }
            counts
        });
    }
    Ok(status)
}

fn text(status: &Status) -> String {
    let head = ["model", "cells", "done", "running", "failed", "stopped", "waiting"];
    let row = |name: &str, counts: &Counts| {
        std::iter::once(name.to_owned()).chain(counts.numbers()).collect::<Vec<_>>()
    };
    let rows =
        status.models.iter().map(|of| row(&of.model, &of.counts)).chain([row("all", &status.all)]);
    let mut text = table(&head, rows);
    if let Some(queue) = &status.queue {
        let states: Vec<String> = queue.iter().map(|(state, n)| format!("{n} {state}")).collect();
        let states = if states.is_empty() { "nothing".to_owned() } else { states.join(", ") };
        text.push_str("\n\nin Slurm's queue: ");
        text.push_str(&states);
    }
    text
}

fn print_usage(run: &RunFolder, context: &Context) -> anyhow::Result<Outcome> {
    let rows = usage::read(run).context("failed to read what the cells took")?;
    if context.output.json {
        for row in &rows {
            context.output.json(row)?;
        }
        return Ok(Outcome::Done);
    }
    let share = |row: &Row| {
        row.memory_share().map(|share| format!("{:.0} %", share * 100.0)).unwrap_or_default()
    };
    let number = |value: Option<f64>| value.map(|v| format!("{v:.1}")).unwrap_or_default();
    let whole = |value: Option<u64>| value.map(|v| v.to_string()).unwrap_or_default();
    let head = [
        "model",
        "cells",
        "wait mean s",
        "wait max s",
        "run mean s",
        "run max s",
        "requested min",
        "peak MiB",
        "requested MiB",
        "used",
    ];
    context.output.text(table(
        &head,
        rows.iter().map(|row| {
            vec![
                row.model.clone(),
                row.cells.to_string(),
                number(row.wait_mean),
                number(row.wait_max),
                format!("{:.1}", row.run_mean),
                format!("{:.1}", row.run_max),
                whole(row.asked_minutes),
                row.peak_mib.to_string(),
                whole(row.asked_mib),
                share(row),
            ]
        }),
    ))?;
    Ok(Outcome::Done)
}
