//! Two models right or wrong on the same examples: McNemar's test, odds ratio, accuracy difference; the sign test.

use super::dist::{binom_cdf, binom_pmf, binom_sf, chi2_sf, norm_sf, z_of_confidence};
use super::error::{Result, StatsError};
use super::interval::{Interval, Method, clopper_pearson, wilson};

/// The 2 x 2 table of two models' correctness on the same examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairedTable {
    pub both_right: u64,
    pub only_a: u64,
    pub only_b: u64,
    pub both_wrong: u64,
}

impl PairedTable {
    /// Counts two lists of right/wrong.
    pub fn count(a: &[bool], b: &[bool]) -> Result<Self> {
        super::error::same_length("a", a.len(), "b", b.len())?;
        let mut table = Self::default();
        for pair in a.iter().zip(b) {
            match pair {
                (true, true) => table.both_right += 1,
                (true, false) => table.only_a += 1,
                (false, true) => table.only_b += 1,
                (false, false) => table.both_wrong += 1,
            }
        }
        Ok(table)
    }

    pub fn n(&self) -> u64 {
        self.both_right + self.only_a + self.only_b + self.both_wrong
    }

    pub fn discordant(&self) -> u64 {
        self.only_a + self.only_b
    }

    /// Cell counts in the order both right, only A, only B, both wrong.
    pub fn counts(&self) -> [u64; 4] {
        [self.both_right, self.only_a, self.only_b, self.both_wrong]
    }

    /// Accuracy of A minus accuracy of B.
    pub fn difference(&self) -> Result<f64> {
        self.not_empty()?;
        Ok((self.only_a as f64 - self.only_b as f64) / self.n() as f64)
    }

    pub(crate) fn not_empty(&self) -> Result<()> {
        if self.n() == 0 {
            Err(StatsError::TooFew { argument: "table", needed: 1, got: 0 })
        } else {
            Ok(())
        }
    }
}

/// The direction of a test; differences are A - B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    #[default]
    TwoSided,
    /// A is better: the difference is above 0.
    Greater,
    /// B is better: the difference is below 0.
    Less,
}

/// Variants of McNemar's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum McnemarMethod {
    /// Binomial(b + c, 1/2): never exceeds its level.
    Exact,
    /// Half of the observed point counts (Fagerland, Lydersen & Laake 2013): the recommended default.
    #[default]
    MidP,
    /// `(b - c)^2 / (b + c)` against chi-square with 1 df (McNemar 1947).
    Asymptotic,
    /// `max(|b - c| - 1, 0)^2 / (b + c)` (Edwards 1948).
    AsymptoticCc,
}

/// A statistic and its p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    pub statistic: f64,
    pub p_value: f64,
}

/// McNemar's test of equal accuracy. Without discordant pairs p = 1.
///
/// Statistic: min(b, c) for exact and mid-p, chi-square for the asymptotic ones (b = only A, c = only B). One-sided
/// asymptotic p-values use the signed root. Fagerland, Lydersen & Laake 2013, eqs. 1-4.
pub fn mcnemar(
    table: &PairedTable,
    method: McnemarMethod,
    alternative: Alternative,
) -> Result<TestResult> {
    table.not_empty()?;
    let (b, c) = (table.only_a, table.only_b);
    let (statistic, p_value) = match method {
        McnemarMethod::Exact => (b.min(c) as f64, exact(b, c, alternative)),
        McnemarMethod::MidP => (b.min(c) as f64, mid_p(b, c, alternative)),
        McnemarMethod::Asymptotic => asymptotic(b, c, 0.0, alternative),
        McnemarMethod::AsymptoticCc => asymptotic(b, c, 1.0, alternative),
    };
    Ok(TestResult { statistic, p_value })
}

fn exact(b: u64, c: u64, alternative: Alternative) -> f64 {
    let m = b + c;
    match alternative {
        Alternative::TwoSided => (2.0 * binom_cdf(b.min(c) as i64, m, 0.5)).min(1.0),
        Alternative::Greater => binom_sf(b as i64 - 1, m, 0.5),
        Alternative::Less => binom_cdf(b as i64, m, 0.5),
    }
}

