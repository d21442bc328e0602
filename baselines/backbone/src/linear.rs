//! A linear layer under PyTorch's parameter names, with LoRA beside it where it is asked for.

use tch::nn::{Init, Path};
use tch::{Kind, Tensor};

/// `y = x W^T + b (+ scale * x A^T B^T)`.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
    lora: Option<Lora>,
}

/// Low-rank update (Hu et al. 2022, equation 3): A `[r, in]` is random, B `[out, r]` zero, so that step 0 changes nothing.
#[derive(Debug)]
struct Lora {
    a: Tensor,
    b: Tensor,
    scale: f64,
}

/// Rank and scale of LoRA.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rank {
    pub(crate) rank: i64,
    pub(crate) alpha: f64,
}

impl Linear {
    /// Declares `weight` and `bias`; filled from the checkpoint later.
    pub(crate) fn new(
        path: &Path<'_>,
        input: i64,
        output: i64,
        bias: bool,
        lora: Option<Rank>,
    ) -> Self {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        Self {
            weight: path.var("weight", &[output, input], init),
            bias: bias.then(|| path.var("bias", &[output], Init::Const(0.0))),
            lora: lora.map(|rank| Lora {
                a: path.var(
                    "lora_a",
                    &[rank.rank, input],
                    Init::Randn { mean: 0.0, stdev: 1.0 / (input as f64).sqrt() },
                ),
                b: path.var("lora_b", &[output, rank.rank], Init::Const(0.0)),
                scale: rank.alpha / rank.rank as f64,
            }),
        }
    }

    /// `[..., in]` to `[..., out]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let y = x.linear(&self.weight, self.bias.as_ref());
        match &self.lora {
            None => y,
            Some(lora) => {
                y + x.linear::<Tensor>(&lora.a, None).linear::<Tensor>(&lora.b, None) * lora.scale
            }
        }
    }
}

/// LayerNorm under the names `weight` and `bias`.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    pub(crate) fn new(path: &Path<'_>, width: i64, epsilon: f64) -> Self {
        Self {
            weight: path.var("weight", &[width], Init::Const(1.0)),
            bias: path.var("bias", &[width], Init::Const(0.0)),
            epsilon,
        }
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let width = self.weight.size()[0];
        x.layer_norm([width], Some(&self.weight), Some(&self.bias), self.epsilon, true)
    }
}

/// RMSNorm under the name `weight`: `x / sqrt(mean x^2 + epsilon) * weight`, in float32.
#[derive(Debug)]
pub(crate) struct RmsNorm {
    weight: Tensor,
    epsilon: f64,
}

impl RmsNorm {
    pub(crate) fn new(path: &Path<'_>, width: i64, epsilon: f64) -> Self {
        Self { weight: path.var("weight", &[width], Init::Const(1.0)), epsilon }
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let wide = x.to_kind(Kind::Float);
        let mean = wide.square().mean_dim(&[-1i64][..], true, None::<Kind>);
        (wide * (mean + self.epsilon).rsqrt()).to_kind(x.kind()) * &self.weight
    }
}
