//! One cell, start to end: load the plugin, fit, predict in batches, put the answers down.
//!
//! This is all that the child process of a cell does. What it leaves behind is in [`crate::store`].

mod ask;
mod commit;
pub mod explain;
pub mod fence;
mod input;
mod prompts;
mod vectors;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fs_err as fs;
use fs_err::File;

use crate::definition::family::Capability;
use crate::definition::model::{Model, Offer};
use crate::definition::split::Part;
use crate::example::Examples;
use crate::exec::events::{Event, Events};
use crate::plugin::{self, Instance, PluginError};
use crate::process;
use crate::store::examples::Table;
use crate::store::log::Log;
use crate::store::record::{CellSpec, FileRef, PluginIdentity, Reason, ReasonKind, Timing};
use crate::store::{self, CellFolder, examples, lease};
use fence::Gate;
use input::Input;

/// Examples that are read at once, about.
const WINDOW: usize = 1 << 13;

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

/// Ends this process with the one that started it, on Linux.
///
/// # Errors
/// The system's.
pub fn follow_parent() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

/// What a cell's plugin may reach, its folder aside.
fn gate(spec: &CellSpec, hidden: &[PathBuf]) -> std::io::Result<Gate> {
    let gate = Gate::new(&spec.model.access, spec.plugin.path.as_ref(), hidden)?;
    gate.with_model(&spec.weights, spec.cache.as_deref().map(Path::new))
}

/// What one way of serving hands back.
struct Answered {
    variants: Vec<String>,
    primary: usize,
    /// All answers, in the order of the examples.
    rows: Log,
}

