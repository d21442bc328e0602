//! Multinomial draws for many resamples at once: a lane is a resample, and every cell is drawn for all lanes together.
//!
//! Independent Poisson counts that happen to sum to m <= n are a multinomial draw of m; n - m further draws of the same
//! cells complete it to one of n. With means a little below the counts, m seldom exceeds n, and a lane in which it does is
//! drawn again in another way: given m <= n or not, the outcome is multinomial, so the whole is exact. Poisson means are
//! fixed, hence one look-up in a table ([`Guide`]) a cell, where conditional binomials have new parameters every time.

mod completion;

use completion::Completion;
use pulp::{Arch, Simd, WithSimd};
use rand_chacha::rand_core::Rng;

use crate::guide::Guide;
use crate::sampling::{Multinomial, binomial};

/// Resamples drawn together.
pub(crate) const LANES: usize = 16;

/// Receives the counts of cells.
pub(crate) trait Sink {
    /// Adds `counts[lane]` examples of `cell` to every lane. To be compiled for the widest vectors it must be inlined.
    fn all(&mut self, cell: usize, counts: &[u32; LANES]);
    /// Adds `count` examples of `cell` to one lane.
    fn one(&mut self, lane: usize, cell: usize, count: u32);
    /// Takes back all that a lane got.
    fn clear(&mut self, lane: usize);
}

/// A multinomial sampler over fixed integer cells, [`LANES`] draws at a time.
#[derive(Debug, Clone)]
pub(crate) struct Lanes {
    /// One lane at a time: where the cells are few, and where Poisson counts exceed n.
    single: Multinomial,
    poisson: Option<Poisson>,
}

#[derive(Debug, Clone)]
struct Poisson {
    total: u32,
    /// Tables with the cells that draw from them.
    tables: Vec<(Guide, Vec<u32>)>,
    /// Cells too large for a table, as conditional binomials: (cell, share of what is left).
    large: Vec<(u32, f64)>,
    /// All cells but the large ones.
    rest: Completion,
    /// The rest one lane at a time.
    single: Multinomial,
}

/// Larger cells are drawn by binomials.
const LARGE: u64 = 32_768;

/// Standard deviations that the sum of the Poisson means lies below n.
const MARGIN: f64 = 2.25;

/// Costs in index draws, measured: a look-up in a table, a draw to complete a lane.
const LOOK_UP: f64 = 0.6;
const COMPLETE: f64 = 3.0;

impl Lanes {
    pub(crate) fn new(counts: &[u64]) -> Self {
        let single = Multinomial::new(counts);
        let plan = Plan::new(counts).filter(|plan| plan.cost() < single.cost() as f64);
        Self { single, poisson: plan.map(Plan::carry_out) }
    }

    /// Draws every cell for all lanes.
    pub(crate) fn draw(&self, rng: &mut impl Rng, sink: &mut impl Sink) {
        if let Some(poisson) = &self.poisson {
            poisson.draw(rng, sink);
        } else {
            for lane in 0..LANES {
                self.single.visit(rng, |cell, count| sink.one(lane, cell, count));
            }
        }
    }
}

/// What [`Poisson`] will be, before tables are made.
struct Plan {
    total: u32,
    /// Poisson means over counts.
    scale: f64,
    /// Cells by the counts whose tables they draw from.
    parts: std::collections::BTreeMap<u64, Vec<u32>>,
    large: Vec<(u32, f64)>,
    /// Counts of all but the large cells.
    others: Vec<u64>,
}

