//! Paired and independent t statistics with their effect sizes; equivalence by two one-sided t tests.

use super::descriptive::{divided, mean, mean_and_sd, unit_outside, variance};
use super::dist::{ln_gamma, t_isf, t_sf};
use super::error::{Result, StatsError, finite, open_unit, same_length};
use super::interval::{Interval, Method};
use super::mcnemar::Alternative;

/// A paired t test.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedT {
    /// `mean_difference / se`.
    pub statistic: f64,
    /// Degrees of freedom, n - 1.
    pub df: f64,
    /// P-value of the chosen alternative.
    pub p_value: f64,
    /// Mean of A - B.
    pub mean_difference: f64,
    /// Standard error of the mean difference.
    pub se: f64,
    /// Two-sided interval of the mean difference, whatever the alternative.
    pub interval: Interval,
    /// Mean / sd of the differences (Cohen 1988, section 2.3.5); 0 when all differences are 0.
    pub cohens_dz: f64,
    /// d_z times [`hedges_correction`]; `None` for one degree of freedom.
    pub hedges_gz: Option<f64>,
}

/// Differences A - B, checked.
pub fn differences(a: &[f64], b: &[f64]) -> Result<Vec<f64>> {
    same_length("a", a.len(), "b", b.len())?;
    finite("a", a, 1)?;
    finite("b", b, 1)?;
    let d: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    finite("a - b", &d, 1)?;
    Ok(d)
}

/// Differences that vary only by rounding do not vary: sums of decimals are not exact.
pub(crate) fn without_spread(values: &[f64]) -> bool {
    let (m, _) = mean_and_sd(values);
    let scale = values.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
    values.iter().all(|v| (v - m).abs() <= 1e-14 * scale)
}

/// Student's paired t test: `t = mean / (s / sqrt(n))` with n - 1 degrees of freedom (Student 1908).
///
/// All differences 0: t = 0, p = 1. All differences equal but not 0: refused, since s = 0 says nothing about the error.
pub fn paired_t(differences: &[f64], alternative: Alternative, confidence: f64) -> Result<PairedT> {
    finite("differences", differences, 2)?;
    open_unit("confidence", confidence)?;
    let n = differences.len() as f64;
    let df = n - 1.0;
    let (m, sd) = mean_and_sd(differences);
    if without_spread(differences) && m != 0.0 {
        return Err(StatsError::Degenerate {
            what: "all differences are equal, their variance is 0",
            remedy: "use the sign test or the exact permutation test",
        });
    }
    let se = sd / n.sqrt();
    // m / sd first: the error of denormal differences would round.
    let statistic = if sd == 0.0 { 0.0 } else { m / sd * n.sqrt() };
    let half = t_isf((1.0 - confidence) / 2.0, df)? * se;
    let cohens_dz = if sd == 0.0 { 0.0 } else { m / sd };
    Ok(PairedT {
        statistic,
        df,
        p_value: t_p(statistic, df, alternative),
        mean_difference: m,
        se,
        interval: Interval { low: m - half, high: m + half, confidence, method: Method::Student },
        cohens_dz,
        hedges_gz: (df > 1.0).then(|| cohens_dz * hedges_correction(df)),
    })
}

/// The p-value of a t statistic.
pub(crate) fn t_p(t: f64, df: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => (2.0 * t_sf(t.abs(), df)).min(1.0),
        Alternative::Greater => t_sf(t, df),
        Alternative::Less => t_sf(-t, df),
    }
}

/// Hedges' exact small-sample factor `J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2))` (Hedges 1981, eq. 6e).
pub fn hedges_correction(df: f64) -> f64 {
    if df > 1e6 {
        return 1.0 - 3.0 / (4.0 * df - 1.0);
    }
    (ln_gamma(df / 2.0) - ln_gamma((df - 1.0) / 2.0)).exp() / (df / 2.0).sqrt()
}

/// Effect sizes of two independent samples and Welch's test. What needs a spread is `None` if there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct IndependentEffect {
    /// `P(A > B) - P(A < B)` (Cliff 1993).
    pub cliffs_delta: f64,
    /// `P(A > B) + P(A = B) / 2` (Vargha & Delaney 2000).
    pub a12: f64,
    /// Mean difference over the pooled sd (Cohen 1988).
    pub cohens_d: Option<f64>,
    /// d times [`hedges_correction`].
    pub hedges_g: Option<f64>,
    /// Welch's test of equal means.
    pub welch: Option<Welch>,
}

