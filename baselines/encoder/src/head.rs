//! From a pooled vector `[B,d]` to logits `[B,C]`: linear, or with one hidden layer.

use tch::nn::{Init, Path};
use tch::{Kind, Tensor};

#[derive(Debug)]
pub(crate) struct Head {
    hidden: Option<Affine>,
    out: Affine,
}

#[derive(Debug)]
struct Affine {
    weight: Tensor,
    bias: Tensor,
}

impl Affine {
    fn new(path: &Path<'_>, input: i64, output: i64) -> Self {
        Self {
            weight: path.var("weight", &[output, input], Init::Randn { mean: 0.0, stdev: 0.02 }),
            bias: path.var("bias", &[output], Init::Const(0.0)),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&self.bias))
    }
}

impl Head {
    pub(crate) fn new(path: &Path<'_>, width: i64, hidden: Option<i64>, classes: usize) -> Self {
        Self {
            hidden: hidden.map(|hidden| Affine::new(&(path / "hidden"), width, hidden)),
            out: Affine::new(path, hidden.unwrap_or(width), classes as i64),
        }
    }

    pub(crate) fn forward(&self, pooled: &Tensor, dropout: f64) -> Tensor {
        let drop = |x: Tensor| if dropout > 0.0 { x.dropout(dropout, true) } else { x };
        let x = drop(pooled.to_kind(Kind::Float));
        match &self.hidden {
            Some(hidden) => self.out.forward(&drop(hidden.forward(&x).gelu("none"))),
            None => self.out.forward(&x),
        }
    }
}
