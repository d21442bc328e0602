//! The plugin's calls for the first design, the reconstruction in which culture is a tag in the text.

use std::path::Path;

use backbone::{Checkpoint, rows, runtime, state};
use plugin_api::{Batch, Dataset, Error, Host, Matrix, Scores, Task};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::clusters::Clusters;
use crate::config::{CalmConfig, Embedding, NAME};
use crate::explain::{Explainer, Explanation};
use crate::fit::{self, Kept};
use crate::items::Items;
use crate::model::{BACKBONE, Output};
use crate::net::Net;

/// Files of a saved model.
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";

/// The plugin behind `[config]` of the first design.
#[derive(Debug)]
pub struct First {
    net: Net,
    checkpoint: Checkpoint,
    task: Task,
    seed: u64,
    kept: Option<Kept>,
}

/// `config.json` of a saved model.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    config: CalmConfig,
    labels: Vec<String>,
    cultures: Vec<String>,
    prototypes: i64,
    seed: u64,
}

impl First {
    pub(crate) fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config = CalmConfig::parse(config)?;
        let checkpoint = Checkpoint::open(config.folder.as_deref(), &config.weights)?;
        let device = runtime::start(&config.device, host)?;
        let net = Net::new(config, &checkpoint, task.labels.len(), device, host.seed())?;
        Ok(Self { net, checkpoint, task: task.clone(), seed: host.seed(), kept: None })
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
        if self.kept.take().is_some() {
            // A second fit begins where the first did.
            let (config, device) = (self.net.config.clone(), self.net.device);
            self.net =
                Net::new(config, &self.checkpoint, self.task.labels.len(), device, self.seed)?;
        }
        self.kept = Some(fit::fit(&self.net, train, valid, host)?);
        Ok(())
    }

    pub(crate) fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        if self.kept.is_none() {
            return Err(Error::internal("calm-plugin has not been fitted; fit or load it first"));
        }
        let probabilities = |output: &Output| output.last().logits.softmax(-1, Kind::Float);
        self.rows(&batch.texts, host, probabilities, |row, own| {
            scores.row(row).copy_from_slice(own);
        })
    }

    pub(crate) fn dimension(&self) -> usize {
        match self.net.config.embedding {
            Embedding::Identity | Embedding::Backbone => self.net.calm.backbone.width() as usize,
            Embedding::Task => self.net.config.width as usize,
        }
    }

    pub(crate) fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let vector = |output: &Output| match self.net.config.embedding {
            Embedding::Identity => output.last().identity.shallow_clone(),
            Embedding::Task => output.first().thought.task.shallow_clone(),
            Embedding::Backbone => output.first().thought.pooled.shallow_clone(),
        };
        self.rows(&batch.texts, host, vector, |row, own| {
            vectors.row(row).copy_from_slice(own);
        })
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<(), Error> {
        let Some(kept) = &self.kept else {
            return Err(Error::load("calm-plugin has nothing to save; fit it first"));
        };
        let saved = Saved {
            config: self.net.config.clone(),
            labels: self.task.labels.clone(),
            cultures: self.task.cultures.clone(),
            prototypes: kept.prototypes,
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
        let (config, device) = (self.net.config.clone(), self.net.device);
        let net = Net::new(config, &self.checkpoint, self.task.labels.len(), device, self.seed)?;
        let new = || Clusters::new(&net.store, saved.prototypes, net.config.width, saved.seed);
        let clusters = net.config.clusters.then(new);
        state::load(&net.store, &folder.join(WEIGHTS))?;
        self.net = net;
        self.kept = Some(Kept { clusters, prototypes: saved.prototypes });
        Ok(())
    }
}

impl First {
    /// Whether a saved model is of this configuration and task; which field differs otherwise.
    fn fits(&self, saved: &Saved) -> Result<(), String> {
        let value = |config: &CalmConfig| serde_json::to_value(config).map_err(|e| e.to_string());
        let (then, now) = (value(&saved.config)?, value(&self.net.config)?);
        // Where it is computed does not matter.
        let passing = ["device", "bf16", "folder", "cache_mebibytes"];
        for (name, now) in now
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !passing.contains(&name.as_str()))
        {
            if then.get(name) != Some(now) {
                return Err(format!(
                    "`{name}` was {}, and is {now} now",
                    then.get(name).unwrap_or(&serde_json::Value::Null)
                ));
            }
        }
        if saved.labels != self.task.labels {
            return Err(format!(
                "the labels were {:?}, and are {:?} now",
                saved.labels, self.task.labels
            ));
        }
        Ok(())
    }

    /// R: none before the model is fitted, whose prompt would say nothing.
    fn rounds(&self) -> usize {
        if self.kept.is_some() { self.net.config.rounds_at_inference } else { 0 }
    }

    /// Why the model says what it says of some texts, in their order.
    ///
    /// # Errors
    /// What the computation says.
    pub fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        let clusters = self.kept.as_ref().and_then(|kept| kept.clusters.as_ref());
        Explainer { net: &self.net, clusters, rounds: self.rounds() }.explain(batch)
    }

    /// A row of numbers of each text: `make` gives them, `put` takes each to its place.
    fn rows(
        &self,
        texts: &[&str],
        host: &Host,
        make: impl Fn(&Output) -> Tensor,
        put: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let items = Items::new(texts, &self.net.tokens, &self.net.lexicon)?;
        let compute = |rows: &[usize]| make(&self.net.output(&items, rows, self.rounds()));
        rows::each(NAME, &items.lengths, host, compute, put)
    }
}
