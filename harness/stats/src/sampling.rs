//! Exact binomial and multinomial draws: what makes the cost of a bootstrap independent of n.

use rand_chacha::rand_core::Rng;

use super::dist::stirling_error;
use super::rng::{Batch, Bits, uniform};

/// A Binomial(n, p) variate. Inversion below a mean of 10, else BTRS (Hörmann 1993, "The generation of binomial random
/// variates", algorithm BTRS); both exact to double precision.
pub(crate) fn binomial(rng: &mut impl Rng, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        return n - binomial_small(rng, n, 1.0 - p);
    }
    binomial_small(rng, n, p)
}

fn binomial_small(rng: &mut impl Rng, n: u64, p: f64) -> u64 {
    if (n as f64) * p < 10.0 {
        binomial_inversion(rng, n, p)
    } else {
        binomial_rejection(rng, n, p)
    }
}

fn binomial_inversion(rng: &mut impl Rng, n: u64, p: f64) -> u64 {
    let odds = p / (1.0 - p);
    let first = (n as f64 * (-p).ln_1p()).exp();
    loop {
        let mut u = uniform(rng);
        let mut mass = first;
        let mut k = 0_u64;
        // Rounding may leave u above the total by 1e-16: draw again instead of running off the end.
        while u > mass {
            u -= mass;
            k += 1;
            if k > n || k > 200 {
                break;
            }
            mass *= odds * (n - k + 1) as f64 / k as f64;
        }
        if k <= n && k <= 200 {
            return k;
        }
    }
}

fn binomial_rejection(rng: &mut impl Rng, n: u64, p: f64) -> u64 {
    let size = n as f64;
    let q = 1.0 - p;
    let sd = (size * p * q).sqrt();
    let b = 1.15 + 2.53 * sd;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = size * p + 0.5;
    let squeeze = 0.92 - 4.2 / b;
    loop {
        let u = uniform(rng) - 0.5;
        let v = uniform(rng);
        let us = 0.5 - u.abs();
        let x = (2.0 * a / us + b) * u + c;
        if us >= 0.07 && v <= squeeze {
            return x as u64;
        }
        // Truncation is floor once negative values are out.
        if x < 0.0 || us == 0.0 {
            continue;
        }
        let k = (x as u64) as f64;
        if k > size {
            continue;
        }
        let alpha = (2.83 + 5.1 / b) * sd;
        let odds = p / q;
        let mode = ((size + 1.0) * p).floor();
        // Hörmann's correction: ln k! - [ln sqrt(2 pi) + (k + 1/2) ln(k + 1) - (k + 1)].
        let fc = |x: f64| stirling_error(x + 1.0);
        let bound = (mode + 0.5) * ((mode + 1.0) / (odds * (size - mode + 1.0))).ln()
            + (size + 1.0) * ((size - mode + 1.0) / (size - k + 1.0)).ln()
            + (k + 0.5) * (odds * (size - k + 1.0) / (k + 1.0)).ln()
            + fc(mode)
            + fc(size - mode)
            - fc(k)
            - fc(size - k);
        if (v * alpha / (a / (us * us) + b)).ln() <= bound {
            return k as u64;
        }
    }
}

/// A multinomial sampler over fixed integer cells with as many draws as there are examples.
///
/// Large cells are drawn as conditional binomials (largest first); what is left falls on the small cells by index draws
/// into a table of owners. The split is chosen by cost: a binomial costs as much as about 24 index draws.
#[derive(Debug, Clone)]
pub struct Multinomial {
    total: u64,
    /// Cells drawn by binomials, as (cell, its share of the examples not yet covered).
    large: Vec<(u32, f64)>,
    /// For each example of a small cell, its cell.
    owners: Vec<u32>,
    /// The owner of example i is cell i: no two examples share a cell.
    identity: bool,
    batch: Batch,
}

/// Cost of one binomial draw in index draws, measured.
pub(crate) const INDEX_DRAWS: u64 = 24;

impl Multinomial {
    /// A sampler of cells with these counts; a draw has as many examples as all of them together.
    pub fn new(counts: &[u64]) -> Self {
        let mut order: Vec<u32> =
            (0..counts.len() as u32).filter(|&cell| counts[cell as usize] > 0).collect();
        order.sort_by_key(|&cell| (std::cmp::Reverse(counts[cell as usize]), cell));
        let total: u64 = counts.iter().sum();
        let mut left = total;
        let mut large = Vec::new();
        let mut rest = order.as_slice();
        while let Some((&cell, tail)) = rest.split_first() {
            let count = counts[cell as usize];
            // The very last cell takes what is left, at no cost.
            if count <= INDEX_DRAWS && !tail.is_empty() {
                break;
            }
            large.push((cell, count as f64 / left as f64));
            left -= count;
            rest = tail;
        }
        let owners: Vec<u32> = rest
            .iter()
            .flat_map(|&cell| std::iter::repeat_n(cell, counts[cell as usize] as usize))
            .collect();
        let batch = Batch::new(owners.len() as u32);
        let identity = owners.iter().enumerate().all(|(i, cell)| i as u32 == *cell);
        Self { total, large, owners, identity, batch }
    }

    /// Predicted cost of a draw in index draws.
    pub fn cost(&self) -> u64 {
        // The last large cell takes what is left.
        let last = u64::from(self.owners.is_empty());
        (self.large.len() as u64).saturating_sub(last) * INDEX_DRAWS + self.owners.len() as u64
    }

