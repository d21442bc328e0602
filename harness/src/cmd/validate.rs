//! `culture-eval validate`: checks all definitions, offline.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome};
use crate::definition::catalogue::Catalogue;

/// Checks all definitions, offline
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also these files or folders
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let output = context.output;
    let paths: Vec<PathBuf> =
        context.settings().definitions.iter().chain(&args.paths).cloned().collect();
    let catalogue = Catalogue::load(&paths).context("failed to read the definitions")?;
    for replaced in &catalogue.overrides {
        output.note(replaced.to_string());
    }
    let problems = catalogue.validate();
    for problem in &problems {
        if output.json {
            output.json(problem)?;
        } else {
            output.text(problem.to_string())?;
        }
    }
    output.note(counted(&catalogue, problems.len()));
    Ok(if problems.is_empty() { Outcome::Done } else { Outcome::No })
}

/// What was checked, and how many problems there are.
fn counted(catalogue: &Catalogue, problems: usize) -> String {
    format!(
        "{} datasets, {} tasks, {} benchmarks, {} models, {} suites: {}",
        catalogue.datasets().count(),
        catalogue.tasks().count(),
        catalogue.benchmarks().count(),
        catalogue.models().count(),
        catalogue.suites().count(),
        if problems == 0 { "all well".to_owned() } else { format!("{problems} problems") }
    )
}