fn mid_p(b: u64, c: u64, alternative: Alternative) -> f64 {
    let m = b + c;
    if m == 0 {
        return 1.0;
    }
    // P(X < k) + P(X = k)/2, without subtracting two tails.
    let half = |k: u64| binom_cdf(k as i64 - 1, m, 0.5) + 0.5 * binom_pmf(k, m, 0.5);
    match alternative {
        Alternative::TwoSided => (2.0 * half(b.min(c))).min(1.0),
        Alternative::Greater => half(c),
        Alternative::Less => half(b),
    }
}

fn asymptotic(b: u64, c: u64, correction: f64, alternative: Alternative) -> (f64, f64) {
    let m = (b + c) as f64;
    if m == 0.0 {
        return (0.0, 1.0);
    }
    let gap = b as f64 - c as f64;
    let shrunk = (gap.abs() - correction).max(0.0);
    let chi2 = shrunk * shrunk / m;
    let p = match alternative {
        Alternative::TwoSided => chi2_sf(chi2, 1.0),
        Alternative::Greater => norm_sf((gap - correction) / m.sqrt()),
        Alternative::Less => norm_sf((-gap - correction) / m.sqrt()),
    };
    (chi2, p)
}

/// Sign test on counts of positive and negative differences, zeros dropped: the exact binomial test.
pub fn sign_test(positive: u64, negative: u64, alternative: Alternative) -> TestResult {
    TestResult { statistic: positive as f64, p_value: exact(positive, negative, alternative) }
}

/// Effect sizes and intervals of two paired accuracies.
#[derive(Debug, Clone, PartialEq)]
pub struct AccuracyDifference {
    /// Accuracy A - accuracy B = (b - c) / n, the paired risk difference.
    pub difference: f64,
    /// `sqrt(b + c - (b - c)^2 / n) / n` (Fleiss 1981, section 8.2).
    pub se: f64,
    pub wald: Interval,
    /// Wald after adding 1/2 to each cell (Agresti & Min 2005).
    pub agresti_min: Interval,
    /// Newcombe 1998 ("Improved confidence intervals for the difference between binomial proportions based on paired
    /// data"), method 10: Wilson limits of both margins and their phi correlation. Recommended.
    pub newcombe: Interval,
    /// Conditional odds ratio b / c; infinite for c = 0, `None` without discordant pairs.
    pub odds_ratio: Option<f64>,
    /// Clopper-Pearson limits of b / (b + c), turned into odds (as exact2x2's "central"); 0 to infinity without
    /// discordant pairs.
    pub odds_ratio_interval: (f64, f64),
    /// b / (b + c) - 1/2 (Cohen 1988, ch. 5); 0 without discordant pairs.
    pub cohens_g: f64,
}

/// Difference of two accuracies on the same examples, with intervals and effect sizes.
pub fn accuracy_difference(table: &PairedTable, confidence: f64) -> Result<AccuracyDifference> {
    table.not_empty()?;
    let z = z_of_confidence(confidence)?;
    let n = table.n() as f64;
    let (b, c) = (table.only_a as f64, table.only_b as f64);
    let wald_parts =
        |b: f64, c: f64, n: f64| ((b - c) / n, (b + c - (b - c) * (b - c) / n).max(0.0).sqrt() / n);
    let around = |(d, se): (f64, f64), method| Interval {
        low: (d - z * se).max(-1.0),
        high: (d + z * se).min(1.0),
        confidence,
        method,
    };
    let (difference, se) = wald_parts(b, c, n);
    let m = table.discordant();
    let odds = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) };
    let odds_ratio_interval = if m == 0 {
        (0.0, f64::INFINITY)
    } else {
        let ends = clopper_pearson(table.only_a, m, confidence)?;
        // The upper end through the mirrored lower one, so that odds near infinity keep their digits.
        let mirrored = clopper_pearson(table.only_b, m, confidence)?;
        let high =
            if mirrored.low <= 0.0 { f64::INFINITY } else { (1.0 - mirrored.low) / mirrored.low };
        (odds(ends.low), high)
    };
    Ok(AccuracyDifference {
        difference,
        se,
        wald: around((difference, se), Method::Wald),
        agresti_min: around(wald_parts(b + 0.5, c + 0.5, n + 2.0), Method::AgrestiMin),
        newcombe: newcombe(table, confidence)?,
        odds_ratio: if m == 0 {
            None
        } else if c == 0.0 {
            Some(f64::INFINITY)
        } else {
            Some(b / c)
        },
        odds_ratio_interval,
        cohens_g: if m == 0 { 0.0 } else { b / m as f64 - 0.5 },
    })
}