    /// Fills `out` (one slot a cell) with one draw.
    #[inline]
    pub fn draw(&self, rng: &mut impl Rng, out: &mut [u32]) {
        out.fill(0);
        self.visit(rng, |cell, count| out[cell] += count);
    }

    /// Calls `take(cell, count)` for the parts of one draw; small cells come one by one, a cell perhaps several times.
    #[inline]
    pub fn visit(&self, rng: &mut impl Rng, take: impl FnMut(usize, u32)) {
        self.visit_of(self.total, rng, take);
    }

    /// [`Self::visit`] with `left` examples to draw instead of as many as there are.
    #[inline]
    pub fn visit_of(&self, mut left: u64, rng: &mut impl Rng, mut take: impl FnMut(usize, u32)) {
        for &(cell, share) in &self.large {
            let drawn = binomial(rng, left, share);
            take(cell as usize, drawn as u32);
            left -= drawn;
            if left == 0 {
                return;
            }
        }
        if self.identity {
            self.batch.draw(rng, left, |index| take(index, 1));
        } else {
            self.batch.draw(rng, left, |index| take(self.owners[index] as usize, 1));
        }
    }
}

/// Binomial(n, 1/2): a popcount of random words when n is small, else [`binomial`].
#[inline]
pub(crate) fn fair_coins(rng: &mut impl Rng, bits: &mut Bits, n: u64) -> u64 {
    if n <= 64 {
        return u64::from(bits.ones(rng, n as u32));
    }
    if n > 1024 {
        return binomial(rng, n, 0.5);
    }
    let mut heads = 0;
    let mut left = n;
    while left >= 64 {
        heads += u64::from(rng.next_u64().count_ones());
        left -= 64;
    }
    heads + u64::from(bits.ones(rng, left as u32))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::dist::{binom_pmf, chi2_sf};
    use crate::rng::Stream;

    /// Chi-square test of observed counts against probabilities, cells of small expectation joined.
    pub(crate) fn fits(observed: &[u64], p: impl Fn(usize) -> f64) -> f64 {
        let n = observed.iter().sum::<u64>() as f64;
        let (mut chi2, mut cells, mut seen, mut expected) = (0.0, 0.0, 0.0, 0.0);
        for (i, count) in observed.iter().enumerate() {
            seen += *count as f64;
            expected += n * p(i);
            if expected >= 20.0 {
                chi2 += (seen - expected) * (seen - expected) / expected;
                cells += 1.0;
                (seen, expected) = (0.0, 0.0);
            }
        }
        chi2_sf(chi2, f64::max(cells - 1.0, 1.0))
    }

    #[test]
    fn binomial_draws_follow_their_distribution() {
        for (n, p) in [(5, 0.3), (40, 0.1), (60, 0.5), (1000, 0.02), (1000, 0.7), (100_000, 0.2)] {
            let mut rng = Stream::new(11, "binomial").at(n);
            let mut observed = vec![0; n as usize + 1];
            for _ in 0..200_000 {
                observed[binomial(&mut rng, n, p) as usize] += 1;
            }
            let fit = fits(&observed, |k| binom_pmf(k as u64, n, p));
            assert!(fit > 1e-4, "Binomial({n}, {p}): {fit}");
        }
    }

    #[test]
    fn indices_are_uniform_and_coins_fair() {
        for n in [1_u32, 2, 7, 1000, 40_000] {
            let mut rng = Stream::new(12, "batch").at(u64::from(n));
            let mut observed = vec![0; n as usize];
            Batch::new(n).draw(&mut rng, 100_003 * 10, |index| observed[index] += 1);
            assert_eq!(observed.iter().sum::<u64>(), 1_000_030);
            assert!(fits(&observed, |_| 1.0 / f64::from(n)) > 1e-4, "{n}");
        }
        for n in [1_u64, 5, 64, 100, 300, 1024, 1500] {
            let (mut rng, mut bits) = (Stream::new(13, "coins").at(n), Bits::default());
            let mut observed = vec![0; n as usize + 1];
            for _ in 0..100_000 {
                observed[fair_coins(&mut rng, &mut bits, n) as usize] += 1;
            }
            assert!(fits(&observed, |k| binom_pmf(k as u64, n, 0.5)) > 1e-4, "{n}");
        }
    }

    #[test]
    fn multinomial_draws_sum_to_n_with_the_right_means() {
        let counts = [500, 3, 1, 40, 0, 7, 1];
        let sampler = Multinomial::new(&counts);
        let mut rng = Stream::new(14, "multinomial").at(0);
        let (mut out, mut sums) = (vec![0; 7], [0_u64; 7]);
        for _ in 0..20_000 {
            sampler.draw(&mut rng, &mut out);
            assert_eq!(out.iter().sum::<u32>(), 552);
            for (sum, count) in sums.iter_mut().zip(&out) {
                *sum += u64::from(*count);
            }
        }
        for (sum, count) in sums.iter().zip(counts) {
            let mean = *sum as f64 / 20_000.0;
            let error = (count as f64 / 20_000.0).sqrt();
            assert!((mean - count as f64).abs() <= 4.5 * error, "{mean} for {count}");
        }
    }
}
