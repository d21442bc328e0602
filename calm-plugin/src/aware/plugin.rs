//! The plugin's calls for the second design.

use std::path::Path;

use backbone::{Checkpoint, rows, runtime, state};
use plugin_api::{Batch, Dataset, Error, Host, Matrix, Scores, Task};
use serde::{Deserialize, Serialize};
use tch::{IndexOp as _, Kind, Tensor};

use super::explain::Explainer;
use super::fit;
use super::model::Output;
use super::net::Net;
use super::panels::{Cell, Panels, Tags};
use super::settings::Settings;
use crate::explain::Explanation;
use crate::items::Items;
use crate::model::BACKBONE;

/// Files of a saved model.
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";

/// The plugin behind `[config]` of the second design.
#[derive(Debug)]
pub struct Aware {
    /// The model on its device.
    pub net: Net,
    settings: Settings,
    checkpoint: Checkpoint,
    task: Task,
    seed: u64,
    /// How texts of each culture open; none before a fit.
    pub(crate) tags: Option<Tags>,
}

/// `config.json` of a saved model.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    config: Settings,
    labels: Vec<String>,
    /// Names of the identities, in the order of `identity.vectors`.
    cultures: Vec<String>,
    tags: Tags,
    seed: u64,
}

impl Aware {
    /// From `[config]` as JSON.
    ///
    /// # Errors
    /// What is wrong with it or with the checkpoint.
    pub fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let settings = Settings::parse(config)?;
        let checkpoint = Checkpoint::open(settings.folder.as_deref(), &settings.weights)?;
        let device = runtime::start(&settings.device, host)?;
        let seed = host.seed();
        let sizes = [task.cultures.len(), task.labels.len()];
        let net = Net::new(&settings, &checkpoint, sizes, device, seed)?;
        Ok(Self { net, settings, checkpoint, task: task.clone(), seed, tags: None })
    }

    fn fresh(&self) -> Result<Net, Error> {
        let sizes = [self.task.cultures.len(), self.task.labels.len()];
        Net::new(&self.settings, &self.checkpoint, sizes, self.net.device, self.seed)
    }

    pub(crate) fn fit(
        &mut self,
        train: &Dataset<'_>,
        valid: &Dataset<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        if self.task.labels.len() < 2 {
            return Err(Error::config(format!(
                "task {}: calm-plugin needs two labels or more to fit",
                self.task.name
            )));
        }
        if self.tags.take().is_some() {
            // A second fit begins where the first did.
            self.net = self.fresh()?;
        }
        self.tags = Some(fit::fit(&self.net, train, valid, host)?);
        Ok(())
    }

    pub(crate) fn classify(
        &self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        if self.tags.is_none() {
            return Err(Error::internal("calm-plugin has not been fitted; fit or load it first"));
        }
        let probabilities = |output: &Output| output.last().softmax(-1, Kind::Float);
        self.cells(batch, host, probabilities, |row, own| scores.row(row).copy_from_slice(own))
    }

    pub(crate) fn dimension(&self) -> usize {
        self.net.model.backbone.width() as usize
    }

    /// s of each text in its culture.
    pub(crate) fn embed(
        &self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let state = |output: &Output| output.trace.always("s");
        self.cells(batch, host, state, |row, own| vectors.row(row).copy_from_slice(own))
    }

    pub(crate) fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        let (panels, items) = Self::panels(&self.net, self.tags.as_ref(), batch)?;
        let is_fitted = self.tags.is_some();
        Explainer { net: &self.net, is_fitted, panels: &panels, items: &items }.explain(batch)
    }

    /// Fits one culture's identity to a few labelled texts; see [`Net::remember`].
    ///
    /// # Errors
    /// Where the model has not been fitted, or what [`Net::remember`] says.
    pub fn remember(&self, culture: usize, data: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        let Some(tags) = &self.tags else {
            return Err(Error::internal("calm-plugin has not been fitted; fit or load it first"));
        };
        self.net.remember(culture, data, tags, host)
    }

    /// Forgets a culture: it is answered for by what the others share.
    pub fn forget(&self, culture: usize) {
        self.net.model.identity.forget(culture as i64);
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<(), Error> {
        let Some(tags) = &self.tags else {
            return Err(Error::load("calm-plugin has nothing to save; fit it first"));
        };
        let saved = Saved {
            config: self.settings.clone(),
            labels: self.task.labels.clone(),
            cultures: self.task.cultures.clone(),
            tags: tags.clone(),
            seed: self.seed,
        };
        let text = serde_json::to_string_pretty(&saved).map_err(Error::internal)?;
        fs_err::write(folder.join(CONFIG), text).map_err(Error::load)?;
        state::save(&self.net.store, &folder.join(WEIGHTS), |name| !name.starts_with(BACKBONE))
    }

    pub(crate) fn load(&mut self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(CONFIG);
        let text = fs_err::read_to_string(&path).map_err(Error::load)?;
        let saved: Saved = serde_json::from_str(&text).map_err(|e| {
            Error::load(format!("{}: {e}; it was saved by another version", path.display()))
        })?;
        self.fits(&saved)
            .map_err(|what| Error::load(format!("{}: {what}; fit again", path.display())))?;
        let net = self.fresh()?;
        state::load(&net.store, &folder.join(WEIGHTS))?;
        self.net = net;
        self.tags = Some(saved.tags);
        Ok(())
    }

    /// Whether a saved model is of this configuration and task; which field differs otherwise.
    fn fits(&self, saved: &Saved) -> Result<(), String> {
        let value = |config: &Settings| serde_json::to_value(config).map_err(|e| e.to_string());
        let (then, now) = (value(&saved.config)?, value(&self.settings)?);
        // Where it is computed does not matter.
        let passing = ["device", "bf16", "folder", "cache_mebibytes"];
        for (name, now) in now.as_object().into_iter().flatten() {
            let was = then.get(name).unwrap_or(&serde_json::Value::Null);
            if !passing.contains(&name.as_str()) && was != now {
                return Err(format!("`{name}` was {was}, and is {now} now"));
            }
        }
        for (what, was, now) in [
            ("labels", &saved.labels, &self.task.labels),
            ("cultures", &saved.cultures, &self.task.cultures),
        ] {
            if was != now {
                return Err(format!("the {what} were {was:?}, and are {now:?} now"));
            }
        }
        Ok(())
    }

    /// The items and cells of a batch.
    pub(crate) fn panels<'a>(
        net: &Net,
        tags: Option<&Tags>,
        batch: &Batch<'a>,
    ) -> Result<(Panels<'a>, Items), Error> {
        let strip = |(text, culture): (&&'a str, &u32)| {
            tags.map_or(*text, |tags| tags.strip(text, *culture))
        };
        let texts: Vec<&str> = batch.texts.iter().zip(batch.cultures).map(strip).collect();
        let panels = Panels::new(&texts, batch.cultures, net.cultures, false);
        let items = net.items(&panels.texts)?;
        Ok((panels, items))
    }

    /// A row of numbers of each text in its culture: `make` gives them of whole panels `[P,N,w]`, `put` takes each to its place.
    fn cells(
        &self,
        batch: &Batch<'_>,
        host: &Host,
        make: impl Fn(&Output) -> Tensor,
        mut put: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let (panels, items) = Self::panels(&self.net, self.tags.as_ref(), batch)?;
        let mut rows: Vec<Vec<(usize, usize)>> = vec![Vec::new(); panels.texts.len()];
        for (row, Cell { item, column }) in panels.cells.iter().enumerate() {
            rows[*item].push((
                row,
                if *column < self.net.cultures { *column } else { self.net.columns() - 1 },
            ));
        }
        let columns = self.net.columns();
        let compute = |chosen: &[usize]| {
            let all = make(&self.net.forward(&self.net.input(&items, chosen), false));
            all.i(..).flatten(1, 2) // [P,N w]
        };
        rows::each(crate::config::NAME, &items.lengths, host, compute, |item, own| {
            let width = own.len() / columns;
            for (row, column) in &rows[item] {
                put(*row, &own[column * width..][..width]);
            }
        })
    }
}
