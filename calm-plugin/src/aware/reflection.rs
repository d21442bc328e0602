//! Reflection: the identity state puts questions to the text and answers again; how far the new answer counts depends on how far the
//! old one lay from what the model remembers of that culture on such items.
//! Serves "self-prompted reflective learning" and "self-correction".

use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::terms::{Labels, Terms, mean_where};
use crate::layers::{Build, Linear};

/// `[config.reflection]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` R. Default: 0.
    pub rounds: usize,
    /// `[ours]` m, questions of a round. Default: 4.
    pub questions: i64,
    /// `[ours]` eta: how far the identity state moves at most. Default: 0.5.
    pub eta: f64,
    /// `[ours]` delta: the distance at which it moves half as far. Default: 0.1.
    pub delta: f64,
    /// `[ours]` T: how soft the gate is. Default: 0.1.
    pub softness: f64,
    /// `[ours]` Weight of the hinge on rounds that do not help. Default: 0.1.
    pub hinge: f64,
    /// `[ours]` By how much a round is to lower the loss of a wrong item. Default: 0.05.
    pub margin: f64,
    /// `[ours]` A control: a second reading of equal cost that always moves the state. Default: no.
    pub always: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rounds: 0,
            questions: 4,
            eta: 0.5,
            delta: 0.1,
            softness: 0.1,
            hinge: 0.1,
            margin: 0.05,
            always: false,
        }
    }
}

/// How much of the memory stays in a step.
const STAYS: f64 = 0.98;

/// Questions, and the memory of deviations.
#[derive(Debug)]
pub struct Reflection {
    parts: Option<[Linear; 3]>,
    /// Mean deviation by cluster and culture `[M,N,C]`.
    memory: Tensor,
    settings: Settings,
}

impl Reflection {
    /// Declares `reflection.*`.
    pub(crate) fn new(
        store: &VarStore,
        build: &Build<'_>,
        [d, c]: [i64; 2],
        memory: [i64; 3],
        settings: Settings,
    ) -> Self {
        let fan = |name: &str, input: i64, output: i64| {
            Linear::fan_in(&build.sub(name), input, output, 1.0)
        };
        let parts =
            || [fan("ask", d, settings.questions * c), fan("key", d, c), fan("value", d, c)];
        Self {
            parts: (settings.rounds > 0).then(parts),
            memory: (store.root() / "reflection").zeros_no_train("memory", &memory),
            settings,
        }
    }

    /// R.
    pub fn rounds(&self) -> usize {
        if self.parts.is_some() { self.settings.rounds } else { 0 }
    }

    /// What the questions of s `[P,N,d]` find in LayerNorm of H `[P,L,d]`: `[P,N,c]`.
    pub fn ask(&self, state: &Tensor, hidden: &Tensor, mask: &Tensor) -> Option<Tensor> {
        let [ask, key, value] = self.parts.as_ref()?;
        let (items, columns) = (state.size()[0], state.size()[1]);
        let m = self.settings.questions;
        let (keys, values) = (key.forward(hidden), value.forward(hidden)); // [P,L,c]
        let c = keys.size()[2];
        let questions = ask.forward(state).view([items, columns * m, c]); // [P,Nm,c]
        let logits = questions.matmul(&keys.transpose(1, 2)) / (c as f64).sqrt(); // [P,Nm,L]
        let barred = mask.logical_not().unsqueeze(1);
        let attention = logits.masked_fill(&barred, f64::NEG_INFINITY).softmax(-1, Kind::Float);
        let found = attention.matmul(&values).view([items, columns, m, c]);
        Some(found.mean_dim(&[2i64][..], false, None::<Kind>))
    }

    /// Distance of deviations `[P,N,C]` from what is remembered for the items' clusters `[P]`: `[P,N]`.
    pub fn distance(&self, deviations: &Tensor, clusters: &Tensor) -> Tensor {
        let expected = self.memory.index_select(0, clusters).narrow(1, 0, deviations.size()[1]); // [P,N,C]
        let square =
            (deviations - expected).square().sum_dim_intlist(&[-1i64][..], false, None::<Kind>);
        (square + 1e-8).sqrt()
    }

    /// How far the state moves, `eta sigmoid((distance - delta) / T)`, `[P,N,1]`.
    pub fn gate(&self, distance: &Tensor) -> Tensor {
        let own = &self.settings;
        if own.always {
            return Tensor::full_like(distance, own.eta).unsqueeze(-1);
        }
        (((distance - own.delta) / own.softness).sigmoid() * own.eta).unsqueeze(-1)
    }

    /// `reflect = mean over rounds and cells that were wrong before of max(0, CE_r - sg CE_{r-1} + m)`
    pub(crate) fn push(&self, terms: &mut Terms, rounds: &[Tensor], labels: &Labels) {
        if rounds.len() < 2 {
            return;
        }
        terms.push("reflect", self.settings.hinge, || {
            let hinge = |pair: &[Tensor]| {
                let (before, after) =
                    (labels.entropies(&pair[0]).detach(), labels.entropies(&pair[1]));
                let wrong = pair[0].argmax(-1, false).ne_tensor(&labels.values);
                let lost = (after - before + self.settings.margin).relu();
                mean_where(&lost, &wrong.logical_and(&labels.known))
            };
            let each: Vec<Tensor> = rounds.windows(2).map(hinge).collect();
            Tensor::stack(&each, 0).mean(None::<Kind>)
        });
    }

    /// After a step: the memory follows the deviations `[P,N,C]` of items in clusters `[P]`.
    pub(crate) fn remember(&self, deviations: &Tensor, clusters: &Tensor) {
        let (count, columns) = (self.memory.size()[0], deviations.size()[1]);
        let belongs = clusters.one_hot(count).to_kind(Kind::Float); // [P,M]
        let numbers = belongs.sum_dim_intlist(&[0i64][..], false, None::<Kind>).view([-1, 1, 1]);
        let flat = deviations.reshape([deviations.size()[0], -1]);
        let means = belongs.tr().matmul(&flat).view([count, columns, -1]) / numbers.clamp_min(1.0);
        let mut own = self.memory.narrow(1, 0, columns);
        let moved = &own * STAYS + means * (1.0 - STAYS);
        own.copy_(&moved.where_self(&numbers.gt(0.0), &own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn the_gate_opens_where_an_answer_is_far_from_memory_and_only_there() {
        let store = VarStore::new(Device::Cpu);
        let settings = Settings { rounds: 1, ..Settings::default() };
        let build = Build::new(&store, 1);
        let reflection =
            Reflection::new(&store, &build.sub("reflection"), [4, 4], [2, 1, 2], settings);
        let usual = Tensor::from_slice(&[1f32, -1.0]).view([1, 1, 2]);
        let cluster = Tensor::from_slice(&[1i64]);
        tch::no_grad(|| {
            for _ in 0..400 {
                reflection.remember(&usual, &cluster);
            }
        });
        let moves = |deviation: &Tensor, cluster: i64| {
            let cluster = Tensor::from_slice(&[cluster]);
            reflection.gate(&reflection.distance(deviation, &cluster)).double_value(&[0, 0, 0])
        };
        assert!(moves(&usual, 1) < 0.15, "{}", moves(&usual, 1));
        assert!(moves(&-&usual, 1) > 0.49);
        assert!(moves(&usual, 0) > 0.49, "nothing is remembered of the other cluster");
    }
}
