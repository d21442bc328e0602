//! From a pooled vector `[B,d]` to logits `[B,C]`: linear, or with one hidden layer.

use tch::nn::{Init, Path};
use tch::{Kind, Tensor};

#[derive(Debug)]
pub(crate) struct Head {
    hidden: Option<Affine>,
    out: Affine,
}

#[derive(Debug)]
struct Affine {
    weight: Tensor,
    bias: Tensor,
}

impl Affine {
    fn new(path: &Path<'_>, input: i64, output: i64) -> Self {
        Self {
            weight: path.var("weight", &[output, input], Init::Randn { mean: 0.0, stdev: 0.02 }),
            bias: path.var("bias", &[output], Init::Const(0.0)),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&self.bias))
    }
}

impl Head {
    pub(crate) fn new(path: &Path<'_>, width: i64, hidden: Option<i64>, classes: usize) -> Self {
        Self {
            hidden: hidden.map(|hidden| Affine::new(&(path / "hidden"), width, hidden)),
            out: Affine::new(path, hidden.unwrap_or(width), classes as i64),
        }
    }

    pub(crate) fn forward(&self, pooled: &Tensor, dropout: f64) -> Tensor {
        let drop = |x: Tensor| if dropout > 0.0 { x.dropout(dropout, true) } else { x };
        let x = drop(pooled.to_kind(Kind::Float));
        match &self.hidden {
            Some(hidden) => self.out.forward(&drop(hidden.forward(&x).gelu("none"))),
            None => self.out.forward(&x),
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;
    use tch::nn::VarStore;

    use super::*;

    /// A head whose weights are given, row by row.
    fn head(hidden: Option<i64>, values: &[(&str, &[f32])]) -> (Head, VarStore) {
        let store = VarStore::new(Device::Cpu);
        let head = Head::new(&store.root(), 2, hidden, 2);
        let mut variables = store.variables();
        assert_eq!(variables.len(), values.len(), "{:?}", variables.keys());
        for (name, values) in values {
            let variable = variables.get_mut(*name).unwrap();
            let values = Tensor::from_slice(values).view(&variable.size()[..]);
            tch::no_grad(|| variable.copy_(&values));
        }
        (head, store)
    }

    fn logits(head: &Head, dropout: f64) -> Vec<f32> {
        let pooled = Tensor::from_slice(&[1f32, 2.0, -1.0, 0.5]).view([2, 2]);
        Vec::try_from(tch::no_grad(|| head.forward(&pooled, dropout)).flatten(0, -1)).unwrap()
    }

    #[test]
    fn logits_are_those_computed_by_hand() {
        let weight = [1.0, 0.0, 3.0, -1.0];
        let (linear, _store) = head(None, &[("weight", &weight), ("bias", &[0.5, -0.25])]);
        assert_eq!(logits(&linear, 0.0), [1.5, 0.75, -0.5, -3.75]);
        let (deep, _store) = head(
            Some(1),
            &[
                ("hidden.weight", &[1.0, -1.0]),
                ("hidden.bias", &[0.5]),
                ("weight", &[2.0, -4.0]),
                ("bias", &[0.0, 1.0]),
            ],
        );
        // x Phi(x) at 1 - 2 + 0.5 and at -1 - 0.5 + 0.5, from a table of the normal distribution.
        let gelu = [-0.5 * 0.308_537_5, -0.158_655_25];
        let expect = [2.0 * gelu[0], 1.0 - 4.0 * gelu[0], 2.0 * gelu[1], 1.0 - 4.0 * gelu[1]];
        for (found, expect) in logits(&deep, 0.0).iter().zip(expect) {
            assert!((found - expect).abs() < 1e-5, "{found} {expect}");
        }
    }

    #[test]
    fn a_new_head_knows_nothing_and_dropout_drops() {
        let store = VarStore::new(Device::Cpu);
        tch::manual_seed(5);
        let head = Head::new(&store.root(), 400, Some(300), 3);
        for (name, variable) in store.variables() {
            let spread = variable.std(false).double_value(&[]);
            let expect = if name.ends_with("bias") { 0.0 } else { 0.02 };
            assert!((spread - expect).abs() < 0.002, "{name}: {spread}");
        }
        let x = Tensor::ones([4, 400], (Kind::Float, Device::Cpu));
        let forward = |dropout: f64| tch::no_grad(|| head.forward(&x, dropout));
        assert_eq!(forward(0.0), forward(0.0));
        assert_ne!(forward(0.5), forward(0.5));
    }
}
