//! Which items go into a step together: those of like length, so that little is padding.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};

/// Batches whose items are sorted together: enough for even lengths, few enough that an epoch stays well mixed.
const POOL: usize = 50;

/// A sub-stream of the recorded seed, by name and number.
pub fn stream(seed: u64, name: &str, number: usize) -> ChaCha12Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(name.as_bytes());
    hash.update((number as u64).to_le_bytes());
    ChaCha12Rng::from_seed(hash.finalize().into())
}

/// The batches of an epoch: items shuffled, sorted by length within pools of `POOL` batches, batches shuffled.
pub fn shuffled(lengths: &[usize], batch: usize, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
    let mut rng = stream(seed, "batches", epoch);
    let mut items: Vec<usize> = (0..lengths.len()).collect();
    items.shuffle(&mut rng);
    let mut batches = Vec::new();
    for pool in items.chunks_mut(batch.max(1) * POOL) {
        pool.sort_by_key(|item| lengths[*item]);
        batches.extend(pool.chunks(batch.max(1)).map(<[usize]>::to_vec));
    }
    batches.shuffle(&mut rng);
    batches
}

/// All items in batches of like length, the longest first: what does not fit into memory shows at once.
pub fn even(lengths: &[usize], batch: usize) -> Vec<Vec<usize>> {
    let mut items: Vec<usize> = (0..lengths.len()).collect();
    items.sort_by_key(|item| (std::cmp::Reverse(lengths[*item]), *item));
    items.chunks(batch.max(1)).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_comes_once_and_lengths_are_alike() {
        let lengths: Vec<usize> = (0..1000).map(|i| 5 + (i * 7919) % 60).collect();
        let batches = shuffled(&lengths, 8, 3, 0);
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        let padded: usize =
            batches.iter().map(|b| b.len() * b.iter().map(|i| lengths[*i]).max().unwrap()).sum();
        let tokens: usize = lengths.iter().sum();
        assert!(padded * 100 < tokens * 108, "{padded} for {tokens}");
        assert_ne!(batches, shuffled(&lengths, 8, 3, 1));
        assert_eq!(batches, shuffled(&lengths, 8, 3, 0));
        let even = even(&lengths, 8);
        assert!(even.iter().flatten().is_sorted_by_key(|i| std::cmp::Reverse(lengths[*i])));
        assert_eq!(even.concat().len(), 1000);
    }
}
