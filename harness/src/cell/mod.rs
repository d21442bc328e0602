//! One cell in the sandbox: load the plugin, fit, predict in batches, log the answers.
//!
//! This is all that the child process of a cell does. Who started it commits the answers ([`crate::exec::guard`]).

mod ask;
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

use crate::definition::access::Access;
use crate::definition::answer::Kind;
use crate::definition::dataset::{Capability, Embedding};
use crate::exec::events::{self, Event, Events};
use crate::plugin;
use crate::process;
use crate::store::CellFolder;
use crate::store::record::{CellSpec, PluginIdentity, Reason, ReasonKind, Timing};
use opened::{Answered, Cell, WINDOW};
use sandbox::Gate;
use trouble::{harness, reason};

pub use crate::exec::asked::opaque_id;
pub use crate::process::follow_parent;
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

/// Whether a process can put itself into new spaces here; what `doctor` starts.
///
/// # Errors
/// Why not.
pub fn probe() -> Result<(), String> {
    let gate = Gate::new(&Access::default(), Path::new("/dev/null"), &[]);
    let level = sandbox::around(&gate.map_err(|e| e.to_string())?)?;
    if level.starts_with("namespaces") { Ok(()) } else { Err(level) }
}

/// What a cell's plugin may reach, its folder aside.
fn gate(spec: &CellSpec, hidden: &[PathBuf]) -> std::io::Result<Gate> {
    let gate = Gate::new(&spec.model.access, spec.plugin.path.as_ref(), hidden)?;
    let inputs = spec.inputs.values().map(|input| Path::new(&input.path));
    gate.with_inputs(inputs).with_model(&spec.weights, spec.cache.as_deref().map(Path::new))
}

fn run_to_record(folder: &CellFolder, hidden: &[PathBuf], events: &Events) -> Result<(), Reason> {
    let start = Instant::now();
    let spec: CellSpec = folder.read_spec().map_err(harness)?;
    let mut timing = Timing::default();
    events.phase("load");
    let cell = Cell::load(&spec, folder, events)?;
    timing.load_seconds = start.elapsed().as_secs_f64();
    let whole = if spec.slice.is_some() { folder.whole() } else { folder.clone() };
    let gate = gate(&spec, hidden)
        .and_then(|gate| gate.writes(&folder.work()))
        .and_then(|gate| gate.writes(&whole.work()))
        .map_err(harness)?;
    timing.sandbox = sandbox::around(&gate).map_err(harness)?;
    events.send(&Event::Timing(timing.clone()));

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

    timing.total_seconds = start.elapsed().as_secs_f64();
    timing.peak_mib = process::peak_mib(std::process::id());
    events.send(&Event::Timing(timing));
    let Answered { variants, primary } = answered;
    events.phase("store");
    events.send(&Event::Answered(events::Answered { variants, primary, plugin: identity }));
    Ok(())
}