impl Plan {
    /// None where the other cells hold too few examples to spare the margin.
    fn new(counts: &[u64]) -> Option<Self> {
        let total: u64 = counts.iter().sum();
        let mut by_size: Vec<u32> =
            (0..counts.len() as u32).filter(|c| counts[*c as usize] > LARGE).collect();
        by_size.sort_by_key(|&c| (std::cmp::Reverse(counts[c as usize]), c));
        let mut left = total;
        let mut large = Vec::new();
        for cell in by_size {
            large.push((cell, counts[cell as usize] as f64 / left as f64));
            left -= counts[cell as usize];
        }
        // What is left for the other cells has variance left (1 - left / total), their Poisson sum about left.
        let small = left as f64;
        let variance = small * (2.0 - small / total as f64);
        let scale = 1.0 - MARGIN * variance.sqrt() / small;
        if left < 64 || scale < 0.2 {
            return None;
        }
        let mut parts: std::collections::BTreeMap<u64, Vec<u32>> =
            std::collections::BTreeMap::new();
        let mut others = vec![0; counts.len()];
        for (cell, &count) in counts.iter().enumerate().filter(|(_, c)| (1..=LARGE).contains(*c)) {
            others[cell] = count;
            let mut rest = count;
            while rest > 0 {
                let part = round_down(rest);
                parts.entry(part).or_default().push(cell as u32);
                rest -= part;
            }
        }
        Some(Self { total: u32::try_from(total).ok()?, scale, parts, large, others })
    }

    /// Predicted cost of a lane in index draws.
    fn cost(&self) -> f64 {
        let look_ups: usize = self.parts.values().map(Vec::len).sum();
        let binomials = self.large.len() as u64 * crate::sampling::INDEX_DRAWS;
        let missing = (1.0 - self.scale) * self.others.iter().sum::<u64>() as f64;
        LOOK_UP * look_ups as f64 + binomials as f64 + COMPLETE * missing
    }

    fn carry_out(self) -> Poisson {
        let tables = self.parts.into_iter();
        Poisson {
            total: self.total,
            tables: tables
                .map(|(c, cells)| (Guide::poisson(c as f64 * self.scale), cells))
                .collect(),
            large: self.large,
            rest: Completion::new(&self.others),
            single: Multinomial::new(&self.others),
        }
    }
}

impl Poisson {
    fn draw(&self, rng: &mut impl Rng, sink: &mut impl Sink) {
        let mut left = [self.total; LANES];
        for &(cell, share) in &self.large {
            let mut drawn = [0; LANES];
            for (count, left) in drawn.iter_mut().zip(&mut left) {
                *count = binomial(rng, u64::from(*left), share) as u32;
                *left -= *count;
            }
            sink.all(cell as usize, &drawn);
        }
        let sums = Arch::new().dispatch(LookUps { tables: &self.tables, rng, sink });
        for (lane, (sum, left)) in sums.iter().zip(left).enumerate() {
            match left.checked_sub(*sum) {
                Some(missing) => self.rest.draw(rng, missing, |cell| sink.one(lane, cell, 1)),
                None => self.again(lane, rng, sink),
            }
        }
    }

    /// A lane in which the Poisson counts exceeded n, drawn again.
    #[cold]
    fn again(&self, lane: usize, rng: &mut impl Rng, sink: &mut impl Sink) {
        sink.clear(lane);
        let mut left = u64::from(self.total);
        for &(cell, share) in &self.large {
            let drawn = binomial(rng, left, share);
            sink.one(lane, cell as usize, drawn as u32);
            left -= drawn;
        }
        self.single.visit_of(left, rng, |cell, count| sink.one(lane, cell, count));
    }
}

/// Draws all cells that have tables, for all lanes; answers the sum of each.
struct LookUps<'a, R, S> {
    tables: &'a [(Guide, Vec<u32>)],
    rng: &'a mut R,
    sink: &'a mut S,
}

impl<R: Rng, S: Sink> WithSimd for LookUps<'_, R, S> {
    type Output = [u32; LANES];

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "pulp compiles it for the chosen instruction set")]
    fn with_simd<V: Simd>(self, _: V) -> Self::Output {
        let mut sums = [0_u32; LANES];
        for (table, cells) in self.tables {
            for &cell in cells {
                let counts = table.draws(self.rng);
                for (sum, count) in sums.iter_mut().zip(&counts) {
                    *sum += count;
                }
                self.sink.all(cell as usize, &counts);
            }
        }
        sums
    }
}

