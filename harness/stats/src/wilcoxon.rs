//! Wilcoxon's signed-rank test: exact by dynamic programming over (mid)ranks, or asymptotic; three ways with zeros.

use super::descriptive::midranks_sorted;
use super::dist::norm_sf;
use super::error::{Result, StatsError, finite};
use super::mcnemar::Alternative;
use super::permutation::subset_sum_tail;

/// What happens to zero differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroMethod {
    /// Dropped before ranking (Wilcoxon 1945).
    #[default]
    Wilcox,
    /// Ranked, then their ranks dropped (Pratt 1959).
    Pratt,
    /// Ranked, half of their ranks to each side (Demšar 2006).
    Zsplit,
}

/// Exact conditional distribution or normal approximation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WilcoxonMethod {
    /// Exact up to 1000 non-zero differences, then asymptotic.
    #[default]
    Auto,
    /// Exact, refused above 3000 non-zero differences.
    Exact,
    /// Normal approximation with tie correction.
    Asymptotic,
}

/// Options of [`wilcoxon`].
#[derive(Debug, Clone, Copy, Default)]
pub struct WilcoxonOptions {
    /// What happens to zero differences.
    pub zero_method: ZeroMethod,
    /// Exact or asymptotic.
    pub method: WilcoxonMethod,
    /// Continuity correction of 1/2 in the asymptotic test.
    pub continuity: bool,
    /// Direction of the test.
    pub alternative: Alternative,
    /// Differences whose absolute values are closer than this are tied (and 0 when closer to 0). `None`: 1e-12 of the
    /// largest, which joins decimals that differ in their last bits.
    pub tie_tolerance: Option<f64>,
}

/// A signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wilcoxon {
    /// Sum of the ranks of positive differences.
    pub w_plus: f64,
    /// Sum of the ranks of negative differences.
    pub w_minus: f64,
    /// The p-value, in (0, 1].
    pub p_value: f64,
    /// Signed: above 0 when W+ exceeds its mean. Only from the asymptotic test.
    pub z: Option<f64>,
    /// Differences that are not 0.
    pub n_nonzero: usize,
    /// The p-value is exact.
    pub exact: bool,
}

/// The signed ranks, from the smallest |d| upwards: rank of |d|, sign of d (0 for a zero difference).
struct SignedRanks {
    ranks: Vec<f64>,
    signs: Vec<i8>,
    /// Sizes of the tie groups over everything ranked, the zeros' group included where zeros are ranked.
    groups: Vec<usize>,
}

fn signed_ranks(
    differences: &[f64],
    zero_method: ZeroMethod,
    tolerance: Option<f64>,
) -> SignedRanks {
    let largest = differences.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    let tolerance = tolerance.unwrap_or(1e-12 * largest);
    // The bits of numbers above 0 are in their order and leave the top bit free: moved up by one they take the sign along,
    // and whole words are sorted.
    let mut keys: Vec<u64> = differences
        .iter()
        .map(|&d| if d.abs() <= tolerance { 0.0 } else { d })
        .filter(|&d| d != 0.0 || zero_method != ZeroMethod::Wilcox)
        .map(|d| d.abs().to_bits() << 1 | u64::from(d < 0.0))
        .collect();
    keys.sort_unstable();
    let absolute: Vec<f64> = keys.iter().map(|key| f64::from_bits(key >> 1)).collect();
    let sign = |(key, d): (&u64, &f64)| if *d == 0.0 { 0 } else { 1 - 2 * (key & 1) as i8 };
    let signs = keys.iter().zip(&absolute).map(sign).collect();
    let (ranks, groups) = midranks_sorted(&absolute, tolerance);
    SignedRanks { ranks, signs, groups }
}

impl SignedRanks {
    /// Signs follow no pattern: a multiplication by 0 or 1 is cheaper than a branch that is guessed wrong every other time.
    fn sum(&self, sign: i8) -> f64 {
        let counts = |s: i8| f64::from(u8::from(s == sign));
        self.ranks.iter().zip(&self.signs).map(|(rank, &s)| rank * counts(s)).sum()
    }
}

