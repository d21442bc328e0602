//! What task semantics and concepts share, without a reward for shrinking: cross-correlations, less what chance gives.
//! Serves "disentangles task semantics from explicit cultural concepts and latent cultural signals".

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::terms::Terms;

/// `[config.disentangle]`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` Weight of the penalty. Default: 0.
    pub weight: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { weight: 0.0 }
    }
}

impl Settings {
    /// Pushes the penalty on the pairs of z, mean X and mean Y, `[P,c]` each, computed from hidden states without gradient.
    pub(crate) fn push(self, terms: &mut Terms, parts: impl FnOnce() -> [Tensor; 3]) {
        terms.push("disentangle", self.weight, || {
            let [z, x, y] = parts();
            correlation(&z, &x) + correlation(&z, &y) + correlation(&x, &y)
        });
    }
}

/// `(|| R ||_F² - c² / (B - 1)) / c`, R the correlations of the columns of p and q `[B,c]`. Shuffled rows give c² / (B - 1) in the mean
/// (each squared correlation of independent columns 1 / (B - 1)), so that 0 is what chance gives. Scaling a column changes nothing.
pub fn correlation(p: &Tensor, q: &Tensor) -> Tensor {
    let (batch, c) = (p.size()[0] as f64, p.size()[1] as f64);
    if batch < 3.0 {
        return Tensor::zeros([0i64; 0], (Kind::Float, p.device()));
    }
    let unit = |x: &Tensor| {
        let centred = x - x.mean_dim(&[0i64][..], true, None::<Kind>);
        &centred / centred.norm_scalaropt_dim(2, [0i64], true).clamp_min(1e-6)
    };
    let correlations = unit(p).tr().matmul(&unit(q)); // [c,c]
    (correlations.square().sum(None::<Kind>) - c * c / (batch - 1.0)) / c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::normals;

    #[test]
    fn chance_gives_nothing_scale_changes_nothing_and_a_copy_costs() {
        let draw = |name: &str| Tensor::from_slice(&normals(1, name, 40 * 30)).view([40, 30]);
        let (p, q) = (draw("p"), draw("q"));
        let value = |p: &Tensor, q: &Tensor| correlation(p, q).double_value(&[]);
        // The sum of 900 squared correlations has mean 900 / 39 and a standard deviation of about 1.1; over c = 30.
        assert!(value(&p, &q).abs() < 0.15, "{}", value(&p, &q));
        assert!((value(&p, &q) - value(&(&p * 0.01), &(&q * 7.0))).abs() < 1e-4);
        assert!(value(&p, &p) > 0.9, "{}", value(&p, &p));
    }
}
