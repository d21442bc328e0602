//! The model on its device, with what it reads texts with.

use backbone::{Checkpoint, Tokens, precision, runtime};
use plugin_api::Error;
use tch::Device;
use tch::nn::VarStore;

use super::model::{Model, Output};
use super::settings::Settings;
use crate::items::Items;
use crate::lexicon::Lexicon;
use crate::model::{BACKBONE, Input};

/// The model, its parameters and its tokenizer.
#[derive(Debug)]
pub struct Net {
    /// All parameters and buffers.
    pub store: VarStore,
    /// The model.
    pub model: Model,
    pub(crate) tokens: Tokens,
    pub(crate) lexicon: Lexicon,
    pub(crate) cultures: usize,
    pub(crate) labels: usize,
    pub(crate) device: Device,
}

impl Net {
    /// Declares and loads it.
    ///
    /// # Errors
    /// What of the checkpoint or of the settings does not fit.
    pub fn new(
        settings: &Settings,
        checkpoint: &Checkpoint,
        [cultures, labels]: [usize; 2],
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        let layers = checkpoint.config.layers;
        let frozen = settings.frozen_layers.unwrap_or(0);
        if frozen > layers {
            return Err(Error::config(format!(
                "[config]: `frozen_layers` is {frozen}, but the checkpoint has {layers} layers"
            )));
        }
        let tokens = checkpoint.tokens(settings.max_tokens)?;
        let lexicon = Lexicon::open()?;
        runtime::guard("loading the checkpoint", || {
            // Declared and drawn on the CPU, so that a seed gives the same parameters on every device.
            let mut store = VarStore::new(Device::Cpu);
            let sizes = [cultures as i64, labels as i64];
            let model = Model::new(&store, &checkpoint.config, settings, sizes, seed);
            model.backbone.load(&store, BACKBONE, checkpoint)?;
            store.set_device(device);
            Ok(Self { store, model, tokens, lexicon, cultures, labels, device })
        })
    }

    /// Columns of a panel: cultures, and the one that is inferred.
    pub fn columns(&self) -> usize {
        self.model.identity.count() as usize + 1
    }

    /// Texts made ready.
    ///
    /// # Errors
    /// Names the text that cannot be tokenised.
    pub(crate) fn items(&self, texts: &[&str]) -> Result<Items, Error> {
        Items::new(texts, &self.tokens, &self.lexicon)
    }

    /// A batch of some items.
    pub(crate) fn input(&self, items: &Items, rows: &[usize]) -> Input {
        items.batch(rows, &self.tokens, self.device)
    }

    /// The model, in mixed precision where CUDA computes.
    pub(crate) fn forward(&self, input: &Input, training: bool) -> Output {
        precision::mixed(self.model.settings.bf16 && self.device.is_cuda(), || {
            self.model.forward(input, training)
        })
    }
}
