//! Exact Euclidean k-nearest neighbours with uniform votes, equal to scikit-learn's brute force vote for vote.
//!
//! **What is exact.** A neighbour is chosen by `sum (x - y)^2` in float64 over the raw float32 vectors. The float32
//! product only decides which pairs need that: with x', y' the vectors less the training mean,
//! `s = |y'|^2 - 2 x'.y'` differs from `|x - y|^2 - |x'|^2` by at most `(d + 16) u (|x'| + |y'|)^2`, u = 2^-24 (the
//! rounding of a dot product, of the norms, and of taking the mean away), so a pair whose s is above the current k-th
//! distance by more than that cannot enter. Cancellation costs time, never a neighbour.
//!
//! **Ties.** As in scikit-learn: each query has a max-heap of k distances that the training rows run through in order; a
//! row enters only if it is strictly nearer than the farthest in the heap, which it replaces. Of several equally far
//! rows the first ones stay, unless nearer rows push some of them out; which ones then go is the heap's affair, so the
//! heap is the same one. (scikit-learn does this where it shares the queries out to its threads, which it does from
//! about 1,000 queries a thread on, and always with one thread; otherwise its ties depend on the threads. Ours never.)
//! Ties of votes go to the smallest class index.
//!
//! **Memory**: one block of packed training vectors, the heaps, and a few hundred KiB per thread, beside the inputs.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::Vectors;
use super::matmul::{Panels, ROWS, tile, width};
use crate::score::ScoreError;

/// Queries that a thread takes at a time: 21 left panels; 126 x 384 float32 fit the second-level cache.
const QUERIES: usize = 21 * ROWS;
/// Float32 values of a packed block of training vectors: 8 MiB.
const BLOCK_VALUES: usize = 2 << 20;

/// The k nearest training rows of each query.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// Neighbours of each query.
    pub k: usize,
    /// Training rows, queries x k, by (distance, row).
    pub rows: Vec<u32>,
    /// Squared distances, same shape.
    pub squared: Vec<f64>,
}

/// Votes and winners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    /// Most voted class of each query, ties to the smallest index.
    pub labels: Vec<u32>,
    /// Votes, queries x classes.
    pub votes: Vec<u32>,
}

/// Classifies `queries` by their k nearest rows of `train`.
pub fn classify(
    train: Vectors<'_>,
    labels: &[u32],
    classes: usize,
    queries: Vectors<'_>,
    k: usize,
) -> Result<Votes, ScoreError> {
    train.check_labels("labels", labels, classes)?;
    let near = neighbours(train, queries, k)?;
    let mut votes = vec![0_u32; queries.len() * classes];
    for (near, votes) in near.rows.chunks_exact(k).zip(votes.chunks_exact_mut(classes)) {
        for &row in near {
            votes[labels[row as usize] as usize] += 1;
        }
    }
    Ok(Votes { labels: votes.chunks_exact(classes).map(|v| winner(v) as u32).collect(), votes })
}

/// The first of the classes with most votes.
pub(super) fn winner(votes: &[u32]) -> usize {
    (0..votes.len()).fold(0, |best, c| if votes[c] > votes[best] { c } else { best })
}

/// The k nearest rows of `train` of every query.
pub fn neighbours(
    train: Vectors<'_>,
    queries: Vectors<'_>,
    k: usize,
) -> Result<Neighbours, ScoreError> {
    train.same_dims("train", queries, "queries")?;
    if k == 0 || k > train.len() || u32::try_from(train.len()).is_err() {
        return Err(ScoreError::OutOfRange {
            argument: "k",
            got: format!("{k} neighbours of {} training vectors", train.len()),
            allowed: "at least 1, at most as many as there are training vectors (below 2^32)"
                .to_owned(),
        });
    }
    let dims = train.dims();
    let centre = mean(train);
    let mut parts: Vec<Search> = (0..queries.len().div_ceil(QUERIES))
        .into_par_iter()
        .map(|part| Search::new(queries, part * QUERIES, &centre, k))
        .collect();
    let width = width();
    let block = (BLOCK_VALUES / dims / width * width).max(width);
    let mut packed = Block::default();
    for first in (0..train.len()).step_by(block) {
        let rows = block.min(train.len() - first);
        packed.fill(train, first, rows, &centre, width);
        if !(packed.largest.is_finite() && parts.iter().all(Search::in_range)) {
            return Err(ScoreError::OutOfRange {
                argument: "vectors",
                got: "longer than 1e18".to_owned(),
                allowed: "vectors whose squares float32 can hold: scale them down".to_owned(),
            });
        }
        parts.par_iter_mut().for_each(|part| part.run(train, queries, &packed));
    }
    let mut rows = Vec::with_capacity(queries.len() * k);
    let mut squared = Vec::with_capacity(queries.len() * k);
    for heap in parts.iter().flat_map(|part| &part.heaps) {
        let mut near: Vec<(f64, u32)> =
            heap.squared.iter().copied().zip(heap.rows.iter().copied()).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        squared.extend(near.iter().map(|(d, _)| d));
        rows.extend(near.iter().map(|(_, row)| row));
    }
    Ok(Neighbours { k, rows, squared })
}

