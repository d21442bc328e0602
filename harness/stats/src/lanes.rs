//! Multinomial draws for many resamples at once: a lane is a resample, and every cell is drawn for all lanes together.
//!
//! Independent Poisson counts that happen to sum to m <= n are a multinomial draw of m; n - m further draws of the same
//! cells complete it to one of n. With means a little below the counts, m seldom exceeds n, and a lane in which it does is
//! drawn anew in another way: given m <= n or not, the outcome is multinomial, so the whole is exact. Poisson means are
//! fixed, hence one look-up in a table ([`Guide`]) a cell, where conditional binomials have new parameters every time.

use pulp::{Arch, Simd, WithSimd};
use rand_chacha::rand_core::Rng;

use super::guide::Guide;
use super::rng::{Batch, below};
use super::sampling::{Multinomial, binomial};

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
        let binomials = self.large.len() as u64 * super::sampling::INDEX_DRAWS;
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

    /// A lane in which the Poisson counts exceeded n, drawn anew.
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

/// Draws cells with probability count / total.
#[derive(Debug, Clone)]
enum Completion {
    /// Of each example, its cell.
    Owners(Vec<u32>, Batch),
    Alias(Alias),
}

/// At most so many owners stay in a core's cache.
const OWNERS: u64 = 1 << 17;

impl Completion {
    fn new(counts: &[u64]) -> Self {
        let total: u64 = counts.iter().sum();
        if total > OWNERS {
            return Self::Alias(Alias::new(counts));
        }
        let owners = (counts.iter().enumerate())
            .flat_map(|(cell, &count)| std::iter::repeat_n(cell as u32, count as usize));
        Self::Owners(owners.collect(), Batch::new(total as u32))
    }

    #[inline]
    fn draw(&self, rng: &mut impl Rng, count: u32, mut take: impl FnMut(usize)) {
        match self {
            Self::Owners(owners, batch) => {
                batch.draw(rng, u64::from(count), |index| take(owners[index] as usize));
            }
            Self::Alias(alias) => (0..count).for_each(|_| take(alias.draw(rng))),
        }
    }
}

/// Draws a cell with probability count / total by an alias table (Walker 1977; Vose 1991), in whole numbers, hence exact.
#[derive(Debug, Clone)]
struct Alias {
    total: u32,
    /// Per column: its own cell, the other, and how many of `total` points are its own.
    columns: Vec<(u32, u32, u32)>,
}

impl Alias {
    fn new(counts: &[u64]) -> Self {
        let total: u64 = counts.iter().sum();
        let cells: Vec<u32> =
            (0..counts.len() as u32).filter(|c| counts[*c as usize] > 0).collect();
        // A column holds `total` points; a cell has count x columns of them.
        let mut points: Vec<u64> =
            cells.iter().map(|c| counts[*c as usize] * cells.len() as u64).collect();
        let mut columns: Vec<(u32, u32, u32)> =
            cells.iter().map(|cell| (*cell, *cell, total as u32)).collect();
        let (mut short, mut long): (Vec<usize>, Vec<usize>) =
            (0..cells.len()).partition(|c| points[*c] < total);
        while let (Some(s), Some(&l)) = (short.pop(), long.last()) {
            columns[s] = (cells[s], cells[l], points[s] as u32);
            points[l] -= total - points[s];
            if points[l] < total {
                long.pop();
                short.push(l);
            }
        }
        Self { total: total as u32, columns }
    }

    #[inline]
    fn draw(&self, rng: &mut impl Rng) -> usize {
        let (own, other, points) = self.columns[below(rng, self.columns.len() as u32) as usize];
        (if below(rng, self.total) < points { own } else { other }) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::dist::{binom_pmf, chi2_sf};
    use super::super::rng::Stream;
    use super::super::sampling::tests::fits;
    use super::*;

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
    fn an_alias_table_draws_by_count() {
        let counts = [7_u64, 0, 1, 500, 92, 1, 1];
        let (alias, mut rng) = (Alias::new(&counts), Stream::new(32, "alias").at(0));
        let mut seen = [0.0; 7];
        for _ in 0..602_000 {
            seen[alias.draw(&mut rng)] += 1.0;
        }
        let expected = counts.map(|c| c as f64 * 1000.0);
        let chi2: f64 = (seen.iter().zip(expected).filter(|(_, e)| *e > 0.0))
            .map(|(s, e)| (s - e) * (s - e) / e)
            .sum();
        assert!(seen[1] == 0.0 && chi2_sf(chi2, 5.0) > 1e-4, "{seen:?}");
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
