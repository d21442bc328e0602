//! The regularised incomplete beta function, from which binomial, Student and F tails follow.

use super::saddle_point::binomial_kernel;
use crate::error::{Result, closed_unit, positive};

/// `x^a y^b / B(a, b)` with y = 1 - x given exactly.
pub(super) fn beta_power(a: f64, b: f64, x: f64, y: f64) -> f64 {
    binomial_kernel(a, a + b, x, y) * a * b / (a + b)
}

/// Regularised incomplete beta, both tails `(I_x(a,b), I_y(b,a))`, with y = 1 - x given exactly: Lentz' continued
/// fraction (Abramowitz & Stegun 26.5.8) on the side where it converges, prefactor by [`binomial_kernel`].
pub(crate) fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    let front = beta_power(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = (front * beta_fraction(a, b, x) / a).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (front * beta_fraction(b, a, y) / b).min(1.0);
        (1.0 - upper, upper)
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..1_000_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let factor = d * c;
        h *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

fn beta_arguments(a: f64, b: f64) -> Result<()> {
    positive("a", a)?;
    positive("b", b)
}

/// Beta distribution function I_x(a, b).
pub fn beta_cdf(x: f64, a: f64, b: f64) -> Result<f64> {
    beta_arguments(a, b)?;
    closed_unit("x", x)?;
    Ok(beta_tails(a, b, x, 1.0 - x).0)
}

/// Beta quantile: safeguarded Newton on the log of the smaller tail, in logit(x), so that x near 0 and near 1 keep
/// their relative accuracy.
pub fn beta_ppf(p: f64, a: f64, b: f64) -> Result<f64> {
    beta_arguments(a, b)?;
    closed_unit("p", p)?;
    if p == 0.0 || p == 1.0 {
        return Ok(p);
    }
    let lower = p <= 0.5;
    let target = if lower { p.ln() } else { (-p).ln_1p() };
    let (mut low, mut high) = (-745.0, 745.0);
    let mut v = (a / b).ln();
    for _ in 0..400 {
        let (x, y) = (1.0 / (1.0 + (-v).exp()), 1.0 / (1.0 + v.exp()));
        let (below, above) = beta_tails(a, b, x, y);
        let tail = if lower { below } else { above };
        let gap = if lower { tail.ln() - target } else { target - tail.ln() };
        if gap > 0.0 {
            high = v;
        } else {
            low = v;
        }
        let step = gap * tail / beta_power(a, b, x, y);
        let mut next = v - step;
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        if (next - v).abs() <= 1e-15 * v.abs().max(1e-3) {
            v = next;
            break;
        }
        v = next;
    }
    Ok(1.0 / (1.0 + (-v).exp()))
}
