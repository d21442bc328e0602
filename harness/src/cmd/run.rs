//! `culture-eval run`: from a suite to its leaderboard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use super::report::{Face, print};
use super::{Context, Outcome, hinted, table};
use crate::definition::catalogue::Catalogue;
use crate::definition::family::Benchmark;
use crate::definition::nearest;
use crate::definition::suite::Suite;
use crate::exec::bars::Board;
use crate::exec::plan::{Plan, Request, plan};
use crate::exec::plugins::Plugins;
use crate::exec::{data, local};
use crate::manifest::Manifest;
use crate::store::{self, RunFolder};
use crate::store::record::CellSpec;

/// Runs a suite: every model on every benchmark, then prints the leaderboard
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval run                                        the suite `default`: everything
  culture-eval run --models majority,tfidf-logreg --benchmarks crehate --seeds 1,2,3
  culture-eval run --dry-run                              what would run, and what is missing
  culture-eval run --limit 50 --name try                  a quick look, in a run folder of its own

A run goes on where an earlier one of the same name stopped; finished cells are never run again.")]
pub(super) struct Args {
    /// The suite: a name (`culture-eval list suites`) or a TOML file
    #[arg(default_value = "default")]
    suite: String,
    /// Only these models
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    models: Vec<String>,
    /// Only these benchmarks
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    benchmarks: Vec<String>,
    /// Only these protocols
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    protocols: Vec<String>,
    /// Seeds, instead of the suite's
    #[arg(long, value_delimiter = ',', value_name = "N,…")]
    seeds: Vec<u64>,
    /// Only the first N examples of every evaluated part; 0 = all
    #[arg(long, default_value_t = 0, value_name = "N", hide_default_value = true)]
    limit: usize,
    /// Name of the run folder, instead of the suite's
    #[arg(long)]
    name: Option<String>,
    /// Show what would be run and what is missing; run nothing
    #[arg(long)]
    dry_run: bool,
    /// Seconds a cell may take; 0 = no limit
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// MiB a cell may take; 0 = no limit
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Stop starting cells after this many failures; 0 = never
    #[arg(long, value_name = "N")]
    max_failures: Option<usize>,
    /// Run failed cells again
    #[arg(long = "retry-failed")]
    retry: bool,
}

impl Args {
    /// The same, with failed cells run again.
    pub(super) fn retrying(self) -> Self {
        Self { retry: true, ..self }
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let (catalogue, settings, output) = (context.catalogue()?, context.settings(), context.output);
    let mut suite = catalogue.suite(&args.suite)?.clone();
    if let Some(name) = &args.name {
        suite.name.clone_from(name);
    }
    let request = request(&args, &suite, catalogue)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = if settings.jobs == 0 { cores } else { settings.jobs };
    let threads = if settings.threads == 0 { (cores / jobs).max(1) } else { settings.threads };

    let board = Board::new(output.bars(), output.quiet);
    let tasks = data::obtain(catalogue, &request.benchmarks, settings, &board)?;
    let weights = data::weights(&request.models, settings, &board);
    let plugins = Plugins::describe(request.models.iter().map(|m| m.plugin.as_str()), settings);
    let plan = plan(&request, &tasks, &weights, &plugins, &settings.cache, threads);
    if args.dry_run {
        return dry_run(&plan, context);
    }

    let run = RunFolder::of(&settings.runs, &suite.name);
    let mut manifest = Manifest::new(&suite, &request, &tasks, &plan, catalogue);
    if run.manifest().is_file() {
        let before = store::read_json(&run.manifest()).context("failed to read the run's manifest")?;
        for line in manifest.take_imported(&before, catalogue) {
            output.note(line);
        }
    }
    manifest.write(&run).with_context(|| format!("failed to start the run {}", run.path().display()))?;

    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).context("failed to catch Ctrl-C")?;
    let limits = local::Limits {
        jobs,
        timeout: args.timeout.unwrap_or(settings.timeout),
        memory: args.memory.unwrap_or(settings.memory),
        max_failures: args.max_failures.unwrap_or(settings.max_failures),
        retry: args.retry,
    };
    let tally = local::run(&run, &plan.cells, &limits, &board, &stop)?;

