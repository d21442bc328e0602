//! `culture-eval run`: from a suite to its leaderboard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use super::report::{Face, print};
use super::{Context, Outcome, hinted, table};
use crate::definition::catalogue::Catalogue;
use crate::definition::family::Benchmark;
use crate::definition::model::Model;
use crate::definition::nearest;
use crate::definition::suite::Suite;
use crate::exec::bars::Board;
use crate::exec::guard::Limits;
use crate::exec::local::Local;
use crate::exec::plan::{Plan, Request, plan};
use crate::exec::plugins::Plugins;
use crate::exec::queue::Queue;
use crate::exec::shard::Shard;
use crate::exec::slices::{self, may_be_sliced};
use crate::exec::slurm::Slurm;
use crate::exec::template::Template;
use crate::exec::{self, Executor, data};
use crate::prepare::Meta;
use crate::results::manifest::Manifest;
use crate::store::record::record_of;
use crate::store::record::{CellSpec, End};
use crate::store::{self, RunFolder};

/// Runs a suite: every model on every benchmark, then prints the leaderboard
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval run                                        the suite `default`: everything
  culture-eval run --models majority,tfidf-logreg --benchmarks crehate --seeds 1,2,3
  culture-eval run --dry-run                              what would run, and what is missing
  culture-eval run --limit 50 --name try                  a quick look, in a run folder of its own
  culture-eval run --executor slurm                       on a cluster, from its login node; see also `status`, `cancel`
  culture-eval run --executor command --template 'qsub -N {name} -pe smp {cores} -o {log} -j y {script}'
  culture-eval run --executor slurm --slice 50000         big tasks: 50,000 examples a process, joined at the end
  culture-eval run --shard 2/3                            the second of three machines that share a folder

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
    /// Who runs the cells
    #[arg(long, value_enum, default_value_t = Who::Local, help_heading = "Cluster")]
    executor: Who,
    /// Command that starts or submits one cell; in braces: command, script, name, log, cores, memory, gpus, time, partition, account
    #[arg(
        long,
        value_name = "TEXT",
        required_if_eq("executor", "command"),
        help_heading = "Cluster"
    )]
    template: Option<String>,
    /// Submit and do not wait; `culture-eval status` tells how far it is
    #[arg(long, help_heading = "Cluster")]
    detach: bool,
    /// Examples that one process predicts: a cell with more is predicted by several side by side, and joined
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Cluster")]
    slice: Option<u64>,
    /// Only the i-th of n equal shares of the cells
    #[arg(long, value_name = "I/N", help_heading = "Cluster")]
    shard: Option<Shard>,
    /// Starts of a cell that a scheduler may lose to time, memory or a dead node before it has failed
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..), help_heading = "Cluster")]
    tries: u8,
    /// Seconds before a lost cell is tried again, doubled each time
    #[arg(long, default_value_t = 30, value_name = "SECONDS", help_heading = "Cluster")]
    retry_after: u64,
}

/// Who runs the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Who {
    /// Processes on this machine
    Local,
    /// Slurm, by array jobs
    Slurm,
    /// Whatever --template submits to
    Command,
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
    if args.executor == Who::Local && args.detach {
        return Err(hinted(
            anyhow::anyhow!("--detach needs a scheduler"),
            "add --executor slurm or --executor command",
        ));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = if settings.jobs == 0 { cores } else { settings.jobs };
    let threads = if settings.threads == 0 { (cores / jobs).max(1) } else { settings.threads };

    let board = Board::new(output.bars(), output.quiet);
    let tasks = data::obtain(catalogue, &request.benchmarks, settings, &board)?;
    let weights = data::weights(&request.models, settings, &board);
    let plugins = Plugins::describe(request.models.iter().map(|m| m.plugin.as_str()), settings);
    let mut plan = plan(&request, &tasks, &weights, &plugins, &settings.cache, threads);
    if args.executor != Who::Local {
        for cell in &mut plan.cells {
            cell.threads = cell.model.resources.over(&suite.resources).cores.unwrap_or(1) as usize;
        }
    }
    if args.dry_run {
        return dry_run(&plan, context);
    }
    let executor = executor(&args, &suite, jobs, context)?;

    let run = RunFolder::of(&settings.runs, &suite.name);
    let mut manifest = Manifest::new(&suite, &request, &tasks, &plan, catalogue);
    if run.manifest().is_file() {
        let before = Manifest::read(&run)?;
        for line in manifest.take_imported(&before, catalogue) {
            output.note(line);
        }
    }
    manifest
        .write(&run)
        .with_context(|| format!("failed to start the run {}", run.path().display()))?;

    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .context("failed to catch Ctrl-C")?;
    let cells = sliced(plan.cells, &args, &suite, &plugins, &run)?;
    let cells = match args.shard {
        Some(shard) => shard.keep(cells),
        None => cells,
    };
    let work = exec::select(&run, &cells, args.retry)?;
    let tally = executor.run(&run, work, &board, &stop)?;
    let name = run.path().display();
    if tally.queued > 0 {
        output.note(format!(
            "{} cells are with the scheduler; `culture-eval status {name}` tells how far they are, the same command without --detach waits for them",
            tally.queued
        ));
        return Ok(Outcome::Done);
    }

    sweep(&run, &cells).context("failed to remove what a killed run left")?;
    let summary = print(&run, Face::Terminal, context)?;
    let unanswered = summary.cells.len() - crate::results::summary::numbers(&summary);
    output.note(format!(
        "{} cells run, {} reused, {} failed, {} not started; {unanswered} cells of the board carry a reason instead of a number",
        tally.ran, tally.reused, tally.failed, tally.skipped
    ));
    if stop.load(Ordering::SeqCst) {
        output.note("interrupted: the same command goes on from here");
        if args.executor != Who::Local {
            output.note(format!("submitted jobs go on; `culture-eval cancel {name}` ends Slurm's"));
        }
        return Ok(Outcome::Interrupted);
    }
    if tally.failed > 0 {
        output
            .note(format!("hint: `culture-eval retry {}` runs the failed cells again", args.suite));
    }
    Ok(if tally.failed + tally.skipped > 0 { Outcome::No } else { Outcome::Done })
}

