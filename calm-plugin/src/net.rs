//! The model on its device, with what it reads texts with.

use backbone::{Checkpoint, Tokens, precision, runtime};
use plugin_api::Error;
use tch::Device;
use tch::nn::VarStore;

use crate::config::{CalmConfig, Prompting};
use crate::items::Items;
use crate::lexicon::Lexicon;
use crate::model::{BACKBONE, Calm, How, Input, Output};
use crate::prompt::Sentences;

/// The model, its parameters and its tokenizer.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) store: VarStore,
    pub(crate) calm: Calm,
    pub(crate) tokens: Tokens,
    pub(crate) lexicon: Lexicon,
    pub(crate) config: CalmConfig,
    pub(crate) classes: usize,
    pub(crate) device: Device,
}

impl Net {
    pub(crate) fn new(
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
    pub(crate) fn forward(&self, input: &Input, how: How<'_>) -> Output {
        precision::mixed(self.config.bf16 && self.device.is_cuda(), || {
            self.calm.forward(input, how)
        })
    }

    /// What it gives for some items.
    pub(crate) fn output(&self, items: &Items, rows: &[usize], rounds: usize) -> Output {
        let how = How { rounds, ..How::default() };
        let input = items.batch(rows, &self.tokens, self.device);
        self.forward(&input, how)
    }
}
