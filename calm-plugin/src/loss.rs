//! What CALM minimises, term by term. Letters as in [`crate::model`].

use tch::{Kind, Tensor};

use crate::config::{Calibration, CalmConfig, Contrast, Disentangle, Gate, Weights};
use crate::layers::mean_slots;
use crate::model::{Output, Thought, concept};

/// The terms, unweighted, scalars with gradient; all at least 0.
#[derive(Debug)]
pub struct LossTerms {
    /// Cross-entropy of the last round's logits.
    pub task: Tensor,
    /// Contrast among explicit concepts.
    pub contrast_explicit: Tensor,
    /// Contrast among latent signals.
    pub contrast_latent: Tensor,
    /// What task, explicit and latent share.
    pub disentangle: Tensor,
    /// How unevenly experts are used.
    pub balance: Tensor,
    /// How far rounds deviate, and what they unlearn.
    pub calibrate: Tensor,
}

/// What the terms compare with.
#[derive(Debug)]
pub struct Targets<'a> {
    /// Labels `[B]`, int64.
    pub labels: &'a Tensor,
    /// Cultures `[B]`, int64, where they may be used.
    pub cultures: Option<&'a Tensor>,
}

impl LossTerms {
    /// All terms of a batch. Contrast, disentanglement and balance are of round 0.
    pub fn new(output: &Output, targets: &Targets<'_>, config: &CalmConfig) -> Self {
        let thought = &output.first().thought;
        let labels = targets.labels;
        let [contrast_explicit, contrast_latent] = contrasts(output, targets, config);
        Self {
            task: task(&output.last().logits, labels),
            contrast_explicit,
            contrast_latent,
            disentangle: disentangled(thought, config.disentangle),
            balance: match config.gate {
                Gate::Top2 | Gate::Dense => balance(&thought.experts.gate, &thought.experts.fired),
                Gate::Single | Gate::Random => zero(labels),
            },
            calibrate: match config.calibration {
                Calibration::Deviation | Calibration::Ema => {
                    calibrate(output, labels, config.delta)
                }
                Calibration::None => zero(labels),
            },
        }
    }

    /// `task + w (contrast_explicit + contrast_latent) + w disentangle + w balance + w calibrate`
    pub fn total(&self, weights: &Weights) -> Tensor {
        &self.task
            + (&self.contrast_explicit + &self.contrast_latent) * weights.contrast
            + &self.disentangle * weights.disentangle
            + &self.balance * weights.balance
            + &self.calibrate * weights.calibrate
    }

    /// The terms by name, without gradient.
    pub fn named(&self) -> Vec<(&'static str, Tensor)> {
        vec![
            ("task", self.task.detach()),
            ("contrast_explicit", self.contrast_explicit.detach()),
            ("contrast_latent", self.contrast_latent.detach()),
            ("disentangle", self.disentangle.detach()),
            ("balance", self.balance.detach()),
            ("calibrate", self.calibrate.detach()),
        ]
    }
}

fn zero(like: &Tensor) -> Tensor {
    Tensor::zeros([0i64; 0], (Kind::Float, like.device()))
}

fn sum_last(x: &Tensor) -> Tensor {
    x.sum_dim_intlist(&[-1i64][..], false, None::<Kind>)
}

/// `task = mean -log softmax(logits)[label]`
pub fn task(logits: &Tensor, labels: &Tensor) -> Tensor {
    logits.cross_entropy_for_logits(labels)
}

/// Both types' contrast, by the switch: over tags, over views if there are none, or none.
fn contrasts(output: &Output, targets: &Targets<'_>, config: &CalmConfig) -> [Tensor; 2] {
    let thought = &output.first().thought;
    let (x, y) = (thought.explicit_concept(), thought.latent_concept());
    if config.contrast == Contrast::None {
        return [zero(targets.labels), zero(targets.labels)];
    }
    if let Some((x2, y2)) = &output.second_view {
        let batch = x.size()[0];
        let places = Tensor::arange(batch, (Kind::Int64, x.device()));
        let groups = Tensor::cat(&[&places, &places], 0); // [2B]: an item's two views
        let both = |one: &Tensor, two| Tensor::cat(&[one, &concept(two)], 0); // [2B,c]
        return [
            contrast(&both(&x, x2), &groups, config.temperature),
            contrast(&both(&y, y2), &groups, config.temperature),
        ];
    }
    let Some(cultures) = targets.cultures else {
        return [zero(targets.labels), zero(targets.labels)];
    };
    [contrast(&x, cultures, config.temperature), contrast(&y, cultures, config.temperature)]
}

