//! Named sub-streams of one recorded seed, one generator per block of resamples, and the draws the rest needs.
//!
//! A resample's randomness depends on (seed, name, index) alone, so that the number of threads and their scheduling
//! cannot change a result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The generator of one index of a stream.
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

    /// The generator of `index` (a resample, a block of resamples): ChaCha8 under this key with `index` as its 64-bit nonce.
    pub fn at(&self, index: u64) -> Generator {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_stream(index);
        generator
    }
}

/// A uniform number of [0, 1) with 53 random bits.
#[inline]
pub fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A uniform number of (0, 1): safe under a logarithm.
#[inline]
pub(crate) fn uniform_open(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// An unbiased index below `n` (Lemire 2019, "Fast random integer generation in an interval", algorithm 5).
#[inline]
pub fn below(rng: &mut impl Rng, n: u32) -> u32 {
    let mut product = u64::from(rng.next_u32()) * u64::from(n);
    if (product as u32) < n {
        let threshold = n.wrapping_neg() % n;
        while (product as u32) < threshold {
            product = u64::from(rng.next_u32()) * u64::from(n);
        }
    }
    (product >> 32) as u32
}

/// Unbiased indices below `n`, several from one 64-bit word (Brackett-Rozinsky & Lemire 2024, "Batched ranged random
/// integer generation"): each multiplication takes the next digit off the word, one check guards the whole batch.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    n: u64,
    /// Indices a word.
    size: usize,
    /// 2^64 mod n^size: words that leave less would favour small indices.
    threshold: u64,
}

/// At most this many indices come from one word.
const MOST: usize = 4;

impl Batch {
    /// Indices below `n` (0 is taken as 1).
    pub fn new(n: u32) -> Self {
        let n = u64::from(n.max(1));
        // A batch is repeated with probability below range / 2^64 <= 2^-8.
        let size = (1..=MOST)
            .rev()
            .find(|&s| n.checked_pow(s as u32).is_some_and(|r| r < 1 << 56))
            .unwrap_or(1);
        let range = n.pow(size as u32);
        Self { n, size, threshold: range.wrapping_neg() % range }
    }

    /// Calls `take` with `count` indices.
    #[inline]
    pub fn draw(&self, rng: &mut impl Rng, count: u64, mut take: impl FnMut(usize)) {
        let full = count / self.size as u64;
        match self.size {
            4 => (0..full).for_each(|_| self.word::<4>(rng, &mut take)),
            3 => (0..full).for_each(|_| self.word::<3>(rng, &mut take)),
            2 => (0..full).for_each(|_| self.word::<2>(rng, &mut take)),
            _ => (0..full).for_each(|_| self.word::<1>(rng, &mut take)),
        }
        for _ in full * self.size as u64..count {
            take(below(rng, self.n as u32) as usize);
        }
    }

    #[inline]
    fn word<const S: usize>(&self, rng: &mut impl Rng, take: &mut impl FnMut(usize)) {
        let mut digits = [0_usize; S];
        loop {
            let mut rest = rng.next_u64();
            for digit in &mut digits {
                let product = u128::from(rest) * u128::from(self.n);
                *digit = (product >> 64) as usize;
                rest = product as u64;
            }
            if rest >= self.threshold {
                break;
            }
        }
        for digit in digits {
            take(digit);
        }
    }
}

/// Random bits taken a few at a time.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    word: u64,
    left: u32,
}

impl Bits {
    /// The number of ones among `n` <= 64 fair bits.
    #[inline]
    pub(crate) fn ones(&mut self, rng: &mut impl Rng, n: u32) -> u32 {
        if n > self.left {
            self.word = rng.next_u64();
            self.left = 64;
        }
        let taken = if n == 64 { self.word } else { self.word & ((1 << n) - 1) };
        self.word = if n == 64 { 0 } else { self.word >> n };
        self.left -= n;
        taken.count_ones()
    }
}

/// A standard exponential variate.
pub(crate) fn exponential(rng: &mut impl Rng) -> f64 {
    -uniform_open(rng).ln()
}

/// A standard normal variate (Marsaglia's polar method; one of the pair is dropped, so that draws stay aligned).
pub fn normal(rng: &mut impl Rng) -> f64 {
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
