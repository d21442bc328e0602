//! Simulated models, and the band in which a simulated share must lie.

use eval_stats::mcnemar::PairedTable;
use eval_stats::rng::{Generator, Stream};
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

pub(super) fn uniform(rng: &mut Generator) -> f64 {
    (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}

pub(super) fn normal(rng: &mut Generator) -> f64 {
    (-2.0 * (1.0 - uniform(rng)).ln()).sqrt() * (std::f64::consts::TAU * uniform(rng)).cos()
}

/// Share of `runs` simulations in which `one` is true.
pub(super) fn share(
    name: &str,
    runs: u64,
    one: impl Fn(&mut Generator, u64) -> bool + Sync,
) -> f64 {
    let stream = Stream::new(20_240_612, name);
    (0..runs).into_par_iter().filter(|r| one(&mut stream.at(*r), *r)).count() as f64 / runs as f64
}

pub(super) const SIZES: [u64; 3] = [30, 200, 2000];
pub(super) const RATES: [f64; 3] = [0.05, 0.5, 0.95];

/// Collects figures, prints them all, then fails with those outside.
pub(super) struct Band {
    low: f64,
    high: f64,
    outside: Vec<String>,
}

impl Band {
    pub(super) fn new(low: f64, high: f64) -> Self {
        Self { low, high, outside: Vec::new() }
    }

    #[expect(clippy::print_stdout, reason = "the figures of a simulation are its product")]
    pub(super) fn see(&mut self, what: String, value: f64) {
        println!("{value:.4}  {what}");
        if !(self.low..=self.high).contains(&value) {
            self.outside.push(format!("{what}: {value:.4}"));
        }
    }

    pub(super) fn close(self) {
        assert!(
            self.outside.is_empty(),
            "outside [{}, {}]: {:#?}",
            self.low,
            self.high,
            self.outside
        );
    }
}

/// Beta-binomial clusters by a Gaussian copula-free device: with probability rho a cluster's members copy one draw.
pub(super) fn clustered_scores(
    rng: &mut Generator,
    n: u64,
    size: u64,
    p: f64,
    rho: f64,
) -> (Vec<f64>, Vec<u32>) {
    let (mut scores, mut clusters) = (Vec::new(), Vec::new());
    let keep = rho.sqrt();
    for cluster in 0..n / size {
        let common = uniform(rng) < p;
        for _ in 0..size {
            let hit = if uniform(rng) < keep { common } else { uniform(rng) < p };
            scores.push(f64::from(u8::from(hit)));
            clusters.push(cluster as u32);
        }
    }
    (scores, clusters)
}

/// Two models: A right with p; B copies A with probability `copy`, else right with p.
pub(super) fn table(rng: &mut Generator, n: u64, p: f64, copy: f64) -> PairedTable {
    let mut table = PairedTable::default();
    for _ in 0..n {
        let a = uniform(rng) < p;
        let b = if uniform(rng) < copy { a } else { uniform(rng) < p };
        match (a, b) {
            (true, true) => table.both_right += 1,
            (true, false) => table.only_a += 1,
            (false, true) => table.only_b += 1,
            (false, false) => table.both_wrong += 1,
        }
    }
    table
}