/// Supervised contrast (Khosla et al. 2020, equation 2) of unit vectors `[n,c]`; those of one group `[n]` are each other's positives,
/// but a group below 0 is unknown:
/// `- mean_i mean_{p in P(i)} log( exp(v_i.v_p/tau) / sum_{j != i} exp(v_i.v_j/tau) )` over anchors i that have a positive.
pub fn contrast(vectors: &Tensor, groups: &Tensor, temperature: f64) -> Tensor {
    let count = vectors.size()[0];
    let own = Tensor::eye(count, (Kind::Bool, vectors.device())); // [n,n]
    let known = groups.ge(0).unsqueeze(1); // [n,1]
    let same = groups.unsqueeze(0).eq_tensor(&groups.unsqueeze(1)).logical_and(&known); // [n,n]
    let positive = same.logical_and(&own.logical_not());
    let logits = vectors.matmul(&vectors.tr()) / temperature; // [n,n]
    let others = logits.masked_fill(&own, f64::NEG_INFINITY).logsumexp(-1, true); // [n,1]
    // Where there is no other at all, the logarithm of an empty sum is -inf, and nothing is a positive either.
    let likelihood = (logits - others).masked_fill(&positive.logical_not(), 0.0); // [n,n]
    let positives = sum_last(&positive.to_kind(Kind::Float)); // [n]
    let anchors = positives.gt(0.0).to_kind(Kind::Float);
    let each = sum_last(&likelihood) / positives.clamp_min(1.0); // [n]
    -each.sum(None::<Kind>) / anchors.sum(None::<Kind>).clamp_min(1.0)
}

/// The penalty of the switch over the pairs of z, mean X and mean Y.
fn disentangled(thought: &Thought, switch: Disentangle) -> Tensor {
    let parts = [
        thought.task.shallow_clone(),
        mean_slots(&thought.explicit.slots),
        mean_slots(&thought.latent.slots),
    ];
    let pair: fn(&Tensor, &Tensor) -> Tensor = match switch {
        Disentangle::None => return zero(&thought.task),
        Disentangle::Covariance => cross_covariance,
        Disentangle::Hsic => hsic,
    };
    if thought.task.size()[0] < 2 {
        return zero(&thought.task);
    }
    pair(&parts[0], &parts[1]) + pair(&parts[0], &parts[2]) + pair(&parts[1], &parts[2])
}

/// `|| (P - mean)^T (Q - mean) / (B - 1) ||_F^2 / c` of `[B,c]`
pub fn cross_covariance(p: &Tensor, q: &Tensor) -> Tensor {
    let (batch, c) = (p.size()[0] as f64, p.size()[1] as f64);
    let centred = |x: &Tensor| x - x.mean_dim(&[0i64][..], true, None::<Kind>);
    let covariance = centred(p).tr().matmul(&centred(q)) / (batch - 1.0); // [c,c]
    covariance.square().sum(None::<Kind>) / c
}

/// `trace(K H L H) / B^2` (Gretton et al. 2005), Gaussian kernels whose width is the median distance.
pub fn hsic(p: &Tensor, q: &Tensor) -> Tensor {
    let batch = p.size()[0];
    let centring = Tensor::eye(batch, (Kind::Float, p.device())) - 1.0 / batch as f64;
    let (k, l) = (kernel(p).matmul(&centring), kernel(q).matmul(&centring));
    (k * l.tr()).sum(None::<Kind>) / (batch * batch) as f64
}

/// `K_ij = exp(-|x_i - x_j|^2 / (2 m))`, m the median of the squared distances of pairs, `[B,B]`.
fn kernel(x: &Tensor) -> Tensor {
    let distances = (x.unsqueeze(0) - x.unsqueeze(1)).square(); // [B,B,c]
    let distances = sum_last(&distances); // [B,B]
    let pairs = Tensor::ones_like(&distances).triu(1).to_kind(Kind::Bool);
    let median = distances.detach().masked_select(&pairs).median().clamp_min(1e-12);
    (-distances / (median * 2.0)).exp()
}

/// `E sum_e f_e p_e` (Shazeer et al. 2017; Fedus et al. 2022, equation 4): f the share of places that went to an expert, p its
/// mean probability. 1 where all are used alike.
pub fn balance(gate: &Tensor, fired: &Tensor) -> Tensor {
    let mean = |x: &Tensor| x.mean_dim(&[0i64][..], false, None::<Kind>);
    let places = sum_last(fired).get(0);
    let share = (mean(fired) / places).detach(); // f [E]
    (share * mean(gate)).sum(None::<Kind>) * gate.size()[1] as f64
}

