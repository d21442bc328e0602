//! `culture-eval cell FOLDER`: what `run` starts in a process of its own, here or on another machine.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Context, Outcome, interrupt};
use crate::cell::{self, explain};
use crate::exec::bars::Board;
use crate::exec::guard::{self, Guarded, Limits};
use crate::exec::server::Servers;
use crate::store::CellFolder;
use crate::store::record::{CellSpec, End};

/// Runs one cell, start to end
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its folder, with a spec.json
    folder: PathBuf,
    /// A folder that its plugin does not see (repeatable)
    #[arg(long, value_name = "DIR")]
    hide: Vec<PathBuf>,
    /// Takes up the fitted model and explains why it answers as it does, for so many examples (0: all); what `explain` starts
    #[arg(long, value_name = "N", conflicts_with = "guard")]
    explain: Option<usize>,
    /// Tries whether the strongest sandbox can be set up here; what `doctor` starts
    #[arg(long, hide = true, conflicts_with = "guard")]
    probe: bool,
    /// In a child process under watch, so that it leaves a record whatever happens; what a node of a cluster runs
    #[arg(long)]
    guard: bool,
    /// Seconds it may take; 0 = no limit
    #[arg(long, default_value_t = 0, requires = "guard")]
    timeout: u64,
    /// MiB it may take; 0 = no limit
    #[arg(long, default_value_t = 0, requires = "guard")]
    memory: u64,
    /// Starts that may be lost before it has failed
    #[arg(long, default_value_t = 1, requires = "guard")]
    tries: usize,
    /// The scheduler's name for this job
    #[arg(long, default_value = "", requires = "guard")]
    job: String,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if args.guard {
        return guarded(args, context);
    }
    if args.probe {
        return cell::probe().map(|()| Outcome::Done).map_err(anyhow::Error::msg);
    }
    let events = cell::take_stdout()?;
    let folder = CellFolder::at(args.folder);
    let well = match args.explain {
        Some(limit) => explain::send(&folder, limit, &args.hide, &events),
        None => cell::run(&folder, &args.hide, &events),
    };
    Ok(if well { Outcome::Done } else { Outcome::No })
}

fn guarded(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let Args { folder, timeout, memory, tries, job, hide, .. } = args;
    let folder = CellFolder::at(folder);
    let spec: CellSpec = folder.read_spec().context("failed to read the cell")?;
    let stop = interrupt::flag()?;
    let board = Board::new(context.output.lines());
    let limits = Limits { timeout, memory, tries, server_starts: tries, job, hidden: hide };
    let servers = Servers::of(folder.run());
    Ok(match guard::run(&spec, &folder, &limits, &servers, &board, &stop)? {
        Guarded::Ended(End::Done { .. }) => Outcome::Done,
        Guarded::Ended(End::Failed { .. }) => Outcome::No,
        Guarded::Stopped => Outcome::Interrupted,
        Guarded::Lost(reason) => {
            board.note(&format!("{}: {}", reason.kind.name(), reason.message));
            Outcome::Again
        }
    })
}
