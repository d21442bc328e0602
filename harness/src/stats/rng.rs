//! Named sub-streams of one recorded seed, one generator per resample index, and the draws the rest needs.
//!
//! A resample's randomness depends on (seed, name, index) alone, so that the number of threads and their scheduling
//! cannot change a result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The generator of one resample.
pub type Generator = ChaCha8Rng;

/// A named stream of the recorded seed: key = SHA-256(seed, name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    key: [u8; 32],
}

impl Stream {
    /// The stream `name` of `seed`. Different names are independent; the same pair is the same stream for ever.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"culture-eval stream\0");
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        Self { key: hash.finalize().into() }
    }

    /// A sub-stream: `stream.child("benchmark x")`.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"culture-eval child\0");
        hash.update(self.key);
        hash.update(name.as_bytes());
        Self { key: hash.finalize().into() }
    }

    /// The generator of resample `index`: ChaCha8 under this key with `index` as its 64-bit nonce.
    pub fn at(&self, index: u64) -> Generator {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_stream(index);
        generator
    }
}

/// A uniform number of [0, 1) with 53 random bits.
#[inline]
pub(crate) fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A uniform number of (0, 1): safe under a logarithm.
#[inline]
pub(crate) fn uniform_open(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// An unbiased index below `n` (Lemire 2019, "Fast random integer generation in an interval", algorithm 5).
#[inline]
pub(crate) fn below(rng: &mut impl Rng, n: u32) -> u32 {
    let mut product = u64::from(rng.next_u32()) * u64::from(n);
    if (product as u32) < n {
        let threshold = n.wrapping_neg() % n;
        while (product as u32) < threshold {
            product = u64::from(rng.next_u32()) * u64::from(n);
        }
    }
    (product >> 32) as u32
}

/// A standard exponential variate.
pub(crate) fn exponential(rng: &mut impl Rng) -> f64 {
    -uniform_open(rng).ln()
}

/// A standard normal variate (Marsaglia's polar method; one of the pair is dropped, so that draws stay aligned).
pub(crate) fn normal(rng: &mut impl Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * uniform_open(rng) - 1.0, 2.0 * uniform_open(rng) - 1.0);
        let s = u * u + v * v;
        if s < 1.0 && s > 0.0 {
            return u * (-2.0 * s.ln() / s).sqrt();
        }
    }
}

/// A gamma variate with the given shape and scale 1 (Marsaglia & Tsang 2000; shape < 1 by their boost `U^{1/shape}`).
pub(crate) fn gamma(rng: &mut impl Rng, shape: f64) -> f64 {
    if shape == 1.0 {
        return exponential(rng);
    }
    if shape < 1.0 {
        let boost = uniform_open(rng).powf(1.0 / shape);
        return gamma(rng, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        let u = uniform_open(rng);
        if u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}
