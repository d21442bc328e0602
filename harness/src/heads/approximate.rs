//! k nearest neighbours by a graph instead of a comparison with all (HNSW, Malkov and Yashunin 2020; the crate
//! `instant-distance`): less exact and sooner done where there are very many vectors. Not what UniVaR's authors do.
//!
//! The graph is built by one thread, so that equal vectors and an equal seed give equal answers; queries run on all.

use instant_distance::{Builder, Hnsw, Point, Search};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::Vectors;
use super::knn::winner;
use crate::score::ScoreError;

/// Whether this program can build the graph: it was built with the feature `approximate`.
pub const BUILT: bool = true;

/// Training vectors in a graph.
pub struct Index<'a> {
    graph: Hnsw<Row<'a>>,
    train: Vectors<'a>,
}

impl std::fmt::Debug for Index<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index of {} vectors", self.train.len())
    }
}

/// A training vector and its place; a query has none.
#[derive(Clone)]
struct Row<'a> {
    values: &'a [f32],
    place: u32,
    arch: Arch,
}

impl Point for Row<'_> {
    /// Squared Euclidean, which orders as Euclidean does.
    fn distance(&self, other: &Self) -> f32 {
        self.arch.dispatch(Distance(self.values, other.values))
    }
}

/// Compiled for each instruction set; the sums are the same sixteen in all of them, so are the results.
struct Distance<'a>(&'a [f32], &'a [f32]);

impl WithSimd for Distance<'_> {
    type Output = f32;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "pulp compiles it for the chosen instruction set")]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let (x16, x_rest) = self.0.as_chunks::<16>();
        let (y16, y_rest) = self.1.as_chunks::<16>();
        let mut sums = [0.0_f32; 16];
        for (x, y) in x16.iter().zip(y16) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
                *sum += (x - y) * (x - y);
            }
        }
        let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| (x - y) * (x - y)).sum();
        sums.iter().sum::<f32>() + rest
    }
}

impl<'a> Index<'a> {
    /// Builds the graph. `candidates` are kept in each search: more of them find more of the nearest.
    ///
    /// # Errors
    /// No thread is available, or there is no vector.
    pub fn new(train: Vectors<'a>, candidates: usize, seed: u64) -> Result<Self, ScoreError> {
        let out_of_range = |got: String| ScoreError::OutOfRange {
            argument: "train",
            got,
            allowed: "1 to 2^32 - 2 vectors, and a thread to put them in order".to_owned(),
        };
        if train.is_empty() || train.len() >= u32::MAX as usize {
            return Err(out_of_range(format!("{} vectors", train.len())));
        }
        let arch = Arch::new();
        let rows = (0..train.len())
            .map(|row| Row { values: train.row(row), place: row as u32, arch })
            .collect();
        let builder = Builder::default().ef_search(candidates).seed(seed);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = alone.map_err(|e| out_of_range(e.to_string()))?;
        let (graph, _) = alone.install(|| builder.build_hnsw(rows));
        Ok(Self { graph, train })
    }

    /// Training rows near each query, nearest first: k, or fewer where the graph leads to fewer.
    ///
    /// # Errors
    /// The vectors differ in length.
    pub fn neighbours(&self, queries: Vectors<'_>, k: usize) -> Result<Vec<Vec<u32>>, ScoreError> {
        self.train.same_dims("train", queries, "queries")?;
        let arch = Arch::new();
        let near = |search: &mut Search, row: usize| {
            let query = Row { values: queries.row(row), place: u32::MAX, arch };
            self.graph.search(&query, search).take(k).map(|item| item.point.place).collect()
        };
        Ok((0..queries.len()).into_par_iter().map_init(Search::default, near).collect())
    }

    /// The most voted class of each query, ties to the smallest index.
    ///
    /// # Errors
    /// As [`Index::neighbours`].
    pub fn classify(
        &self,
        labels: &[u32],
        classes: usize,
        queries: Vectors<'_>,
        k: usize,
    ) -> Result<Vec<u32>, ScoreError> {
        self.train.check_labels("labels", labels, classes)?;
        let vote = |near: &Vec<u32>| {
            let mut votes = vec![0; classes];
            for row in near {
                votes[labels[*row as usize] as usize] += 1;
            }
            winner(&votes) as u32
        };
        Ok(self.neighbours(queries, k)?.iter().map(vote).collect())
    }

    /// The share of the exact `k` nearest that are found, over all queries.
    ///
    /// # Errors
    /// As the exact search.
    pub fn recall(&self, queries: Vectors<'_>, k: usize) -> Result<f64, ScoreError> {
        let exact = super::knn::neighbours(self.train, queries, k)?;
        let near = self.neighbours(queries, k)?;
        let found: usize = (exact.rows.chunks_exact(k).zip(&near))
            .map(|(exact, near)| near.iter().filter(|row| exact.contains(row)).count())
            .sum();
        Ok(found as f64 / (queries.len() * k) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval_stats::rng::{Stream, uniform};

    /// Vectors around ten centres.
    fn drawn(n: usize, dims: usize, seed: u64) -> Vec<f32> {
        let mut random = Stream::new(seed, "vectors").at(0);
        (0..n)
            .flat_map(|row| {
                let draws: Vec<f64> = (0..dims).map(|_| uniform(&mut random)).collect();
                draws.into_iter().map(move |draw| (row % 10) as f32 + draw as f32 * 3.0)
            })
            .collect()
    }

    #[test]
    fn most_of_the_nearest_are_found_and_always_the_same() {
        let (dims, k) = (11, 10);
        let (train, queries) = (drawn(3000, dims, 1), drawn(200, dims, 2));
        let train = Vectors::new("train", &train, dims).unwrap();
        let queries = Vectors::new("queries", &queries, dims).unwrap();
        let index = Index::new(train, 100, 7).unwrap();
        let recall = index.recall(queries, k).unwrap();
        assert!(recall > 0.95, "{recall}");
        let few = Index::new(train, k, 7).unwrap().recall(queries, k).unwrap();
        assert!(few < recall, "fewer candidates find fewer: {few} {recall}");
        let again = Index::new(train, 100, 7).unwrap();
        assert_eq!(again.neighbours(queries, k).unwrap(), index.neighbours(queries, k).unwrap());
        let labels: Vec<u32> = (0..3000).map(|row| row % 10).collect();
        let exact = super::super::knn::classify(train, &labels, 10, queries, k).unwrap().labels;
        let near = index.classify(&labels, 10, queries, k).unwrap();
        let equal = exact.iter().zip(&near).filter(|(a, b)| a == b).count();
        assert!(equal >= 190, "{equal} of 200");
        assert!(index.classify(&[0; 3000], 10, train, k).unwrap().iter().all(|label| *label == 0));
        let other = Vectors::new("other", &[1.0, 2.0], 2).unwrap();
        assert!(index.neighbours(other, 1).unwrap_err().to_string().contains("dimensions"));
    }
}
