//! Llama, Mistral and Qwen2 under Hugging Face's parameter names: RMSNorm, rotary positions (Su et al. 2021), grouped-query
//! attention (Ainslie et al. 2023), SwiGLU (Shazeer 2020), a sliding window where the model has one (Jiang et al. 2023).

use std::ops::Range;

use tch::nn::{Init, Path};
use tch::{Device, Kind, Tensor};

use crate::bert::{activate, in_heads};
use crate::config::{Activation, ModelConfig, RopeScaling, Window};
use crate::linear::{Linear, Rank, RmsNorm};
use crate::pass::Pass;

#[derive(Debug)]
pub(crate) struct Llama {
    words: Tensor,
    layers: Vec<Layer>,
    norm: RmsNorm,
    /// Rotary frequencies, one a pair of dimensions.
    frequencies: Vec<f64>,
    window: Option<Window>,
}

#[derive(Debug)]
struct Layer {
    before_attention: RmsNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    before_inner: RmsNorm,
    gate: Linear,
    up: Linear,
    down: Linear,
    heads: i64,
    key_heads: i64,
    activation: Activation,
}

/// Cosine and sine of every position's angles, `[L,w]` each.
struct Rotation {
    cosine: Tensor,
    sine: Tensor,
}

impl Llama {
    pub(crate) fn new(
        path: &Path<'_>,
        config: &ModelConfig,
        lora: impl Fn(usize) -> Option<Rank>,
    ) -> Self {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        Self {
            words: (path / "embed_tokens").var("weight", &[config.vocabulary, config.width], init),
            layers: (0..config.layers)
                .map(|n| Layer::new(&(path / "layers" / n), config, lora(n)))
                .collect(),
            norm: RmsNorm::new(&(path / "norm"), config.width, config.epsilon),
            frequencies: frequencies(config.head_width, config.rope_base, config.rope_scaling),
            window: config.window.clone(),
        }
    }

    /// `[B,L]` ids to `[B,L,d]`.
    pub(crate) fn embed(&self, ids: &Tensor) -> Tensor {
        Tensor::embedding(&self.words, ids, -1, false, false)
    }

    /// `[B,L,d]` through some layers, and the last norm behind the last. Positions count from the first row, a prompt's among them.
    pub(crate) fn run(
        &self,
        mut hidden: Tensor,
        mask: &Tensor,
        layers: Range<usize>,
        _pass: Pass,
    ) -> Tensor {
        let (length, device) = (hidden.size()[1], hidden.device());
        let rotation = Rotation::new(&self.frequencies, length, hidden.kind(), device);
        let mask = mask.unsqueeze(1).unsqueeze(1); // [B,1,1,L]
        let seen = |window| mask.logical_and(&looking_back(length, window, device)); // [B,1,L,L]
        let all = seen(None);
        let near = self.window.as_ref().map(|window| seen(Some(window.tokens)));
        for number in layers.clone() {
            let windowed = self.window.as_ref().is_some_and(|window| window.layers[number]);
            let mask = near.as_ref().filter(|_| windowed).unwrap_or(&all);
            hidden = self.layers[number].forward(&hidden, mask, &rotation);
        }
        if layers.end == self.layers.len() { self.norm.forward(&hidden) } else { hidden }
    }
}

impl Layer {
    fn new(path: &Path<'_>, config: &ModelConfig, lora: Option<Rank>) -> Self {
        let (own, feed) = (path / "self_attn", path / "mlp");
        let (width, inner) = (config.width, config.inner);
        let (queries, keys) =
            (config.heads * config.head_width, config.key_heads * config.head_width);
        let bias = config.attention_bias;
        Self {
            before_attention: RmsNorm::new(&(path / "input_layernorm"), width, config.epsilon),
            query: Linear::new(&(&own / "q_proj"), width, queries, bias, lora),
            key: Linear::new(&(&own / "k_proj"), width, keys, bias, None),
            value: Linear::new(&(&own / "v_proj"), width, keys, bias, lora),
            attended: Linear::new(&(&own / "o_proj"), queries, width, config.output_bias, None),
            before_inner: RmsNorm::new(&(path / "post_attention_layernorm"), width, config.epsilon),
            gate: Linear::new(&(&feed / "gate_proj"), width, inner, false, None),
            up: Linear::new(&(&feed / "up_proj"), width, inner, false, None),
            down: Linear::new(&(&feed / "down_proj"), inner, width, false, None),
            heads: config.heads,
            key_heads: config.key_heads,
            activation: config.activation,
        }
    }

