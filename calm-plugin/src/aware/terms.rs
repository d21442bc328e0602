//! The list that stages push their loss terms to, and the labels that they compare with.

use tch::{Kind, Tensor};

/// One term of the loss.
#[derive(Debug)]
pub struct Term {
    /// Its name in logs.
    pub name: &'static str,
    /// What it is multiplied by.
    pub weight: f64,
    /// Its value, a scalar with gradient.
    pub value: Tensor,
}

/// All terms of a step.
#[derive(Debug, Default)]
pub struct Terms(pub Vec<Term>);

impl Terms {
    /// Adds a term; one without weight is not computed.
    pub fn push(&mut self, name: &'static str, weight: f64, value: impl FnOnce() -> Tensor) {
        if weight > 0.0 {
            self.0.push(Term { name, weight, value: value() });
        }
    }

    /// `sum_t weight_t value_t`. The task is always there.
    ///
    /// # Panics
    /// Without any term.
    pub fn total(&self) -> Tensor {
        let weighted: Vec<Tensor> = self.0.iter().map(|t| &t.value * t.weight).collect();
        Tensor::stack(&weighted, 0).sum(None::<Kind>)
    }

    /// The values by name, without gradient.
    pub fn named(&self) -> Vec<(&'static str, Tensor)> {
        self.0.iter().map(|term| (term.name, term.value.detach())).collect()
    }
}

/// Labels of a panel.
#[derive(Debug)]
pub struct Labels {
    /// The label of each item and column `[P,N]`, int64; any number if there is none.
    pub values: Tensor,
    /// Where there is one `[P,N]`, bool.
    pub known: Tensor,
}

impl Labels {
    /// Of columns of numbers; below 0 there is none.
    pub fn new(values: &Tensor) -> Self {
        Self { known: values.ge(0), values: values.clamp_min(0) }
    }

    /// The cross-entropy of each cell `[P,N]`, 0 where there is no label.
    pub fn entropies(&self, logits: &Tensor) -> Tensor {
        let likelihood = logits.log_softmax(-1, Kind::Float); // [P,N,C]
        let own = likelihood.gather(2, &self.values.unsqueeze(2), false).squeeze_dim(2); // [P,N]
        -own * self.known.to_kind(Kind::Float)
    }

    /// `mean over labelled cells of -log softmax(logits)[label]`, logits `[P,N,C]`.
    pub fn cross_entropy(&self, logits: &Tensor) -> Tensor {
        mean_where(&self.entropies(logits), &self.known)
    }
}

/// Mean of the values where a mask of the same shape is true; 0 where it never is.
pub(crate) fn mean_where(values: &Tensor, mask: &Tensor) -> Tensor {
    let mask = mask.to_kind(Kind::Float);
    (values * &mask).sum(None::<Kind>) / mask.sum(None::<Kind>).clamp_min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_without_a_label_count_for_nothing() {
        let logits = Tensor::from_slice(&[0f32, 0.0, 9.0, 1.0, 2.0, 0.0]).view([1, 3, 2]);
        let labels = Labels::new(&Tensor::from_slice(&[1i64, -1, 0]).view([1, 3]));
        // ln 2 and ln(1 + e^-2).
        let expect = f64::midpoint(2f64.ln(), (-2f64).exp().ln_1p());
        let got = labels.cross_entropy(&logits).double_value(&[]);
        assert!((got - expect).abs() < 1e-6, "{got}");
    }

    #[test]
    fn a_term_without_weight_is_not_computed() {
        let mut terms = Terms::default();
        terms.push("task", 1.0, || Tensor::from(2f32));
        terms.push("other", 0.5, || Tensor::from(3f32));
        terms.push("off", 0.0, || panic!("computed"));
        assert!((terms.total().double_value(&[]) - 3.5).abs() < 1e-6);
        assert_eq!(terms.named().len(), 2);
    }
}
