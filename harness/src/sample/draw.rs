//! Seeded draws that stay the same for ever: ChaCha8 keyed by a name.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Raised when the sample changes: old copies are not used again.
pub const VERSION: u32 = 2;

/// What the streams are keyed by: raised where all of the sample should change.
const KEYED: u32 = 1;

/// A named stream of draws.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of this name.
    pub(super) fn new(name: &str) -> Self {
        let digest = Sha256::digest(format!("culture-eval sample v{KEYED} {name}"));
        let mut seed = [0; 32];
        seed.copy_from_slice(&digest);
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// Uniform in `0..n`, by multiplication (a bias of n / 2^32).
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// Uniform in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `values`.
    pub(super) fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// About normal with mean 0 and standard deviation 1: the sum of twelve uniform draws.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}
