//! Sign-flip tests of a mean difference: exact, or by Monte Carlo; by example or by cluster.

use super::outcome::{Permutation, PermutationMethod, at_least_one, extreme, plus_one};
use super::subset_sum::subset_sum_tail;
use crate::bootstrap::replicate_on;
use crate::error::{Result, StatsError, finite, same_length};
use crate::mcnemar::Alternative;
use crate::rng::{Bits, Stream};
use crate::sampling::fair_coins;

/// Sign-flip test of a mean difference (Fisher 1935): each difference may as well have had the other sign.
///
/// Exact by an integer dynamic programme when the differences are multiples of a common unit (counts, rounded scores),
/// by meet-in-the-middle up to 40 other differences. Hits are counted with >= and a tie tolerance.
pub fn permutation_mean(
    differences: &[f64],
    method: &PermutationMethod,
    alternative: Alternative,
) -> Result<Permutation> {
    finite("differences", differences, 1)?;
    let sum: f64 = differences.iter().sum();
    let nonzero: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let observed = crate::descriptive::mean(differences);
    let answer = |p_value: f64, exact| Ok(Permutation { observed, p_value, exact });
    if nonzero.is_empty() {
        return answer(1.0, true);
    }
    match method {
        PermutationMethod::Exact => answer(exact_sign_flips(&nonzero, alternative)?, true),
        PermutationMethod::Auto { resamples, stream } => {
            match exact_sign_flips(&nonzero, alternative) {
                Ok(p) => answer(p, true),
                Err(_) => {
                    answer(sign_flip_mc(&nonzero, sum, *resamples, stream, alternative)?, false)
                }
            }
        }
        PermutationMethod::MonteCarlo { resamples, stream } => {
            answer(sign_flip_mc(&nonzero, sum, *resamples, stream, alternative)?, false)
        }
    }
}

/// Differences as integers of a common unit, when 1e-9 of the unit suffices to tell.
fn as_multiples(values: &[f64]) -> Option<Vec<i64>> {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let smallest = values.iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
    // Euclid's algorithm on floats with a tolerance, started from the smallest magnitude.
    let mut unit = smallest;
    let floor = largest * 1e-7;
    for v in values {
        let (mut x, mut y) = (v.abs(), unit);
        while y > largest * 1e-11 {
            let r = x - (x / y).round() * y;
            (x, y) = (y, r.abs());
        }
        unit = x;
        if unit < floor {
            return None;
        }
    }
    let multiples: Vec<i64> = values.iter().map(|v| (v / unit).round() as i64).collect();
    let top = *multiples.iter().max_by_key(|m| m.abs())?;
    let refined = largest / top.abs() as f64;
    values
        .iter()
        .zip(&multiples)
        .all(|(v, m)| (v - *m as f64 * refined).abs() <= 1e-6 * refined)
        .then_some(multiples)
}

fn exact_sign_flips(values: &[f64], alternative: Alternative) -> Result<f64> {
    if let Some(multiples) = as_multiples(values) {
        let weights: Vec<u64> = multiples.iter().map(|m| m.unsigned_abs()).collect();
        let total: u64 = weights.iter().sum();
        let positive: u64 = multiples.iter().filter(|m| **m > 0).map(|m| m.unsigned_abs()).sum();
        let negative = total - positive;
        let cost = total as f64 / 2.0 * weights.len() as f64;
        if cost <= 2e10 && total < 1 << 30 {
            return Ok(match alternative {
                Alternative::TwoSided => {
                    (2.0 * subset_sum_tail(&weights, positive.min(negative))).min(1.0)
                }
                Alternative::Greater => subset_sum_tail(&weights, negative),
                Alternative::Less => subset_sum_tail(&weights, positive),
            });
        }
    }
    if values.len() <= 40 {
        return Ok(meet_in_the_middle(values, alternative));
    }
    Err(StatsError::TooCostly {
        what: "exact sign-flip test",
        cost: 2.0_f64.powi(values.len().min(1000) as i32),
        remedy: "use method = mc, or round the differences to a common unit",
    })
}

/// All signed sums of one half, sorted, against all of the other, by two pointers: O(2^{n/2} n).
fn meet_in_the_middle(values: &[f64], alternative: Alternative) -> f64 {
    let sums = |part: &[f64]| {
        let mut sums = vec![0.0];
        for v in part {
            sums = sums.iter().flat_map(|s| [s + v, s - v]).collect();
        }
        sums.sort_unstable_by(f64::total_cmp);
        sums
    };
    let (left, right) = (sums(&values[..values.len() / 2]), sums(&values[values.len() / 2..]));
    let observed: f64 = values.iter().sum();
    let tolerance = 1e-10 * values.iter().map(|v| v.abs()).sum::<f64>();
    let at_least = |limit: f64| {
        let mut from = right.len();
        let mut count = 0_u64;
        for s in &left {
            while from > 0 && s + right[from - 1] >= limit - tolerance {
                from -= 1;
            }
            count += (right.len() - from) as u64;
        }
        count as f64 / (left.len() as f64 * right.len() as f64)
    };
    // The distribution is symmetric.
    match alternative {
        Alternative::TwoSided => (2.0 * at_least(observed.abs())).min(1.0),
        Alternative::Greater => at_least(observed),
        Alternative::Less => at_least(-observed),
    }
}

fn sign_flip_mc(
    values: &[f64],
    sum: f64,
    resamples: usize,
    stream: &Stream,
    alternative: Alternative,
) -> Result<f64> {
    at_least_one(resamples)?;
    // Equal magnitudes are exchangeable: the number of plus signs among them is one binomial.
    let magnitudes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    let cells = crate::bootstrap::distinct(&magnitudes);
    let total: f64 = magnitudes.iter().sum();
    let tolerance = 1e-10 * total;
    let hits = replicate_on(
        stream,
        resamples,
        || (),
        |rng, ()| {
            let plus: f64 = if cells.len() * 2 < values.len() {
                {
                    let mut bits = Bits::default();
                    cells
                        .iter()
                        .map(|(v, count)| v * fair_coins(rng, &mut bits, *count) as f64)
                        .sum()
                }
            } else {
                use rand_chacha::rand_core::Rng;
                let mut plus = 0.0;
                for chunk in magnitudes.chunks(64) {
                    let mut bits = rng.next_u64();
                    for v in chunk {
                        plus += if bits & 1 == 1 { *v } else { 0.0 };
                        bits >>= 1;
                    }
                }
                plus
            };
            extreme(2.0 * plus - total, sum, tolerance, alternative)
        },
    );
    Ok(plus_one(hits.iter().filter(|h| **h).count(), resamples))
}

/// Cluster-level sign flips: all differences of a cluster change sign together, the statistic is their overall sum.
pub fn cluster_permutation_mean(
    differences: &[f64],
    clusters: &[u32],
    method: &PermutationMethod,
    alternative: Alternative,
) -> Result<Permutation> {
    finite("differences", differences, 1)?;
    same_length("differences", differences.len(), "clusters", clusters.len())?;
    let sums: Vec<f64> = crate::bootstrap::cluster_members(clusters)?
        .iter()
        .map(|members| members.iter().map(|&i| differences[i as usize]).sum())
        .collect();
    let mut result = permutation_mean(&sums, method, alternative)?;
    result.observed = crate::descriptive::mean(differences);
    Ok(result)
}
