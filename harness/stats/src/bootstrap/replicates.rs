//! Resamples on all threads, the same whatever their number.

use rayon::prelude::*;

use super::options::BootstrapOptions;
use crate::lanes::LANES;
use crate::rng::{Generator, Stream};

/// Runs the resamples in parallel; element r depends on the stream and r alone.
pub(crate) fn replicate<S: Send>(
    options: &BootstrapOptions,
    scratch: impl Fn() -> S + Sync + Send,
    one: impl Fn(&mut Generator, &mut S) -> f64 + Sync + Send,
) -> Vec<f64> {
    replicate_on(&options.stream, options.resamples, scratch, one)
}

/// Resamples that share one generator: making a generator costs as much as a few draws.
const BLOCK: usize = 32;

/// Runs `resamples` draws; resample r is draw r mod 32 of generator r / 32, whatever thread runs it.
pub fn replicate_on<S: Send, T: Send>(
    stream: &Stream,
    resamples: usize,
    scratch: impl Fn() -> S + Sync + Send,
    one: impl Fn(&mut Generator, &mut S) -> T + Sync + Send,
) -> Vec<T> {
    (0..resamples.div_ceil(BLOCK))
        .into_par_iter()
        .map_init(&scratch, |s, block| {
            let mut rng = stream.at(block as u64);
            let count = BLOCK.min(resamples - block * BLOCK);
            (0..count).map(|_| one(&mut rng, s)).collect::<Vec<T>>()
        })
        .flatten_iter()
        .collect()
}

/// Runs the resamples [`LANES`] at a time: `many` fills a slice of as many values or, the last time, fewer. Group g has
/// generator g, whatever thread runs it.
pub(crate) fn replicate_lanes<S: Send>(
    options: &BootstrapOptions,
    scratch: impl Fn() -> S + Sync + Send,
    many: impl Fn(&mut Generator, &mut S, &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    let mut values = vec![0.0; options.resamples];
    values.par_chunks_mut(LANES).enumerate().for_each_init(scratch, |s, (group, values)| {
        many(&mut options.stream.at(group as u64), s, values);
    });
    values
}
