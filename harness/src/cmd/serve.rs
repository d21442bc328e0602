//! `culture-eval serve`: the pages of a run on loopback, with the progress of a running suite.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::report::{look, material};
use super::{Context, Outcome, hinted, interrupt};
use crate::report::html::{self, Look};
use crate::results::progress::{self, CellProgress, Progress, State};
use crate::serve::Server;
use crate::store::{self, RunFolder};

/// Serves the pages of a run on this machine only, with live progress
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval serve                    the run `default`, on http://127.0.0.1:8741
  culture-eval serve mine --port 0      any free port; the address is printed on stdout

Only this machine can reach it, and only by GET. Run the suite beside it: cells that end appear as they do.
Ctrl-C stops it. To show a run to others, send them the file of `culture-eval report --format html`.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// The port; 0: any free one
    #[arg(long, default_value_t = 8741)]
    port: u16,
    /// Folder with your `page.html`, `style.css` or `extra.css`
    #[arg(long, value_name = "DIR")]
    template: Option<std::path::PathBuf>,
    /// A picture for the head of the pages
    #[arg(long, value_name = "FILE")]
    logo: Option<std::path::PathBuf>,
}

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A page is rebuilt at most so often as a share of the time that it takes.
const SHARE: u32 = 4;

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = context.run(&args.run)?;
    let mut look = look(args.template.as_deref(), args.logo.as_deref())?;
    let mut progress = progress::read(&run).context("failed to look at the run")?;
    let mut page = make(&run, &mut look, &progress, context)?;
    let server = Server::start(args.port).map_err(|error| {
        hinted(
            anyhow::anyhow!("cannot listen on 127.0.0.1:{}: {error}", args.port),
            "give another --port, or 0 for any free one",
        )
    })?;
    server.page(std::mem::take(&mut page.html));
    server.progress(told(&progress, &page.stamp));
    context.output.text(format!("http://{}/", server.address()))?;
    context.output.note("only this machine can reach it; Ctrl-C stops it");

    let stop = interrupt::flag()?;
    while !stop.load(Ordering::SeqCst) {
        std::thread::sleep(LOOK);
        // A file that is being rewritten is looked at again.
        let Ok(found) = progress::read(&run) else { continue };
        progress = found;
        if stamp(&progress) != page.stamp && page.at.elapsed() >= page.took * SHARE {
            match make(&run, &mut look, &progress, context) {
                Ok(mut fresh) => {
                    server.page(std::mem::take(&mut fresh.html));
                    page = fresh;
                }
                Err(error) => {
                    context.output.warn(format!("the page stays as it was: {error:#}"));
                    page.at = Instant::now();
                }
            }
        }
        server.progress(told(&progress, &page.stamp));
    }
    Ok(Outcome::Done)
}

/// A page, of which state of the run, and what it cost.
struct Made {
    html: Vec<u8>,
    stamp: String,
    at: Instant,
    took: Duration,
}

fn make(
    run: &RunFolder,
    look: &mut Look,
    progress: &Progress,
    context: &Context,
) -> anyhow::Result<Made> {
    let start = Instant::now();
    look.live = Some(stamp(progress));
    let material = material(run, context)?;
    let page = html::render(&material, look, false).context("failed to make the pages")?;
    Ok(Made { html: page.html, stamp: stamp(progress), at: Instant::now(), took: start.elapsed() })
}

/// Which cells ended and how: another one means other results.
fn stamp(progress: &Progress) -> String {
    let ended = progress.cells.iter().filter(|c| matches!(c.state, State::Done | State::Failed));
    let lines: Vec<String> = ended.map(|c| format!("{} {}", name(c), c.state.name())).collect();
    store::sha256(lines.join("\n").as_bytes())[..16].to_owned()
}

fn name(cell: &CellProgress) -> String {
    format!("{} · {} · {} · seed {}", cell.model, cell.task, cell.protocol, cell.seed)
}

/// The line that listeners get: how far the run is, and which state of it the served page shows.
fn told(progress: &Progress, page: &str) -> String {
    let running = progress.cells.iter().filter(|c| c.state == State::Running);
    let running: Vec<Value> =
        running.map(|c| json!({"name": name(c), "answers": c.answered})).collect();
    json!({
        "total": progress.total,
        "done": progress.done,
        "failed": progress.failed,
        "running": running,
        "stamp": page,
    })
    .to_string()
}
