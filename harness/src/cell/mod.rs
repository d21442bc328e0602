//! One cell, start to end: load the plugin, fit, predict in batches, put the answers down.
//!
//! This is all that the child process of a cell does. What it leaves behind is in [`crate::store`].

mod ask;
mod commit;
pub mod explain;
mod input;
mod items;
mod model;
mod opened;
mod prompts;
pub mod sandbox;
mod trouble;
mod vectors;
mod wordings;

use std::path::{Path, PathBuf};
use std::time::Instant;

use fs_err::File;

use crate::definition::answer::Kind;
use crate::definition::dataset::{Capability, Embedding};
use crate::exec::events::{Event, Events};
use crate::plugin;
use crate::process;
use crate::store::record::{CellSpec, PluginIdentity, Reason, ReasonKind, Timing};
use crate::store::{self, CellFolder, lease};
use opened::{Answered, Cell, WINDOW};
use sandbox::Gate;
use trouble::{harness, reason};

pub use crate::process::follow_parent;
pub use input::opaque_id;
pub use model::config;

/// Takes stdout away from the plugin: the pipe to the parent comes back, and what is printed goes to stderr.
pub fn take_stdout() -> std::io::Result<Events> {
    // Not for the programs that a plugin starts: one that outlives the cell would keep the parent waiting for more.
    let pipe = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(Events::to(File::from_parts(pipe.into(), "<events>")))
}

/// Runs the cell of a folder; on failure the reason is sent to the parent and `false` comes back.
///
/// `hidden`: folders that its plugin does not see.
pub fn run(folder: &CellFolder, hidden: &[PathBuf], events: &Events) -> bool {
    let followed = follow_parent().map_err(harness);
    told(followed.and_then(|()| run_to_record(folder, hidden, events)), events)
}

/// Whether it went well; where not, the parent is sent the reason.
fn told(end: Result<(), Reason>, events: &Events) -> bool {
    if let Err(reason) = &end {
        events.send(&Event::Failed(reason.clone()));
    }
    end.is_ok()
}

/// What a cell's plugin may reach, its folder aside.
fn gate(spec: &CellSpec, hidden: &[PathBuf]) -> std::io::Result<Gate> {
    let gate = Gate::new(&spec.model.access, spec.plugin.path.as_ref(), hidden)?;
    gate.with_model(&spec.weights, spec.cache.as_deref().map(Path::new))
}

fn run_to_record(folder: &CellFolder, hidden: &[PathBuf], events: &Events) -> Result<(), Reason> {
    let start = Instant::now();
    let spec: CellSpec = folder.read_spec().map_err(harness)?;
    let mut timing: Timing = if folder.timing().is_file() {
        store::read_json(&folder.timing()).map_err(harness)?
    } else {
        Timing::default()
    };
    timing.starts += 1;
    timing.threads = spec.threads;
    (timing.started, timing.host) = (lease::now(), lease::host());
    commit::clear_leftovers(folder).map_err(harness)?;
    store::write_json(&folder.timing(), &timing).map_err(harness)?;

    events.phase("load");
    let cell = Cell::load(&spec, folder, events)?;
    timing.load_seconds = start.elapsed().as_secs_f64();
    let own = if spec.slice.is_some() { folder.whole() } else { folder.clone() };
    let gate = gate(&spec, hidden).and_then(|gate| gate.writes(own.path())).map_err(harness)?;
    timing.sandbox = sandbox::around(&gate).map_err(harness)?;
    store::write_json(&folder.timing(), &timing).map_err(harness)?;

    let library = plugin::load(spec.plugin.path.as_ref()).map_err(|e| reason(&e))?;
    if library.sha256() != spec.plugin.sha256 {
        let message = format!(
            "{} has changed since the run was planned; start the run again",
            spec.plugin.path
        );
        return Err(Reason::new(ReasonKind::NoPlugin, message));
    }
    let identity = PluginIdentity {
        name: library.name().to_owned(),
        version: library.version().to_owned(),
        build: library.build_info().to_owned(),
    };
    let mut model = cell.create(&library)?;
    let fit_start = Instant::now();
    if spec.protocol.fit && spec.served != Capability::Embed {
        cell.fit(&mut model)?;
    }
    timing.fit_seconds = fit_start.elapsed().as_secs_f64();

    let predict_start = Instant::now();
    let with_options = spec.task.kind().has_options();
    let answered = match spec.served {
        Capability::Choose => items::choose(&cell, &mut model)?,
        Capability::Classify => ask::classify(&cell, &mut model)?,
        Capability::Loglikelihood if with_options => items::loglikelihood(&cell, &mut model)?,
        Capability::Loglikelihood => ask::loglikelihood(&cell, &mut model)?,
        Capability::Generate if spec.task.kind() != Kind::Label => {
            items::generate(&cell, &mut model)?
        }
        Capability::Generate => ask::generate(&cell, &mut model)?,
        Capability::Embed if matches!(spec.protocol.embedding, Some(Embedding::Similarity)) => {
            items::similarity(&cell, &mut model)?
        }
        Capability::Embed => vectors::embed(&cell, &mut model)?,
    };
    timing.predict_seconds = predict_start.elapsed().as_secs_f64();

    events.phase("store");
    if !commit::commit(&cell, answered, identity)? {
        return Ok(());
    }
    timing.total_seconds = start.elapsed().as_secs_f64();
    timing.peak_mib = process::peak_mib(std::process::id());
    store::write_json(&folder.timing(), &timing).map_err(harness)
}
