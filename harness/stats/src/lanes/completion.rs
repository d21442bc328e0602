//! Single draws of cells by their counts: what completes a lane.

use rand_chacha::rand_core::Rng;

use crate::rng::{Batch, below};

/// Draws cells with probability count / total.
#[derive(Debug, Clone)]
pub(super) enum Completion {
    /// Of each example, its cell.
    Owners(Vec<u32>, Batch),
    Alias(Alias),
}

/// At most so many owners stay in a core's cache.
const OWNERS: u64 = 1 << 17;

impl Completion {
    pub(super) fn new(counts: &[u64]) -> Self {
        let total: u64 = counts.iter().sum();
        if total > OWNERS {
            return Self::Alias(Alias::new(counts));
        }
        let owners = (counts.iter().enumerate())
            .flat_map(|(cell, &count)| std::iter::repeat_n(cell as u32, count as usize));
        Self::Owners(owners.collect(), Batch::new(total as u32))
    }

    #[inline]
    pub(super) fn draw(&self, rng: &mut impl Rng, count: u32, mut take: impl FnMut(usize)) {
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
pub(super) struct Alias {
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
    use super::*;
    use crate::dist::chi2_sf;
    use crate::rng::Stream;

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
}
