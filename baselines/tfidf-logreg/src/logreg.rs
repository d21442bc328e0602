//! Multinomial logistic regression on sparse rows.
//!
//! Minimises `1/n sum_i v_i (-ln p(y_i | x_i)) + 1/(2 C n) |W|^2`, which has the minimum of scikit-learn's `LogisticRegression(C)`:
//! the intercepts are free, and two labels share one weight vector (a sigmoid). The pass forward goes over rows, the pass back over
//! the columns of the transpose: each number is summed by one thread in one order, so that no number of threads changes a bit.

use plugin_api::{Error, Host};
use rayon::prelude::*;

use crate::lbfgs::{self, Minimum, Stop};
use crate::sparse::Rows;

/// Rows, labels and their weights, ready to be fitted.
#[derive(Debug)]
pub struct Problem<'a> {
    rows: &'a Rows,
    columns: Rows,
    /// One an example, below `labels`.
    truth: &'a [u32],
    labels: usize,
    /// Weight of an example of each label.
    weights: Vec<f64>,
}

/// Weight vectors (and intercepts) for so many labels: one is enough for two.
pub fn outputs(labels: usize) -> usize {
    if labels == 2 { 1 } else { labels }
}

/// Columns and examples a task of the thread pool takes.
const COLUMNS: usize = 128;
const EXAMPLES: usize = 64;

impl<'a> Problem<'a> {
    /// `balanced`: every label weighs the same.
    pub fn new(rows: &'a Rows, truth: &'a [u32], labels: usize, balanced: bool) -> Self {
        let mut weights = vec![1.0; labels];
        if balanced {
            let mut counts = vec![0.0; labels];
            for &label in truth {
                counts[label as usize] += 1.0;
            }
            for (weight, count) in weights.iter_mut().zip(counts) {
                *weight =
                    if count > 0.0 { truth.len() as f64 / (labels as f64 * count) } else { 0.0 };
            }
        }
        Self { rows, columns: rows.transpose(), truth, labels, weights }
    }

    /// Weights `[column][output]`, then one intercept an output: all zero.
    pub fn start(&self) -> Vec<f64> {
        vec![0.0; (self.rows.width() + 1) * outputs(self.labels)]
    }

    /// The minimum for `c`, from `start`. `each` sees iterations.
    pub fn fit(
        &self,
        c: f64,
        start: Vec<f64>,
        stop: Stop,
        host: &Host,
        mut each: impl FnMut(usize),
    ) -> Result<Minimum, Error> {
        let outputs = outputs(self.labels);
        let mut residuals = vec![0.0; self.rows.len() * outputs];
        let mut losses = vec![0.0; self.rows.len()];
        let penalty = 1.0 / (c * self.rows.len() as f64);
        let function = |x: &[f64], gradient: &mut [f64]| {
            self.forward(x, &mut residuals, &mut losses);
            self.backward(x, &residuals, penalty, gradient);
            let weights = &x[..x.len() - outputs];
            let squares = weights.par_chunks(1 << 14).map(|w| w.iter().map(|w| w * w).sum::<f64>());
            let squares: f64 = squares.collect::<Vec<_>>().iter().sum();
            losses.iter().sum::<f64>() / self.rows.len() as f64 + 0.5 * penalty * squares
        };
        lbfgs::minimise(start, stop, function, |iteration, _| {
            each(iteration);
            if host.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
        })
    }

    /// Loss of each example, and its derivative by each output.
    fn forward(&self, x: &[f64], residuals: &mut [f64], losses: &mut [f64]) {
        let outputs = outputs(self.labels);
        let (weights, intercepts) = x.split_at(x.len() - outputs);
        let tasks =
            residuals.par_chunks_mut(EXAMPLES * outputs).zip(losses.par_chunks_mut(EXAMPLES));
        tasks.enumerate().for_each(|(task, (residuals, losses))| {
            for (at, (z, loss)) in residuals.chunks_mut(outputs).zip(losses).enumerate() {
                let example = task * EXAMPLES + at;
                let truth = self.truth[example] as usize;
                let weight = self.weights[truth];
                let (columns, values) = self.rows.row(example);
                z.copy_from_slice(intercepts);
                if let [z] = z {
                    for (&column, &value) in columns.iter().zip(values) {
                        *z += weights[column as usize] * f64::from(value);
                    }
                    let signed = if truth == 1 { *z } else { -*z };
                    *loss = weight * log1p_exp(-signed);
                    *z = weight * (sigmoid(*z) - truth as f64);
                } else {
                    for (&column, &value) in columns.iter().zip(values) {
                        let from = column as usize * outputs;
                        axpy(z, f64::from(value), &weights[from..from + outputs]);
                    }
                    let own = z[truth];
                    let log_sum = softmax(z);
                    *loss = weight * (log_sum - own);
                    z[truth] -= 1.0;
                    for z in z.iter_mut() {
                        *z *= weight;
                    }
                }
            }
        });
    }

