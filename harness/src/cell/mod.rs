//! One cell, start to end: load the plugin, fit, predict in batches, put the answers down.
//!
//! This is all that the child process of a cell does. What it leaves behind is in [`crate::store`].

mod ask;
mod commit;
pub mod explain;
mod input;
mod prompts;
mod vectors;

use std::collections::BTreeMap;
use std::time::Instant;

use fs_err as fs;
use fs_err::File;

use crate::definition::family::Capability;
use crate::definition::model::{Model, Offer};
use crate::definition::split::Part;
use crate::example::Examples;
use crate::exec::events::{Event, Events};
use crate::exec::processes;
use crate::plugin::{self, Instance, PluginError};
use crate::prepare;
use crate::store::log::Prediction;
use crate::store::record::{CellSpec, FileRef, PluginIdentity, Reason, ReasonKind, Timing};
use crate::store::{self, CellFolder, lease};
use input::Input;

/// Takes stdout away from the plugin: the pipe to the parent comes back, and what is printed goes to stderr.
pub fn take_stdout() -> std::io::Result<Events> {
    // Not for the programs that a plugin starts: one that outlives the cell would keep the parent waiting for more.
    let pipe = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(Events::to(File::from_parts(pipe.into(), "<events>")))
}

/// Runs the cell of a folder; on failure the reason is sent to the parent and `false` comes back.
pub fn run(folder: &CellFolder, events: &Events) -> bool {
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
    {
        events.send(&Event::Log(format!("cannot follow the parent's death: {error}")));
    }
    match run_to_record(folder, events) {
        Ok(()) => true,
        Err(reason) => {
            events.send(&Event::Failed(reason));
            false
        }
    }
}

/// What one way of serving hands back.
struct Answered {
    variants: Vec<String>,
    primary: usize,
    rows: Vec<Prediction>,
}

/// What every part of a cell needs.
struct Cell<'a> {
    spec: &'a CellSpec,
    folder: &'a CellFolder,
    events: &'a Events,
    /// What may be learnt from, or shown as solved.
    train: Examples,
    /// What hyper-parameters may be chosen on.
    valid: Examples,
    /// What is predicted. Its labels stay in this process.
    eval: Examples,
}

fn run_to_record(folder: &CellFolder, events: &Events) -> Result<(), Reason> {
    let start = Instant::now();
    let spec: CellSpec = store::read_json(&folder.spec()).map_err(harness)?;
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
    timing.peak_mib = processes::peak_mib(std::process::id());
    store::write_json(&folder.timing(), &timing).map_err(harness)
}

impl<'a> Cell<'a> {
    fn load(
        spec: &'a CellSpec,
        folder: &'a CellFolder,
        events: &'a Events,
    ) -> Result<Self, Reason> {
        let read = |parts: &[Part]| {
            prepare::load(spec.data.path.as_ref(), parts, &spec.task.labels)
                .map_err(|e| Reason::new(ReasonKind::NoData, e.to_string()))
        };
        let learns = spec.protocol.fit || spec.served == Capability::Embed;
        let shows = spec.model.prompt.shots > 0
            && matches!(spec.served, Capability::Loglikelihood | Capability::Generate);
        let train = if learns || shows { read(&spec.protocol.train)? } else { Examples::default() };
        let valid = if learns { read(&[Part::Valid])? } else { Examples::default() };
        let mut eval = read(&spec.protocol.eval)?;
        if spec.limit > 0 {
            eval.truncate(spec.limit);
        }
        if eval.is_empty() {
            return Err(Reason::new(ReasonKind::NoData, "the evaluated part has no example"));
        }
        Ok(Self { spec, folder, events, train, valid, eval })
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

    fn input<'e>(&self, examples: &'e Examples) -> Result<Input<'e>, Reason> {
        Input::new(examples, &self.spec.protocol.input, &self.spec.task, &self.spec.cultures)
            .map_err(harness)
    }

    /// Fits, or takes up the state that an earlier start saved.
    fn fit(&self, model: &mut Instance<'_>) -> Result<(), Reason> {
        let state = self.folder.state();
        let saves = model.can_save() && self.spec.model.lets(Offer::Save);
        if saves && state.join("complete").is_file() {
            return model.load(&state).map_err(|e| reason(&e));
        }
        self.events.phase("fit");
        let (train, valid) = (self.input(&self.train)?, self.input(&self.valid)?);
        train
            .with(0..train.len(), |train| {
                valid.with(0..valid.len(), |valid| {
                    model.fit((train, &self.train.labels), (valid, &self.valid.labels))
                })
            })
            .map_err(|e| reason(&e))?;
        if saves {
            let own = store::temporary_folder(self.folder.path()).map_err(harness)?;
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