/// `mean_r ( mean max(0, dev - delta) + mean_{right before} KL(softmax(sg logits_{r-1}) || softmax(logits_r)) )`
pub fn calibrate(output: &Output, labels: &Tensor, delta: f64) -> Tensor {
    let rounds = &output.rounds;
    let mut sum = zero(labels);
    for (before, after) in rounds.iter().zip(&rounds[1..]) {
        let Some(deviation) = &after.deviation else { continue };
        let known = before.logits.detach().log_softmax(-1, Kind::Float); // [B,C]
        let divergence =
            sum_last(&(known.exp() * (&known - after.logits.log_softmax(-1, Kind::Float)))); // [B]
        let right = before.logits.argmax(-1, false).eq_tensor(labels).to_kind(Kind::Float); // [B]
        let kept = (divergence * &right).sum(None::<Kind>) / right.sum(None::<Kind>).clamp_min(1.0);
        sum = sum + (deviation - delta).relu().mean(None::<Kind>) + kept;
    }
    sum / (rounds.len() as f64 - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

    fn near(got: &Tensor, expect: f64) {
        let got = got.double_value(&[]);
        assert!((got - expect).abs() < 1e-5, "{got} where {expect} belongs");
    }

    #[test]
    fn contrast_by_hand() {
        // Two at 0°, one at 90°; tau = 1. Each of the pair: -log(e / (e + 1)); the third has no positive.
        let v = Tensor::from_slice(&[1f32, 0.0, 1.0, 0.0, 0.0, 1.0]).view([3, 2]);
        let groups = Tensor::from_slice(&[4i64, 4, 7]);
        near(&contrast(&v, &groups, 1.0), (1.0 + (-1f64).exp()).ln());
        near(&contrast(&v, &Tensor::from_slice(&[1i64, 2, 3]), 1.0), 0.0);
        near(&contrast(&v, &Tensor::from_slice(&[-1i64, -1, 3]), 1.0), 0.0);
        near(&contrast(&v.narrow(0, 0, 1), &Tensor::from_slice(&[1i64]), 0.07), 0.0);
    }

    #[test]
    fn a_lone_anchor_has_a_finite_gradient() {
        for n in [1, 2, 3] {
            let v = Tensor::randn([n, 4], CPU).set_requires_grad(true);
            let groups = Tensor::arange(n, (Kind::Int64, Device::Cpu)).clamp_max(1);
            let gradient =
                Tensor::run_backward(&[contrast(&v, &groups, 0.07)], &[&v], false, false);
            assert_eq!(gradient[0].isfinite().all().int64_value(&[]), 1, "{n}");
        }
    }

    #[test]
    fn covariance_by_hand() {
        // p = (1, -1), q = (2, -2): covariance 4 over B - 1 = 1, squared 16; c = 1.
        let p = Tensor::from_slice(&[1f32, -1.0]).view([2, 1]);
        near(&cross_covariance(&p, &(&p * 2.0 + 7.0)), 16.0);
        near(&cross_covariance(&p, &Tensor::ones_like(&p)), 0.0);
    }

    #[test]
    fn hsic_sees_dependence_that_covariance_does_not() {
        let x = Tensor::linspace(-1.0, 1.0, 41, CPU).view([41, 1]);
        let square = x.square();
        near(&cross_covariance(&x, &square), 0.0);
        tch::manual_seed(3);
        let dependent = hsic(&x, &square).double_value(&[]);
        let independent =
            hsic(&x, &square.index_select(0, &Tensor::randperm(41, (Kind::Int64, Device::Cpu))));
        assert!(dependent > 3.0 * independent.double_value(&[]), "{dependent} {independent:?}");
        // Two points: K = L = [[1, e^-1/2], [e^-1/2, 1]], centred trace (1 - e^-1/2)^2, over 4.
        let p = Tensor::from_slice(&[0f32, 3.0]).view([2, 1]);
        near(&hsic(&p, &p), (1.0 - (-0.5f64).exp()).powi(2) / 4.0);
    }

    #[test]
    fn balance_is_one_where_experts_are_used_alike_and_more_where_not() {
        let gate = Tensor::full([4, 6], 1.0 / 6.0, CPU);
        let even = Tensor::from_slice(&[
            1f32, 1., 0., 0., 0., 0., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0., 1., 1.,
        ]);
        near(&balance(&gate.narrow(0, 0, 3), &even.view([3, 6])), 1.0);
        let sharp = Tensor::from_slice(&[0.5f32, 0.5, 0.0, 0.0, 0.0, 0.0]).view([1, 6]);
        near(&balance(&sharp, &sharp.gt(0.0).to_kind(Kind::Float)), 3.0);
    }
}
