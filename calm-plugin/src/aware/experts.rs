//! Culture-informed experts: what a culture reads in the concepts, and what the experts make of that and of its identity.
//! Serves "a culture-informed mixture of experts along culture-specific dimensions".

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::terms::Terms;
use crate::layers::{Build, Linear, gelu, mean_slots};

/// `[config.experts]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` E. Default: 6.
    pub count: i64,
    /// `[ours]` Weight of the term that keeps all of them in use. Default: 0.01.
    pub balance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { count: 6, balance: 0.01 }
    }
}

/// The experts and their gate.
#[derive(Debug)]
pub struct Experts {
    read: Linear,
    gate: Linear,
    up: (Tensor, Tensor),
    down: Tensor,
    settings: Settings,
}

/// What they said.
#[derive(Debug)]
pub struct Said {
    /// u `[P,N,c]`.
    pub mixed: Tensor,
    /// g `[P,N,E]`.
    pub gate: Tensor,
}

impl Experts {
    /// Declares `experts.*`.
    pub(crate) fn new(build: &Build<'_>, c: i64, settings: Settings) -> Self {
        let count = settings.count;
        let spread = |inputs: i64| 1.0 / (inputs as f64).sqrt();
        Self {
            read: Linear::without_bias(&build.sub("read"), c, c, spread(c)),
            gate: Linear::without_bias(&build.sub("gate"), 2 * c, count, spread(2 * c)),
            up: (
                build.sub("up").normal("weight", &[count, c, 2 * c], spread(2 * c)),
                build.sub("up").constant("bias", &[count, 1, c], 0.0),
            ),
            down: build.sub("down").normal("weight", &[count, c, c], spread(c)),
            settings,
        }
    }

    /// a `[P,N,c]`: the concepts' mean, and what the identities e `[P,N,c]` attend to among A `[P,2K,c]`.
    pub fn read(&self, aligned: &Tensor, identities: &Tensor) -> Tensor {
        let scale = 1.0 / (aligned.size()[2] as f64).sqrt();
        let logits = self.read.forward(identities).matmul(&aligned.transpose(1, 2)) * scale;
        let attention = logits.softmax(-1, Kind::Float); // [P,N,2K]
        mean_slots(aligned).unsqueeze(1) + attention.matmul(aligned)
    }

    /// `u = sum_e g_e W2_e gelu(W1_e [a; e] + b_e)` of a and e `[P,N,c]`.
    pub fn forward(&self, read: &Tensor, identities: &Tensor) -> Said {
        let input = Tensor::cat(&[read, identities], -1); // [P,N,2c]
        let (items, columns) = (input.size()[0], input.size()[1]);
        let gate = self.gate.forward(&input).softmax(-1, Kind::Float); // [P,N,E]
        let flat = input.view([1, items * columns, -1]);
        let inner = gelu(&(flat.matmul(&self.up.0.transpose(1, 2)) + &self.up.1)); // [E,PN,c]
        let answers = inner.matmul(&self.down.transpose(1, 2)); // [E,PN,c]
        let shares = gate.view([items * columns, -1]).tr().unsqueeze(2); // [E,PN,1]
        let mixed = (answers.to_kind(Kind::Float) * shares).sum_dim_intlist(
            &[0i64][..],
            false,
            None::<Kind>,
        );
        Said { mixed: mixed.view([items, columns, -1]), gate }
    }

    /// `balance = E sum_e (mean g_e)²`, 1 where all are used alike.
    pub(crate) fn push(&self, terms: &mut Terms, gate: &Tensor) {
        if self.settings.count < 2 {
            return;
        }
        terms.push("balance", self.settings.balance, || {
            let mean = gate.mean_dim(&[0i64, 1][..], false, None::<Kind>);
            mean.square().sum(None::<Kind>) * self.settings.count as f64
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;
    use tch::nn::VarStore;

    #[test]
    fn each_cell_is_computed_as_if_alone() {
        let store = VarStore::new(Device::Cpu);
        let experts = Experts::new(&Build::new(&store, 3), 6, Settings::default());
        let draw = |name: &str, shape: &[i64]| {
            let count = shape.iter().product::<i64>() as usize;
            Tensor::from_slice(&crate::layers::normals(1, name, count)).view(shape)
        };
        let (aligned, e) = (draw("a", &[3, 4, 6]), draw("e", &[3, 5, 6]));
        let whole = experts.forward(&experts.read(&aligned, &e), &e);
        assert_eq!(whole.mixed.size(), [3, 5, 6]);
        let (aligned, e) = (aligned.narrow(0, 1, 1), e.narrow(0, 1, 1).narrow(1, 3, 1));
        let alone = experts.forward(&experts.read(&aligned, &e), &e).mixed.view([6]);
        let apart = (alone - whole.mixed.get(1).get(3)).abs().max().double_value(&[]);
        assert!(apart < 1e-5, "{apart:e}");
        let mut terms = Terms::default();
        experts.push(&mut terms, &Tensor::full([2, 2, 6], 1.0 / 6.0, (Kind::Float, Device::Cpu)));
        assert!((terms.0[0].value.double_value(&[]) - 1.0).abs() < 1e-6);
    }
}
