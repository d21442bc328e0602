//! Fusion that is open from the start: the identity state scales and shifts the backbone's, and the head reads the identity state alone.
//! Serves "integrated with the model's original knowledge ... residual fusion".

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::terms::{Labels, Terms};
use crate::layers::{Build, Linear, Norm};

/// `[config.fusion]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` Spread of what is added at the start, beside a backbone state of spread 1. Default: 0.3.
    pub gain: f64,
    /// `[ours]` Dropout on u and on what the head reads. Default: 0.2.
    pub dropout: f64,
    /// `[ours]` Weight of the task loss of u's own head. Default: 0.3.
    pub own: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gain: 0.3, dropout: 0.2, own: 0.3 }
    }
}

/// Fusion and the two heads.
#[derive(Debug)]
pub struct Fusion {
    norm: Norm,
    scale: Linear,
    shift: Linear,
    head: Linear,
    own: Linear,
    settings: Settings,
}

impl Fusion {
    /// Declares `fusion.*`.
    pub(crate) fn new(build: &Build<'_>, [d, c, labels]: [i64; 3], settings: Settings) -> Self {
        let open = |name: &str| {
            Linear::without_bias(&build.sub(name), c, d, settings.gain / (c as f64).sqrt())
        };
        let head = |name: &str, width: i64| {
            Linear::without_bias(&build.sub(name), width, labels, 1.0 / (width as f64).sqrt())
        };
        Self {
            norm: Norm::new(&build.sub("norm"), c),
            scale: open("scale"),
            shift: open("shift"),
            head: head("head", d),
            own: head("own", c),
            settings,
        }
    }

    /// `u' = LN(u)`, `[P,N,c]`.
    pub fn normed(&self, mixed: &Tensor, training: bool) -> Tensor {
        self.norm.forward(mixed).dropout(self.settings.dropout, training)
    }

    /// `s = h (1 + Gamma u') + B u'` of h `[P,d]` and u' `[P,N,c]`: `[P,N,d]`.
    pub fn forward(&self, pooled: &Tensor, normed: &Tensor) -> Tensor {
        let pooled = pooled.unsqueeze(1); // [P,1,d]
        &pooled * (self.scale.forward(normed) + 1.0) + self.shift.forward(normed)
    }

    /// The head on s alone `[P,N,C]`, not centred yet.
    pub fn answer(&self, state: &Tensor, training: bool) -> Tensor {
        self.head.forward(&state.dropout(self.settings.dropout, training)).to_kind(Kind::Float)
    }

    /// u's own head `[P,N,C]`, not centred yet.
    pub fn own(&self, normed: &Tensor) -> Tensor {
        self.own.forward(normed).to_kind(Kind::Float)
    }

    /// `own = cross-entropy of sg(base + b) + own head's deviation`
    pub(crate) fn push(&self, terms: &mut Terms, base: &Tensor, own: &Tensor, labels: &Labels) {
        terms.push("own", self.settings.own, || labels.cross_entropy(&(base.detach() + own)));
    }
}