    fn backward(&self, x: &[f64], residuals: &[f64], penalty: f64, gradient: &mut [f64]) {
        let outputs = outputs(self.labels);
        let share = 1.0 / self.rows.len() as f64;
        let (weights, intercepts) = gradient.split_at_mut(x.len() - outputs);
        weights.par_chunks_mut(COLUMNS * outputs).enumerate().for_each(|(task, gradients)| {
            for (at, gradient) in gradients.chunks_mut(outputs).enumerate() {
                let column = task * COLUMNS + at;
                let (examples, values) = self.columns.row(column);
                let own = &x[column * outputs..(column + 1) * outputs];
                if let [gradient] = gradient {
                    let pairs = examples.iter().zip(values);
                    let sum: f64 = pairs.map(|(&i, &v)| residuals[i as usize] * f64::from(v)).sum();
                    *gradient = share * sum + penalty * own[0];
                } else {
                    gradient.fill(0.0);
                    for (&example, &value) in examples.iter().zip(values) {
                        let from = example as usize * outputs;
                        axpy(gradient, f64::from(value), &residuals[from..from + outputs]);
                    }
                    for (gradient, own) in gradient.iter_mut().zip(own) {
                        *gradient = share * *gradient + penalty * own;
                    }
                }
            }
        });
        intercepts.fill(0.0);
        for row in residuals.chunks(outputs) {
            axpy(intercepts, share, row);
        }
    }
}

/// Probabilities of the labels of one row, for `x` as in [`Problem::start`] but in single precision.
pub fn probabilities(x: &[f32], row: &[(u32, f32)], into: &mut [f64]) {
    let outputs = outputs(into.len());
    let (weights, intercepts) = x.split_at(x.len() - outputs);
    let z = &mut into[..outputs];
    for (z, intercept) in z.iter_mut().zip(intercepts) {
        *z = f64::from(*intercept);
    }
    for &(column, value) in row {
        let from = column as usize * outputs;
        for (z, weight) in z.iter_mut().zip(&weights[from..from + outputs]) {
            *z += f64::from(value) * f64::from(*weight);
        }
    }
    if outputs == 1 {
        let hate = into[0];
        into[0] = sigmoid(-hate);
        into[1] = sigmoid(hate);
    } else {
        softmax(into);
    }
}

fn axpy(into: &mut [f64], factor: f64, from: &[f64]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into += factor * from;
    }
}