/// Wilcoxon's signed-rank test of differences A - B (1945); all zeros: p = 1.
///
/// Exact = the permutation distribution conditional on the observed (mid)ranks, so it stays exact with ties. Asymptotic:
/// variance n(n+1)(2n+1)/24 less Pratt's zeros and the tie term sum(t^3 - t)/48 (Lehmann 1975, section 3.2; Cureton 1967).
pub fn wilcoxon(differences: &[f64], options: &WilcoxonOptions) -> Result<Wilcoxon> {
    finite("differences", differences, 1)?;
    let signed = signed_ranks(differences, options.zero_method, options.tie_tolerance);
    let zeros = signed.signs.iter().filter(|s| **s == 0).count();
    let n_nonzero = signed.signs.len() - zeros;
    let shared = if options.zero_method == ZeroMethod::Zsplit { signed.sum(0) / 2.0 } else { 0.0 };
    let (plus, minus) = (signed.sum(1), signed.sum(-1));
    let mut result = Wilcoxon {
        w_plus: plus + shared,
        w_minus: minus + shared,
        p_value: 1.0,
        z: None,
        n_nonzero,
        exact: options.method == WilcoxonMethod::Exact
            || options.method == WilcoxonMethod::Auto && n_nonzero <= 1000,
    };
    if n_nonzero == 0 {
        return Ok(result);
    }
    if result.exact {
        result.p_value = exact_p(&signed, plus, minus, options.alternative)?;
    } else {
        let (z, p) = asymptotic(&signed, &result, zeros, options);
        result.z = Some(z);
        result.p_value = p;
    }
    Ok(result)
}

fn exact_p(signed: &SignedRanks, plus: f64, minus: f64, alternative: Alternative) -> Result<f64> {
    // Midranks are halves: doubled they are integers.
    let doubled: Vec<u64> = signed
        .ranks
        .iter()
        .zip(&signed.signs)
        .filter(|(_, s)| **s != 0)
        .map(|(r, _)| (2.0 * r).round() as u64)
        .collect();
    let (plus, minus) = ((2.0 * plus).round() as u64, (2.0 * minus).round() as u64);
    if doubled.len() > 3000 {
        return Err(StatsError::TooCostly {
            what: "exact signed-rank test",
            cost: (doubled.len() as f64).powi(3) / 2.0,
            remedy: "use method = asymptotic, which is accurate at this size",
        });
    }
    // By symmetry W+ >= w has the probability of W- <= total - w.
    Ok(match alternative {
        Alternative::TwoSided => (2.0 * subset_sum_tail(&doubled, plus.min(minus))).min(1.0),
        Alternative::Greater => subset_sum_tail(&doubled, minus),
        Alternative::Less => subset_sum_tail(&doubled, plus),
    })
}

fn asymptotic(
    signed: &SignedRanks,
    result: &Wilcoxon,
    zeros: usize,
    options: &WilcoxonOptions,
) -> (f64, f64) {
    let cube = |n: f64| n * (n + 1.0) * (2.0 * n + 1.0);
    let n = signed.ranks.len() as f64;
    let zeros = zeros as f64;
    let mut groups = signed.groups.as_slice();
    let mut mean = n * (n + 1.0) / 4.0;
    let mut variance = cube(n);
    if options.zero_method == ZeroMethod::Pratt {
        mean -= zeros * (zeros + 1.0) / 4.0;
        variance -= cube(zeros);
        if zeros > 0.0 {
            groups = &groups[1..];
        }
    }
    let ties: f64 = groups.iter().map(|&t| (t as f64).powi(3) - t as f64).sum();
    let sd = ((variance - 0.5 * ties) / 24.0).sqrt();
    let gap = result.w_plus - mean;
    let half = if options.continuity { 0.5 } else { 0.0 };
    match options.alternative {
        Alternative::TwoSided => {
            let z = gap.signum() * (gap.abs() - half) / sd;
            let z = if gap == 0.0 { 0.0 } else { z };
            (z, (2.0 * norm_sf(z.abs())).min(1.0))
        }
        Alternative::Greater => {
            let z = (gap - half) / sd;
            (z, norm_sf(z))
        }
        Alternative::Less => {
            let z = (gap + half) / sd;
            (z, norm_sf(-z))
        }
    }
}

/// Matched-pairs rank-biserial correlation `(W+ - W-) / (W+ + W-)` (Kerby 2014); 0 when all differences are 0.
pub fn matched_rank_biserial(
    differences: &[f64],
    zero_method: ZeroMethod,
    tie_tolerance: Option<f64>,
) -> Result<f64> {
    finite("differences", differences, 1)?;
    let signed = signed_ranks(differences, zero_method, tie_tolerance);
    let shared = if zero_method == ZeroMethod::Zsplit { signed.sum(0) / 2.0 } else { 0.0 };
    let (plus, minus) = (signed.sum(1) + shared, signed.sum(-1) + shared);
    Ok(if plus + minus == 0.0 { 0.0 } else { (plus - minus) / (plus + minus) })
}
