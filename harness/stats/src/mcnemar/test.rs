//! McNemar's test in four variants, and the sign test.

use super::table::{Alternative, PairedTable};
use crate::dist::{binom_cdf, binom_pmf, binom_sf, chi2_sf, norm_sf};
use crate::error::Result;

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
    /// The statistic; which one, the function tells.
    pub statistic: f64,
    /// The p-value, in [0, 1].
    pub p_value: f64,
}

/// McNemar's test of equal accuracy. Without discordant pairs p = 1, and so in a table without any example: the test is
/// about discordant pairs alone.
///
/// Statistic: min(b, c) for exact and mid-p, chi-square for the asymptotic ones (b = only A, c = only B). One-sided
/// asymptotic p-values use the signed root. Fagerland, Lydersen & Laake 2013, eqs. 1-4.
pub fn mcnemar(
    table: &PairedTable,
    method: McnemarMethod,
    alternative: Alternative,
) -> Result<TestResult> {
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