/// Cells with more examples than one process should predict become slices.
fn sliced(
    cells: Vec<CellSpec>,
    args: &Args,
    suite: &Suite,
    plugins: &Plugins,
    run: &RunFolder,
) -> anyhow::Result<Vec<CellSpec>> {
    let mut all = Vec::with_capacity(cells.len());
    for spec in cells {
        let size = args.slice.or(spec.model.resources.over(&suite.resources).slice);
        let saves = plugins.get(&spec.model.plugin).is_ok_and(|described| described.saves);
        let size = size.filter(|_| may_be_sliced(&spec, saves));
        let examples = |spec: &CellSpec| Ok(Meta::beside(spec.data.path.as_ref())?.evaluated(spec));
        all.extend(slices::of(run, spec, size, examples)?);
    }
    Ok(all)
}

fn executor(
    args: &Args,
    suite: &Suite,
    jobs: usize,
    context: &Context,
) -> anyhow::Result<Box<dyn Executor>> {
    let settings = context.settings();
    let tries = if args.executor == Who::Local { 1 } else { args.tries.into() };
    let limits = Limits {
        timeout: args.timeout.unwrap_or(settings.timeout),
        memory: args.memory.unwrap_or(settings.memory),
        tries,
        job: String::new(),
        hidden: settings.hidden(),
    };
    let max_failures = args.max_failures.unwrap_or(settings.max_failures);
    let (resources, detach, pause) =
        (suite.resources.clone(), args.detach, std::time::Duration::from_secs(args.retry_after));
    Ok(match args.executor {
        Who::Local => Box::new(Local { jobs, max_failures, limits }),
        Who::Slurm => {
            slurm_is_here()?;
            let scheduler = Slurm { at_once: settings.jobs };
            Box::new(Queue { scheduler, resources, limits, detach, pause, max_failures })
        }
        Who::Command => {
            let text = args.template.as_deref().unwrap_or_default();
            let scheduler = Template::new(text, jobs).map_err(|why| {
                hinted(
                    anyhow::anyhow!("--template: {why}"),
                    "`culture-eval run --help` has an example",
                )
            })?;
            Box::new(Queue { scheduler, resources, limits, detach, pause, max_failures })
        }
    })
}

/// Removes what those left who were killed, or could not remove it themselves.
fn sweep(run: &RunFolder, cells: &[CellSpec]) -> anyhow::Result<()> {
    for folder in [run.path().to_owned(), run.path().join("scores"), run.path().join("specs")]
        .iter()
        .filter(|folder| folder.is_dir())
    {
        store::sweep(folder)?;
    }
    for cell in cells {
        let folder = run.cell(&cell.folder());
        if !folder.path().is_dir() {
            continue;
        }
        folder.sweep()?;
        if record_of(&folder, &cell.key)?
            .is_some_and(|record| matches!(record.end, End::Done { .. }))
        {
            folder.remove_log()?;
        }
    }
    Ok(())
}

/// An error that tells what is missing, where Slurm is not here.
pub(super) fn slurm_is_here() -> anyhow::Result<()> {
    Slurm::find().map_err(|missing| {
        hinted(
            anyhow::anyhow!("Slurm is not on this machine: {missing} not in PATH"),
            "start this on a login node of the cluster (`module load slurm` where it has modules); without Slurm: \
             --executor command --template '...' for another scheduler, --shard i/n for machines that share a folder",
        )
    })
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
    known_protocols(&args.protocols, &benchmarks, &models, catalogue)?;
    benchmarks.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
    benchmarks.dedup_by(|a, b| a.name == b.name);
    let mut seen = std::collections::BTreeSet::new();
    models.retain(|m| seen.insert(m.name.clone()));
    if models.is_empty() || benchmarks.is_empty() {
        return Err(hinted(
            anyhow::anyhow!(
                "nothing to run: {} models, {} benchmarks",
                models.len(),
                benchmarks.len()
            ),
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

/// A typed protocol must be one of the benchmarks' tasks, or what a model makes of it (`4-shot`).
fn known_protocols(
    typed: &[String],
    benchmarks: &[Benchmark],
    models: &[Model],
    catalogue: &Catalogue,
) -> anyhow::Result<()> {
    let mut known: std::collections::BTreeSet<String> =
        models.iter().filter_map(|model| model.prompt.few_shot()).collect();
    for (_, task) in data::tasks_of(catalogue, benchmarks)? {
        known.extend(task.protocols.iter().map(|p| p.name.clone()));
    }
    let Some(name) = typed.iter().find(|name| !known.contains(*name)) else { return Ok(()) };
    let meant = nearest(name, known.iter().map(String::as_str))
        .map(|n| format!("did you mean `{n}`? "))
        .unwrap_or_default();
    let all = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(hinted(
        anyhow::anyhow!("no task has a protocol `{name}`"),
        format!("{meant}they have {all}"),
    ))
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
        output.text(format!(
            "{} on {}: {}: {}",
            missing.model,
            missing.task,
            reason.kind.name(),
            reason.message
        ))?;
    }
    output.text(format!("\n{} cells; nothing was run", plan.cells.len()))?;
    Ok(Outcome::Done)
}
