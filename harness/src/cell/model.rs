//! The model of a cell: created with its configuration, then fitted or taken up from a saved state.

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;

use super::opened::{Cell, WINDOW};
use super::trouble::{harness, reason};
use crate::definition::model::{Model, Offer};
use crate::definition::split::Split;
use crate::exec::server;
use crate::plugin::{self, Instance};
use crate::store;
use crate::store::record::{FileRef, Reason};

impl Cell<'_> {
    pub(super) fn create<'l>(
        &'l self,
        library: &'l plugin::Library,
    ) -> Result<Instance<'l>, Reason> {
        let spec = self.spec;
        let socket = spec.model.server.as_ref().map(|_| server::socket(&std::env::temp_dir()));
        let cache = spec.cache.as_deref();
        let config =
            config(&spec.model, &spec.weights, cache, socket.as_deref()).map_err(harness)?;
        let task = plugin::TaskInfo {
            name: self.spec.task.name.clone(),
            protocol: self.spec.protocol.name.clone(),
            labels: self.spec.task.labels.clone(),
            cultures: self.cultures().to_vec(),
        };
        let host = plugin::Host::new(self.spec.threads, self.spec.seed, self.events);
        library.create(&config, &task, host).map_err(|e| reason(&e))
    }

    /// Fits, or takes up the state that an earlier start or the cell's first slice saved.
    pub(super) fn fit(&self, model: &mut Instance<'_>) -> Result<(), Reason> {
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
            let (train, valid) = (self.all(&self.spec.protocol.train)?, self.all(&[Split::Valid])?);
            let whole = |examples| self.input(examples, 0..examples.len());
            let (known, judges) = (whole(&train)?, whole(&valid)?);
            known
                .all(|known| {
                    judges.all(|judges| model.fit((known, &train.labels), (judges, &valid.labels)))
                })
                .map_err(|e| reason(&e))?;
        }
        if saves {
            let own = store::temporary_folder(&whole.work()).map_err(harness)?;
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

    /// Passes over train and valid until the model has enough.
    fn fit_in_pieces(&self, model: &mut Instance<'_>) -> Result<(), Reason> {
        let parts: [(plugin_api::Part, &[Split]); 2] = [
            (plugin_api::Part::Train, &self.spec.protocol.train),
            (plugin_api::Part::Valid, &[Split::Valid]),
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
}

/// What a plugin gets as its configuration: the model's `[config]`, the paths of its weights and files in `weights`,
/// `messages` where prompts are conversations, the folder where it may keep answers in `cache`, and the `socket` that leads to its server.
pub fn config(
    model: &Model,
    weights: &BTreeMap<String, FileRef>,
    cache: Option<&str>,
    socket: Option<&Path>,
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
        if let Some(socket) = socket {
            config.insert("socket".to_owned(), socket.to_string_lossy().into());
        }
    }
    Ok(config.to_string())
}
