//! `culture-eval run`: from a suite to its leaderboard.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use toml::Table;

use super::flags::RunFlags;
use super::report::{Format, print};
use super::{Context, Outcome, dry_run::dry_run, hinted, interrupt, limits, trust};
use crate::definition::suite::Suite;
use crate::exec::bars::Board;
use crate::exec::local::Local;
use crate::exec::options::{Options, Place};
use crate::exec::plan::{Found, plan};
use crate::exec::queue::{Queue, Wait};
use crate::exec::request::{Narrowed, Request};
use crate::exec::scheduler::Scheduler;
use crate::exec::shard::Shard;
use crate::exec::slurm::Slurm;
use crate::exec::template::Template;
use crate::exec::{self, Executor, FailedBefore, Tally, sandboxed, slices};
use crate::results::manifest::Manifest;
use crate::results::summary;
use crate::store::RunFolder;
use crate::store::record::CellSpec;

/// Runs a suite: every model on every benchmark, then prints the leaderboard
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval run                                        the suite `default`: everything
  culture-eval run --models majority tfidf-logreg --benchmarks crehate --seeds 1,2,3
  culture-eval run --model llama.cpp:smollm2.gguf --benchmarks blend --limit 50
  culture-eval run --model vllm:Qwen/Qwen3-8B,thinking=off --model hf:google/gemma-3-1b-it
  culture-eval run --dry-run                              what would run, and what is missing
  culture-eval run --limit 50 --name try                  a quick look, in a separate run folder
  culture-eval run --executor slurm                       on a cluster, from its login node; see also `status`, `cancel`
  culture-eval run --executor command --template 'qsub -N {name} -pe smp {cores} -o {log} -j y {script}'
  culture-eval run --executor slurm --slice 50000         big tasks: 50,000 examples a process, joined at the end
  culture-eval run --shard 2/3                            the second of three machines that share a folder

A run resumes where an earlier one of the same name stopped; finished cells are never run again. Lists take commas or
spaces; a suite is named before them. Limits: a flag wins over a model's TOML, that over the suite's, that over the
environment and culture-eval.toml; --dry-run shows the limits of each model.")]
pub(super) struct Args {
    /// The suite: a name (`culture-eval list suites`) or a TOML file
    #[arg(default_value = "default")]
    suite: String,
    /// Name of the run folder, instead of the suite's
    #[arg(long)]
    name: Option<String>,
    /// Run failed cells again
    #[arg(long = "retry-failed")]
    retry: bool,
    #[command(flatten)]
    how: How,
}

/// Which cells, and where: what `run` and `retry` share.
#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Only these models
    #[arg(long, value_delimiter = ',', num_args = 1.., value_name = "NAME")]
    models: Vec<String>,
    /// A model in one line: KIND:NAME,KEY=VALUE (repeatable; `culture-eval new-model --help` lists all kinds and keys)
    #[arg(long, value_name = "SPEC")]
    model: Vec<String>,
    /// Only these benchmarks
    #[arg(long, value_delimiter = ',', num_args = 1.., value_name = "NAME")]
    benchmarks: Vec<String>,
    /// Only these protocols
    #[arg(long, value_delimiter = ',', num_args = 1.., value_name = "NAME")]
    protocols: Vec<String>,
    /// Seeds, instead of the suite's
    #[arg(long, value_delimiter = ',', num_args = 1.., value_name = "N")]
    seeds: Vec<u64>,
    /// Only the first N examples of every evaluated part; 0 = all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Show what would be run and what is missing; run nothing
    #[arg(long)]
    dry_run: bool,
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
    /// Submit and do not wait; `culture-eval status` shows how far it is
    #[arg(long, help_heading = "Cluster")]
    detach: bool,
    /// Only the i-th of n equal shares of the cells
    #[arg(long, value_name = "I/N", help_heading = "Cluster")]
    shard: Option<Shard>,
    #[command(flatten)]
    flags: RunFlags,
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
    /// Settings that were typed as flags.
    pub(super) fn settings(&self) -> Table {
        self.how.settings()
    }
}