/// The four leading binary digits of a count: Poisson(c) is Poisson(c') + Poisson(c - c'), so that a few tables serve all.
fn round_down(count: u64) -> u64 {
    let drop = (u64::BITS - count.leading_zeros()).saturating_sub(4);
    count >> drop << drop
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::binom_pmf;
    use crate::rng::Stream;
    use crate::sampling::tests::fits;

    struct Counts(Vec<[u32; LANES]>);

    impl Sink for Counts {
        fn all(&mut self, cell: usize, counts: &[u32; LANES]) {
            for (sum, count) in self.0[cell].iter_mut().zip(counts) {
                *sum += count;
            }
        }
        fn one(&mut self, lane: usize, cell: usize, count: u32) {
            self.0[cell][lane] += count;
        }
        fn clear(&mut self, lane: usize) {
            self.0.iter_mut().for_each(|cell| cell[lane] = 0);
        }
    }

    fn poisson(counts: &[u64]) -> Lanes {
        let poisson = Plan::new(counts).map(Plan::carry_out);
        assert!(poisson.is_some());
        Lanes { single: Multinomial::new(counts), poisson }
    }

    /// Every cell is Binomial(n, count / n), every pair of cells covaries as it must, and every draw sums to n.
    #[test]
    fn draws_are_multinomial() {
        let small: Vec<u64> = (0..90).map(|i| [1, 1, 2, 5, 23][i % 5]).collect();
        let few = vec![60, 4, 0, 36];
        let large = vec![70_000, 3, 40_000, 500, 1, 129];
        for (name, counts) in [("small", small), ("few", few), ("large", large)] {
            let n: u64 = counts.iter().sum();
            for (way, lanes) in [("table", poisson(&counts)), ("chosen", Lanes::new(&counts))] {
                let mut rng = Stream::new(31, name).at(0);
                let mut sink = Counts(vec![[0; LANES]; counts.len()]);
                let mut observed: Vec<Vec<u64>> =
                    counts.iter().map(|_| vec![0; n as usize + 1]).collect();
                let rounds = 4_000;
                let (mut product, mut pairs) = (0.0, 0.0);
                let [p, q] = [0, 3].map(|cell| counts[cell] as f64 / n as f64);
                for _ in 0..rounds {
                    (0..LANES).for_each(|lane| sink.clear(lane));
                    lanes.draw(&mut rng, &mut sink);
                    for lane in 0..LANES {
                        let sum: u64 = sink.0.iter().map(|cell| u64::from(cell[lane])).sum();
                        assert_eq!(sum, n, "{name} {way}");
                        let [x, y] = [0, 3].map(|cell| f64::from(sink.0[cell][lane]));
                        product += (x - n as f64 * p) * (y - n as f64 * q);
                        pairs += 1.0;
                    }
                    for (cell, seen) in observed.iter_mut().enumerate() {
                        for count in sink.0[cell] {
                            seen[count as usize] += 1;
                        }
                    }
                }
                let mut worst = 1.0_f64;
                for (seen, &count) in observed.iter().zip(&counts) {
                    worst =
                        worst.min(fits(seen, |k| binom_pmf(k as u64, n, count as f64 / n as f64)));
                }
                // The smallest of as many p-values as there are cells.
                assert!(worst * counts.len() as f64 > 1e-3, "{name} {way}: {worst}");
                let expected = -(n as f64) * p * q;
                let sd = n as f64 * (p * q * ((1.0 - p) * (1.0 - q) + p * q) / pairs).sqrt();
                assert!(
                    (product / pairs - expected).abs() < 4.0 * sd,
                    "{name} {way}: covariance {} for {expected}, sd {sd}",
                    product / pairs
                );
            }
        }
    }

    #[test]
    fn counts_are_parted_into_few_tables() {
        for count in 1..=LARGE {
            let part = round_down(count);
            assert!(part <= count && 2 * part > count);
        }
        let tables: std::collections::BTreeSet<u64> = (1..=LARGE).map(round_down).collect();
        assert_eq!(tables.len(), 15 + 8 * 11 + 1);
    }
}
