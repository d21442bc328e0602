//! Products of small blocks of float32 matrices, the kernel of the k-NN, the probe and the head.
//!
//! Both sides are packed into panels ([`Panels`]), the left one [`ROWS`] rows wide, the right one [`width`] rows wide,
//! so that the innermost loop reads memory in order and holds its 6 x 2 vectors of sums in registers. Instructions are
//! chosen at run time ([`pulp`]: AVX-512, AVX2 + FMA, NEON, else scalar) without unsafe code. A sum runs over the depth
//! in order and does not depend on the number of threads.

use pulp::{Arch, Simd, WithSimd};

/// Rows of a left panel.
pub(crate) const ROWS: usize = 6;
/// Vectors of a right panel.
const VECTORS: usize = 2;

/// Sums of one left panel with one right panel.
pub(crate) type Tile<S> = [[<S as Simd>::f32s; VECTORS]; ROWS];

/// Rows of a matrix, `panel` at a time: value k of row r of panel p is at `(p * depth + k) * panel + r`; rows beyond
/// the last are zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panels {
    pub(crate) panel: usize,
    pub(crate) depth: usize,
    pub(crate) rows: usize,
    pub(crate) data: Vec<f32>,
}

impl Panels {
    /// Packs `rows` rows of `depth` values, `at(r, k)` each.
    pub(crate) fn pack(
        &mut self,
        panel: usize,
        rows: usize,
        depth: usize,
        at: impl Fn(usize, usize) -> f32,
    ) {
        let panels = rows.div_ceil(panel);
        (self.panel, self.depth, self.rows) = (panel, depth, rows);
        self.data.clear();
        self.data.resize(panels * panel * depth, 0.0);
        if depth == 0 {
            return;
        }
        for (p, out) in self.data.chunks_exact_mut(panel * depth).enumerate() {
            for r in 0..panel.min(rows - p * panel) {
                for k in 0..depth {
                    out[k * panel + r] = at(p * panel + r, k);
                }
            }
        }
    }

    /// As [`Panels::pack`], for a matrix that holds its rows as columns: `source[k * stride + first + r]`.
    pub(crate) fn pack_columns(
        &mut self,
        panel: usize,
        columns: (usize, usize),
        depth: usize,
        stride: usize,
        source: &[f32],
    ) {
        self.pack_rows(panel, columns, depth, |k| &source[k * stride..(k + 1) * stride]);
    }

    /// As [`Panels::pack_columns`], its source row by row: panel row r at depth k is `row(k)[first + r]`.
    pub(crate) fn pack_rows<'r>(
        &mut self,
        panel: usize,
        (first, rows): (usize, usize),
        depth: usize,
        row: impl Fn(usize) -> &'r [f32],
    ) {
        let panels = rows.div_ceil(panel);
        (self.panel, self.depth, self.rows) = (panel, depth, rows);
        self.data.clear();
        self.data.resize(panels * panel * depth, 0.0);
        for k in 0..depth {
            let source = &row(k)[first..first + rows];
            for (p, part) in source.chunks(panel).enumerate() {
                let to = (p * depth + k) * panel;
                self.data[to..to + part.len()].copy_from_slice(part);
            }
        }
    }

    /// Rows with the padding.
    pub(crate) fn padded(&self) -> usize {
        self.rows.div_ceil(self.panel.max(1)) * self.panel
    }
}

/// Rows of a right panel on this processor.
pub(crate) fn width() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES * VECTORS
        }
    }
    Arch::new().dispatch(Lanes)
}

/// `a` is a left panel, `b` a right panel as vectors: `sums[i] = sum over k of a[k][i] * b[k]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
pub(crate) fn tile<S: Simd>(simd: S, a: &[f32], b: &[S::f32s]) -> Tile<S> {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<VECTORS>().0) {
        for (a, sums) in a.iter().zip(&mut sums) {
            let a = simd.splat_f32s(*a);
            for (b, sum) in b.iter().zip(sums) {
                *sum = simd.mul_add_f32s(a, *b, *sum);
            }
        }
    }
    sums
}

/// `out[i][j] = left row i . right row j`, row-major, `left.padded()` x `right.padded()`.
pub(crate) fn product(left: &Panels, right: &Panels, out: &mut Vec<f32>) {
    out.clear();
    out.resize(left.padded() * right.padded(), 0.0);
    if left.depth > 0 {
        Arch::new().dispatch(Product { left, right, out });
    }
}

struct Product<'a> {
    left: &'a Panels,
    right: &'a Panels,
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "pulp compiles it for the chosen instruction set")]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, out } = self;
        let stride = right.padded();
        let (right_panels, _) = S::as_simd_f32s(&right.data);
        for (jp, b) in right_panels.chunks_exact(VECTORS * right.depth).enumerate() {
            for (ip, a) in left.data.chunks_exact(ROWS * left.depth).enumerate() {
                let sums = tile(simd, a, b);
                for (i, sums) in sums.iter().enumerate() {
                    let at = (ip * ROWS + i) * stride + jp * right.panel;
                    let (to, _) = S::as_mut_simd_f32s(&mut out[at..at + right.panel]);
                    to.copy_from_slice(sums);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_the_definition_at_every_shape() {
        for (m, n, depth) in [(1, 1, 1), (5, 3, 2), (6, 16, 7), (13, 33, 20), (7, 70, 0)] {
            let a = |r: usize, k: usize| ((r * 7 + k * 3) % 11) as f32 - 5.0;
            let b = |r: usize, k: usize| ((r * 5 + k * 2) % 13) as f32 - 6.0;
            let (mut left, mut right, mut out) = (Panels::default(), Panels::default(), Vec::new());
            left.pack(ROWS, m, depth, a);
            right.pack(width(), n, depth, b);
            product(&left, &right, &mut out);
            for i in 0..m {
                for j in 0..n {
                    let expect: f32 = (0..depth).map(|k| a(i, k) * b(j, k)).sum();
                    assert_eq!(
                        out[i * right.padded() + j],
                        expect,
                        "{m} x {n} x {depth} at {i}, {j}"
                    );
                }
            }
            let columns: Vec<f32> =
                (0..depth * (n + 4)).map(|x| b(x % (n + 4), x / (n + 4))).collect();
            let mut transposed = Panels::default();
            transposed.pack_columns(width(), (0, n), depth, n + 4, &columns);
            assert_eq!(transposed.data, right.data);
        }
    }
}
