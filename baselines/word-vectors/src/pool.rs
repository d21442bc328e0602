//! One vector of the vectors of a text's words.
//!
//! `mean` is the mean over the words that are known. `sif` is Arora, Liang and Ma (2017), "A Simple but Tough-to-Beat Baseline for
//! Sentence Embeddings", algorithm 1: `v(s) = 1/|s| * sum of a / (a + p(w)) * v(w)`, then `v(s) - u u' v(s)`.
//!
//! There, u is the first singular vector of the very sentences that are embedded, so a sentence's vector depends on the others
//! and on test data. Here (ours) it comes from the vocabulary alone: u is the first eigenvector of the expected `v(s) v(s)'` of a
//! text of L words drawn independently with p(w),
//!
//! ```text
//! (1 - 1/L) m m' + 1/L sum_w p(w) x(w) x(w)',   x(w) = a / (a + p(w)) * v(w),   m = sum_w p(w) x(w)
//! ```
//!
//! which is what the first singular vector of many such texts tends to. Only the [`MOST`] most frequent words enter: they carry
//! about nine tenths of the probability.
//!
//! p(w) are relative counts of a file, or (ours) follow from the order of the words, which is by frequency in GloVe's and
//! word2vec's files: the Zipf-Mandelbrot law `p(rank) ~ 1 / (rank + 2.7)` (Piantadosi 2014, "Zipf's word frequency law in natural
//! language", equation 2 with his alpha = 1, beta = 2.7).

use plugin_api::Error;
use rayon::prelude::*;

use crate::config::Config;
use crate::read::{self, Table};

/// Words that the common component is estimated from.
pub const MOST: usize = 100_000;
/// Shift of the Zipf-Mandelbrot law.
const BETA: f64 = 2.7;
/// Words whose outer products one thread sums at a time: fixed, so that sums are the same at any number of threads.
const WORDS_AT_A_TIME: usize = 2048;
/// Steps of the power iteration; it ends long before where there is a first eigenvector at all.
const STEPS: usize = 10_000;

/// How a text's vector is made of its words'.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// One factor a word; none: all 1.
    weights: Vec<f32>,
    /// Unit vector of the component to take away.
    common: Option<Vec<f64>>,
}

impl Pool {
    /// The mean.
    pub fn mean() -> Self {
        Self { weights: Vec::new(), common: None }
    }

    /// Arora et al. 2017, with probabilities and common component as the module says.
    pub fn sif(config: &Config, table: &Table) -> Result<Self, Error> {
        let probabilities = match &config.weights.counts {
            Some(path) => read::probabilities(path, table)?,
            None => zipf(table.len()),
        };
        let weights: Vec<f32> =
            probabilities.iter().map(|p| (config.a / (config.a + p)) as f32).collect();
        let common = config
            .remove_common
            .then(|| common(table, &probabilities, &weights, config.typical_words));
        Ok(Self { weights, common })
    }

    /// Fills `row` from the places of a text's known words; zeros if there is none.
    pub fn embed(&self, table: &Table, words: &[u32], row: &mut [f32]) {
        row.fill(0.0);
        if words.is_empty() {
            return;
        }
        for &word in words {
            let vector = table.vector(word);
            if self.weights.is_empty() {
                row.iter_mut().zip(vector).for_each(|(sum, v)| *sum += v);
            } else {
                let weight = self.weights[word as usize];
                row.iter_mut().zip(vector).for_each(|(sum, v)| *sum += weight * v);
            }
        }
        let count = words.len() as f32;
        for sum in row.iter_mut() {
            *sum /= count;
        }
        if let Some(common) = &self.common {
            let along: f64 = row.iter().zip(common).map(|(v, u)| f64::from(*v) * u).sum();
            row.iter_mut().zip(common).for_each(|(v, u)| *v -= (along * u) as f32);
        }
    }
}

