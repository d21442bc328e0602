//! Fisher's exact test of a 2 x 2 table, which takes the two models as independent samples.

use super::table::Alternative;
use crate::dist::binomial_kernel;
use crate::error::{Result, StatsError};

/// Fisher's exact test of a 2 x 2 table `[a, b, c, d]` and the sample odds ratio `ad / bc`: `(odds ratio, p-value)`.
///
/// Two-sided: the sum of all tables at most as probable as the observed one (relative slack 1e-7 for rounding, as R's
/// `fisher.test`). Log probabilities by saddle points without [`ln_gamma`](crate::dist::ln_gamma), so large counts keep
/// their digits. The odds ratio is `None` for 0/0 and infinite where only `bc` is 0.
///
/// # Errors
/// An empty table.
pub fn fisher_exact(table: [u64; 4], alternative: Alternative) -> Result<(Option<f64>, f64)> {
    let [a, b, c, d] = table;
    let n = a + b + c + d;
    if n == 0 {
        return Err(StatsError::TooFew { argument: "table", needed: 1, got: 0 });
    }
    let odds_ratio = match (a as f64 * d as f64, b as f64 * c as f64) {
        (0.0, 0.0) => None,
        (_, 0.0) => Some(f64::INFINITY),
        (up, down) => Some(up / down),
    };
    let tables = Hypergeometric::new(a + b, a + c, n);
    let p_value = match alternative {
        Alternative::Greater => tables.upward(a),
        Alternative::Less => tables.downward(a),
        Alternative::TwoSided => tables.at_most_as_probable(a),
    };
    Ok((odds_ratio, p_value.min(1.0)))
}

/// The tables with the observed margins, named by their first cell x.
struct Hypergeometric {
    row: u64,
    column: u64,
    n: u64,
    /// Range of x.
    low: u64,
    high: u64,
}

impl Hypergeometric {
    fn new(row: u64, column: u64, n: u64) -> Self {
        Self { row, column, n, low: (row + column).saturating_sub(n), high: row.min(column) }
    }

    /// P(x), as a product of three binomials (Loader 2000, section 6): any p cancels, column/n is central.
    fn mass(&self, x: u64) -> f64 {
        let p = self.column as f64 / self.n as f64;
        let q = (self.n - self.column) as f64 / self.n as f64;
        let kernel = |x: u64, size: u64| binomial_kernel(x as f64, size as f64, p, q);
        kernel(x, self.row) * kernel(self.column - x, self.n - self.row)
            / kernel(self.column, self.n)
    }

    /// Ratio of neighbouring probabilities: P(x+1) / P(x).
    fn up(&self, x: u64) -> f64 {
        ((self.row - x) as f64 * (self.column - x) as f64)
            / ((x + 1) as f64 * (self.n + x + 1 - self.row - self.column) as f64)
    }

    /// P(X >= from).
    fn upward(&self, from: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(from), 0.0);
        let mut x = from;
        loop {
            sum += term;
            if x == self.high || term <= sum * 1e-18 && self.up(x) < 1.0 {
                return sum;
            }
            term *= self.up(x);
            x += 1;
        }
    }

    /// P(X <= from).
    fn downward(&self, from: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(from), 0.0);
        let mut x = from;
        loop {
            sum += term;
            if x == self.low || term <= sum * 1e-18 && self.up(x - 1) > 1.0 {
                return sum;
            }
            term /= self.up(x - 1);
            x -= 1;
        }
    }

    /// Sum of all probabilities of at most that of the observed x.
    fn at_most_as_probable(&self, observed: u64) -> f64 {
        let limit = self.mass(observed) * (1.0 + 1e-7);
        let mode =
            (((self.row + 1) as f64 * (self.column + 1) as f64) / (self.n + 2) as f64) as u64;
        let mode = mode.clamp(self.low, self.high);
        if self.mass(mode) <= limit {
            return 1.0;
        }
        let left = self.nearest(self.low, mode, limit).map_or(0.0, |x| self.downward(x));
        left + self.nearest(self.high, mode, limit).map_or(0.0, |x| self.upward(x))
    }

    /// The table nearest to the mode, on the side of `end`, whose probability is at most `limit`: by bisection.
    fn nearest(&self, end: u64, mode: u64, limit: f64) -> Option<u64> {
        if self.mass(end) > limit {
            return None;
        }
        let (mut inside, mut outside) = (end, mode);
        while inside.abs_diff(outside) > 1 {
            let middle = inside.min(outside) + inside.abs_diff(outside) / 2;
            if self.mass(middle) <= limit { inside = middle } else { outside = middle }
        }
        Some(inside)
    }
}
