//! Consensus and deviation: what all cultures share in their judgement of an item, and how far each is from it.
//! Serves "disentangles task semantics from explicit cultural concepts and latent cultural signals" and "identity calibration".

use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::terms::{Terms, mean_where};
use crate::layers::{Build, Linear, gelu};

/// Values that tau is chosen from.
pub const GRID: [f64; 10] = [0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];

/// `[config.consensus]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` lambda, weight of the prior on deviations. Default: 0.1.
    pub prior: f64,
    /// `[ours]` Dropout on z. Default: 0.3.
    pub dropout: f64,
    /// `[ours]` How tau is chosen by the validation examples. Default: `one-se`.
    pub tau: Tau,
}

/// The rule that chooses tau, how far an identity may move the consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tau {
    /// The one with the lowest cross-entropy.
    Best,
    /// The smallest whose cross-entropy is within one standard error of the lowest (Breiman et al. 1984, section 3.4.3).
    OneSe,
    /// Always 1.
    One,
}

impl Default for Settings {
    fn default() -> Self {
        Self { prior: 0.1, dropout: 0.3, tau: Tau::OneSe }
    }
}

/// Consensus, intercepts and tau.
#[derive(Debug)]
pub struct Consensus {
    down: Linear,
    out: Linear,
    /// b `[n,C]`.
    pub(crate) intercepts: Tensor,
    /// tau `[1]`.
    pub(crate) tau: Tensor,
    settings: Settings,
}

/// The parts of an answer.
#[derive(Debug)]
pub struct Base {
    /// z `[P,c]`, before dropout.
    pub task: Tensor,
    /// Logits that all cultures share `[P,C]`.
    pub logits: Tensor,
}

impl Consensus {
    /// Declares `consensus.*`.
    pub(crate) fn new(
        store: &VarStore,
        build: &Build<'_>,
        [d, c, cultures, labels]: [i64; 4],
        settings: Settings,
    ) -> Self {
        let tau = (store.root() / "consensus").zeros_no_train("tau", &[1]);
        let _ = tch::no_grad(|| tau.shallow_clone().fill_(1.0));
        Self {
            down: Linear::fan_in(&build.sub("down"), d, c, 1.0),
            out: Linear::fan_in(&build.sub("out"), c, labels, 0.5),
            intercepts: build.constant("intercepts", &[cultures, labels], 0.0),
            tau,
            settings,
        }
    }

    /// h `[P,d]` to z and the shared logits.
    pub fn forward(&self, pooled: &Tensor, training: bool) -> Base {
        let task = gelu(&self.down.forward(pooled)); // z [P,c]
        let logits = self.out.forward(&task.dropout(self.settings.dropout, training)); // [P,C]
        Base { task, logits: logits.to_kind(Kind::Float) }
    }

    /// `base + b_c + tau dev_c`, `[P,N,C]`; `intercepts` are those of the columns `[P,N,C]`.
    pub fn join(&self, base: &Tensor, intercepts: &Tensor, deviations: &Tensor) -> Tensor {
        base.unsqueeze(1) + intercepts + deviations * &self.tau
    }

    /// Deviations `[P,N,C]` less their mean over cultures (by `weights` `[n]`) and over labels: what cultures share is the consensus's.
    pub(crate) fn centre(deviations: &Tensor, weights: &Tensor) -> Tensor {
        let count = weights.size()[0];
        let mean = (deviations.narrow(1, 0, count) * weights.view([1, -1, 1])).sum_dim_intlist(
            &[1i64][..],
            true,
            None::<Kind>,
        ); // [P,1,C]
        let centred = deviations - mean;
        &centred - centred.mean_dim(&[-1i64][..], true, None::<Kind>)
    }

    /// `prior = mean over labelled cells of |dev|²`
    pub(crate) fn push(&self, terms: &mut Terms, deviations: &Tensor, known: &Tensor) {
        terms.push("prior", self.settings.prior, || {
            let squares = deviations.square().sum_dim_intlist(&[-1i64][..], false, None::<Kind>);
            mean_where(&squares, known)
        });
    }

    /// Sets tau by the cross-entropies of the validation items, one row of [`GRID`] for each item (sums over its cells).
    pub(crate) fn calibrate(&self, items: &[[f64; GRID.len()]]) {
        let tau = GRID[chosen(items, self.settings.tau)];
        let _ = tch::no_grad(|| self.tau.shallow_clone().fill_(tau));
    }
}

/// The place in the grid that a rule chooses.
pub fn chosen(items: &[[f64; GRID.len()]], rule: Tau) -> usize {
    let one = GRID.iter().position(|tau| *tau == 1.0).unwrap_or(0);
    if rule == Tau::One || items.is_empty() {
        return one;
    }
    let total = |place: usize| items.iter().map(|item| item[place]).sum::<f64>();
    let best = (0..GRID.len()).min_by(|a, b| total(*a).total_cmp(&total(*b))).unwrap_or(one);
    if rule == Tau::Best {
        return best;
    }
    let n = items.len() as f64;
    // Standard error of the sum of paired differences.
    let within = |place: usize| {
        let difference = |item: &[f64; GRID.len()]| item[place] - item[best];
        let mean = items.iter().map(difference).sum::<f64>() / n;
        let squares: f64 = items.iter().map(|item| (difference(item) - mean).powi(2)).sum();
        mean * n <= (squares / (n - 1.0).max(1.0) * n).sqrt()
    };
    (0..=best).find(|place| within(*place)).unwrap_or(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tau_is_the_best_or_the_smallest_within_an_error() {
        // Two items, lowest at place 3; place 1 is worse by .1 and .3 (mean .2, standard error of the sum .2): .4 > .2.
        // Place 2 is worse by 0 and .2 (sum .2, standard error .2): within.
        let item = |one: f64, two: f64| [2.0, one, two, 1.0, 2., 2., 2., 2., 2., 2.];
        let items = [item(1.1, 1.0), item(1.3, 1.2)];
        assert_eq!(chosen(&items, Tau::Best), 3);
        assert_eq!(chosen(&items, Tau::OneSe), 2);
        assert_eq!(GRID[chosen(&items, Tau::One)], 1.0);
        assert_eq!(GRID[chosen(&[], Tau::Best)], 1.0);
    }

    #[test]
    fn what_cultures_share_is_no_deviation() {
        let deviations = Tensor::from_slice(&[3f32, 1.0, 5.0, 1.0, 4.0, 0.0]).view([1, 3, 2]);
        let weights = Tensor::from_slice(&[0.5f32, 0.5]);
        let centred: Vec<f32> =
            Consensus::centre(&deviations, &weights).flatten(0, -1).try_into().unwrap();
        // Means of the two cultures 4 and 1; then the mean over labels goes.
        assert_eq!(centred, [-0.5, 0.5, 0.5, -0.5, 0.5, -0.5]);
    }
}