/// Probabilities by rank; they sum to 1.
fn zipf(words: usize) -> Vec<f64> {
    let raw: Vec<f64> = (1..=words).map(|rank| 1.0 / (rank as f64 + BETA)).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|p| p / sum).collect()
}

/// The first eigenvector of the expected outer product of a text of `length` words; zeros where all vectors are.
fn common(table: &Table, probabilities: &[f64], weights: &[f32], length: f64) -> Vec<f64> {
    let dims = table.dims;
    let words = table.len().min(MOST);
    let total: f64 = probabilities[..words].iter().sum();
    let parts: Vec<(Vec<f64>, Vec<f64>)> = (0..words.div_ceil(WORDS_AT_A_TIME))
        .into_par_iter()
        .map(|part| {
            let (mut mean, mut square) = (vec![0.0; dims], vec![0.0; dims * dims]);
            let mut x = vec![0.0; dims];
            for word in part * WORDS_AT_A_TIME..words.min((part + 1) * WORDS_AT_A_TIME) {
                let p = probabilities[word] / total;
                let weight = f64::from(weights[word]);
                for (x, v) in x.iter_mut().zip(table.vector(word as u32)) {
                    *x = weight * f64::from(*v);
                }
                for (i, row) in square.chunks_exact_mut(dims).enumerate() {
                    mean[i] += p * x[i];
                    let factor = p * x[i];
                    row.iter_mut().zip(&x).for_each(|(s, x)| *s += factor * x);
                }
            }
            (mean, square)
        })
        .collect();
    let (mut mean, mut matrix) = (vec![0.0; dims], vec![0.0; dims * dims]);
    for (part_mean, part_square) in parts {
        mean.iter_mut().zip(part_mean).for_each(|(a, b)| *a += b);
        matrix.iter_mut().zip(part_square).for_each(|(a, b)| *a += b);
    }
    for (i, row) in matrix.chunks_exact_mut(dims).enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value = *value / length + (1.0 - 1.0 / length) * mean[i] * mean[j];
        }
    }
    first_eigenvector(&matrix, &mean)
}

/// Power iteration on a symmetric positive semi-definite matrix from `start`, tilted a little so that it is orthogonal to nothing.
fn first_eigenvector(matrix: &[f64], start: &[f64]) -> Vec<f64> {
    let dims = start.len();
    let scale = start.iter().fold(0.0_f64, |most, v| most.max(v.abs())).max(f64::MIN_POSITIVE);
    let mut u: Vec<f64> =
        start.iter().enumerate().map(|(i, v)| v / scale + 1e-3 / (i + 1) as f64).collect();
    unit(&mut u);
    for _ in 0..STEPS {
        let mut next: Vec<f64> = matrix
            .chunks_exact(dims)
            .map(|row| row.iter().zip(&u).map(|(m, u)| m * u).sum())
            .collect();
        if !unit(&mut next) {
            return vec![0.0; dims];
        }
        let moved = next.iter().zip(&u).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        u = next;
        if moved < 1e-14 {
            break;
        }
    }
    u
}

/// Scales to length 1; `false` where there is no length.
fn unit(vector: &mut [f64]) -> bool {
    let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if norm == 0.0 {
        return false;
    }
    for v in vector.iter_mut() {
        *v /= norm;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zipf_falls_and_sums_to_one() {
        let p = zipf(1000);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((p[0] / p[9] - 12.7 / 3.7).abs() < 1e-12);
    }

    #[test]
    fn the_first_eigenvector_of_a_known_matrix() {
        // Eigenvalues 3 and 1, of (1, 1) and (1, -1); the start lies along the wrong one.
        let u = first_eigenvector(&[2.0, 1.0, 1.0, 2.0], &[1.0, -1.0]);
        assert!((u[0] - 0.5_f64.sqrt()).abs() < 1e-9 && (u[0] - u[1]).abs() < 1e-9, "{u:?}");
        assert_eq!(first_eigenvector(&[0.0; 4], &[0.0; 2]), [0.0; 2]);
    }
}
