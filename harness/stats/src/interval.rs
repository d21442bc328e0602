//! Intervals for one proportion and for a mean.
//!
//! Ends are in the unit of the estimate: shares between 0 and 1 for `k` successes of `n`. All functions refuse n = 0, more
//! successes than examples, and a confidence outside (0, 1).

use super::descriptive::mean_and_sd;
use super::dist::{beta_ppf, t_isf, z_of_confidence};
use super::error::{Result, StatsError, finite, open_unit, positive};

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// [`wilson`].
    Wilson,
    /// [`clopper_pearson`].
    ClopperPearson,
    /// [`jeffreys`].
    Jeffreys,
    /// [`agresti_coull`].
    AgrestiCoull,
    /// Estimate -+ z standard errors.
    Wald,
    /// Wald's after 1/2 is added to each cell of a 2 x 2 table.
    AgrestiMin,
    /// [`newcombe`](crate::mcnemar::newcombe).
    Newcombe,
    /// [`mean_interval`]: estimate -+ t standard errors.
    Student,
    /// [`clustered_wilson`](crate::cluster::clustered_wilson).
    ClusterWilson,
    /// Bootstrap: quantiles of the resamples.
    Percentile,
    /// Bootstrap: quantiles reflected at the estimate.
    Basic,
    /// Bootstrap: bias-corrected and accelerated.
    Bca,
}

impl Method {
    /// The name printed in signatures and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wilson => "wilson",
            Self::ClopperPearson => "clopper-pearson",
            Self::Jeffreys => "jeffreys",
            Self::AgrestiCoull => "agresti-coull",
            Self::Wald => "wald",
            Self::AgrestiMin => "agresti-min",
            Self::Newcombe => "newcombe",
            Self::Student => "student",
            Self::ClusterWilson => "cluster-wilson",
            Self::Percentile => "percentile",
            Self::Basic => "basic",
            Self::Bca => "bca",
        }
    }
}

/// Two ends, their confidence and how they were made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence level, .95 for 95 %.
    pub confidence: f64,
    /// How it was made.
    pub method: Method,
}

impl Interval {
    /// Is `value` inside (ends included)?
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Width of the interval.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

fn counts(k: u64, n: u64) -> Result<()> {
    if n == 0 {
        return Err(StatsError::TooFew { argument: "n", needed: 1, got: 0 });
    }
    if k > n {
        return Err(StatsError::OutOfRange {
            argument: "successes",
            value: k as f64,
            allowed: "at most n successes",
        });
    }
    Ok(())
}

/// Wilson's score interval `(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)` (Wilson 1927; Brown, Cai &
/// DasGupta 2001, eq. 4), its ends exactly 0 at k = 0 and 1 at k = n.
pub fn wilson(k: u64, n: u64, confidence: f64) -> Result<Interval> {
    counts(k, n)?;
    wilson_real(
        k as f64 / n as f64,
        n as f64,
        z_of_confidence(confidence)?,
        confidence,
        Method::Wilson,
    )
}

/// Wilson's interval for a share of a real-valued sample size and any multiplier z.
pub fn wilson_real(
    share: f64,
    n: f64,
    z: f64,
    confidence: f64,
    method: Method,
) -> Result<Interval> {
    positive("n", n)?;
    let z2 = z * z;
    let centre = share + z2 / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // The product of the two roots is p^2 n / (n + z^2): the lower end without cancellation.
    let high = if share >= 1.0 { 1.0 } else { ((centre + spread) / scale).min(1.0) };
    let low = if share <= 0.0 { 0.0 } else { (share * share / (centre + spread)).max(0.0) };
    Ok(Interval { low, high, confidence, method })
}

/// Clopper & Pearson's exact interval from beta quantiles (1934; Brown, Cai & DasGupta 2001, section 4.2.1).
pub fn clopper_pearson(k: u64, n: u64, confidence: f64) -> Result<Interval> {
    counts(k, n)?;
    open_unit("confidence", confidence)?;
    let tail = (1.0 - confidence) / 2.0;
    let (k_, n_) = (k as f64, n as f64);
    let low = if k == 0 { 0.0 } else { beta_ppf(tail, k_, n_ - k_ + 1.0)? };
    let high = if k == n { 1.0 } else { beta_upper(tail, k_ + 1.0, n_ - k_)? };
    Ok(Interval { low, high, confidence, method: Method::ClopperPearson })
}

/// The x with P(Beta(a, b) > x) = tail, by reflection, so that the tail is never rounded to 1 - tail.
fn beta_upper(tail: f64, a: f64, b: f64) -> Result<f64> {
    Ok(1.0 - beta_ppf(tail, b, a)?)
}

/// Jeffreys' equal-tailed interval: quantiles of Beta(k + 1/2, n - k + 1/2) (Brown, Cai & DasGupta 2001, section 4.3).
pub fn jeffreys(k: u64, n: u64, confidence: f64) -> Result<Interval> {
    counts(k, n)?;
    open_unit("confidence", confidence)?;
    let tail = (1.0 - confidence) / 2.0;
    let (a, b) = (k as f64 + 0.5, (n - k) as f64 + 0.5);
    Ok(Interval {
        low: beta_ppf(tail, a, b)?,
        high: beta_upper(tail, a, b)?,
        confidence,
        method: Method::Jeffreys,
    })
}

/// Agresti & Coull 1998: Wald's interval around `(k + z^2/2) / (n + z^2)`, clipped to [0, 1].
pub fn agresti_coull(k: u64, n: u64, confidence: f64) -> Result<Interval> {
    counts(k, n)?;
    let z = z_of_confidence(confidence)?;
    let total = n as f64 + z * z;
    let centre = (k as f64 + 0.5 * z * z) / total;
    let spread = z * (centre * (1.0 - centre) / total).sqrt();
    Ok(Interval {
        low: (centre - spread).max(0.0),
        high: (centre + spread).min(1.0),
        confidence,
        method: Method::AgrestiCoull,
    })
}

/// Student's interval of a mean, `mean -+ t s / sqrt(n)`. Refuses n = 1 (no spread) rather than printing width 0.
pub fn mean_interval(values: &[f64], confidence: f64) -> Result<Interval> {
    finite("values", values, 2)?;
    open_unit("confidence", confidence)?;
    let n = values.len() as f64;
    let (m, sd) = mean_and_sd(values);
    let half = t_isf((1.0 - confidence) / 2.0, n - 1.0)? * sd / n.sqrt();
    Ok(Interval { low: m - half, high: m + half, confidence, method: Method::Student })
}
