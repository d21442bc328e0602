//! `culture-eval retry`: the failed cells of a run again.

use super::{Context, Outcome, run};

/// Runs the failed cells of a run again
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    run: run::Args,
}

impl Args {
    /// Settings that were typed as flags.
    pub(super) fn settings(&self) -> toml::Table {
        self.run.settings()
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    run::run(args.run.retrying(), context)
}
