//! Power, minimum detectable effect, sample size: what an experiment of this size could have seen.
//!
//! `alpha` (the level) and `power` are strictly between 0 and 1. Effects of the t tests are in standard deviations, those
//! of McNemar's test in shares of the examples (.02 = two points of accuracy). Sample sizes are real numbers: round up.

use super::dist::{binom_cdf, binom_pmf, noncentral_t_sf, norm_isf, t_isf};
use super::error::{Result, StatsError, closed_unit, open_unit, positive, power_above_level};
use super::mcnemar::{Alternative, McnemarMethod};

/// Exact unconditional power of the two-sided McNemar test (exact or mid-p), by full enumeration over the number of
/// discordant pairs and their split (as Miettinen 1968; Card et al. 2020 estimate the same by simulation).
///
/// # Errors
/// Rates outside [0, 1] or of a sum above 1, no examples, or a level outside (0, 1).
pub fn power_mcnemar(
    p_only_a: f64,
    p_only_b: f64,
    n: u64,
    alpha: f64,
    method: McnemarMethod,
) -> Result<f64> {
    closed_unit("p_only_a", p_only_a)?;
    closed_unit("p_only_b", p_only_b)?;
    let discordant = p_only_a + p_only_b;
    if discordant > 1.0 + 1e-12 {
        return Err(StatsError::OutOfRange {
            argument: "p_only_a",
            value: p_only_a,
            allowed: "p_only_a + p_only_b <= 1",
        });
    }
    open_unit("alpha", alpha)?;
    if n == 0 {
        return Err(StatsError::TooFew { argument: "n", needed: 1, got: 0 });
    }
    if discordant == 0.0 {
        return Ok(0.0);
    }
    let discordant = discordant.min(1.0);
    let share = p_only_a / discordant;
    let mean = n as f64 * discordant;
    let reach = 9.0 * (mean * (1.0 - discordant)).sqrt() + 40.0;
    let first = (mean - reach).max(0.0) as u64;
    let last = ((mean + reach) as u64).min(n);
    let p_value = |k: u64, m: u64| match method {
        McnemarMethod::MidP => 2.0 * (binom_cdf(k as i64 - 1, m, 0.5) + 0.5 * binom_pmf(k, m, 0.5)),
        _ => 2.0 * binom_cdf(k as i64, m, 0.5),
    };
    let mut power = 0.0;
    // The critical count never falls as m grows: it is carried along.
    let mut critical: Option<u64> = None;
    for m in first..=last {
        let mut next = critical.map_or(0, |c| c + 1);
        while 2 * next < m && p_value(next, m) <= alpha {
            critical = Some(next);
            next += 1;
        }
        let Some(c) = critical else { continue };
        let reject = binom_cdf(c as i64, m, share) + binom_cdf(c as i64, m, 1.0 - share);
        power += binom_pmf(m, n, discordant) * reject;
    }
    Ok(power.min(1.0))
}

fn t_power(
    effect_times_root_n: f64,
    df: f64,
    alpha: f64,
    alternative: Alternative,
    both_tails: bool,
) -> Result<f64> {
    open_unit("alpha", alpha)?;
    match alternative {
        Alternative::TwoSided => {
            let t = t_isf(alpha / 2.0, df)?;
            let upper = noncentral_t_sf(t, df, effect_times_root_n.abs())?;
            if !both_tails {
                return Ok(upper);
            }
            // P(T < -t) under delta is P(T > t) under -delta.
            Ok((upper + noncentral_t_sf(t, df, -effect_times_root_n.abs())?).min(1.0))
        }
        Alternative::Greater => noncentral_t_sf(t_isf(alpha, df)?, df, effect_times_root_n),
        Alternative::Less => noncentral_t_sf(t_isf(alpha, df)?, df, -effect_times_root_n),
    }
}

/// Power of the paired t test at standardised effect d_z (Cohen 1988, section 2.3.5), both tails counted.
///
/// # Errors
/// An effect that is not finite, fewer than two examples, or a level outside (0, 1).
pub fn power_t_paired(effect_dz: f64, n: f64, alpha: f64, alternative: Alternative) -> Result<f64> {
    if !effect_dz.is_finite() {
        return Err(StatsError::NotFinite { argument: "effect_dz", index: 0 });
    }
    at_least_two("n", n)?;
    t_power(effect_dz * n.sqrt(), n - 1.0, alpha, alternative, true)
}

/// Power of the two-sample t test with equal groups. `strict` counts rejections on the wrong side too; R's
/// `power.t.test` leaves them out by default.
///
/// # Errors
/// An effect that is not finite, fewer than two examples a group, or a level outside (0, 1).
pub fn power_t_independent(
    effect_d: f64,
    n_per_group: f64,
    alpha: f64,
    alternative: Alternative,
    strict: bool,
) -> Result<f64> {
    if !effect_d.is_finite() {
        return Err(StatsError::NotFinite { argument: "effect_d", index: 0 });
    }
    at_least_two("n_per_group", n_per_group)?;
    t_power(
        effect_d * (n_per_group / 2.0).sqrt(),
        2.0 * n_per_group - 2.0,
        alpha,
        alternative,
        strict,
    )
}

