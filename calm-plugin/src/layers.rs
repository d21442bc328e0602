//! The two layers that every block is made of, and how parameters are declared: under PyTorch's names, drawn on the CPU from a
//! sub-stream of the seed that is named after the parameter, so that they are the same on any device and in any order.

use backbone::train::stream;
use rand::RngExt as _;
use tch::nn::{Path, VarStore};
use tch::{Kind, Tensor};

/// Standard deviation of a linear layer's first weights.
pub(crate) const SPREAD: f64 = 0.02;

/// Epsilon of every LayerNorm of CALM.
const EPSILON: f64 = 1e-5;

/// Where parameters are declared, and from which seed they are drawn.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    path: Path<'a>,
    seed: u64,
}

impl<'a> Build<'a> {
    /// At the top of a store.
    pub(crate) fn new(store: &'a VarStore, seed: u64) -> Self {
        Self { path: store.root(), seed }
    }

    /// Below `name`.
    pub(crate) fn sub(&self, name: &str) -> Build<'a> {
        Self { path: self.path.sub(name), seed: self.seed }
    }

    /// A parameter from N(0, `spread`²).
    pub(crate) fn normal(&self, name: &str, shape: &[i64], spread: f64) -> Tensor {
        let values =
            normals(self.seed, &self.path.path(name), shape.iter().product::<i64>() as usize);
        let drawn = Tensor::from_slice(&values).view(shape) * spread;
        self.path.add(name, drawn.to_device(self.path.device()), true)
    }

    /// A parameter of one value.
    pub(crate) fn constant(&self, name: &str, shape: &[i64], value: f64) -> Tensor {
        let whole = Tensor::full(shape, value, (Kind::Float, self.path.device()));
        self.path.add(name, whole, true)
    }
}

/// `count` draws from N(0, 1) for the parameter `name` (Box and Muller 1958).
pub(crate) fn normals(seed: u64, name: &str, count: usize) -> Vec<f32> {
    let mut rng = stream(seed, &format!("init {name}"), 0);
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
        let (radius, angle) = ((-2.0 * u.ln()).sqrt(), 2.0 * std::f64::consts::PI * v);
        values.extend([(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]);
    }
    values.truncate(count);
    values
}

/// `y = x W^T + b`.
#[derive(Debug)]
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Weights from N(0, .02²), biases 0.
    pub(crate) fn new(build: &Build<'_>, input: i64, output: i64) -> Self {
        let weight = build.normal("weight", &[output, input], SPREAD);
        Self { weight, bias: Some(build.constant("bias", &[output], 0.0)) }
    }

    /// Without a bias; weights from N(0, `spread`²), or all 0 where `spread` is.
    pub(crate) fn without_bias(build: &Build<'_>, input: i64, output: i64, spread: f64) -> Self {
        let shape = [output, input];
        let weight = if spread == 0.0 {
            build.constant("weight", &shape, 0.0)
        } else {
            build.normal("weight", &shape, spread)
        };
        Self { weight, bias: None }
    }

    /// Weights from N(0, gain² / in), so that the output of unit inputs has a spread of `gain` whatever the width; biases 0.
    pub(crate) fn fan_in(build: &Build<'_>, input: i64, output: i64, gain: f64) -> Self {
        let weight = build.normal("weight", &[output, input], gain / (input as f64).sqrt());
        Self { weight, bias: Some(build.constant("bias", &[output], 0.0)) }
    }

    /// `[..., in]` to `[..., out]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, self.bias.as_ref())
    }

    /// `y W`: `[..., out]` to `[..., in]`.
    pub(crate) fn transposed(&self, y: &Tensor) -> Tensor {
        y.matmul(&self.weight)
    }
}

/// LayerNorm over the last dimension.
#[derive(Debug)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    width: i64,
}

impl Norm {
    /// Scale 1, shift 0.
    pub(crate) fn new(build: &Build<'_>, width: i64) -> Self {
        Self {
            weight: build.constant("weight", &[width], 1.0),
            bias: build.constant("bias", &[width], 0.0),
            width,
        }
    }

    /// `[..., width]` to the same shape.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm([self.width], Some(&self.weight), Some(&self.bias), EPSILON, true)
    }
}

/// Exact GELU.
pub(crate) fn gelu(x: &Tensor) -> Tensor {
    x.gelu("none")
}

/// Mean over the slots: `[B,K,c]` to `[B,c]`.
pub(crate) fn mean_slots(slots: &Tensor) -> Tensor {
    slots.mean_dim(&[1i64][..], false, None::<Kind>)
}

/// Euclidean length over the last dimension, which stays as 1.
pub(crate) fn length(v: &Tensor) -> Tensor {
    v.norm_scalaropt_dim(2, [-1i64], true)
}

/// `v / max(|v|, 1e-8)` over the last dimension.
pub(crate) fn normalise(v: &Tensor) -> Tensor {
    v / length(v).clamp_min(1e-8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn parameters_depend_on_their_name_and_the_seed_only() {
        let draw = |first: &str, seed| {
            let store = VarStore::new(Device::Cpu);
            let build = Build::new(&store, seed);
            for name in [first, "a", "b"] {
                let _ = build.sub(name).normal("weight", &[40, 50], 0.02);
            }
            store.variables()
        };
        let (one, other) = (draw("c", 1), draw("d", 1));
        assert_eq!(one["a.weight"], other["a.weight"]);
        assert_ne!(one["a.weight"], one["b.weight"]);
        assert_ne!(one["a.weight"], draw("c", 2)["a.weight"]);
        let spread = one["a.weight"].std(true).double_value(&[]);
        assert!((spread - 0.02).abs() < 0.001, "{spread}");
        assert!(one["a.weight"].mean(None::<Kind>).double_value(&[]).abs() < 0.002);
    }

    #[test]
    fn unit_vectors_and_the_zero_vector() {
        let v = Tensor::from_slice(&[3f32, 4.0, 0.0, 0.0]).view([2, 2]);
        let unit: Vec<f32> = normalise(&v).flatten(0, -1).try_into().unwrap();
        assert_eq!(unit, [0.6, 0.8, 0.0, 0.0]);
    }
}
