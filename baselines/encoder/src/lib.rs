//! A pretrained encoder: as it is (`embed`), or fine-tuned with a head on its pooled vector (`fit`, `classify`).

mod config;
mod fit;
mod head;
mod net;

use std::path::Path;

use backbone::state;
use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Matrix, Plugin, Scores, Task, export_plugin,
};
use tch::{Kind, Tensor};

pub use config::Config;
use net::{Net, PRETRAINED};

/// The plugin.
#[derive(Debug)]
pub struct Encoder {
    net: Net,
}

impl Plugin for Encoder {
    const NAME: &'static str = "encoder";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Embed, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let config = Config::parse(config)?;
        Ok(Self { net: Net::new(config, task.labels.len(), host)? })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        fit::fit(&self.net, train, valid, host)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let classes = self.net.classes;
        self.net.rows(
            &batch.texts,
            host,
            |vectors| self.net.head.forward(vectors, 0.0).softmax(-1, Kind::Float),
            |row, own| {
                scores.row(row)[..classes].copy_from_slice(own);
            },
        )
    }

    fn dimension(&self) -> usize {
        self.net.backbone.width() as usize
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let finish = |pooled: &Tensor| {
            if !self.net.config.normalise {
                return pooled.shallow_clone();
            }
            pooled / pooled.norm_scalaropt_dim(2.0, &[1i64][..], true).clamp_min(1e-12)
        };
        self.net.rows(&batch.texts, host, finish, |row, own| {
            vectors.row(row).copy_from_slice(own);
        })
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        state::save(&self.net.store, &folder.join("model.safetensors"), |name| {
            !name.starts_with(PRETRAINED)
        })
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        state::load(&self.net.store, &folder.join("model.safetensors"))
    }
}

export_plugin!(Encoder);
