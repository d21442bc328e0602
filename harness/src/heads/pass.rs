//! Loss and gradient of a linear classifier with few classes, in one pass over the data.
//!
//! Panels ([`super::matmul`]) pay where both sides of a product are wide. With two classes they are mostly padding, and packing
//! reads the data once more: here four rows at a time are multiplied with all weights, turned into their gradient and added to
//! the gradient of the weights while they are in the nearest cache, so that a step costs one read of the data. Products and the
//! sums of a run of rows are float32, as in the panels; whoever adds runs up does it in float64.

use pulp::{Arch, Simd, WithSimd};

use super::linear::{Linear, softmax_gradient};

/// Classes that this way is the faster for.
pub(crate) const MOST_CLASSES: usize = 8;
/// Rows at a time.
const BLOCK: usize = 4;

/// Gradient of the summed cross-entropy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gradient {
    pub(crate) loss: f64,
    /// classes x dims.
    pub(crate) weight: Vec<f32>,
    /// One per class.
    pub(crate) bias: Vec<f64>,
}

/// The summed cross-entropy of some rows (row-major, one per label) and its gradient.
pub(crate) fn gradient(layer: &Linear, rows: &[f32], labels: &[u32]) -> Gradient {
    let classes = layer.classes();
    assert!(classes <= MOST_CLASSES && rows.len() == labels.len() * layer.dims(), "shapes differ");
    let mut out =
        Gradient { loss: 0.0, weight: vec![0.0; layer.weight.len()], bias: vec![0.0; classes] };
    if layer.dims() > 0 {
        Arch::new().dispatch(Pass { layer, rows, labels, out: &mut out });
    }
    out
}

struct Pass<'a> {
    layer: &'a Linear,
    rows: &'a [f32],
    labels: &'a [u32],
    out: &'a mut Gradient,
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "pulp compiles it for the chosen instruction set")]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, rows, labels, out } = self;
        let (classes, dims) = (layer.classes(), layer.dims());
        let mut scores = [0.0; BLOCK * MOST_CLASSES];
        for (rows, labels) in rows.chunks(BLOCK * dims).zip(labels.chunks(BLOCK)) {
            let scores = &mut scores[..labels.len() * classes];
            if let Ok(rows) = block(rows, dims) {
                dot_all::<S, BLOCK>(simd, layer, rows, scores);
            } else {
                for (row, scores) in rows.chunks_exact(dims).zip(scores.chunks_exact_mut(classes)) {
                    dot_all::<S, 1>(simd, layer, [row], scores);
                }
            }
            for (scores, &gold) in scores.chunks_exact_mut(classes).zip(labels) {
                scores.iter_mut().zip(&layer.bias).for_each(|(score, bias)| *score += bias);
                out.loss += softmax_gradient(scores, gold, 1.0);
                out.bias.iter_mut().zip(&*scores).for_each(|(sum, s)| *sum += f64::from(*s));
            }
            for (class, sums) in out.weight.chunks_exact_mut(dims).enumerate() {
                if let Ok(rows) = block(rows, dims) {
                    let mut by = [0.0; BLOCK];
                    for (by, scores) in by.iter_mut().zip(scores.chunks_exact(classes)) {
                        *by = scores[class];
                    }
                    add_rows::<S, BLOCK>(simd, rows, by, sums);
                } else {
                    for (r, row) in rows.chunks_exact(dims).enumerate() {
                        add_rows::<S, 1>(simd, [row], [scores[r * classes + class]], sums);
                    }
                }
            }
        }
    }
}

/// A full block's rows; the rest of the data otherwise.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
fn block(rows: &[f32], dims: usize) -> Result<[&[f32]; BLOCK], &[f32]> {
    if rows.len() == BLOCK * dims {
        Ok(std::array::from_fn(|r| &rows[r * dims..(r + 1) * dims]))
    } else {
        Err(rows)
    }
}