impl How {
    /// Settings that were typed as flags.
    pub(super) fn settings(&self) -> Table {
        self.flags.settings()
    }

    /// The models that were typed: names, and specs.
    pub(super) fn models(&self) -> Vec<String> {
        [&self.models[..], &self.model[..]].concat()
    }

    /// What was typed instead of what a suite says.
    pub(super) fn narrowed<'a>(&'a self, models: &'a [String]) -> Narrowed<'a> {
        Narrowed {
            models,
            benchmarks: &self.benchmarks,
            protocols: &self.protocols,
            seeds: &self.seeds,
            limit: self.limit,
        }
    }
}

/// A run that is to be made or resumed.
pub(super) struct Job<'a> {
    /// Its suite, under the name of the run.
    pub(super) suite: Suite,
    pub(super) folder: RunFolder,
    pub(super) request: Request,
    pub(super) failed: FailedBefore,
    /// Only the cells that this manifest plans, too.
    pub(super) planned: Option<&'a Manifest>,
    pub(super) how: &'a How,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let catalogue = context.catalogue()?;
    let suite = catalogue.suite(&args.suite)?;
    let models = args.how.models();
    let request = Request::new(suite, args.how.narrowed(&models), catalogue, context.settings())?;
    let name = args.name.as_ref().unwrap_or(&suite.name);
    let job = Job {
        suite: Suite { name: name.clone(), ..suite.clone() },
        folder: RunFolder::of(&context.settings().runs, name),
        request,
        failed: if args.retry { FailedBefore::RunAgain } else { FailedBefore::Stay },
        planned: None,
        how: &args.how,
    };
    start(&job, context)
}

/// Runs what a run lacks, then prints its leaderboard.
pub(super) fn start(job: &Job<'_>, context: &Context) -> anyhow::Result<Outcome> {
    let (catalogue, settings) = (context.catalogue()?, context.settings());
    let Job { suite, folder, request, how, .. } = job;
    let options = Options::new(&context.resolved, suite, place(how, context)?);

    trust::check(&request.models, context)?;
    sandboxed::sweep();
    let board = Board::new(context.output.progress());
    let found = Found::of(request, catalogue, settings, &board)?;
    let mut plan = plan(request, &found, &options);
    if let Some(before) = &job.planned {
        plan.cells.retain(|cell| before.plans(cell));
    }
    if how.dry_run {
        return dry_run(request, &plan, &options, context);
    }
    let executor = executor(how, &options, context)?;
    begin(folder, Manifest::new(suite, request, &found.tasks, &plan, catalogue), context)?;

    let stop = interrupt::flag()?;
    let mut cells = slices::of_plan(plan.cells, &options, &found.plugins, folder)?;
    if let Some(shard) = how.shard {
        cells = shard.keep(cells);
    }
    let work = exec::select(folder, &cells, job.failed)?;
    let tally = executor.run(folder, work, &board, &stop)?;
    if tally.queued > 0 {
        return Ok(queued(folder, tally, context));
    }
    end(job, &cells, tally, &stop, context)
}

/// Where the cells run.
fn place(how: &How, context: &Context) -> anyhow::Result<Place> {
    match (how.executor, how.detach) {
        (Who::Local, true) => Err(hinted(
            anyhow!("--detach needs a scheduler"),
            "add --executor slurm or --executor command",
        )),
        (Who::Local, false) => Ok(limits::here(context.settings())),
        (Who::Slurm | Who::Command, _) => Ok(Place::Scheduler),
    }
}

/// Writes what the run is asked to do. What it has of earlier commands, and answers that were imported into it, stay.
fn begin(run: &RunFolder, mut manifest: Manifest, context: &Context) -> anyhow::Result<()> {
    if run.manifest().is_file() {
        let mut before = Manifest::read(run)?;
        // What was planned and never run is on no board.
        before
            .cells
            .retain(|cell| cell.imported.is_some() || run.cell(&cell.folder).record().is_file());
        for line in manifest.keep(&before, context.catalogue()?) {
            context.output.note(line);
        }
    }
    manifest.write(run).with_context(|| format!("failed to start the run {}", run.path().display()))
}

