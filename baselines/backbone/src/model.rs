//! A pretrained transformer: embeddings, then layers that can be run in parts, frozen, or extended by LoRA.

use std::ops::Range;

use plugin_api::Error;
use serde::{Deserialize, Serialize};
use tch::Tensor;
use tch::nn::{Path, VarStore};

use crate::bert::Bert;
use crate::checkpoint::Checkpoint;
use crate::config::{Family, ModelConfig};
use crate::linear::Rank;
use crate::llama::Llama;
use crate::pass::Pass;
use crate::weights;

/// Which of its parameters are trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields, tag = "kind")]
pub enum Tune {
    /// None.
    Frozen,
    /// Low-rank updates of query and value.
    Lora {
        /// r.
        rank: i64,
        /// The update is scaled by alpha / r.
        alpha: f64,
    },
    /// All but frozen layers.
    Full,
}

/// What stays as it is: the embeddings and the first `layers` layers, where `Some`. Their output can be kept (see [`crate::features`]).
pub type Frozen = Option<usize>;

/// A transformer without a head.
#[derive(Debug)]
pub struct Backbone {
    body: Body,
    /// What it is.
    pub config: ModelConfig,
    tune: Tune,
    frozen: Frozen,
}

#[derive(Debug)]
enum Body {
    Bert(Bert),
    Llama(Llama),
}

impl Backbone {
    /// Declares the parameters below `path`; [`Backbone::load`] fills them.
    pub fn new(path: &Path<'_>, config: &ModelConfig, tune: Tune, frozen: Frozen) -> Self {
        let rank = match tune {
            Tune::Lora { rank, alpha } => Some(Rank { rank, alpha }),
            Tune::Frozen | Tune::Full => None,
        };
        let lora = |layer: usize| rank.filter(|_| frozen.is_none_or(|frozen| layer >= frozen));
        let body = match config.family {
            Family::Bert | Family::Roberta => Body::Bert(Bert::new(path, config, lora)),
            Family::Llama => Body::Llama(Llama::new(path, config, lora)),
        };
        Self { body, config: config.clone(), tune, frozen }
    }

    /// Copies the checkpoint into the parameters below `prefix` of the store and fixes which of them are trained.
    ///
    /// # Errors
    /// Names every missing, unexpected or misshapen tensor.
    pub fn load(
        &self,
        store: &VarStore,
        prefix: &str,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        weights::load(store, prefix, checkpoint)?;
        self.fix(store, prefix);
        Ok(())
    }

    /// Fixes which parameters below `prefix` are trained, without loading.
    pub fn fix(&self, store: &VarStore, prefix: &str) {
        for (name, tensor) in store.variables() {
            if let Some(own) = name.strip_prefix(prefix).and_then(|own| own.strip_prefix('.')) {
                let _ = tensor.set_requires_grad(self.trains(own));
            }
        }
    }

    /// Whether a parameter is trained, by its name in the checkpoint.
    fn trains(&self, name: &str) -> bool {
        let layer = layer_of(name);
        let frozen = match (self.frozen, layer) {
            (Some(frozen), Some(layer)) => layer < frozen,
            // Embeddings; a decoder's last norm is behind its layers.
            (Some(_), None) => name.contains("embed"),
            (None, _) => false,
        };
        match self.tune {
            Tune::Frozen => false,
            Tune::Lora { .. } => name.contains("lora_") && !frozen,
            Tune::Full => !frozen,
        }
    }

    /// d.
    pub fn width(&self) -> i64 {
        self.config.width
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.config.layers
    }

    /// Token ids `[B,L]` to what enters layer 0, `[B,L,d]`.
    pub fn embed(&self, ids: &Tensor, pass: Pass) -> Tensor {
        match &self.body {
            Body::Bert(bert) => bert.embed(ids, pass),
            Body::Llama(llama) => llama.embed(ids),
        }
    }

    /// Runs some layers on `[B,L,d]` with a mask `[B,L]`; the last norm of a decoder belongs to its last layer.
    pub fn run(&self, hidden: Tensor, mask: &Tensor, layers: Range<usize>, pass: Pass) -> Tensor {
        match &self.body {
            Body::Bert(bert) => bert.run(hidden, mask, layers, pass),
            Body::Llama(llama) => llama.run(hidden, mask, layers, pass),
        }
    }

    /// Token ids `[B,L]` and mask `[B,L]` to hidden states `[B,L,d]`.
    pub fn forward(&self, ids: &Tensor, mask: &Tensor, pass: Pass) -> Tensor {
        self.run(self.embed(ids, pass), mask, 0..self.layers(), pass)
    }
}

/// The layer that a parameter belongs to: `encoder.layer.3.…`, `layers.3.…`.
fn layer_of(name: &str) -> Option<usize> {
    let rest = name.split_once("layer.").or_else(|| name.split_once("layers."))?.1;
    rest.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_off_names() {
        assert_eq!(layer_of("encoder.layer.11.attention.self.query.weight"), Some(11));
        assert_eq!(layer_of("layers.2.mlp.up_proj.weight"), Some(2));
        assert_eq!(layer_of("embeddings.LayerNorm.weight"), None);
        assert_eq!(layer_of("norm.weight"), None);
    }
}
