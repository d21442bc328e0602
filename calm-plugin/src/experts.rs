//! Culture-informed mixture of experts: a gate sees concepts and task, two experts of E answer.

use tch::{Kind, Tensor};

use crate::config::Gate as Switch;
use crate::layers::{Build, Linear, SPREAD, gelu};

/// Experts that answer.
const FIRED: i64 = 2;

/// E feed-forward parts `c -> 4c -> c` in one stack, and their gate.
#[derive(Debug)]
pub struct Experts {
    gate: Option<Linear>,
    up: (Tensor, Tensor),
    down: (Tensor, Tensor),
    switch: Switch,
    count: i64,
}

/// What the mixture gave.
#[derive(Debug)]
pub struct Mixed {
    /// u `[B,c]`.
    pub mixed: Tensor,
    /// g, the gate's probabilities `[B,E]`.
    pub gate: Tensor,
    /// g~, what each expert's answer weighed `[B,E]`.
    pub weights: Tensor,
    /// Which experts are the two likeliest, 0 or 1 `[B,E]`.
    pub fired: Tensor,
}

/// Width of the one feed-forward part that has as many parameters as `experts` parts and their gate.
pub(crate) fn single_width(c: i64, experts: i64) -> i64 {
    let all = experts * (8 * c * c + 5 * c) + 2 * c * experts;
    ((all - c) as f64 / (2 * c + 1) as f64).round() as i64
}

impl Experts {
    /// Declares `gate`, `up` and `down`.
    pub(crate) fn new(build: &Build<'_>, c: i64, experts: i64, switch: Switch) -> Self {
        let (count, inner) = match switch {
            Switch::Single => (1, single_width(c, experts)),
            Switch::Top2 | Switch::Dense | Switch::Random => (experts, 4 * c),
        };
        // Logits begin with a spread of 1. At 0.02 the gate stays all but uniform, and two experts answer to everything.
        let spread = 1.0 / ((2 * c) as f64).sqrt();
        let gated = matches!(switch, Switch::Top2 | Switch::Dense);
        let stack = |name: &str, output: i64, input: i64| {
            let build = build.sub(name);
            let weight = build.normal("weight", &[count, output, input], SPREAD);
            (weight, build.constant("bias", &[count, output], 0.0))
        };
        Self {
            gate: gated.then(|| Linear::without_bias(&build.sub("gate"), 2 * c, experts, spread)),
            up: stack("up", inner, c),
            down: stack("down", c, inner),
            switch,
            count,
        }
    }

    /// E; 1 where one part stands for all.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Mean concept a and task z `[B,c]` to u. `random` are the logits `[B,E]` of a gate that knows nothing; without them such
    /// a gate weighs all experts alike.
    pub fn forward(&self, concepts: &Tensor, task: &Tensor, random: Option<&Tensor>) -> Mixed {
        let gate = self.gate(concepts, task, random); // [B,E]
        let fired = top(&gate, FIRED.min(self.count)); // [B,E]
        let all = matches!(self.switch, Switch::Dense | Switch::Single)
            || (self.switch == Switch::Random && random.is_none());
        let weights = if all {
            gate.shallow_clone()
        } else {
            let kept = &gate * &fired;
            &kept / kept.sum_dim_intlist(&[1i64][..], true, None::<Kind>)
        }; // [B,E]
        let answers = self.answer(&(concepts + task)).transpose(0, 1); // [B,E,c]
        let mixed = weights.unsqueeze(1).matmul(&answers.to_kind(Kind::Float)).squeeze_dim(1); // [B,c]
        Mixed { mixed, gate, weights, fired }
    }

    fn gate(&self, concepts: &Tensor, task: &Tensor, random: Option<&Tensor>) -> Tensor {
        match (&self.gate, random) {
            (Some(gate), _) => {
                gate.forward(&Tensor::cat(&[concepts, task], 1)).softmax(-1, Kind::Float)
            }
            (None, Some(logits)) if self.switch == Switch::Random => {
                logits.softmax(-1, Kind::Float)
            }
            (None, _) => {
                let shape = [concepts.size()[0], self.count];
                Tensor::full(shape, 1.0 / self.count as f64, (Kind::Float, concepts.device()))
            }
        }
    }

    /// Every expert's answer to i `[B,c]`: `W2 gelu(W1 i + b1) + b2`, `[E,B,c]`.
    fn answer(&self, input: &Tensor) -> Tensor {
        let layer = |x: &Tensor, (weight, bias): &(Tensor, Tensor)| {
            x.matmul(&weight.transpose(1, 2)) + bias.unsqueeze(1)
        };
        let inner = gelu(&layer(&input.unsqueeze(0), &self.up)); // [E,B,4c]
        layer(&inner, &self.down) // [E,B,c]
    }
}

/// 1 at the `k` largest of each row, 0 elsewhere.
fn top(gate: &Tensor, k: i64) -> Tensor {
    let (_, places) = gate.topk(k, 1, true, true);
    gate.zeros_like().scatter_value(1, &places, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;
    use tch::nn::VarStore;

    const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

    fn mixed(switch: Switch, random: Option<&Tensor>) -> (Mixed, i64) {
        let store = VarStore::new(Device::Cpu);
        let experts = Experts::new(&Build::new(&store, 5), 16, 6, switch);
        tch::manual_seed(2);
        let (a, z) = (Tensor::randn([7, 16], CPU), Tensor::randn([7, 16], CPU));
        let count = store.variables().values().map(|t| t.numel() as i64).sum();
        (experts.forward(&a, &z, random), count)
    }

    #[test]
    fn two_experts_answer_and_their_weights_sum_to_one() {
        let logits = Tensor::randn([7, 6], CPU);
        for (switch, random, answering) in [
            (Switch::Top2, None, 2),
            (Switch::Dense, None, 6),
            (Switch::Single, None, 1),
            (Switch::Random, Some(&logits), 2),
            (Switch::Random, None, 6),
        ] {
            let (mixed, _) = mixed(switch, random);
            let sums = mixed.weights.sum_dim_intlist(&[1i64][..], false, None::<Kind>) - 1.0;
            assert!(sums.abs().max().double_value(&[]) < 1e-6, "{switch:?}");
            let count = mixed.weights.gt(0.0).to_kind(Kind::Int64).sum(None::<Kind>);
            assert_eq!(count.int64_value(&[]), 7 * answering, "{switch:?}");
            assert_eq!(mixed.mixed.size(), [7, 16]);
        }
    }

    #[test]
    fn one_part_has_as_many_parameters_as_all_and_their_gate() {
        let (_, all) = mixed(Switch::Top2, None);
        let (_, single) = mixed(Switch::Single, None);
        assert!((single - all).abs() * 100 <= all, "{single} {all}");
    }
}
