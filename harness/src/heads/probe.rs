//! UniVaR's linear probe: one linear layer trained by Adam on raw float32 embeddings (Cahyawijaya et al. 2025).
//!
//! As the authors define it: cross-entropy, PyTorch's default initialisation of a linear layer (uniform in
//! +-1/sqrt(dims)), Adam (0.9, 0.999, 1e-8, no weight decay), batches in shuffled order, the last one smaller, and a
//! learning rate of `lr * (1 - epoch / epochs)`. Two things of theirs are settled here: the run is seeded, and the last
//! epoch counts, because there is no validation set to choose another by.

use rayon::prelude::*;

use eval_stats::rng::{Stream, below, uniform};

use super::Vectors;
use super::linear::{CHUNK, Linear, scores_of, softmax_gradient};
use super::matmul::{Panels, ROWS, product, width};
use crate::score::{ScoreError, same_length};

/// How the probe is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbeOptions {
    /// Passes over the training set (20).
    pub epochs: usize,
    /// Rows per step (512).
    pub batch: usize,
    /// Adam's first learning rate (2e-3).
    pub learning_rate: f64,
}

/// Trains the probe: initial weights and orders come from the named streams `init` and `order` of `stream`.
pub fn train(
    data: Vectors<'_>,
    labels: &[u32],
    classes: usize,
    options: &ProbeOptions,
    stream: &Stream,
) -> Result<Linear, ScoreError> {
    let start = initial(data.dims(), classes, &stream.child("init"));
    let order = stream.child("order");
    train_from(start, data, labels, options, |epoch| shuffled(data.len(), &order, epoch))
}

/// Uniform in +-1/sqrt(dims), weights and bias: what `torch.nn.Linear` starts from (its `kaiming_uniform_(a=sqrt(5))`).
fn initial(dims: usize, classes: usize, stream: &Stream) -> Linear {
    let bound = 1.0 / (dims as f64).sqrt();
    let mut rng = stream.at(0);
    let mut draw =
        |n: usize| (0..n).map(|_| ((2.0 * uniform(&mut rng) - 1.0) * bound) as f32).collect();
    Linear { weight: draw(classes * dims), bias: draw(classes) }
}

/// A permutation of 0..n (Fisher-Yates), one stream per epoch.
fn shuffled(n: usize, stream: &Stream, epoch: usize) -> Vec<u32> {
    let mut rng = stream.at(epoch as u64);
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, below(&mut rng, i as u32 + 1) as usize);
    }
    order
}

/// Trains from given weights in a given order of rows for each epoch.
pub fn train_from(
    mut layer: Linear,
    data: Vectors<'_>,
    labels: &[u32],
    options: &ProbeOptions,
    order: impl Fn(usize) -> Vec<u32>,
) -> Result<Linear, ScoreError> {
    data.check_labels("labels", labels, layer.classes())?;
    if options.batch == 0 || data.is_empty() || u32::try_from(data.len()).is_err() {
        return Err(ScoreError::OutOfRange {
            argument: "batch",
            got: format!("{} of {} training vectors", options.batch, data.len()),
            allowed: "at least 1 of at least one training vector (below 2^32)".to_owned(),
        });
    }
    let mut adam = Adam::new(&layer);
    let mut step = Step::default();
    for epoch in 0..options.epochs {
        let rate = options.learning_rate * (1.0 - epoch as f64 / options.epochs as f64);
        for rows in order(epoch).chunks(options.batch) {
            step.run(&layer, data, labels, rows);
            adam.apply(&mut layer, &step.weight, &step.bias, rate);
        }
    }
    Ok(layer)
}

/// Scores of every row of `data`, rows x classes.
pub fn scores(layer: &Linear, data: Vectors<'_>) -> Result<Vec<f32>, ScoreError> {
    same_length("layer (dimensions)", layer.dims(), "vectors (dimensions)", data.dims())?;
    let weight = layer.packed();
    let mut out = vec![0.0; data.len() * layer.classes()];
    out.par_chunks_mut(CHUNK * layer.classes()).enumerate().for_each_init(
        || (Panels::default(), Vec::new()),
        |(inputs, scratch), (chunk, out)| {
            let rows = out.len() / layer.classes();
            inputs.pack(ROWS, rows, data.dims(), |r, k| data.row(chunk * CHUNK + r)[k]);
            scores_of(inputs, &weight, &layer.bias, scratch, out);
        },
    );
    Ok(out)
}

