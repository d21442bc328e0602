//! `culture-eval cancel`: ends the Slurm jobs of a run. What their cells have answered stays.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::{Context, Outcome};
use crate::exec::jobs;
use crate::exec::scheduler::Scheduler as _;
use crate::exec::slurm::Slurm;

/// Ends the Slurm jobs of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Existing answers are kept; the same `run` resumes there.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = context.run(&args.run)?;
    super::run::slurm_is_here()?;
    let jobs = jobs::read(&run).context("failed to read the run's jobs")?;
    let own = jobs.into_iter().map(|(_, job)| job).filter(|job| job.executor == "slurm");
    let own: Vec<String> = own.map(|job| job.id).collect();
    let queue = Slurm::queue(own.iter().map(String::as_str))
        .context("failed to ask Slurm for its queue")?;
    let there: BTreeSet<&str> =
        queue.iter().filter_map(|(task, _)| Some(task.rsplit_once('_')?.0)).collect();
    let ids: Vec<String> = own.into_iter().filter(|id| there.contains(id.as_str())).collect();
    if ids.is_empty() {
        context.output.note("nothing of this run is in Slurm's queue");
        return Ok(Outcome::Done);
    }
    Slurm { at_once: 0 }.cancel(&ids).context("failed to cancel")?;
    context.output.note(format!("cancelled: {}; the same `run` resumes from here", ids.join(", ")));
    Ok(Outcome::Done)
}