    /// Pre-norm: `x = x + attention(norm(x))`, `x = x + SwiGLU(norm(x))`.
    fn forward(&self, x: &Tensor, mask: &Tensor, rotation: &Rotation) -> Tensor {
        let normed = self.before_attention.forward(x);
        let query = rotation.turn(&in_heads(&self.query.forward(&normed), self.heads)); // [B,h,L,w]
        let repeat = self.heads / self.key_heads;
        let key = rotation.turn(&in_heads(&self.key.forward(&normed), self.key_heads));
        let key = key.repeat_interleave_self_int(repeat, 1, None);
        let value = in_heads(&self.value.forward(&normed), self.key_heads);
        let value = value.repeat_interleave_self_int(repeat, 1, None);
        let attended = Tensor::scaled_dot_product_attention(
            &query,
            &key,
            &value,
            Some(mask),
            0.0,
            false,
            None,
            false,
        );
        let x = x + self.attended.forward(&attended.transpose(1, 2).flatten(2, 3)); // [B,L,d]
        let normed = self.before_inner.forward(&x);
        let gated =
            activate(&self.gate.forward(&normed), self.activation) * self.up.forward(&normed);
        x + self.down.forward(&gated)
    }
}

/// Which tokens a token sees, `[L,L]`: itself and those before it, at most `window`.
fn looking_back(length: i64, window: Option<i64>, device: Device) -> Tensor {
    let place = Tensor::arange(length, (Kind::Int64, device));
    let back = place.unsqueeze(1) - place.unsqueeze(0);
    let seen = back.ge(0);
    match window {
        Some(window) => seen.logical_and(&back.lt(window)),
        None => seen,
    }
}

/// `base^(-2i/w)`, rescaled as in Llama 3.1 where its configuration says so.
fn frequencies(width: i64, base: f64, scaling: Option<RopeScaling>) -> Vec<f64> {
    (0..width / 2)
        .map(|i| {
            let frequency = base.powf(-2.0 * i as f64 / width as f64);
            let Some(s) = scaling else { return frequency };
            let wavelength = std::f64::consts::TAU / frequency;
            let context = s.original_max_position_embeddings;
            if wavelength < context / s.high_freq_factor {
                frequency
            } else if wavelength > context / s.low_freq_factor {
                frequency / s.factor
            } else {
                let smooth = (context / wavelength - s.low_freq_factor)
                    / (s.high_freq_factor - s.low_freq_factor);
                (1.0 - smooth) * frequency / s.factor + smooth * frequency
            }
        })
        .collect()
}

impl Rotation {
    fn new(frequencies: &[f64], length: i64, kind: Kind, device: Device) -> Self {
        let frequencies = Tensor::from_slice(frequencies).to_kind(Kind::Float).to_device(device);
        let angles = Tensor::arange(length, (Kind::Float, device)).outer(&frequencies); // [L,w/2]
        let angles = Tensor::cat(&[&angles, &angles], -1);
        Self { cosine: angles.cos().to_kind(kind), sine: angles.sin().to_kind(kind) }
    }

    /// `[B,h,L,w]`: `x cos + (-x2, x1) sin` with the halves x1, x2 of a head.
    fn turn(&self, x: &Tensor) -> Tensor {
        let halves = x.chunk(2, -1);
        let turned = Tensor::cat(&[&-&halves[1], &halves[0]], -1);
        x * &self.cosine + turned * &self.sine
    }
}