/// Turns logits into probabilities; returns the logarithm of the sum of their exponentials.
fn softmax(z: &mut [f64]) -> f64 {
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for z in z.iter_mut() {
        *z = (*z - most).exp();
        sum += *z;
    }
    for z in z.iter_mut() {
        *z /= sum;
    }
    most + sum.ln()
}

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// `ln(1 + e^z)` without overflow.
fn log1p_exp(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: Stop = Stop { max_iterations: 1000, tolerance: 1e-10 };

    fn rows(dense: &[&[f32]]) -> Rows {
        let mut rows = Rows::new(dense[0].len());
        for row in dense {
            let sparse = row.iter().enumerate().filter(|(_, v)| **v != 0.0);
            rows.push(&sparse.map(|(at, &v)| (at as u32, v)).collect::<Vec<_>>());
        }
        rows
    }

    fn toy() -> (Rows, Vec<u32>) {
        let mut dense = Vec::new();
        let mut truth = Vec::new();
        for i in 0..60_u32 {
            let noise = |k: u32| ((i * 7919 + k * 104_729) % 101) as f32 / 101.0;
            dense.push([noise(1) + (i % 3) as f32, noise(2), noise(3) - (i % 2) as f32, 0.0]);
            truth.push((i + u32::from(i % 7 == 0)) % 3);
        }
        (rows(&dense.iter().map(|r| &r[..]).collect::<Vec<_>>()), truth)
    }

    #[test]
    fn gradients_are_the_slopes_of_the_loss() {
        let (rows, three) = toy();
        let two: Vec<u32> = three.iter().map(|&l| u32::from(l > 0)).collect();
        for (labels, truth, balanced) in
            [(3, &three, false), (3, &three, true), (2, &two, false), (2, &two, true)]
        {
            let problem = Problem::new(&rows, truth, labels, balanced);
            let n = rows.len();
            let outputs = outputs(labels);
            let x: Vec<f64> = (0..problem.start().len()).map(|i| (i as f64 * 0.7).sin()).collect();
            let (mut residuals, mut losses) = (vec![0.0; n * outputs], vec![0.0; n]);
            let mut value = |x: &[f64], gradient: &mut [f64]| {
                problem.forward(x, &mut residuals, &mut losses);
                problem.backward(x, &residuals, 0.01, gradient);
                let squares: f64 = x[..x.len() - outputs].iter().map(|w| w * w).sum();
                losses.iter().sum::<f64>() / n as f64 + 0.005 * squares
            };
            let (mut gradient, mut unused) = (problem.start(), problem.start());
            value(&x, &mut gradient);
            for at in 0..x.len() {
                let mut side = |step: f64| {
                    let mut x = x.clone();
                    x[at] += step;
                    value(&x, &mut unused)
                };
                let slope = (side(1e-5) - side(-1e-5)) / 2e-5;
                assert!(
                    (slope - gradient[at]).abs() < 1e-8,
                    "{labels} labels, {at}: {slope} {}",
                    gradient[at]
                );
            }
        }
    }

    /// With a feature that is never there, only the intercept learns: the label's share (its log-odds).
    #[test]
    fn the_intercept_alone_learns_the_shares() {
        let rows = rows(&[&[0.0_f32][..]; 8]);
        let host = Host::silent(1, 0);
        let fit = |truth: &[u32], labels| {
            let problem = Problem::new(&rows, truth, labels, false);
            problem.fit(1.0, problem.start(), STOP, &host, |_| {}).unwrap().x
        };
        let two = fit(&[1, 1, 0, 0, 0, 0, 0, 0], 2);
        assert!((two[1] - (2.0_f64 / 6.0).ln()).abs() < 1e-8, "{two:?}");
        let three: Vec<f32> = fit(&[0, 0, 0, 0, 1, 1, 2, 2], 3).iter().map(|&x| x as f32).collect();
        let mut p = [0.0; 3];
        probabilities(&three, &[], &mut p);
        assert!(p.iter().zip([0.5, 0.25, 0.25]).all(|(p, want)| (p - want).abs() < 1e-6), "{p:?}");
    }

    /// A softmax of two labels is a sigmoid with twice the C: W = (-w/2, w/2) has |W|^2 = |w|^2 / 2.
    #[test]
    fn two_labels_as_softmax_and_as_sigmoid_agree() {
        let (rows, three) = toy();
        let two: Vec<u32> = three.iter().map(|&l| u32::from(l > 0)).collect();
        let host = Host::silent(1, 0);
        let sigmoid = Problem::new(&rows, &two, 2, false);
        let sigmoid = sigmoid.fit(1.0, sigmoid.start(), STOP, &host, |_| {}).unwrap().x;
        // A third label that never occurs takes no probability in the end; its weights shrink to what the penalty leaves.
        let softmax = Problem::new(&rows, &two, 3, false);
        let end = softmax.fit(
            0.5,
            softmax.start(),
            Stop { max_iterations: 5000, tolerance: 1e-12 },
            &host,
            |_| {},
        );
        let softmax = end.unwrap().x;
        for column in 0..rows.width() {
            let difference = softmax[column * 3 + 1] - softmax[column * 3];
            assert!(
                (difference - sigmoid[column]).abs() < 0.02,
                "{difference} {}",
                sigmoid[column]
            );
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let (rows, truth) = toy();
        let host = Host::silent(1, 0);
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let problem = Problem::new(&rows, &truth, 3, true);
                problem.fit(10.0, problem.start(), STOP, &host, |_| {}).unwrap()
            })
        };
        let one = fit(1);
        assert!(one.converged);
        assert_eq!(one, fit(2));
        assert_eq!(one, fit(5));
    }
}
