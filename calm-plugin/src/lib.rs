//! CALM, culturally self-aware language models, on libtorch: an independent reconstruction of Shen et al. (2025, arXiv 2601.03483)
//! from the abstract and a third-party outline. [`model`] tells the model, [`loss`] what it minimises, [`config`] every choice
//! and where it comes from.

pub mod clusters;
pub mod config;
pub mod experts;
mod explain;
mod fit;
pub mod identity;
mod items;
mod layers;
pub mod lexicon;
pub mod loss;
pub mod measures;
pub mod model;
pub mod pool;
pub mod prompt;
pub mod slots;

use std::path::Path;

use backbone::{Checkpoint, Tokens, precision, rows, runtime, state};
use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Matrix, Plugin, Replies, Scores, Task, export_plugin,
};
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::clusters::Clusters;
use crate::config::{CalmConfig, Embedding, Prompting};
use crate::items::Items;
use crate::lexicon::Lexicon;
use crate::model::{BACKBONE, Calm, How, Input, Output};
use crate::prompt::Sentences;

pub use explain::{Explanation, SlotAttention, TokenWeight};

/// Files of a saved model.
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";

/// The plugin.
#[derive(Debug)]
pub struct CalmPlugin {
    net: Net,
    checkpoint: Checkpoint,
    task: Task,
    seed: u64,
    kept: Option<Kept>,
}

/// The model with what it reads texts with.
#[derive(Debug)]
pub(crate) struct Net {
    store: VarStore,
    calm: Calm,
    tokens: Tokens,
    lexicon: Lexicon,
    config: CalmConfig,
    classes: usize,
    device: Device,
}

/// What a training leaves beside parameters.
#[derive(Debug)]
pub(crate) struct Kept {
    clusters: Option<Clusters>,
    prototypes: i64,
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

impl Plugin for CalmPlugin {
    const NAME: &'static str = "calm-plugin";
    const CAPABILITIES: &'static [Capability] = &[
        Capability::Fit,
        Capability::Classify,
        Capability::Embed,
        Capability::Save,
        Capability::Explain,
    ];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config = CalmConfig::parse(config)?;
        let checkpoint = Checkpoint::open(config.folder.as_deref(), &config.weights)?;
        let device = runtime::start(&config.device, host)?;
        let net = Net::new(config, &checkpoint, task.labels.len(), device, host.seed())?;
        Ok(Self { net, checkpoint, task: task.clone(), seed: host.seed(), kept: None })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
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

    fn classify(
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

    fn dimension(&self) -> usize {
        match self.net.config.embedding {
            Embedding::Identity | Embedding::Backbone => self.net.calm.backbone.width() as usize,
            Embedding::Task => self.net.config.width as usize,
        }
    }

    fn embed(
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

    fn explain(
        &mut self,
        batch: &Batch<'_>,
        explanations: &mut Replies<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        for (place, one) in CalmPlugin::explain(self, batch)?.iter().enumerate() {
            explanations.put(place, &serde_json::to_string(one).map_err(Error::internal)?);
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
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

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
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

impl CalmPlugin {
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

    /// A row of numbers of each text: `make` gives them, `put` takes each to its place.
    fn rows(
        &self,
        texts: &[&str],
        host: &Host,
        make: impl Fn(&Output) -> Tensor,
        put: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let items = Items::new(texts, &self.net.tokens, &self.net.lexicon)?;
        let compute = |rows: &[usize]| make(&self.output(&items, rows));
        rows::each(Self::NAME, &items.lengths, host, compute, put)
    }

    /// What the model gives for some items, without gradient.
    fn read<T>(
        &self,
        items: &Items,
        rows: &[usize],
        make: impl FnOnce(&Output) -> T,
    ) -> Result<T, Error> {
        runtime::guard(Self::NAME, || Ok(tch::no_grad(|| make(&self.output(items, rows)))))
    }

    fn output(&self, items: &Items, rows: &[usize]) -> Output {
        let how = How { rounds: self.rounds(), ..How::default() };
        let input = items.batch(rows, &self.net.tokens, self.net.device);
        self.net.forward(&input, how)
    }
}

impl Net {
    fn new(
        config: CalmConfig,
        checkpoint: &Checkpoint,
        classes: usize,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        let model = &checkpoint.config;
        let layers = model.layers;
        let above = |name: &str, value: usize, most: usize| {
            let wrong =
                || format!("[config]: `{name}` is {value}, but the checkpoint has {layers} layers");
            (value <= most).then_some(()).ok_or_else(|| Error::config(wrong()))
        };
        above("frozen_layers", config.frozen_layers.unwrap_or(0), layers)?;
        if config.rounds > 0 {
            above("prompt_layer", config.prompt_layer, layers.saturating_sub(1))?;
        }
        let tokens = checkpoint.tokens(config.max_tokens)?;
        let lexicon = Lexicon::open()?;
        runtime::guard("loading the checkpoint", || {
            // Declared and drawn on the CPU, so that a seed gives the same parameters on every device.
            let mut store = VarStore::new(Device::Cpu);
            let mut calm = Calm::new(&store, model, &config, classes, seed);
            if config.prompt == Prompting::Words {
                let sentences = Sentences::of(&tokens, calm.experts.count())?;
                calm = calm.with_sentences(sentences);
            }
            calm.backbone.load(&store, BACKBONE, checkpoint)?;
            store.set_device(device);
            Ok(Self { store, calm, tokens, lexicon, config, classes, device })
        })
    }

    /// The model, in mixed precision where CUDA computes.
    fn forward(&self, input: &Input, how: How<'_>) -> Output {
        precision::mixed(self.config.bf16 && self.device.is_cuda(), || {
            self.calm.forward(input, how)
        })
    }
}

export_plugin!(CalmPlugin);
