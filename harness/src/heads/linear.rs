//! The two products of a linear classifier, in float32: scores of some rows, and the gradient of its weights.
//!
//! Work is cut at fixed places, so that the sums are the same at any number of threads.

use super::matmul::{Panels, ROWS, product, width};

/// Rows that one thread scores at a time.
pub(crate) const CHUNK: usize = 11 * ROWS;

/// A linear layer: `scores = weight . x + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// classes x dims, row-major.
    pub weight: Vec<f32>,
    /// One per class.
    pub bias: Vec<f32>,
}

impl Linear {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Length of an input vector.
    pub fn dims(&self) -> usize {
        self.weight.len() / self.bias.len().max(1)
    }

    /// The weights as right panels, for [`scores_of`].
    pub(crate) fn packed(&self) -> Panels {
        let dims = self.dims();
        let mut panels = Panels::default();
        panels.pack(width(), self.classes(), dims, |c, k| self.weight[c * dims + k]);
        panels
    }
}

/// Scores of the rows in `inputs` (left panels), rows x classes, into `out`.
pub(crate) fn scores_of(
    inputs: &Panels,
    weight: &Panels,
    bias: &[f32],
    scratch: &mut Vec<f32>,
    out: &mut [f32],
) {
    product(inputs, weight, scratch);
    let stride = weight.padded();
    for (row, out) in out.chunks_exact_mut(bias.len()).enumerate() {
        let sums = &scratch[row * stride..row * stride + bias.len()];
        for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
            *out = sum + bias;
        }
    }
}

/// Turns scores into the gradient of the mean cross-entropy, `(softmax - one hot) * scale`; returns the summed loss.
pub(crate) fn softmax_gradient(scores: &mut [f32], gold: u32, scale: f32) -> f64 {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let own = scores[gold as usize] - top;
    let mut sum = 0.0_f32;
    for score in &mut *scores {
        *score = (*score - top).exp();
        sum += *score;
    }
    for score in &mut *scores {
        *score *= scale / sum;
    }
    scores[gold as usize] -= scale;
    f64::from(sum.ln() - own)
}