/// Gradient of the mean cross-entropy over one batch, with its buffers.
#[derive(Debug, Default)]
struct Step {
    /// Gradient of the scores, rows x classes.
    scores: Vec<f32>,
    /// classes x dims.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Step {
    fn run(&mut self, layer: &Linear, data: Vectors<'_>, labels: &[u32], rows: &[u32]) {
        let (classes, dims) = (layer.classes(), data.dims());
        let packed = layer.packed();
        let scale = 1.0 / rows.len() as f32;
        self.scores.clear();
        self.scores.resize(rows.len() * classes, 0.0);
        self.scores.par_chunks_mut(CHUNK * classes).zip(rows.par_chunks(CHUNK)).for_each_init(
            || (Panels::default(), Vec::new()),
            |(inputs, scratch), (scores, rows)| {
                inputs.pack(ROWS, rows.len(), dims, |r, k| data.row(rows[r] as usize)[k]);
                scores_of(inputs, &packed, &layer.bias, scratch, scores);
                for (scores, &row) in scores.chunks_exact_mut(classes).zip(rows) {
                    softmax_gradient(scores, labels[row as usize], scale);
                }
            },
        );
        self.bias.clear();
        self.bias.resize(classes, 0.0);
        for scores in self.scores.chunks_exact(classes) {
            for (bias, score) in self.bias.iter_mut().zip(scores) {
                *bias += score;
            }
        }
        let mut left = Panels::default();
        left.pack_columns(ROWS, (0, classes), rows.len(), classes, &self.scores);
        self.weight.resize(classes * dims, 0.0);
        // Columns of the gradient, 64 at a time: each sum runs over the batch in order.
        const COLUMNS: usize = 64;
        let blocks: Vec<(usize, usize, Vec<f32>)> = (0..dims.div_ceil(COLUMNS))
            .into_par_iter()
            .map(|block| {
                let first = block * COLUMNS;
                let taken = COLUMNS.min(dims - first);
                let mut right = Panels::default();
                right
                    .pack_rows(width(), (first, taken), rows.len(), |k| data.row(rows[k] as usize));
                let mut out = Vec::new();
                product(&left, &right, &mut out);
                (first, right.padded(), out)
            })
            .collect();
        for (first, stride, block) in blocks {
            let taken = COLUMNS.min(dims - first);
            for (class, to) in self.weight.chunks_exact_mut(dims).enumerate() {
                to[first..first + taken]
                    .copy_from_slice(&block[class * stride..class * stride + taken]);
            }
        }
    }
}

/// Adam as PyTorch runs it (Kingma & Ba 2015, algorithm 1, with the bias corrections taken out of the moments).
#[derive(Debug)]
struct Adam {
    steps: i32,
    weight: Vec<[f32; 2]>,
    bias: Vec<[f32; 2]>,
}

impl Adam {
    const BETAS: (f64, f64) = (0.9, 0.999);
    const EPSILON: f32 = 1e-8;

    fn new(layer: &Linear) -> Self {
        Self {
            steps: 0,
            weight: vec![[0.0; 2]; layer.weight.len()],
            bias: vec![[0.0; 2]; layer.bias.len()],
        }
    }

    fn apply(&mut self, layer: &mut Linear, weight: &[f32], bias: &[f32], rate: f64) {
        self.steps += 1;
        let (beta1, beta2) = Self::BETAS;
        let size = (rate / (1.0 - beta1.powi(self.steps))) as f32;
        let root = (1.0 - beta2.powi(self.steps)).sqrt() as f32;
        let (keep1, keep2) = (beta1 as f32, beta2 as f32);
        let (take1, take2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
        let update = |((value, moments), gradient): ((&mut f32, &mut [f32; 2]), &f32)| {
            moments[0] = keep1 * moments[0] + take1 * gradient;
            moments[1] = keep2 * moments[1] + take2 * gradient * gradient;
            *value -= size * (moments[0] / (moments[1].sqrt() / root + Self::EPSILON));
        };
        layer.weight.iter_mut().zip(&mut self.weight).zip(weight).for_each(update);
        layer.bias.iter_mut().zip(&mut self.bias).zip(bias).for_each(update);
    }
}
