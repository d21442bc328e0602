//! A multinomial logistic head on embeddings, its L2 penalty chosen on valid: how a model that only embeds does a
//! classification task.
//!
//! Minimises `C * sum of cross-entropies + |W|^2 / 2` (scikit-learn's convention; the bias is free; one row of weights
//! per class also for two classes, which is scikit-learn's binary model at 2 C) by L-BFGS. Sums over rows are cut at
//! fixed places and added in float64, so the answer is the same at any number of threads.

use rayon::prelude::*;

use super::lbfgs::{Limits, minimise};
use super::linear::{Linear, scores_of, softmax_gradient};
use super::matmul::{Panels, ROWS, product, width};
use super::pass::{self, Gradient};
use super::precondition::Gram;
use super::{Vectors, probe};
use crate::score::ScoreError;

/// Rows whose gradient one thread sums at a time.
const ROWS_AT_A_TIME: usize = 84 * ROWS;

/// The values of C that are tried, on vectors centred and scaled to a mean squared length of 1 per dimension.
pub const GRID: [f64; 7] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0];

/// A fitted head.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// On raw vectors: centring and scaling are folded into it.
    pub layer: Linear,
    /// The C that won.
    pub c: f64,
    /// Mean cross-entropy on valid (nats) of every C of [`GRID`].
    pub valid_loss: Vec<f64>,
}

impl Head {
    /// Scores of every row of `data`, rows x classes.
    pub fn scores(&self, data: Vectors<'_>) -> Result<Vec<f32>, ScoreError> {
        probe::scores(&self.layer, data)
    }
}

/// Fits one head for every C of [`GRID`] on `train` and keeps the one with the lowest cross-entropy on `valid` (the
/// strongest penalty where several are equally good).
pub fn fit(
    train: Vectors<'_>,
    labels: &[u32],
    valid: Vectors<'_>,
    valid_labels: &[u32],
    classes: usize,
) -> Result<Head, ScoreError> {
    train.check_labels("labels", labels, classes)?;
    valid.check_labels("valid labels", valid_labels, classes)?;
    train.same_dims("train", valid, "valid")?;
    for (argument, vectors) in [("train", train), ("valid", valid)] {
        if vectors.is_empty() {
            return Err(ScoreError::OutOfRange {
                argument,
                got: "empty".to_owned(),
                allowed: "at least one example: the penalty is chosen on valid".to_owned(),
            });
        }
    }
    let (centre, scale) = scaling(train);
    let scaled: Vec<f32> = train
        .data()
        .iter()
        .zip(centre.iter().cycle())
        .map(|(v, c)| ((f64::from(*v) - c) * scale) as f32)
        .collect();
    let scaled = Vectors::new("train", &scaled, train.dims())?;
    let mut best: Option<Head> = None;
    let mut valid_loss = Vec::new();
    let gram = Gram::new(scaled);
    let mut start = Linear { weight: vec![0.0; classes * train.dims()], bias: vec![0.0; classes] };
    for c in GRID {
        start = fit_one(scaled, labels, start, c, gram.as_ref());
        let layer = unscaled(&start, &centre, scale);
        let loss = mean_loss(&layer, valid, valid_labels)?;
        if best.is_none() || valid_loss.iter().all(|other| loss < *other) {
            best = Some(Head { layer, c, valid_loss: Vec::new() });
        }
        valid_loss.push(loss);
    }
    let best = best.ok_or(ScoreError::OutOfRange {
        argument: "grid",
        got: "empty".to_owned(),
        allowed: "at least one C".to_owned(),
    })?;
    Ok(Head { valid_loss, ..best })
}

/// Mean vector, and one over the root mean square of what is left of a component.
fn scaling(vectors: Vectors<'_>) -> (Vec<f64>, f64) {
    let mut centre = vec![0.0; vectors.dims()];
    for i in 0..vectors.len() {
        centre.iter_mut().zip(vectors.row(i)).for_each(|(c, v)| *c += f64::from(*v));
    }
    for c in &mut centre {
        *c /= vectors.len() as f64;
    }
    let squares: f64 = vectors
        .data()
        .iter()
        .zip(centre.iter().cycle())
        .map(|(v, c)| (f64::from(*v) - c).powi(2))
        .sum();
    let rms = (squares / vectors.data().len() as f64).sqrt();
    (centre, if rms > 0.0 { 1.0 / rms } else { 1.0 })
}

