//! Draws from one fixed distribution on the whole numbers by a guide table (Chen & Asau 1974, "On generating random
//! variates from an empirical distribution"; Devroye 1986, "Non-uniform random variate generation", section III.2.4).
//!
//! The top bits of a uniform word name a slot. Where all words of a slot lead to one value, the draw is that one look-up;
//! where they do not, 48 more random bits decide by the cumulative probabilities, which are kept to 2^-64.

use rand_chacha::rand_core::Rng;

use super::dist::poisson_pmf;

/// Random bits of a first look.
const CHUNK: u32 = 16;

/// Of these, bits that name a slot.
const SLOT_BITS: u32 = 12;

const SLOTS: usize = 1 << SLOT_BITS;

/// The slot leads to more than one value.
const DOUBT: u16 = u16::MAX;

/// Values whose probability is smaller are left out: all of them together are far below 2^-64.
const NOTHING: f64 = 1e-24;

/// A distribution made ready to be drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Guide {
    slots: Box<[u16; SLOTS]>,
    /// Smallest value.
    first: u32,
    /// `P(X <= first + i) 2^64`; X is the smallest value whose entry exceeds the uniform word.
    cumulative: Vec<u64>,
}

impl Guide {
    /// A distribution with probabilities `mass` that fall off on both sides of `mode`, on `0..=most`, `most` < 65535.
    fn new(mode: u64, most: u64, mass: impl Fn(u64) -> f64) -> Self {
        let first = (0..mode).rev().find(|k| mass(*k) < NOTHING).map_or(0, |k| k + 1);
        let masses: Vec<f64> = (first..=most)
            .map(|k| (k, mass(k)))
            .take_while(|(k, m)| *k <= mode || *m >= NOTHING)
            .map(|(_, m)| m)
            .collect();
        // Sums from both ends, so that neither tail loses digits.
        let word = |p: f64| (p * 18_446_744_073_709_551_616.0) as u64;
        let mut cumulative = vec![u64::MAX; masses.len()];
        let (mut below, mut above) = (0.0, 0.0);
        for (slot, m) in cumulative.iter_mut().zip(&masses) {
            below += m;
            *slot = word(below);
        }
        for i in (1..masses.len()).rev() {
            above += masses[i];
            if above > 0.5 {
                break;
            }
            cumulative[i - 1] = u64::MAX - word(above);
        }
        if let Some(last) = cumulative.last_mut() {
            *last = u64::MAX;
        }
        let mut guide = Self { slots: Box::new([DOUBT; SLOTS]), first: first as u32, cumulative };
        for slot in 0..SLOTS {
            let start = (slot as u64) << (64 - SLOT_BITS);
            let end = start | (u64::MAX >> SLOT_BITS);
            let value = guide.of_word(start);
            if value == guide.of_word(end) {
                guide.slots[slot] = value as u16;
            }
        }
        guide
    }

    /// Poisson with this mean, at most 32,768.
    pub(crate) fn poisson(mean: f64) -> Self {
        Self::new(mean as u64, u64::from(DOUBT) - 1, |k| poisson_pmf(k, mean))
    }

    /// The value of a 64-bit uniform word.
    fn of_word(&self, word: u64) -> u32 {
        let place = self.cumulative.partition_point(|c| *c <= word);
        self.first + place.min(self.cumulative.len() - 1) as u32
    }

    #[cold]
    fn in_doubt(&self, chunk: u16, rng: &mut impl Rng) -> u32 {
        self.of_word(u64::from(chunk) << (64 - CHUNK) | rng.next_u64() >> CHUNK)
    }

    /// N independent draws; N is a multiple of 4.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must be compiled with the caller's instruction set")]
    pub(crate) fn draws<const N: usize>(&self, rng: &mut impl Rng) -> [u32; N] {
        let mut values = [0_u32; N];
        let mut chunks = [0_u16; N];
        let mut doubt = false;
        for (four, chunk_four) in values.chunks_exact_mut(4).zip(chunks.chunks_exact_mut(4)) {
            let word = rng.next_u64();
            for (place, (value, chunk)) in four.iter_mut().zip(chunk_four).enumerate() {
                *chunk = (word >> (CHUNK * place as u32)) as u16;
                let found = self.slots[usize::from(*chunk >> (CHUNK - SLOT_BITS))];
                doubt |= found == DOUBT;
                *value = u32::from(found);
            }
        }
        if doubt {
            for (value, chunk) in values.iter_mut().zip(chunks) {
                if *value == u32::from(DOUBT) {
                    *value = self.in_doubt(chunk, rng);
                }
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Stream;
    use super::super::sampling::tests::fits;
    use super::*;

    #[test]
    fn draws_follow_their_distribution() {
        let mut rng = Stream::new(21, "guide").at(0);
        for mean in [0.03, 0.9, 4.7, 60.5, 1000.0, 32_000.0] {
            let guide = Guide::poisson(mean);
            let mut observed = vec![0; 65_535];
            for _ in 0..40_000 {
                for value in guide.draws::<16>(&mut rng) {
                    observed[value as usize] += 1;
                }
            }
            let fit = fits(&observed, |k| poisson_pmf(k as u64, mean));
            assert!(fit > 1e-4, "Poisson({mean}): {fit}");
        }
    }

    /// The table itself, not a sample of it: every value's share of words is its probability to 2^-52.
    #[test]
    fn the_words_of_a_value_are_its_probability() {
        for mean in [0.25, 3.0, 97.0, 2500.0] {
            let guide = Guide::poisson(mean);
            let mut before = 0;
            for (i, upto) in guide.cumulative.iter().enumerate() {
                let share = (upto - before) as f64 / 18_446_744_073_709_551_616.0;
                let p = poisson_pmf(u64::from(guide.first) + i as u64, mean);
                assert!((share - p).abs() < 1e-14, "Poisson({mean}) at {i}: {share} for {p}");
                before = *upto;
            }
            for slot in 0..SLOTS as u64 {
                let value = guide.slots[slot as usize];
                let inside = guide.of_word(slot << (64 - SLOT_BITS) | 0x1234_5678_9abc);
                assert!(value == DOUBT || u32::from(value) == inside);
            }
        }
    }
}