fn at_least_two(argument: &'static str, n: f64) -> Result<()> {
    if n > 1.0 && n.is_finite() {
        Ok(())
    } else {
        Err(StatsError::OutOfRange { argument, value: n, allowed: "a finite number above 1" })
    }
}

/// The smallest real n >= 2 at which a power that grows with n reaches `power`.
fn solve_n(power: f64, at: impl Fn(f64) -> Result<f64>) -> Result<f64> {
    open_unit("power", power)?;
    let (mut low, mut high) = (2.0, 4.0);
    if at(low)? >= power {
        return Ok(low);
    }
    while at(high)? < power {
        low = high;
        high *= 2.0;
        if high > 1e12 {
            return Err(StatsError::OutOfRange {
                argument: "effect",
                value: 0.0,
                allowed: "an effect that differs from 0",
            });
        }
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if high - low <= 1e-11 * high {
            break;
        }
        if at(middle)? < power { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// Examples a group for the two-sample t test to reach `power` (real-valued: round up).
///
/// # Errors
/// An effect of 0, or a level or power outside (0, 1).
pub fn sample_size_t_independent(
    effect_d: f64,
    power: f64,
    alpha: f64,
    alternative: Alternative,
    strict: bool,
) -> Result<f64> {
    nonzero("effect_d", effect_d)?;
    solve_n(power, |n| power_t_independent(effect_d, n, alpha, alternative, strict))
}

/// Examples for the paired t test to reach `power` (real-valued: round up).
///
/// # Errors
/// An effect of 0, or a level or power outside (0, 1).
pub fn sample_size_t_paired(
    effect_dz: f64,
    power: f64,
    alpha: f64,
    alternative: Alternative,
) -> Result<f64> {
    nonzero("effect_dz", effect_dz)?;
    solve_n(power, |n| power_t_paired(effect_dz, n, alpha, alternative))
}

fn nonzero(argument: &'static str, effect: f64) -> Result<()> {
    if effect != 0.0 && effect.is_finite() {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            argument,
            value: effect,
            allowed: "a finite effect that is not 0",
        })
    }
}

/// Smallest d_z that the two-sided paired t test of n examples detects with the given power.
///
/// # Errors
/// Fewer than two examples, or a power that is not above the level.
pub fn mde_t_paired(n: f64, alpha: f64, power: f64) -> Result<f64> {
    at_least_two("n", n)?;
    open_unit("power", power)?;
    power_above_level(power, alpha)?;
    let (mut low, mut high) = (0.0, 1.0 / n.sqrt());
    while power_t_paired(high, n, alpha, Alternative::TwoSided)? < power {
        low = high;
        high *= 2.0;
        if high > 1e9 {
            return Err(StatsError::OutOfRange {
                argument: "n",
                value: n,
                allowed: "more examples",
            });
        }
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if power_t_paired(middle, n, alpha, Alternative::TwoSided)? < power {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-12 * high {
            break;
        }
    }
    Ok(0.5 * (low + high))
}

/// Examples needed to see a difference `delta` (Miller 2024, eq. 9):
/// `(z_{alpha/2} + z_beta)^2 (omega2 + sigma2_a / k_a + sigma2_b / k_b) / delta^2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MillerDesign {
    /// Variance of the difference of the models' expected scores over questions.
    pub omega2: f64,
    /// Mean variance of A's answers to one question, and draws a question.
    pub sigma2_a: f64,
    /// Draws of A's answer a question.
    pub k_a: f64,
    /// As `sigma2_a`, of B.
    pub sigma2_b: f64,
    /// Draws of B's answer a question.
    pub k_b: f64,
}

impl MillerDesign {
    fn variance(&self) -> Result<f64> {
        positive("k_a", self.k_a)?;
        positive("k_b", self.k_b)?;
        for (argument, value) in
            [("omega2", self.omega2), ("sigma2_a", self.sigma2_a), ("sigma2_b", self.sigma2_b)]
        {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(StatsError::OutOfRange {
                    argument,
                    value,
                    allowed: "a finite variance of at least 0",
                });
            }
        }
        Ok(self.omega2 + self.sigma2_a / self.k_a + self.sigma2_b / self.k_b)
    }

    fn multiplier(alpha: f64, power: f64) -> Result<f64> {
        open_unit("alpha", alpha)?;
        open_unit("power", power)?;
        Ok(norm_isf(alpha / 2.0)? + norm_isf(1.0 - power)?)
    }

    /// Questions needed to detect the difference `delta` (in units of the scores).
    ///
    /// # Errors
    /// A difference of 0, a negative variance, no draws, or a level or power outside (0, 1).
    pub fn sample_size(&self, delta: f64, alpha: f64, power: f64) -> Result<f64> {
        nonzero("delta", delta)?;
        let z = Self::multiplier(alpha, power)?;
        Ok(z * z * self.variance()? / (delta * delta))
    }

    /// The difference that `n` questions detect.
    ///
    /// # Errors
    /// No questions, a negative variance, no draws, or a level or power outside (0, 1).
    pub fn minimum_detectable_effect(&self, n: f64, alpha: f64, power: f64) -> Result<f64> {
        positive("n", n)?;
        Ok(Self::multiplier(alpha, power)? * (self.variance()? / n).sqrt())
    }
}

