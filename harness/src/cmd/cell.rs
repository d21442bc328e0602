//! `culture-eval cell FOLDER`: what `run` starts in a process of its own, here or on another machine.

use std::path::PathBuf;

use super::{Context, Outcome};
use crate::cell;
use crate::store::CellFolder;

/// Runs one cell, start to end
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its folder, with a spec.json
    folder: PathBuf,
}

pub(super) fn run(args: Args, _: &Context) -> anyhow::Result<Outcome> {
    let events = cell::take_stdout()?;
    Ok(if cell::run(&CellFolder::at(args.folder), &events) { Outcome::Done } else { Outcome::No })
}