/// Welch's unequal-variances t test (1947).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The statistic.
    pub t: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub df: f64,
    /// Two-sided p-value.
    pub p_value: f64,
}

/// Effect sizes of A against B, independent samples, in O(n log n).
pub fn independent_effect(a: &[f64], b: &[f64]) -> Result<IndependentEffect> {
    finite("a", a, 1)?;
    finite("b", b, 1)?;
    let (n1, n2) = (a.len() as f64, b.len() as f64);
    let mut sorted = b.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (mut above, mut under) = (0.0, 0.0);
    for x in a {
        above += sorted.partition_point(|y| y < x) as f64;
        under += (sorted.len() - sorted.partition_point(|y| y <= x)) as f64;
    }
    let pairs = n1 * n2;
    // What follows has no unit: both samples may be divided by one number first.
    let unit = unit_outside(&[a, b].concat()).unwrap_or(1.0);
    let (a, b) = (divided(a, unit), divided(b, unit));
    let d = mean(&a) - mean(&b);
    let (v1, v2) = (variance(&a), variance(&b));
    let df = n1 + n2 - 2.0;
    let pooled = ((n1 - 1.0) * v1 + (n2 - 1.0) * v2) / df;
    let cohens_d = (df > 0.0 && pooled > 0.0).then(|| d / pooled.sqrt());
    let welch = (n1 > 1.0 && n2 > 1.0 && v1 + v2 > 0.0).then(|| {
        let (e1, e2) = (v1 / n1, v2 / n2);
        let t = d / (e1 + e2).sqrt();
        let df = (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1.0) + e2 * e2 / (n2 - 1.0));
        Welch { t, df, p_value: t_p(t, df, Alternative::TwoSided) }
    });
    Ok(IndependentEffect {
        cliffs_delta: (above - under) / pairs,
        a12: (above + 0.5 * (pairs - above - under)) / pairs,
        cohens_d,
        hedges_g: cohens_d.filter(|_| df > 1.0).map(|d| d * hedges_correction(df)),
        welch,
    })
}

/// Cohen's h: `2 asin sqrt(p1) - 2 asin sqrt(p2)` (Cohen 1988, section 6.2).
pub fn cohens_h(p1: f64, p2: f64) -> Result<f64> {
    super::error::closed_unit("p1", p1)?;
    super::error::closed_unit("p2", p2)?;
    Ok(2.0 * p1.sqrt().asin() - 2.0 * p2.sqrt().asin())
}

/// Two one-sided tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tost {
    /// max of both: small means equivalent within the margins.
    pub p_value: f64,
    /// H0: difference <= low.
    pub p_lower: f64,
    /// H0: difference >= high.
    pub p_upper: f64,
    /// The 1 - 2 alpha interval lies inside the margins exactly when `p_value < alpha`.
    pub mean_difference: f64,
}

/// Equivalence of paired scores within (low, high) by two one-sided t tests (Schuirmann 1987).
/// Margins are in units of the scores. Without spread of the differences the verdict is that of the mean itself, so it is
/// refused.
pub fn tost_paired(differences: &[f64], low: f64, high: f64) -> Result<Tost> {
    finite("differences", differences, 2)?;
    margins(low, high)?;
    let n = differences.len() as f64;
    if without_spread(differences) {
        return Err(StatsError::Degenerate {
            what: "the differences do not vary",
            remedy: "an equivalence test needs their spread: compare the constant difference with the margin directly",
        });
    }
    let (m, sd) = mean_and_sd(differences);
    let se = sd / n.sqrt();
    let p_lower = t_sf((m - low) / se, n - 1.0);
    let p_upper = t_sf((high - m) / se, n - 1.0);
    Ok(Tost { p_value: p_lower.max(p_upper), p_lower, p_upper, mean_difference: m })
}

pub(crate) fn margins(low: f64, high: f64) -> Result<()> {
    if low < high && low.is_finite() && high.is_finite() {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            argument: "low",
            value: low,
            allowed: "margins with low < high, both finite",
        })
    }
}
