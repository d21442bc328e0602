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
    // A run of several commands has models of some seeds and not of others.
    let as_planned = narrowed.seeds.is_empty() && narrowed.protocols.is_empty();
    let request = Request::again(&manifest.asked(), narrowed, context.catalogue()?, settings)?;
    let job = Job {
        suite: manifest.suite.clone(),
        folder,
        request,
        failed: FailedBefore::RunAgain,
        planned: as_planned.then_some(&manifest),
        how: &args.how,
    };
    start(&job, context)
}