/// What every part of a cell needs.
struct Cell<'a> {
    spec: &'a CellSpec,
    folder: &'a CellFolder,
    events: &'a Events,
    /// Opened before the plugin is loaded, which could not open it.
    table: Table,
    /// The place of the first example that is predicted.
    first: usize,
    /// How many are predicted.
    n: usize,
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
    timing.fence = fence::around(&gate).map_err(harness)?;
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
    let answered = match spec.served {
        Capability::Classify => ask::classify(&cell, &mut model)?,
        Capability::Loglikelihood => ask::loglikelihood(&cell, &mut model)?,
        Capability::Generate => ask::generate(&cell, &mut model)?,
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

impl<'a> Cell<'a> {
    fn load(
        spec: &'a CellSpec,
        folder: &'a CellFolder,
        events: &'a Events,
    ) -> Result<Self, Reason> {
        let no_data = |e: examples::Error| Reason::new(ReasonKind::NoData, e.to_string());
        let table = Table::open(spec.data.path.as_ref()).map_err(no_data)?;
        let n = table.count(&spec.protocol.eval).map_err(no_data)?;
        let n = if spec.limit > 0 { n.min(spec.limit) } else { n };
        if n == 0 {
            return Err(Reason::new(ReasonKind::NoData, "the evaluated part has no example"));
        }
        let own = match spec.slice {
            Some(slice) => slice.range(n, spec.model.batch.max(1)),
            None => 0..n,
        };
        Ok(Self { spec, folder, events, table, first: own.start, n: own.len() })
    }

    /// All examples of some parts, with their labels.
    fn all(&self, parts: &[Part]) -> Result<Examples, Reason> {
        self.table
            .read(parts, &self.spec.task.labels)
            .map_err(|e| Reason::new(ReasonKind::NoData, e.to_string()))
    }

    /// The examples of some parts from the `from`-th on.
    fn stream(&self, parts: &[Part], from: usize) -> Result<examples::Stream, examples::Error> {
        self.table.stream(parts, &self.spec.task.labels, from)
    }

    /// What is predicted, from the `from`-th on. Its labels are never in the process of a plugin.
    fn evaluated(&self, from: usize) -> Result<examples::Stream, examples::Error> {
        self.table.questions(&self.spec.protocol.eval, self.first + from)
    }

    fn create<'l>(&'l self, library: &'l plugin::Library) -> Result<Instance<'l>, Reason> {
        let spec = self.spec;
        let config = config(&spec.model, &spec.weights, spec.cache.as_deref()).map_err(harness)?;
        let task = plugin::TaskInfo {
            name: self.spec.task.name.clone(),
            protocol: self.spec.protocol.name.clone(),
            labels: self.spec.task.labels.clone(),
            cultures: self.spec.cultures.clone(),
        };
        let host = plugin::Host::new(self.spec.threads, self.spec.seed, self.events);
        library.create(&config, &task, host).map_err(|e| reason(&e))
    }

    fn input<'e>(&self, examples: &'e Examples, rows: Range<usize>) -> Result<Input<'e>, Reason> {
        let CellSpec { protocol, task, cultures, .. } = self.spec;
        Input::new(examples, rows, &protocol.input, task, cultures).map_err(harness)
    }

    /// Passes over train and valid until the model has enough.
    fn fit_in_pieces(&self, model: &mut Instance<'_>) -> Result<(), Reason> {
        let parts: [(plugin_api::Part, &[Part]); 2] = [
            (plugin_api::Part::Train, &self.spec.protocol.train),
            (plugin_api::Part::Valid, &[Part::Valid]),
        ];
        loop {
            for (part, parts) in parts {
                let mut all = self.stream(parts, 0).map_err(harness)?;
                loop {
                    let piece = all.next(WINDOW).map_err(harness)?;
                    if piece.is_empty() {
                        break;
                    }
                    self.input(&piece, 0..piece.len())?
                        .all(|columns| model.fit_piece(part, columns, &piece.labels))
                        .map_err(|e| reason(&e))?;
                }
            }
            if !model.fit_end().map_err(|e| reason(&e))? {
                return Ok(());
            }
        }
    }

    /// Fits, or takes up the state that an earlier start or the cell's first slice saved.
    fn fit(&self, model: &mut Instance<'_>) -> Result<(), Reason> {
        let whole = match self.spec.slice {
            Some(_) => self.folder.whole(),
            None => self.folder.clone(),
        };
        let state = whole.state();
        let saves = model.can_save() && self.spec.model.lets(Offer::Save);
        if saves && state.join("complete").is_file() {
            return model.load(&state).map_err(|e| reason(&e));
        }
        if self.spec.slice.is_some_and(|slice| slice.index > 0 || !saves) {
            return Err(harness(format!(
                "there is no fitted model in {}; this model cannot be saved, so run it without slices",
                state.display()
            )));
        }
        self.events.phase("fit");
        if model.fits_in_pieces() {
            self.fit_in_pieces(model)?;
        } else {
            let (train, valid) = (self.all(&self.spec.protocol.train)?, self.all(&[Part::Valid])?);
            let whole = |examples| self.input(examples, 0..examples.len());
            let (known, judges) = (whole(&train)?, whole(&valid)?);
            known
                .all(|known| {
                    judges.all(|judges| model.fit((known, &train.labels), (judges, &valid.labels)))
                })
                .map_err(|e| reason(&e))?;
        }
        if saves {
            let own = store::temporary_folder(whole.path()).map_err(harness)?;
            model.save(own.path()).map_err(|e| reason(&e))?;
            store::write_atomic(&own.path().join("complete"), |_| Ok(())).map_err(harness)?;
            // Another start of this cell may have saved the same meanwhile: a folder is not replaced by renaming.
            if fs::rename(own.path(), &state).is_err() && !state.join("complete").is_file() {
                fs::remove_dir_all(&state).map_err(harness)?;
                fs::rename(own.path(), &state).map_err(harness)?;
            }
        }
        Ok(())
    }
}

/// What a plugin gets as its configuration: the model's `[config]`, the paths of its weights and files in `weights`,
/// `messages` where prompts are conversations, and the folder where it may keep answers in `cache`.
pub fn config(
    model: &Model,
    weights: &BTreeMap<String, FileRef>,
    cache: Option<&str>,
) -> serde_json::Result<String> {
    let mut config = serde_json::to_value(&model.config)?;
    if let Some(config) = config.as_object_mut() {
        for (id, file) in weights {
            config.entry("weights").or_insert_with(|| serde_json::json!({}))[id] =
                file.path.clone().into();
        }
        if model.prompt.messages {
            config.insert("messages".to_owned(), true.into());
        }
        if let Some(cache) = cache {
            config.insert("cache".to_owned(), cache.into());
        }
    }
    Ok(config.to_string())
}

fn harness(error: impl std::fmt::Display) -> Reason {
    Reason::new(ReasonKind::Harness, error.to_string())
}

fn reason(error: &PluginError) -> Reason {
    Reason::new(error.kind(), error.to_string())
}
