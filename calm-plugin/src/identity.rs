//! Fusion with what the backbone knew: the identity state.

use tch::{Kind, Tensor};

use crate::config::Fusion as Switch;
use crate::layers::{Build, Linear, Norm, SPREAD};

/// `s = LN(h0 + alpha W_o u)`.
#[derive(Debug)]
pub struct Identity {
    gate: Option<Linear>,
    out: Linear,
    norm: Norm,
    switch: Switch,
}

/// The identity state, and how much of it is new.
#[derive(Debug)]
pub struct Fused {
    /// s `[B,d]`.
    pub identity: Tensor,
    /// alpha `[B,1]`.
    pub alpha: Tensor,
    /// alpha `W_o` u, what the experts add to h0, `[B,d]`.
    pub added: Tensor,
}

impl Identity {
    /// Declares `gate` (residual only), `out` and `norm`. `out` begins at 0, so that step 0 is the backbone, but where it replaces it.
    pub(crate) fn new(build: &Build<'_>, width: i64, c: i64, switch: Switch) -> Self {
        let spread = if switch == Switch::Replace { SPREAD } else { 0.0 };
        Self {
            gate: (switch == Switch::Residual)
                .then(|| Linear::new(&build.sub("gate"), width + c, 1)),
            out: Linear::without_bias(&build.sub("out"), c, width, spread),
            norm: Norm::new(&build.sub("norm"), width),
            switch,
        }
    }

    /// h0 `[B,d]` and u `[B,c]` to s `[B,d]`.
    pub fn forward(&self, pooled: &Tensor, mixed: &Tensor) -> Fused {
        let new = self.out.forward(mixed); // [B,d]
        let constant =
            |value: f64| Tensor::full([pooled.size()[0], 1], value, (Kind::Float, pooled.device()));
        let alpha = match (&self.gate, self.switch) {
            (Some(gate), _) => gate.forward(&Tensor::cat(&[pooled, mixed], 1)).sigmoid(),
            (None, Switch::Replace) => constant(1.0),
            (None, _) => constant(0.5),
        }; // [B,1]
        let added = &alpha * new;
        let state =
            if self.switch == Switch::Replace { added.shallow_clone() } else { pooled + &added };
        Fused { identity: self.norm.forward(&state), alpha, added }
    }
}