/// The layer on raw vectors that equals `layer` on `(x - centre) * scale`.
fn unscaled(layer: &Linear, centre: &[f64], scale: f64) -> Linear {
    let weight: Vec<f32> = layer.weight.iter().map(|w| (f64::from(*w) * scale) as f32).collect();
    let bias = layer.bias.iter().zip(weight.chunks_exact(centre.len()));
    let shift = |row: &[f32]| row.iter().zip(centre).map(|(w, c)| f64::from(*w) * c).sum::<f64>();
    Linear { bias: bias.map(|(b, row)| (f64::from(*b) - shift(row)) as f32).collect(), weight }
}

fn mean_loss(layer: &Linear, data: Vectors<'_>, labels: &[u32]) -> Result<f64, ScoreError> {
    let mut scores = probe::scores(layer, data)?;
    let rows = scores.chunks_exact_mut(layer.classes()).zip(labels);
    Ok(rows.map(|(row, &gold)| softmax_gradient(row, gold, 0.0)).sum::<f64>() / labels.len() as f64)
}

/// Minimises the objective for one C on vectors as they are; `gram` is of them.
pub(crate) fn fit_one(
    data: Vectors<'_>,
    labels: &[u32],
    start: Linear,
    c: f64,
    gram: Option<&Gram>,
) -> Linear {
    let (classes, dims) = (start.classes(), data.dims());
    let mut x: Vec<f64> = start.weight.iter().chain(&start.bias).map(|v| f64::from(*v)).collect();
    let layer_of = |x: &[f64]| Linear {
        weight: x[..classes * dims].iter().map(|v| *v as f32).collect(),
        bias: x[classes * dims..].iter().map(|v| *v as f32).collect(),
    };
    // Relative to the sum of n gradients, each of order 1: what float32 products can resolve.
    let limits = Limits { iterations: 300, gradient: 1e-6 * c * data.len() as f64 };
    let curvature = gram.map(|gram| gram.curvature(c, classes));
    let solve = curvature.as_ref().map(|curvature| |g: &mut [f64]| curvature.solve(g));
    let solve = solve.as_ref().map(|solve| solve as &dyn Fn(&mut [f64]));
    minimise(&mut x, limits, solve, |x, gradient| {
        let layer = layer_of(x);
        let wide = (classes > pass::MOST_CLASSES).then(|| layer.packed());
        let parts: Vec<Gradient> = (labels.par_chunks(ROWS_AT_A_TIME))
            .zip(data.data().par_chunks(ROWS_AT_A_TIME * dims))
            .map(|(labels, rows)| match &wide {
                None => pass::gradient(&layer, rows, labels),
                Some(packed) => by_panels(&layer, packed, rows, labels),
            })
            .collect();
        gradient.fill(0.0);
        let mut loss = 0.0;
        for part in parts {
            loss += part.loss;
            let (weight, bias) = gradient.split_at_mut(classes * dims);
            weight.iter_mut().zip(part.weight).for_each(|(g, w)| *g += f64::from(w));
            bias.iter_mut().zip(part.bias).for_each(|(g, b)| *g += b);
        }
        for g in gradient.iter_mut() {
            *g *= c;
        }
        let mut penalty = 0.0;
        for (g, w) in gradient[..classes * dims].iter_mut().zip(x) {
            *g += w;
            penalty += 0.5 * w * w;
        }
        c * loss + penalty
    });
    layer_of(&x)
}

/// As [`pass::gradient`], for many classes.
fn by_panels(layer: &Linear, packed: &Panels, rows: &[f32], labels: &[u32]) -> Gradient {
    let (classes, dims, count) = (layer.classes(), layer.dims(), labels.len());
    let (mut left, mut right, mut scratch) = (Panels::default(), Panels::default(), Vec::new());
    let mut scores = vec![0.0; count * classes];
    left.pack(ROWS, count, dims, |r, k| rows[r * dims + k]);
    scores_of(&left, packed, &layer.bias, &mut scratch, &mut scores);
    let mut loss = 0.0;
    let mut bias = vec![0.0; classes];
    for (scores, &gold) in scores.chunks_exact_mut(classes).zip(labels) {
        loss += softmax_gradient(scores, gold, 1.0);
        bias.iter_mut().zip(&*scores).for_each(|(b, s)| *b += f64::from(*s));
    }
    left.pack_columns(ROWS, (0, classes), count, classes, &scores);
    right.pack_rows(width(), (0, dims), count, |k| &rows[k * dims..(k + 1) * dims]);
    product(&left, &right, &mut scratch);
    let stride = right.padded();
    let weight =
        scratch.chunks_exact(stride).take(classes).flat_map(|row| &row[..dims]).copied().collect();
    Gradient { loss, weight, bias }
}