/// Newcombe 1998, method 10 (square-and-add of Wilson limits, phi with his continuity correction).
pub fn newcombe(table: &PairedTable, confidence: f64) -> Result<Interval> {
    table.not_empty()?;
    let [e, f, g, h] = table.counts().map(|v| v as f64);
    let n = table.n();
    let first = wilson(table.both_right + table.only_a, n, confidence)?;
    let second = wilson(table.both_right + table.only_b, n, confidence)?;
    let (p1, p2) = ((e + f) / n as f64, (e + g) / n as f64);
    let margins = (e + f) * (g + h) * (e + g) * (f + h);
    let phi = if margins == 0.0 {
        0.0
    } else {
        let cross = e * h - f * g;
        let above = if cross > 0.0 { (cross - n as f64 / 2.0).max(0.0) } else { cross };
        above / margins.sqrt()
    };
    let reach = |d1: f64, d2: f64| (d1 * d1 - 2.0 * phi * d1 * d2 + d2 * d2).max(0.0).sqrt();
    let difference = p1 - p2;
    Ok(Interval {
        low: (difference - reach(p1 - first.low, second.high - p2)).max(-1.0),
        high: (difference + reach(first.high - p1, p2 - second.low)).min(1.0),
        confidence,
        method: Method::Newcombe,
    })
}

/// Fisher's exact test of a 2 x 2 table `[a, b, c, d]` and the sample odds ratio `ad / bc`.
///
/// Two-sided: the sum of all tables at most as probable as the observed one (relative slack 1e-7 for rounding, as R's
/// `fisher.test`). Log probabilities by [`super::dist::ln_gamma`]-free saddle points, so large counts keep their digits.
/// The odds ratio is `None` for 0/0.
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
    let (row, column) = (a + b, a + c);
    let low = (row + column).saturating_sub(n);
    let high = row.min(column);
    // Hypergeometric as a product of three binomials (Loader 2000, section 6): any p cancels, column/n is central.
    let p = column as f64 / n as f64;
    let q = (n - column) as f64 / n as f64;
    let kernel = |x: u64, size: u64| super::dist::binomial_kernel(x as f64, size as f64, p, q);
    let mass = |x: u64| kernel(x, row) * kernel(column - x, n - row) / kernel(column, n);
    let observed = mass(a);
    // Ratio of neighbouring probabilities: P(x+1) / P(x).
    let up = |x: u64| {
        ((row - x) as f64 * (column - x) as f64)
            / ((x + 1) as f64 * (n + x + 1 - row - column) as f64)
    };
    let upward = |from: u64| {
        let (mut term, mut sum) = (mass(from), 0.0);
        let mut x = from;
        loop {
            sum += term;
            if x == high || term <= sum * 1e-18 && up(x) < 1.0 {
                return sum;
            }
            term *= up(x);
            x += 1;
        }
    };
    let downward = |from: u64| {
        let (mut term, mut sum) = (mass(from), 0.0);
        let mut x = from;
        loop {
            sum += term;
            if x == low || term <= sum * 1e-18 && up(x - 1) > 1.0 {
                return sum;
            }
            term /= up(x - 1);
            x -= 1;
        }
    };
    let p_value = match alternative {
        Alternative::Greater => upward(a),
        Alternative::Less => downward(a),
        Alternative::TwoSided => {
            let limit = observed * (1.0 + 1e-7);
            let mode = (((row + 1) as f64 * (column + 1) as f64) / (n + 2) as f64) as u64;
            let mode = mode.clamp(low, high);
            if mass(mode) <= limit {
                1.0
            } else {
                // Bisect, on each side of the mode, for the nearest table that is not more probable than the observed.
                let mut left = None;
                if mass(low) <= limit {
                    let (mut inside, mut outside) = (low, mode);
                    while outside - inside > 1 {
                        let middle = inside + (outside - inside) / 2;
                        if mass(middle) <= limit { inside = middle } else { outside = middle }
                    }
                    left = Some(inside);
                }
                let mut right = None;
                if mass(high) <= limit {
                    let (mut inside, mut outside) = (high, mode);
                    while inside - outside > 1 {
                        let middle = outside + (inside - outside) / 2;
                        if mass(middle) <= limit { inside = middle } else { outside = middle }
                    }
                    right = Some(inside);
                }
                left.map_or(0.0, downward) + right.map_or(0.0, upward)
            }
        }
    };
    Ok((odds_ratio, p_value.min(1.0)))
}
