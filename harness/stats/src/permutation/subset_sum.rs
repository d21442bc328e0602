//! The distribution of a fair random subset's sum: what exact signed-rank and sign-flip tests count.

/// P(S <= limit) for S = sum of a fair random subset of the integer weights: dynamic programming in O(n limit), all
/// terms positive, so the far tail keeps its digits.
pub(crate) fn subset_sum_tail(weights: &[u64], limit: u64) -> f64 {
    // In units of the greatest common divisor: doubled ranks without ties are all even.
    let unit = weights.iter().copied().fold(0, gcd).max(1);
    // A weight of 0 changes no sum.
    let weights = weights.iter().filter(|w| **w > 0).map(|w| w / unit).collect();
    tail_in_units(weights, limit / unit)
}

/// Euclid's algorithm.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn tail_in_units(mut weights: Vec<u64>, limit: u64) -> f64 {
    let total: u64 = weights.iter().sum();
    if limit >= total {
        return 1.0;
    }
    // The lower half by symmetry: P(S <= l) = 1 - P(S <= total - l - 1).
    if 2 * limit >= total {
        return 1.0 - tail_in_units(weights, total - limit - 1);
    }
    let size = limit as usize + 1;
    let mut mass = vec![0.0_f64; size];
    mass[0] = 1.0;
    let mut reach = 0_usize;
    weights.sort_unstable();
    // Counts are halved in blocks of 512 weights: neither 2^n nor 2^-n leaves the range of doubles on the way.
    let mut pending = 0_i32;
    for w in weights {
        let w = w as usize;
        if w < size {
            reach = (reach + w).min(limit as usize);
            // Downwards, so that a weight counts once; `w` cells at a time, which do not touch those that they add.
            let mut end = reach + 1;
            while end > w {
                let start = end.saturating_sub(w).max(w);
                let (from, to) = mass.split_at_mut(start);
                to[..end - start]
                    .iter_mut()
                    .zip(&from[start - w..end - w])
                    .for_each(|(to, m)| *to += m);
                end = start;
            }
        }
        pending += 1;
        if pending == 512 {
            let factor = 2.0_f64.powi(-512);
            for m in &mut mass {
                *m *= factor;
            }
            pending = 0;
        }
    }
    (mass.iter().sum::<f64>() * 2.0_f64.powi(-pending)).max(f64::MIN_POSITIVE)
}