/// `scores[r][c] = rows[r] . weight[c]`, two classes at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
fn dot_all<S: Simd, const R: usize>(
    simd: S,
    layer: &Linear,
    rows: [&[f32]; R],
    scores: &mut [f32],
) {
    let (classes, dims) = (layer.classes(), layer.dims());
    let mut class = 0;
    for pair in layer.weight.chunks(2 * dims) {
        if pair.len() == 2 * dims {
            let sums = dot(simd, rows, [&pair[..dims], &pair[dims..]]);
            for (scores, sums) in scores.chunks_exact_mut(classes).zip(sums) {
                scores[class..class + 2].copy_from_slice(&sums);
            }
        } else {
            let sums = dot(simd, rows, [pair]);
            scores.chunks_exact_mut(classes).zip(sums).for_each(|(s, [sum])| s[class] = sum);
        }
        class += 2;
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
fn dot<S: Simd, const R: usize, const C: usize>(
    simd: S,
    rows: [&[f32]; R],
    weights: [&[f32]; C],
) -> [[f32; C]; R] {
    let rows = rows.map(|row| S::as_simd_f32s(row));
    let weights = weights.map(|weight| S::as_simd_f32s(weight));
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for k in 0..rows[0].0.len() {
        for (row, sums) in rows.iter().zip(&mut sums) {
            for (weight, sum) in weights.iter().zip(sums) {
                *sum = simd.mul_add_f32s(row.0[k], weight.0[k], *sum);
            }
        }
    }
    // Loops, not closures: what stays a function of its own is compiled without the chosen instruction set.
    let mut out = [[0.0; C]; R];
    for ((row, sums), out) in rows.iter().zip(&sums).zip(&mut out) {
        for ((weight, sum), out) in weights.iter().zip(sums).zip(out) {
            let mut tail = -0.0;
            for (x, w) in row.1.iter().zip(weight.1) {
                tail += x * w;
            }
            *out = simd.reduce_sum_f32s(*sum) + tail;
        }
    }
    out
}

/// `sums += by[0] * rows[0] + ...`
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
fn add_rows<S: Simd, const R: usize>(simd: S, rows: [&[f32]; R], by: [f32; R], sums: &mut [f32]) {
    let rows = rows.map(|row| S::as_simd_f32s(row));
    let (sums, tail) = S::as_mut_simd_f32s(sums);
    let factors = by.map(|by| simd.splat_f32s(by));
    for (k, sum) in sums.iter_mut().enumerate() {
        for (row, factor) in rows.iter().zip(factors) {
            *sum = simd.mul_add_f32s(row.0[k], factor, *sum);
        }
    }
    for (k, sum) in tail.iter_mut().enumerate() {
        for (row, by) in rows.iter().zip(by) {
            *sum += row.1[k] * by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval_stats::rng::{Stream, below, normal};

    #[test]
    fn gradients_equal_the_definition_at_every_shape() {
        let mut rng = Stream::new(3, "pass").at(0);
        for (n, dims, classes) in
            [(1, 1, 1), (3, 7, 2), (4, 16, 3), (9, 33, 8), (61, 70, 5), (0, 3, 2), (8, 512, 2)]
        {
            let mut draw = |n: usize| (0..n).map(|_| normal(&mut rng) as f32).collect::<Vec<_>>();
            let rows = draw(n * dims);
            let layer = Linear { weight: draw(classes * dims), bias: draw(classes) };
            let labels: Vec<u32> = (0..n).map(|_| below(&mut rng, classes as u32)).collect();
            let got = gradient(&layer, &rows, &labels);
            let (mut loss, mut weight, mut bias) =
                (0.0, vec![0.0; classes * dims], vec![0.0; classes]);
            for (row, &gold) in rows.chunks(dims).zip(&labels) {
                let scores: Vec<f64> = (layer.weight.chunks(dims).zip(&layer.bias))
                    .map(|(w, b)| {
                        let dot = |(w, x): (&f32, &f32)| f64::from(*w) * f64::from(*x);
                        f64::from(*b) + w.iter().zip(row).map(dot).sum::<f64>()
                    })
                    .collect();
                let sum: f64 = scores.iter().map(|s| s.exp()).sum();
                loss += sum.ln() - scores[gold as usize];
                for (c, score) in scores.iter().enumerate() {
                    let g = score.exp() / sum - f64::from(u8::from(c == gold as usize));
                    bias[c] += g;
                    for (w, x) in weight[c * dims..(c + 1) * dims].iter_mut().zip(row) {
                        *w += g * f64::from(*x);
                    }
                }
            }
            let close = |a: f64, b: f64| (a - b).abs() <= 2e-5 * (1.0 + b.abs());
            assert!(close(got.loss, loss), "{n} {dims} {classes}: {} {loss}", got.loss);
            assert!(got.bias.iter().zip(&bias).all(|(a, b)| close(*a, *b)));
            assert!(got.weight.iter().zip(&weight).all(|(a, b)| close(f64::from(*a), *b)));
        }
    }
}
