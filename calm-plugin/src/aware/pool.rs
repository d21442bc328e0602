//! Identity Alignment Pool: prototypes of both types, which concepts of the other type look at.
//! Serves "clusters are then aligned via cross-attention".

use backbone::train::stream;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{IndexOp as _, Kind, Tensor};

use super::terms::Terms;
use crate::layers::{Build, Linear, Norm, normalise};

/// How much of a prototype stays in a step of the start.
const STAYS: f64 = 0.9;

/// How much of the counted use stays in a step.
const REMEMBERED: f64 = 0.98;

/// `[config.pool]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` M, prototypes of a type; 0 leaves the pool out. Default: 8.
    pub prototypes: i64,
    /// `[ours]` Steps in which prototypes follow the concepts' means; then they learn by gradient. Default: 20.
    pub start: usize,
    /// `[ours]` Weight of the term that draws prototypes to concepts. Default: 0.1.
    pub cluster: f64,
    /// `[ours]` A prototype with less than this share of an even use is placed again. Default: 0.1.
    pub dead: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { prototypes: 8, start: 20, cluster: 0.1, dead: 0.1 }
    }
}

/// The pool.
#[derive(Debug)]
pub struct Pool {
    sides: Option<[Side; 2]>,
    /// EMA of each prototype's share of concepts `[2,M]`.
    used: Tensor,
    settings: Settings,
}

#[derive(Debug)]
struct Side {
    /// `[M,c]`.
    prototypes: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    norm: Norm,
}

impl Pool {
    /// Declares `pool.*`.
    pub(crate) fn new(store: &VarStore, build: &Build<'_>, c: i64, settings: Settings) -> Self {
        let count = settings.prototypes;
        let side = |name: &str| {
            let build = build.sub(name);
            let linear = |name: &str| Linear::fan_in(&build.sub(name), c, c, 1.0);
            Side {
                prototypes: build.normal("prototypes", &[count, c], 1.0),
                query: linear("query"),
                key: linear("key"),
                value: linear("value"),
                norm: Norm::new(&build.sub("norm"), c),
            }
        };
        Self {
            sides: (count > 0).then(|| [side("explicit"), side("latent")]),
            used: (store.root() / "pool").zeros_no_train("used", &[2, count]),
            settings,
        }
    }

    /// X and Y `[P,K,c]` to A `[P,2K,c]`: `LN(x + softmax(q(x) k(p)^T / sqrt(c)) v(p))` over prototypes p of the other type.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let Some([explicit, latent]) = &self.sides else { return Tensor::cat(&[x, y], 1) };
        Tensor::cat(
            &[explicit.look(x, &latent.prototypes), latent.look(y, &explicit.prototypes)],
            1,
        )
    }

    /// The nearest prototype of each item's mean concept `[P,c]` of a type (0 explicit, 1 latent), int64 `[P]`; 0 without a pool.
    pub fn assign(&self, kind: usize, concepts: &Tensor) -> Tensor {
        match &self.sides {
            Some(sides) => cosines(concepts, &sides[kind].prototypes).argmax(-1, false),
            None => Tensor::zeros([concepts.size()[0]], (Kind::Int64, concepts.device())),
        }
    }

    /// `cluster = mean over both types and all slots of 1 - max_m cos(sg x, p_m)`
    pub(crate) fn push(&self, terms: &mut Terms, concepts: [&Tensor; 2]) {
        let Some(sides) = &self.sides else { return };
        terms.push("cluster", self.settings.cluster, || {
            let far = |(side, concepts): (&Side, &Tensor)| {
                let near = cosines(&concepts.detach(), &side.prototypes).max_dim(-1, false).0;
                1.0 - near.mean(None::<Kind>)
            };
            let both: Vec<Tensor> = sides.iter().zip(concepts).map(far).collect();
            (&both[0] + &both[1]) / 2.0
        });
    }

    /// After a step: prototypes follow at the start; later the dead ones are placed on a concept of the step. Concepts are `[P,K,c]`.
    pub(crate) fn follow(&self, concepts: [&Tensor; 2], step: usize, seed: u64) {
        let Some(sides) = &self.sides else { return };
        for (kind, (side, concepts)) in sides.iter().zip(concepts).enumerate() {
            let flat = concepts.reshape([-1, concepts.size()[2]]); // [PK,c]
            let count = self.settings.prototypes;
            let belongs = cosines(&flat, &side.prototypes)
                .argmax(-1, false)
                .one_hot(count)
                .to_kind(Kind::Float);
            let numbers = belongs.sum_dim_intlist(&[0i64][..], false, None::<Kind>); // [M]
            let mut own = side.prototypes.shallow_clone();
            if step < self.settings.start {
                let means = belongs.tr().matmul(&flat) / numbers.clamp_min(1.0).unsqueeze(1);
                let moved = &own * STAYS + means * (1.0 - STAYS);
                own.copy_(&moved.where_self(&numbers.gt(0.0).unsqueeze(1), &side.prototypes));
            }
            let mut used = self.used.i(kind as i64);
            let share = numbers / flat.size()[0] as f64;
            used.copy_(&if step == 0 {
                share
            } else {
                &used * REMEMBERED + share * (1.0 - REMEMBERED)
            });
            self.revive(&mut own, &mut used, &flat, stream(seed, "revive", kind).random());
        }
    }

    /// Places the least used prototype on a concept, where it is dead.
    fn revive(&self, prototypes: &mut Tensor, used: &mut Tensor, flat: &Tensor, drawn: u64) {
        let place = used.argmin(0, false).int64_value(&[]);
        if used.double_value(&[place]) * self.settings.prototypes as f64 >= self.settings.dead {
            return;
        }
        let concept = (drawn % flat.size()[0] as u64) as i64;
        prototypes.get(place).copy_(&flat.get(concept));
        let _ = used.get(place).fill_(1.0 / self.settings.prototypes as f64);
    }
}

impl Side {
    fn look(&self, x: &Tensor, prototypes: &Tensor) -> Tensor {
        let scale = 1.0 / (x.size()[2] as f64).sqrt();
        let (query, key) = (self.query.forward(x), self.key.forward(prototypes)); // [P,K,c], [M,c]
        let attention = (query.matmul(&key.tr()) * scale).softmax(-1, Kind::Float); // [P,K,M]
        self.norm.forward(&(x + attention.matmul(&self.value.forward(prototypes))))
    }
}

/// Cosine of each vector `[...,c]` with each prototype `[M,c]`, `[...,M]`.
fn cosines(vectors: &Tensor, prototypes: &Tensor) -> Tensor {
    normalise(vectors).matmul(&normalise(prototypes).tr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn prototypes_follow_the_concepts_and_dead_ones_are_revived() {
        let store = VarStore::new(Device::Cpu);
        let settings = Settings { prototypes: 4, ..Settings::default() };
        let pool = Pool::new(&store, &Build::new(&store, 3).sub("pool"), 6, settings);
        let axes = Tensor::eye(6, (Kind::Float, Device::Cpu)).narrow(0, 0, 4).unsqueeze(0) * 3.0; // [1,4,6]
        tch::no_grad(|| {
            for step in 0..400 {
                pool.follow([&axes, &axes], step, step as u64);
            }
        });
        let mut found: Vec<i64> = pool.assign(0, &axes.get(0)).try_into().unwrap();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3], "every concept has its prototype");
    }
}
