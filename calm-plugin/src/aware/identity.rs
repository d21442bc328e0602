//! Identities: one vector for each culture, which is both an input and what the model remembers of that culture.
//! Serves "internal identity state" and "continual adaptation" of the abstract.

use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::terms::{Labels, Terms};
use crate::layers::{Build, Linear, mean_slots};

/// `[config.identity]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` Spread of the vectors at the start. Default: 0.5.
    pub spread: f64,
    /// `[ours]` Identities without a name, where the task shows no culture. Default: 8.
    pub unnamed: i64,
    /// `[ours]` Weight of the term that learns which culture a text is from. Default: 0.1.
    pub infer: f64,
    /// `[ours]` Which vectors training sees: a control shuffles them for each item. Default: `given`.
    pub assign: Assign,
}

/// Which identity a culture is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assign {
    /// Its own.
    Given,
    /// Labels of an item are shuffled among its cultures in training: a control in which identities mean nothing.
    Shuffled,
}

impl Default for Settings {
    fn default() -> Self {
        Self { spread: 0.5, unnamed: 8, infer: 0.1, assign: Assign::Given }
    }
}

/// The memory of cultures.
#[derive(Debug)]
pub struct Identity {
    /// `[n,c]`.
    pub(crate) vectors: Tensor,
    /// 1 where a culture has been learnt, else 0 `[n]`.
    pub(crate) known: Tensor,
    infer: Linear,
    settings: Settings,
}

impl Identity {
    /// Declares `identity.*` for `cultures` names, or for unnamed ones if there are none.
    pub(crate) fn new(
        store: &VarStore,
        build: &Build<'_>,
        cultures: i64,
        c: i64,
        settings: Settings,
    ) -> Self {
        let count = if cultures == 0 { settings.unnamed } else { cultures };
        let known = (store.root() / "identity").zeros_no_train("known", &[count]);
        if cultures == 0 {
            let _ = tch::no_grad(|| known.shallow_clone().fill_(1.0));
        }
        Self {
            vectors: build.normal("vectors", &[count, c], settings.spread),
            known,
            infer: Linear::fan_in(&build.sub("infer"), c, count, 1.0),
            settings,
        }
    }

    /// n.
    pub fn count(&self) -> i64 {
        self.vectors.size()[0]
    }

    /// Columns that count in means: cultures that have been learnt, all where none has `[n]`.
    pub(crate) fn weights(&self) -> Tensor {
        let all = self.known.sum(None::<Kind>).eq(0.0).to_kind(Kind::Float);
        let known = &self.known + all;
        &known / known.sum(None::<Kind>)
    }

    /// e `[n,c]`: the vectors; the mean of those that are known for a culture that is not.
    pub fn recall(&self) -> Tensor {
        self.recalled(&self.vectors)
    }

    /// The same of any values of the cultures `[n,w]`.
    pub(crate) fn recalled(&self, values: &Tensor) -> Tensor {
        let mean = self.weights().unsqueeze(0).matmul(values); // [1,w]
        let nobody = self.known.sum(None::<Kind>).eq(0.0);
        let known = self.known.unsqueeze(1).gt(0.0).logical_or(&nobody); // [n,1]
        values.where_self(&known, &mean)
    }

    /// Which culture a text is from, by its concepts A `[P,2K,c]`: probabilities `[P,n]`.
    pub fn infer(&self, aligned: &Tensor) -> Tensor {
        let logits = self.infer.forward(&mean_slots(&aligned.detach())); // [P,n]
        let unknown = self.weights().le(0.0).unsqueeze(0);
        logits.masked_fill(&unknown, f64::NEG_INFINITY).softmax(-1, Kind::Float)
    }

    /// `infer = mean over items of -sum_c share(c) log p(c | text)`: share is 1 over the cultures whose label the item has. It is left
    /// out of items that all cultures judged: they say nothing about where a text is from.
    pub(crate) fn push(&self, terms: &mut Terms, inferred: &Tensor, labels: &Labels) {
        let count = self.count();
        let own = labels.known.narrow(1, 0, count).to_kind(Kind::Float); // [P,n]
        let number = own.sum_dim_intlist(&[1i64][..], true, None::<Kind>); // [P,1]
        let telling = number.gt(0.0).logical_and(&number.lt(count as f64)).to_kind(Kind::Float);
        terms.push("infer", self.settings.infer, || {
            let share = own * &telling / number.clamp_min(1.0);
            let each = -(share * inferred.clamp_min(1e-9).log()).sum(None::<Kind>);
            each / telling.sum(None::<Kind>).clamp_min(1.0)
        });
    }

    /// Marks cultures as learnt.
    pub(crate) fn learn(&self, cultures: &[i64]) {
        tch::no_grad(|| {
            for culture in cultures {
                let _ = self.known.get(*culture).fill_(1.0);
            }
        });
    }

    /// Forgets a culture: it is answered for as one that was never seen.
    pub fn forget(&self, culture: i64) {
        tch::no_grad(|| {
            let _ = self.known.get(culture).fill_(0.0);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn identity() -> Identity {
        let store = VarStore::new(Device::Cpu);
        Identity::new(&store, &Build::new(&store, 1).sub("identity"), 3, 4, Settings::default())
    }

    #[test]
    fn who_is_not_known_is_the_mean_of_those_who_are() {
        let identity = identity();
        identity.learn(&[0, 2]);
        let e = identity.recall();
        assert_eq!(e.get(0), identity.vectors.get(0));
        let mean = (identity.vectors.get(0) + identity.vectors.get(2)) / 2.0;
        assert!((e.get(1) - mean).abs().max().double_value(&[]) < 1e-6);
        identity.forget(2);
        assert!(
            (identity.recall().get(2) - identity.vectors.get(0)).abs().max().double_value(&[])
                < 1e-6
        );
        let inferred = identity.infer(&Tensor::ones([2, 2, 4], (Kind::Float, Device::Cpu)));
        assert_eq!(inferred.get(0).double_value(&[1]), 0.0);
    }
}
