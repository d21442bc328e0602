//! The curvature of a linear classifier where all classes are equally likely, for L-BFGS to start from.
//!
//! With p = 1/K the Hessian of `C * sum of cross-entropies + |W|^2 / 2` acts on each class' weights as `C/K * X'X + I` (up to what is
//! common to all classes, which the loss does not see; Böhning 1992, "Multinomial logistic regression algorithm", takes the same
//! matrix with 1/2 as a bound). Solving with it first makes directions of very different lengths alike: tens of steps instead of
//! hundreds. It shapes the way to the minimum, not the minimum.

use rayon::prelude::*;

use super::Vectors;
use super::matmul::{Panels, ROWS, product, width};

/// Rows that the curvature is estimated from, evenly spread.
const MOST_ROWS: usize = 8192;
/// Wider vectors go without: a factor of the matrix would cost more than it saves.
const MOST_DIMS: usize = 1024;
/// Rows that one thread multiplies at a time.
const ROWS_AT_A_TIME: usize = 512;

/// `X'X` of all rows, estimated.
#[derive(Debug)]
pub(crate) struct Gram {
    dims: usize,
    rows: usize,
    /// dims x dims.
    values: Vec<f64>,
}

impl Gram {
    /// `None` where the vectors are too wide for it to pay.
    pub(crate) fn new(data: Vectors<'_>) -> Option<Self> {
        let dims = data.dims();
        if dims > MOST_DIMS {
            return None;
        }
        let used = data.len().min(MOST_ROWS);
        let row = |i: usize| data.row(i * data.len() / used);
        let parts: Vec<Vec<f32>> = (0..used.div_ceil(ROWS_AT_A_TIME))
            .into_par_iter()
            .map(|part| {
                let first = part * ROWS_AT_A_TIME;
                let count = ROWS_AT_A_TIME.min(used - first);
                let (mut left, mut right) = (Panels::default(), Panels::default());
                left.pack_rows(ROWS, (0, dims), count, |k| row(first + k));
                right.pack_rows(width(), (0, dims), count, |k| row(first + k));
                let mut out = Vec::new();
                product(&left, &right, &mut out);
                let stride = right.padded();
                out.chunks_exact(stride).take(dims).flat_map(|r| &r[..dims]).copied().collect()
            })
            .collect();
        let mut values = vec![0.0; dims * dims];
        for part in parts {
            values.iter_mut().zip(part).for_each(|(sum, v)| *sum += f64::from(v));
        }
        let scale = data.len() as f64 / used.max(1) as f64;
        for v in &mut values {
            *v *= scale;
        }
        Some(Self { dims, rows: data.len(), values })
    }

    /// The curvature for one C and a number of classes.
    pub(crate) fn curvature(&self, c: f64, classes: usize) -> Curvature {
        let (dims, by) = (self.dims, c / classes as f64);
        let mut factor: Vec<f64> = self.values.iter().map(|v| v * by).collect();
        for i in 0..dims {
            factor[i * dims + i] += 1.0;
        }
        cholesky(&mut factor, dims);
        Curvature { dims, factor, bias: by * self.rows as f64 }
    }
}

/// A factored curvature.
#[derive(Debug)]
pub(crate) struct Curvature {
    dims: usize,
    /// Lower triangle of the Cholesky factor, dims x dims.
    factor: Vec<f64>,
    bias: f64,
}

impl Curvature {
    /// Replaces a gradient (weights classes x dims, then biases) by the solution of `curvature * step = gradient`.
    pub(crate) fn solve(&self, gradient: &mut [f64]) {
        let dims = self.dims;
        let classes = gradient.len() / (dims + 1);
        let (weights, biases) = gradient.split_at_mut(classes * dims);
        for x in weights.chunks_exact_mut(dims) {
            for (i, row) in self.factor.chunks_exact(dims).enumerate() {
                let before: f64 = row[..i].iter().zip(&*x).map(|(l, x)| l * x).sum();
                x[i] = (x[i] - before) / row[i];
            }
            for (i, row) in self.factor.chunks_exact(dims).enumerate().rev() {
                let (before, rest) = x.split_at_mut(i);
                rest[0] /= row[i];
                before.iter_mut().zip(row).for_each(|(x, l)| *x -= l * rest[0]);
            }
        }
        for b in biases.iter_mut() {
            *b /= self.bias;
        }
    }
}

/// Cholesky factor of a symmetric matrix whose eigenvalues are 1 or more, in the lower triangle.
fn cholesky(matrix: &mut [f64], dims: usize) {
    for i in 0..dims {
        let (above, rest) = matrix.split_at_mut(i * dims);
        let row = &mut rest[..dims];
        for (j, other) in above.chunks_exact(dims).enumerate() {
            let before: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - before) / other[j];
        }
        let squares: f64 = row[..i].iter().map(|v| v * v).sum();
        row[i] = (row[i] - squares).max(1e-12).sqrt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval_stats::rng::{Stream, normal};

    #[test]
    fn a_solution_solves() {
        let (n, dims, classes, c) = (700, 37, 3, 0.3);
        let mut rng = Stream::new(4, "curvature").at(0);
        let mut draw = |n: usize| (0..n).map(|_| normal(&mut rng) as f32).collect::<Vec<_>>();
        let data = draw(n * dims);
        let wanted: Vec<f64> = draw(classes * (dims + 1)).iter().map(|v| f64::from(*v)).collect();
        let data = Vectors::new("data", &data, dims).unwrap();
        let mut gradient = vec![0.0; wanted.len()];
        let (weights, biases) = wanted.split_at(classes * dims);
        for (class, w) in weights.chunks(dims).enumerate() {
            let out = &mut gradient[class * dims..(class + 1) * dims];
            out.copy_from_slice(w);
            for i in 0..n {
                let row = data.row(i);
                let along: f64 = row.iter().zip(w).map(|(x, w)| f64::from(*x) * w).sum();
                let by = c / classes as f64 * along;
                out.iter_mut().zip(row).for_each(|(g, x)| *g += by * f64::from(*x));
            }
            gradient[classes * dims + class] = biases[class] * c / classes as f64 * n as f64;
        }
        Gram::new(data).unwrap().curvature(c, classes).solve(&mut gradient);
        for (got, wanted) in gradient.iter().zip(&wanted) {
            assert!((got - wanted).abs() < 1e-4 * (1.0 + wanted.abs()), "{got} {wanted}");
        }
    }
}