/// Smallest accuracy difference McNemar's test detects: the root of
/// `delta sqrt(n) = z_{alpha/2} sqrt(psi) + z_beta sqrt(psi - delta^2)` (Connor 1987), psi = rate of discordant pairs.
///
/// `n` is the number of examples, `discordant_rate` the share of them on which exactly one model is right. The answer is a
/// difference of accuracies, at most `discordant_rate`.
///
/// # Errors
/// No examples, a rate outside (0, 1], or a size at which even delta = psi is not detectable.
pub fn mde_mcnemar(n: f64, discordant_rate: f64, alpha: f64, power: f64) -> Result<f64> {
    positive("n", n)?;
    open_unit("alpha", alpha)?;
    open_unit("power", power)?;
    if !(discordant_rate > 0.0 && discordant_rate <= 1.0) {
        return Err(StatsError::OutOfRange {
            argument: "discordant_rate",
            value: discordant_rate,
            allowed: "a rate above 0 and at most 1",
        });
    }
    let (za, zb) = (norm_isf(alpha / 2.0)?, norm_isf(1.0 - power)?);
    let psi = discordant_rate;
    // (n + zb^2) d^2 - 2 za sqrt(n psi) d + (za^2 - zb^2) psi = 0; the root with d sqrt(n) - za sqrt(psi) of zb's sign.
    let root = zb.signum()
        * (za * za * n * psi - (n + zb * zb) * (za * za - zb * zb) * psi).max(0.0).sqrt();
    let mde = (za * (n * psi).sqrt() + root) / (n + zb * zb);
    if mde > psi || mde <= 0.0 {
        return Err(StatsError::Degenerate {
            what: "no difference up to the discordant rate is detectable at this size",
            remedy: "add examples, or accept a lower power",
        });
    }
    Ok(mde)
}

/// More discordant examples than that: Connor's formula is as good as the enumeration, which would take long.
const ENUMERATED: f64 = 300.0;

/// Smallest accuracy difference that McNemar's mid-p test at `alpha` detects with `power`: [`mde_mcnemar`], with up to 300
/// expected discordant examples corrected by the exact power ([`power_mcnemar`]), which goes up in steps.
///
/// Arguments, unit and errors as of [`mde_mcnemar`].
pub fn mde_mcnemar_mid_p(n: f64, discordant_rate: f64, alpha: f64, power: f64) -> Result<f64> {
    let start = mde_mcnemar(n, discordant_rate, alpha, power);
    if n * discordant_rate > ENUMERATED {
        return start;
    }
    positive("n", n)?;
    let exact = |d: f64| {
        let (a, b) = (0.5 * (discordant_rate + d), 0.5 * (discordant_rate - d));
        power_mcnemar(a, b.max(0.0), n.round() as u64, alpha, McnemarMethod::MidP)
    };
    if exact(discordant_rate)? < power {
        return Err(StatsError::Degenerate {
            what: "no difference up to the discordant rate is detectable at this size",
            remedy: "add examples, or accept a lower power",
        });
    }
    // The exact root lies near Connor's: the secant rule that halves an end which stays (Dowell & Jarratt 1971).
    let gap = |d: f64| Ok::<f64, StatsError>(exact(d)? - power);
    let near = start.unwrap_or(0.9 * discordant_rate).min(discordant_rate);
    let (mut low, mut high) = (0.9 * near, (1.05 * near).min(discordant_rate));
    let (mut below, mut above) = (gap(low)?, gap(high)?);
    if below >= 0.0 {
        (low, below) = (0.0, alpha - power);
    }
    if above < 0.0 {
        (high, above) = (discordant_rate, gap(discordant_rate)?);
    }
    for _ in 0..30 {
        if high - low <= 1e-4 * high {
            break;
        }
        let middle = (low * above - high * below) / (above - below);
        let found = gap(middle)?;
        if found.abs() < 1e-4 {
            return Ok(middle);
        }
        if found < 0.0 {
            (low, below, above) = (middle, found, 0.5 * above);
        } else {
            (high, above, below) = (middle, found, 0.5 * below);
        }
    }
    Ok(high)
}