/// The end of a run that does not wait for its scheduler.
fn queued(run: &RunFolder, tally: Tally, context: &Context) -> Outcome {
    context.output.note(format!(
        "{} cells are with the scheduler; `culture-eval status {}` shows how far they are, the same command without --detach waits for them",
        tally.queued,
        run.path().display()
    ));
    Outcome::Done
}

/// Clears up, prints the leaderboard and says what became of the cells.
fn end(
    job: &Job<'_>,
    cells: &[CellSpec],
    tally: Tally,
    stop: &AtomicBool,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let (output, run) = (context.output, &job.folder);
    for problem in exec::sweep(run, cells).context("failed to remove what a killed run left")? {
        output.note(problem);
    }
    let summary = print(run, Format::Terminal, context)?;
    let unanswered = summary.cells.len() - summary::numbers(&summary);
    let compare = context.command(&["compare", &run.path().display().to_string()]);
    output.note(format!(
        "pages for a browser: {}; which differences are significant: `{compare}`",
        run.path().join("leaderboard.html").display()
    ));
    output.note(format!(
        "{} cells run, {} reused, {} failed, {} not started; {unanswered} cells of the board have no score",
        tally.ran, tally.reused, tally.failed, tally.skipped
    ));
    if stop.load(Ordering::SeqCst) {
        return Ok(interrupted(job, context));
    }
    if tally.failed > 0 {
        let again = context.command(&["retry", &run.path().display().to_string()]);
        output.note(format!("hint: `{again}` runs the failed cells of this run again"));
    }
    if cells.is_empty() {
        output.warn("nothing could be run; the reasons are in the board above");
        return Ok(Outcome::No);
    }
    Ok(if tally.failed + tally.skipped > 0 { Outcome::No } else { Outcome::Done })
}

/// Prints how to resume an interrupted run, and what continues without it.
fn interrupted(job: &Job<'_>, context: &Context) -> Outcome {
    context.output.note("interrupted: the same command resumes from here");
    if job.how.executor != Who::Local {
        let name = job.folder.path().display();
        let note = format!("submitted jobs continue; `culture-eval cancel {name}` ends Slurm's");
        context.output.note(note);
    }
    Outcome::Interrupted
}

fn executor(how: &How, options: &Options, context: &Context) -> anyhow::Result<Box<dyn Executor>> {
    let settings = context.settings();
    let jobs = limits::jobs(settings);
    Ok(match how.executor {
        Who::Local => Box::new(Local {
            jobs,
            max_failures: settings.max_failures,
            options: options.clone(),
            server_starts: settings.tries.max(1),
            hidden: settings.hidden(),
        }),
        Who::Slurm => {
            slurm_is_here()?;
            Box::new(queue(Slurm { at_once: settings.jobs }, how, options, context))
        }
        Who::Command => {
            let text = how.template.as_deref().unwrap_or_default();
            let scheduler = Template::new(text, jobs).map_err(|why| {
                hinted(anyhow!("--template: {why}"), "`culture-eval run --help` has an example")
            })?;
            Box::new(queue(scheduler, how, options, context))
        }
    })
}

fn queue<S: Scheduler>(scheduler: S, how: &How, options: &Options, context: &Context) -> Queue<S> {
    let settings = context.settings();
    Queue {
        scheduler,
        options: options.clone(),
        tries: settings.tries.max(1),
        hidden: settings.hidden(),
        wait: if how.detach { Wait::Detached } else { Wait::ToTheEnd },
        pause: Duration::from_secs(settings.retry_after),
        max_failures: settings.max_failures,
    }
}

/// An error that says what is missing, where Slurm is not here.
pub(super) fn slurm_is_here() -> anyhow::Result<()> {
    Slurm::find().map_err(|missing| {
        hinted(
            anyhow!("Slurm is not on this machine: {missing} not in PATH"),
            "start this on a login node of the cluster (`module load slurm` where it has modules); without Slurm: \
             --executor command --template '...' for another scheduler, --shard i/n for machines that share a folder",
        )
    })
}
