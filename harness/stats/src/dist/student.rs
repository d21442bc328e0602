//! Student's t.

use super::beta::{beta_power, beta_tails};
use super::normal::{norm_isf, norm_isf_small, norm_sf};
use crate::error::{Result, open_unit, positive};

/// From here on t is a normal deviate after Hill's transformation; the continued fraction would lose digits.
const HUGE_DF: f64 = 1e5;

/// The normal deviate with the same upper tail as t >= 0 (Hill 1970, "Algorithm 395"); error far below 1e-12 for df > 1e5.
fn normal_deviate_of_t(t: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (t / df * t).ln_1p();
    let series = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    ((series + y + 3.0) / b + 1.0) * y.sqrt()
}

/// P(T > x) of Student's t with `df` degrees of freedom (any positive number, infinity included).
pub fn t_sf(x: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return norm_sf(x);
    }
    if x < 0.0 {
        return 1.0 - t_sf(-x, df);
    }
    if df > HUGE_DF {
        return norm_sf(normal_deviate_of_t(x, df));
    }
    if x > 1e100 {
        let ratio = df.sqrt() / x;
        return 0.5 * beta_tails(0.5 * df, 0.5, ratio * ratio, 1.0).0;
    }
    let square = x * x;
    let total = df + square;
    let (tail, centre) = beta_tails(0.5 * df, 0.5, df / total, square / total);
    if tail < 0.5 { 0.5 * tail } else { 0.5 - 0.5 * centre }
}

/// P(T <= x).
pub fn t_cdf(x: f64, df: f64) -> f64 {
    t_sf(-x, df)
}

/// The t with P(T > t) = p.
pub fn t_isf(p: f64, df: f64) -> Result<f64> {
    open_unit("p", p)?;
    if df.is_infinite() {
        return norm_isf(p);
    }
    positive("df", df)?;
    if p == 0.5 {
        return Ok(0.0);
    }
    Ok(if p < 0.5 { t_isf_small(p, df) } else { -t_isf_small(1.0 - p, df) })
}

/// Student quantile.
pub fn t_ppf(p: f64, df: f64) -> Result<f64> {
    Ok(-t_isf(p, df)?)
}

/// t = sqrt(df y / x) where x = df / (df + t^2) is the beta(df/2, 1/2) quantile of 2p: solved in logit, so that both
/// tiny and huge t keep their relative accuracy.
fn t_isf_small(p: f64, df: f64) -> f64 {
    if df > HUGE_DF {
        let z = norm_isf_small(p);
        let mut t = z;
        for _ in 0..50 {
            let next = t * z / normal_deviate_of_t(t, df);
            let done = (next - t).abs() <= 1e-16 * t;
            t = next;
            if done {
                break;
            }
        }
        return t;
    }
    let (a, b) = (0.5 * df, 0.5);
    let use_tail = p < 0.25;
    let target = if use_tail { (2.0 * p).ln() } else { (1.0 - 2.0 * p).ln() };
    let (mut low, mut high) = (-1480.0, 745.0);
    let start = norm_isf_small(p);
    let mut v = (df / (start * start).max(1e-300)).ln();
    for _ in 0..400 {
        let (x, y) = (1.0 / (1.0 + (-v).exp()), 1.0 / (1.0 + v.exp()));
        let (below, above) = beta_tails(a, b, x, y);
        let mass = if use_tail { below } else { above };
        let gap = if use_tail { mass.ln() - target } else { target - mass.ln() };
        if gap > 0.0 {
            high = v;
        } else {
            low = v;
        }
        let mut next = v - gap * mass / beta_power(a, b, x, y);
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        if (next - v).abs() <= 1e-16 * v.abs().max(1e-3) {
            v = next;
            break;
        }
        v = next;
    }
    (0.5 * (df.ln() - v)).exp()
}
