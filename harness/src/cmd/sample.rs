//! `culture-eval sample DIR`: the synthetic SAMPLE data, laid out as a mirror, to look at.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome};
use crate::sample;

/// Writes the synthetic SAMPLE data in the upstream formats
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write to, as <family>/<path>
    folder: PathBuf,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    for family in context.catalogue()?.families() {
        if !sample::covers(&family.name) {
            continue;
        }
        let folder = args.folder.join(&family.name);
        let files = sample::write(&family.name, &folder)
            .with_context(|| format!("failed to write the sample to {}", folder.display()))?;
        for file in files {
            context.output.text(folder.join(file).display().to_string())?;
        }
    }
    Ok(Outcome::Done)
}