/// Mean vector, as float32: any centre is right, the mean makes the bound tight.
fn mean(vectors: Vectors<'_>) -> Vec<f32> {
    let mut sum = vec![0.0_f64; vectors.dims()];
    for i in 0..vectors.len() {
        for (sum, value) in sum.iter_mut().zip(vectors.row(i)) {
            *sum += f64::from(*value);
        }
    }
    sum.into_iter().map(|s| (s / vectors.len() as f64) as f32).collect()
}

/// Squared length of `row - centre`, the difference in float32 as it is packed. Infinite where float32 cannot hold what
/// follows from it.
fn squared_length(row: &[f32], centre: &[f32]) -> f64 {
    let squared: f64 = row.iter().zip(centre).map(|(v, c)| f64::from(v - c).powi(2)).sum();
    if squared <= 1e36 { squared } else { f64::INFINITY }
}

/// Some training rows, packed, with their squared lengths.
#[derive(Debug, Default)]
struct Block {
    first: usize,
    panels: Panels,
    /// Padded with infinity, so that padding is never near.
    squared: Vec<f32>,
    /// The greatest length.
    largest: f64,
}

impl Block {
    fn fill(
        &mut self,
        train: Vectors<'_>,
        first: usize,
        rows: usize,
        centre: &[f32],
        width: usize,
    ) {
        self.first = first;
        self.panels.pack(width, rows, train.dims(), |r, k| train.row(first + r)[k] - centre[k]);
        let squared: Vec<f64> = (first..first + rows)
            .into_par_iter()
            .map(|i| squared_length(train.row(i), centre))
            .collect();
        self.largest = squared.iter().copied().fold(0.0, f64::max).sqrt();
        self.squared.clear();
        self.squared.extend(squared.iter().map(|s| *s as f32));
        self.squared.resize(self.panels.padded(), f32::INFINITY);
    }
}

/// Some queries on their way through the training rows.
#[derive(Debug)]
struct Search {
    /// Number of the first query.
    first: usize,
    panels: Panels,
    /// Squared lengths of the queries less the centre.
    squared: Vec<f64>,
    heaps: Vec<Heap>,
}

impl Search {
    fn new(queries: Vectors<'_>, first: usize, centre: &[f32], k: usize) -> Self {
        let rows = QUERIES.min(queries.len() - first);
        let mut panels = Panels::default();
        panels.pack(ROWS, rows, queries.dims(), |r, k| queries.row(first + r)[k] - centre[k]);
        let squared =
            (first..first + rows).map(|i| squared_length(queries.row(i), centre)).collect();
        Self { first, panels, squared, heaps: vec![Heap::new(k); rows] }
    }

    fn in_range(&self) -> bool {
        self.squared.iter().all(|s| s.is_finite())
    }

    fn run(&mut self, train: Vectors<'_>, queries: Vectors<'_>, block: &Block) {
        let dims = train.dims() as f64;
        let unit = (dims + 16.0) * f64::from(f32::EPSILON) / 2.0 * 1.01;
        let slack =
            self.squared.iter().map(|s| unit * (s.sqrt() + block.largest).powi(2) - s).collect();
        Arch::new().dispatch(Scan { search: self, train, queries, block, slack });
    }
}

