//! The model on its device, with its tokenizer.

use backbone::{Backbone, Checkpoint, Encoded, Pass, Tokens, precision, rows, runtime};
use plugin_api::{Error, Host};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::config::Config;
use crate::head::Head;

/// Prefix of the pretrained parameters.
pub(crate) const PRETRAINED: &str = "backbone";

/// The model.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) config: Config,
    /// Labels of the task.
    pub(crate) classes: usize,
    pub(crate) device: Device,
    pub(crate) store: VarStore,
    pub(crate) backbone: Backbone,
    pub(crate) head: Head,
    pub(crate) tokens: Tokens,
}

impl Net {
    pub(crate) fn new(config: Config, classes: usize, host: &Host) -> Result<Self, Error> {
        let checkpoint = Checkpoint::open(config.folder.as_deref(), &config.weights)?;
        let device = runtime::start(&config.device, host)?;
        let tokens = checkpoint.tokens(config.max_tokens)?;
        let frozen = config.frozen_layers.map(|layers| layers.min(checkpoint.config.layers));
        runtime::guard("loading the encoder", || {
            // Drawn on the CPU, so that a seed gives the same head on every device.
            tch::manual_seed(host.seed() as i64);
            let mut store = VarStore::new(Device::Cpu);
            let root = store.root();
            let backbone =
                Backbone::new(&(&root / PRETRAINED), &checkpoint.config, config.tune, frozen);
            let head = Head::new(&(&root / "head"), backbone.width(), config.head_width, classes);
            backbone.load(&store, PRETRAINED, &checkpoint)?;
            store.set_device(device);
            Ok(Self { config, classes, device, store, backbone, head, tokens })
        })
    }

    /// Tokens of each text, its prefix before it.
    pub(crate) fn encode(&self, texts: &[&str]) -> Result<Vec<Encoded>, Error> {
        if self.config.prefix.is_empty() {
            return self.tokens.encode(texts);
        }
        let prefixed: Vec<String> =
            texts.iter().map(|text| format!("{}{text}", self.config.prefix)).collect();
        self.tokens.encode(&prefixed.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Hidden states that enter layer `from`, `[B,L,d]`, and mask `[B,L]` to pooled vectors `[B,d]`.
    pub(crate) fn pooled(
        &self,
        hidden: Tensor,
        mask: &Tensor,
        from: usize,
        dropout: f64,
    ) -> Tensor {
        let pass = Pass { dropout, prompt: 0 };
        precision::mixed(self.config.bf16 && self.device.is_cuda(), || {
            let hidden = self.backbone.run(hidden, mask, from..self.backbone.layers(), pass);
            self.config.pooling.pool(&hidden, mask).to_kind(Kind::Float)
        })
    }

    /// Pooled vectors of texts; `finish` makes rows of them, `put` takes each to its place.
    pub(crate) fn rows(
        &self,
        texts: &[&str],
        host: &Host,
        finish: impl Fn(&Tensor) -> Tensor,
        put: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let encoded = self.encode(texts)?;
        let lengths: Vec<usize> = encoded.iter().map(Encoded::len).collect();
        let compute = |items: &[usize]| {
            let texts: Vec<&Encoded> = items.iter().map(|item| &encoded[*item]).collect();
            let padded = self.tokens.pad(&texts, self.device);
            let hidden = self.backbone.embed(&padded.ids, Pass::default());
            finish(&self.pooled(hidden, &padded.mask, 0, 0.0))
        };
        rows::each("the encoder", &lengths, host, compute, put)
    }
}
