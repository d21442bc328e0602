//! `culture-eval keep-server`: what the harness starts between itself and a model's server.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;

use super::{Context, Outcome};
use crate::definition::server::Stop;
use crate::exec::server::keeper::{self, Kept};

/// Keeps a server until stdin closes
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Becomes the server itself; what the keeper starts
    #[arg(long = "become", conflicts_with_all = ["stop", "grace", "log"])]
    becomes: bool,
    /// The signal that asks it to end
    #[arg(long, default_value = "SIGTERM")]
    stop: String,
    /// Seconds until it is killed
    #[arg(long, default_value_t = 10)]
    grace: u64,
    /// File that its stdout and stderr go to
    #[arg(long, required_unless_present = "becomes")]
    log: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if args.becomes {
        return Ok(Outcome::Code(keeper::become_server(&args.command)));
    }
    let stop = Stop::of(&args.stop).ok_or_else(|| anyhow!("unknown signal `{}`", args.stop))?;
    let log = args.log.ok_or_else(|| anyhow!("no --log"))?;
    let kept = Kept { stop, grace: Duration::from_secs(args.grace), log, command: args.command };
    let ended = keeper::keep(&kept)?;
    // The harness may be gone.
    let _ = writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&ended)?);
    let _ = context;
    Ok(Outcome::Done)
}
