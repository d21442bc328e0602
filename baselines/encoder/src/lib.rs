//! A pretrained encoder: as it is (`embed`), or fine-tuned with a head on its pooled vector (`fit`, `classify`).

mod config;
mod fit;
mod head;

use std::path::Path;

use backbone::{Backbone, Checkpoint, Encoded, Pass, Tokens, precision, rows, runtime, state};
use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Matrix, Plugin, Scores, Task, export_plugin,
};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

pub use config::Config;
use head::Head;

/// Prefix of the pretrained parameters.
const PRETRAINED: &str = "backbone";

/// The model.
#[derive(Debug)]
pub struct Encoder {
    config: Config,
    task: Task,
    device: Device,
    store: VarStore,
    backbone: Backbone,
    head: Head,
    tokens: Tokens,
}

impl Plugin for Encoder {
    const NAME: &'static str = "encoder";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Embed, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config = Config::parse(config)?;
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
            let head = Head::new(
                &(&root / "head"),
                backbone.width(),
                config.head_width,
                task.labels.len(),
            );
            backbone.load(&store, PRETRAINED, &checkpoint)?;
            store.set_device(device);
            Ok(Self { config, task: task.clone(), device, store, backbone, head, tokens })
        })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        fit::fit(self, train, valid, host)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let classes = self.task.labels.len();
        self.rows(
            &batch.texts,
            host,
            |vectors| self.head.forward(vectors, 0.0).softmax(-1, Kind::Float),
            |row, own| {
                scores.row(row)[..classes].copy_from_slice(own);
            },
        )
    }

    fn dimension(&self) -> usize {
        self.backbone.width() as usize
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let finish = |pooled: &Tensor| {
            if !self.config.normalise {
                return pooled.shallow_clone();
            }
            pooled / pooled.norm_scalaropt_dim(2.0, &[1i64][..], true).clamp_min(1e-12)
        };
        self.rows(&batch.texts, host, finish, |row, own| {
            vectors.row(row).copy_from_slice(own);
        })
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        state::save(&self.store, &folder.join("model.safetensors"), |name| {
            !name.starts_with(PRETRAINED)
        })
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        state::load(&self.store, &folder.join("model.safetensors"))
    }
}

impl Encoder {
    /// Tokens of each text, its prefix before it.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Encoded>, Error> {
        if self.config.prefix.is_empty() {
            return self.tokens.encode(texts);
        }
        let prefixed: Vec<String> =
            texts.iter().map(|text| format!("{}{text}", self.config.prefix)).collect();
        self.tokens.encode(&prefixed.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Hidden states that enter layer `from`, `[B,L,d]`, and mask `[B,L]` to pooled vectors `[B,d]`.
    fn pooled(&self, hidden: Tensor, mask: &Tensor, from: usize, dropout: f64) -> Tensor {
        let pass = Pass { dropout, prompt: 0 };
        precision::mixed(self.config.bf16 && self.device.is_cuda(), || {
            let hidden = self.backbone.run(hidden, mask, from..self.backbone.layers(), pass);
            self.config.pooling.pool(&hidden, mask).to_kind(Kind::Float)
        })
    }

    /// Pooled vectors of texts; `finish` makes rows of them, `put` takes each to its place.
    fn rows(
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

export_plugin!(Encoder);