/// One pass of a [`Search`] over a [`Block`].
struct Scan<'a> {
    search: &'a mut Search,
    train: Vectors<'a>,
    queries: Vectors<'a>,
    block: &'a Block,
    /// Per query: what to add to the k-th squared distance for a bound on s.
    slack: Vec<f64>,
}

impl WithSimd for Scan<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "pulp compiles it for the chosen instruction set")]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { search, train, queries, block, slack } = self;
        let vectors = block.panels.panel / S::F32_LANES;
        let (panels, _) = S::as_simd_f32s(&block.panels.data);
        let (lengths, _) = S::as_simd_f32s(&block.squared);
        let minus_two = simd.splat_f32s(-2.0);
        let mut limits: Vec<f32> =
            search.heaps.iter().zip(&slack).map(|(h, s)| upper(h.farthest() + s)).collect();
        let panels = panels.chunks_exact(vectors * block.panels.depth);
        for (jp, (b, lengths)) in panels.zip(lengths.chunks_exact(vectors)).enumerate() {
            for (ip, a) in search.panels.data.chunks_exact(ROWS * search.panels.depth).enumerate() {
                let sums = tile(simd, a, b);
                let queries_here = ip * ROWS..search.heaps.len().min((ip + 1) * ROWS);
                for (q, sums) in queries_here.zip(&sums) {
                    for (j, (sum, length)) in sums.iter().zip(lengths).enumerate() {
                        let s = simd.mul_add_f32s(minus_two, *sum, *length);
                        let near = simd.less_than_f32s(s, simd.splat_f32s(limits[q]));
                        if simd.first_true_m32s(near) == S::F32_LANES {
                            continue;
                        }
                        let from = jp * block.panels.panel + j * S::F32_LANES;
                        let mut values = [0.0_f32; MOST_LANES];
                        S::as_mut_simd_f32s(&mut values[..S::F32_LANES]).0[0] = s;
                        let query = queries.row(search.first + q);
                        for (lane, s) in values[..S::F32_LANES].iter().enumerate() {
                            if *s < limits[q] {
                                let row = block.first + from + lane;
                                let squared = squared_distance(query, train.row(row));
                                if search.heaps[q].push(squared, row as u32) {
                                    limits[q] = upper(search.heaps[q].farthest() + slack[q]);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lanes of the widest vectors.
const MOST_LANES: usize = 64;

/// The next float32 above: rounding must not shrink a bound.
fn upper(bound: f64) -> f32 {
    (bound as f32).next_up()
}

/// `sum (x - y)^2` in float64, in eight interleaved sums.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
fn squared_distance(x: &[f32], y: &[f32]) -> f64 {
    let (x8, x_rest) = x.as_chunks::<8>();
    let (y8, y_rest) = y.as_chunks::<8>();
    let mut sums = [0.0_f64; 8];
    for (x, y) in x8.iter().zip(y8) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            let difference = f64::from(*x) - f64::from(*y);
            *sum += difference * difference;
        }
    }
    let rest: f64 =
        x_rest.iter().zip(y_rest).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum();
    sums.iter().sum::<f64>() + rest
}

/// A max-heap of fixed size, the farthest first. Which of several equally far entries leaves first decides ties, so the
/// way down is scikit-learn's: the farther child, the left one where both are equally far.
#[derive(Debug, Clone)]
struct Heap {
    squared: Vec<f64>,
    rows: Vec<u32>,
}

impl Heap {
    fn new(k: usize) -> Self {
        Self { squared: vec![f64::MAX; k], rows: vec![0; k] }
    }

    fn farthest(&self) -> f64 {
        self.squared[0]
    }

    /// Replaces the farthest entry by a strictly nearer one; says whether it did.
    fn push(&mut self, squared: f64, row: u32) -> bool {
        if squared >= self.squared[0] {
            return false;
        }
        let mut hole = 0;
        loop {
            let left = 2 * hole + 1;
            let Some(&left_value) = self.squared.get(left) else { break };
            let child = match self.squared.get(left + 1) {
                Some(&right_value) if right_value > left_value => left + 1,
                _ => left,
            };
            if squared >= self.squared[child] {
                break;
            }
            self.squared[hole] = self.squared[child];
            self.rows[hole] = self.rows[child];
            hole = child;
        }
        self.squared[hole] = squared;
        self.rows[hole] = row;
        true
    }
}