    let summary = print(&run, Face::Terminal, context)?;
    let unanswered = summary.cells.len() - crate::report::numbers(&summary);
    output.note(format!(
        "{} cells run, {} reused, {} failed, {} not started; {unanswered} cells of the board carry a reason instead of a number",
        tally.ran, tally.reused, tally.failed, tally.skipped
    ));
    if stop.load(Ordering::SeqCst) {
        output.note("interrupted: the same command goes on from here");
        return Ok(Outcome::Interrupted);
    }
    if tally.failed > 0 {
        output.note(format!("hint: `culture-eval retry {}` runs the failed cells again", args.suite));
    }
    Ok(if tally.failed + tally.skipped > 0 { Outcome::No } else { Outcome::Done })
}

fn request(args: &Args, suite: &Suite, catalogue: &Catalogue) -> anyhow::Result<Request> {
    let pick = |typed: &[String], of_suite: &[String]| -> Vec<String> {
        if typed.is_empty() { of_suite.to_vec() } else { typed.to_vec() }
    };
    let mut models = Vec::new();
    for name in pick(&args.models, &suite.models) {
        if name == "*" {
            models.extend(catalogue.models().cloned());
        } else {
            models.push(catalogue.model(&name)?.clone());
        }
    }
    let mut benchmarks: Vec<Benchmark> = Vec::new();
    for name in pick(&args.benchmarks, &suite.benchmarks) {
        if name == "*" {
            benchmarks.extend(catalogue.benchmarks().cloned());
        } else {
            benchmarks.push(catalogue.benchmark(&name)?.clone());
        }
    }
    known_protocols(&args.protocols, &benchmarks, catalogue)?;
    benchmarks.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
    benchmarks.dedup_by(|a, b| a.name == b.name);
    let mut seen = std::collections::BTreeSet::new();
    models.retain(|m| seen.insert(m.name.clone()));
    if models.is_empty() || benchmarks.is_empty() {
        return Err(hinted(
            anyhow::anyhow!("nothing to run: {} models, {} benchmarks", models.len(), benchmarks.len()),
            "`culture-eval list models` and `culture-eval list benchmarks` show all",
        ));
    }
    Ok(Request {
        models,
        benchmarks,
        seeds: if args.seeds.is_empty() { suite.seeds.clone() } else { args.seeds.clone() },
        limit: args.limit,
        protocols: args.protocols.clone(),
    })
}

/// A typed protocol must be one of the benchmarks' tasks.
fn known_protocols(typed: &[String], benchmarks: &[Benchmark], catalogue: &Catalogue) -> anyhow::Result<()> {
    let mut known = std::collections::BTreeSet::new();
    for (_, task) in data::tasks_of(catalogue, benchmarks)? {
        known.extend(task.protocols.iter().map(|p| p.name.as_str()));
    }
    let Some(name) = typed.iter().find(|name| !known.contains(name.as_str())) else { return Ok(()) };
    let meant = nearest(name, known.iter().copied()).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    let all = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(hinted(anyhow::anyhow!("no task has a protocol `{name}`"), format!("{meant}they have {all}")))
}

fn dry_run(plan: &Plan, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    if output.json {
        for cell in &plan.cells {
            output.json(&serde_json::json!({
                "model": cell.model.name, "task": cell.task.name, "protocol": cell.protocol.name,
                "served": cell.served, "seed": cell.seed, "sample": cell.sample, "key": cell.key,
            }))?;
        }
        for missing in &plan.missing {
            output.json(missing)?;
        }
        return Ok(Outcome::Done);
    }
    let row = |cell: &CellSpec| {
        vec![
            cell.model.name.clone(),
            cell.task.name.clone(),
            cell.protocol.name.clone(),
            cell.served.name().to_owned(),
            cell.seed.to_string(),
            if cell.sample { "SAMPLE" } else { "official" }.to_owned(),
        ]
    };
    let head = ["model", "task", "protocol", "served by", "seed", "data"];
    output.text(table(&head, plan.cells.iter().map(row)))?;
    for missing in &plan.missing {
        let reason = &missing.reason;
        output.text(format!("{} on {}: {}: {}", missing.model, missing.task, reason.kind.name(), reason.message))?;
    }
    output.text(format!("\n{} cells; nothing was run", plan.cells.len()))?;
    Ok(Outcome::Done)
}
