//! Expectations over a chi-square scale by quadrature: the noncentral t, the studentized range.

use std::f64::consts::{LN_2, TAU};

use super::normal::norm_sf;
use super::saddle_point::stirling_error;
use crate::error::{Result, StatsError, positive};

/// Gauss-Legendre nodes and weights on [-1, 1], by Newton's method on the Legendre polynomial.
fn gauss_legendre<const N: usize>() -> [(f64, f64); N] {
    let mut rule = [(0.0, 0.0); N];
    for (i, slot) in rule.iter_mut().enumerate() {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (N as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut previous, mut current) = (1.0, x);
            for j in 2..=N {
                let j = j as f64;
                let next = ((2.0 * j - 1.0) * x * current - (j - 1.0) * previous) / j;
                (previous, current) = (current, next);
            }
            slope = N as f64 * (x * current - previous) / (x * x - 1.0);
            let step = current / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        *slot = (x, 2.0 / ((1.0 - x * x) * slope * slope));
    }
    rule
}

/// Integral of `f` over [low, high] by `panels` panels of the given rule.
fn integrate<const N: usize>(
    rule: &[(f64, f64); N],
    low: f64,
    high: f64,
    panels: usize,
    f: impl Fn(f64) -> f64,
) -> f64 {
    let half = 0.5 * (high - low) / panels as f64;
    (0..panels)
        .map(|panel| {
            let centre = low + half * (2 * panel + 1) as f64;
            half * rule.iter().map(|&(x, w)| w * f(centre + half * x)).sum::<f64>()
        })
        .sum()
}

/// E[f(S)] for S = sqrt(chi2_df / df), by quadrature in u = ln S with density
/// `2 sqrt(v / 2 pi) exp(-stirling(v) - v (e^{2u} - 1 - 2u))`, v = df/2. `fineness` is the largest panel width in u.
pub(crate) fn expect_over_scale(df: f64, fineness: f64, f: impl Fn(f64) -> f64) -> f64 {
    let v = 0.5 * df;
    let cost = |u: f64| v * ((2.0 * u).exp_m1() - 2.0 * u);
    let edge = |sign: f64| {
        let (mut near, mut far) = (0.0, sign * 1e-8);
        while cost(far) < 46.0 {
            near = far;
            far *= 2.0;
        }
        for _ in 0..40 {
            let middle = 0.5 * (near + far);
            if cost(middle) < 46.0 { near = middle } else { far = middle }
        }
        far
    };
    let (low, high) = (edge(-1.0), edge(1.0));
    let width = (0.7 / v.sqrt()).min(fineness);
    let panels = ((high - low) / width).ceil().clamp(8.0, 4000.0) as usize;
    let log_front = LN_2 + 0.5 * (v / TAU).ln() - stirling_error(v);
    let rule = gauss_legendre::<16>();
    integrate(&rule, low, high, panels, |u| (log_front - cost(u)).exp() * f(u.exp()))
}

/// Upper tail P(T > t) of the noncentral t: `E[ P(Z > t S - delta) ]` over S = sqrt(chi2/df), the definition, by
/// quadrature (absolute error below 1e-12; no series that fails at large noncentrality).
pub fn noncentral_t_sf(t: f64, df: f64, delta: f64) -> Result<f64> {
    positive("df", df)?;
    if !t.is_finite() || !delta.is_finite() {
        return Err(StatsError::NotFinite { argument: "t, delta", index: 0 });
    }
    let fineness = 0.5 / (1.0 + delta.abs());
    Ok(expect_over_scale(df, fineness, |s| norm_sf(t * s - delta)).clamp(0.0, 1.0))
}
