//! BERT and RoBERTa under Hugging Face's parameter names (Devlin et al. 2019; Liu et al. 2019). B batch, L tokens, d width.

use std::ops::Range;

use tch::Tensor;
use tch::nn::{Init, Path};

use crate::config::{Activation, Family, ModelConfig};
use crate::linear::{LayerNorm, Linear, Rank};
use crate::pass::Pass;

#[derive(Debug)]
pub(crate) struct Bert {
    words: Tensor,
    positions: Tensor,
    types: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
    /// Row of the table that the first token takes: behind the padding's in RoBERTa.
    first_position: i64,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    outer_norm: LayerNorm,
    heads: i64,
    activation: Activation,
}

impl Bert {
    pub(crate) fn new(
        path: &Path<'_>,
        config: &ModelConfig,
        lora: impl Fn(usize) -> Option<Rank>,
    ) -> Self {
        let embeddings = path / "embeddings";
        let first_position = if config.family == Family::Roberta { config.padding + 1 } else { 0 };
        let table = |name: &str, rows: i64| {
            (&embeddings / name).var(
                "weight",
                &[rows, config.width],
                Init::Randn { mean: 0.0, stdev: 0.02 },
            )
        };
        Self {
            words: table("word_embeddings", config.vocabulary),
            positions: table("position_embeddings", config.positions + first_position),
            types: table("token_type_embeddings", config.types),
            norm: LayerNorm::new(&(&embeddings / "LayerNorm"), config.width, config.epsilon),
            layers: (0..config.layers)
                .map(|n| Layer::new(&(path / "encoder" / "layer" / n), config, lora(n)))
                .collect(),
            first_position,
        }
    }

    /// `[B,L]` ids to `[B,L,d]`.
    pub(crate) fn embed(&self, ids: &Tensor, pass: Pass) -> Tensor {
        let length = ids.size()[1];
        let positions = self.positions.narrow(0, self.first_position, length); // [L,d]
        let sum =
            Tensor::embedding(&self.words, ids, -1, false, false) + positions + self.types.get(0);
        drop_out(self.norm.forward(&sum), pass.dropout)
    }

    /// `[B,L,d]` through some layers.
    pub(crate) fn run(
        &self,
        mut hidden: Tensor,
        mask: &Tensor,
        layers: Range<usize>,
        pass: Pass,
    ) -> Tensor {
        let mask = mask.unsqueeze(1).unsqueeze(1); // [B,1,1,L]
        for layer in &self.layers[layers] {
            hidden = layer.forward(&hidden, &mask, pass.dropout);
        }
        hidden
    }
}

impl Layer {
    fn new(path: &Path<'_>, config: &ModelConfig, lora: Option<Rank>) -> Self {
        let (attention, width) = (path / "attention", config.width);
        let own = &attention / "self";
        Self {
            query: Linear::new(&(&own / "query"), width, width, true, lora),
            key: Linear::new(&(&own / "key"), width, width, true, None),
            value: Linear::new(&(&own / "value"), width, width, true, lora),
            attended: Linear::new(&(&attention / "output" / "dense"), width, width, true, None),
            attended_norm: LayerNorm::new(
                &(&attention / "output" / "LayerNorm"),
                width,
                config.epsilon,
            ),
            inner: Linear::new(&(path / "intermediate" / "dense"), width, config.inner, true, None),
            outer: Linear::new(&(path / "output" / "dense"), config.inner, width, true, None),
            outer_norm: LayerNorm::new(&(path / "output" / "LayerNorm"), width, config.epsilon),
            heads: config.heads,
            activation: config.activation,
        }
    }

    /// Post-norm: `x = LN(x + attention(x))`, `x = LN(x + feed-forward(x))`.
    fn forward(&self, x: &Tensor, mask: &Tensor, dropout: f64) -> Tensor {
        let split = |linear: &Linear| in_heads(&linear.forward(x), self.heads); // [B,heads,L,d/heads]
        let attended = Tensor::scaled_dot_product_attention(
            &split(&self.query),
            &split(&self.key),
            &split(&self.value),
            Some(mask),
            dropout,
            false,
            None,
            false,
        );
        let attended = attended.transpose(1, 2).flatten(2, 3); // [B,L,d]
        let x =
            self.attended_norm.forward(&(drop_out(self.attended.forward(&attended), dropout) + x));
        let inner = activate(&self.inner.forward(&x), self.activation);
        self.outer_norm.forward(&(drop_out(self.outer.forward(&inner), dropout) + &x))
    }
}

/// `[B,L,h*w]` to `[B,h,L,w]`.
pub(crate) fn in_heads(x: &Tensor, heads: i64) -> Tensor {
    let size = x.size();
    x.view([size[0], size[1], heads, -1]).transpose(1, 2)
}

pub(crate) fn activate(x: &Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Gelu => x.gelu("none"),
        Activation::GeluTanh => x.gelu("tanh"),
        Activation::Relu => x.relu(),
        Activation::Silu => x.silu(),
    }
}

fn drop_out(x: Tensor, probability: f64) -> Tensor {
    if probability > 0.0 { x.dropout(probability, true) } else { x }
}
