//! What the tests share.

use eval_stats::bootstrap::BootstrapOptions;
use eval_stats::mcnemar::McnemarMethod;
use eval_stats::rng::Stream;

/// Every variant of McNemar's test.
pub(crate) const METHODS: [McnemarMethod; 4] = [
    McnemarMethod::Exact,
    McnemarMethod::MidP,
    McnemarMethod::Asymptotic,
    McnemarMethod::AsymptoticCc,
];

/// Fails unless `got` is `expected` to a relative 1e-9 (absolute below 1e-3).
#[track_caller]
pub(crate) fn same(got: f64, expected: f64) {
    within(got, expected, 1e-9 * expected.abs().max(1e-3));
}

/// Fails unless `got` is `expected` to an absolute `slack`.
#[track_caller]
pub(crate) fn within(got: f64, expected: f64, slack: f64) {
    assert!((got - expected).abs() <= slack, "{got}, expected {expected} +- {slack}");
}

/// [`same`] for every pair of two lists of one length.
#[track_caller]
pub(crate) fn all_same(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{got:?}, expected {expected:?}");
    for (got, expected) in got.iter().zip(expected) {
        same(*got, *expected);
    }
}

/// A bootstrap of `resamples` resamples from a stream of that name.
pub(crate) fn resampled(name: &str, resamples: usize) -> BootstrapOptions {
    BootstrapOptions { resamples, ..BootstrapOptions::new(Stream::new(7, name)) }
}
