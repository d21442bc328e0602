//! `culture-eval retry`: the failed cells of a run again.

use super::run::{How, Job, start};
use super::{Context, Outcome};
use crate::exec::FailedBefore;
use crate::exec::request::Request;
use crate::results::manifest::Manifest;

/// Runs the failed cells of a run again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval retry                       the failed cells of the run `default`
  culture-eval retry try                   those of the run `try`; its models, benchmarks, seeds and limit are kept
  culture-eval retry runs/try --timeout 0  the same by its folder, without a time limit")]
pub(super) struct Args {
    /// The run: its name (`culture-eval list runs`) or its folder
    #[arg(default_value = "default")]
    run: String,
    #[command(flatten)]
    how: How,
}

impl Args {
    /// Settings that were typed as flags.
    pub(super) fn settings(&self) -> toml::Table {
        self.how.settings()
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let folder = context.run(&args.run)?;
    let manifest = Manifest::read(&folder)?;
    let (models, settings) = (args.how.models(), context.settings());
    let narrowed = args.how.narrowed(&models);
    let request = Request::again(&manifest.asked(), narrowed, context.catalogue()?, settings)?;
    let job = Job {
        suite: manifest.suite,
        folder,
        request,
        failed: FailedBefore::RunAgain,
        how: &args.how,
    };
    start(&job, context)
}
