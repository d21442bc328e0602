//! The studentized range by tail-safe quadrature: Nemenyi's critical values and p-values far out in the tail.

use std::sync::LazyLock;

use super::dist::{expect_over_scale, gauss_legendre, integrate, norm_pdf, norm_sf};
use super::error::{Result, StatsError, open_unit};

/// P(Q > q) of the studentized range of `k` means with `df` degrees of freedom (infinity allowed).
///
/// Infinite df: `k int phi(z) {[1 - F(z)]^{k-1} - [F(z + q) - F(z)]^{k-1}} dz`, the bracket through expm1/log1p, so that no
/// tail is a difference of numbers near 1. Finite df: its expectation at `q S`, S = sqrt(chi2/df).
/// (Definition: Pearson & Hartley 1942. SciPy's and R's `ptukey` lose the far tail.)
pub fn studentized_range_sf(q: f64, k: usize, df: f64) -> Result<f64> {
    if k < 2 {
        return Err(StatsError::OutOfRange {
            argument: "k",
            value: k as f64,
            allowed: "at least 2 groups",
        });
    }
    if q.is_nan() {
        return Err(StatsError::NotFinite { argument: "q", index: 0 });
    }
    if df.is_nan() || df <= 0.0 {
        return Err(StatsError::OutOfRange {
            argument: "df",
            value: df,
            allowed: "a number above 0, or Infinity",
        });
    }
    if q <= 0.0 {
        return Ok(1.0);
    }
    if q.is_infinite() {
        return Ok(0.0);
    }
    static RULE: LazyLock<[(f64, f64); 16]> = LazyLock::new(gauss_legendre::<16>);
    let rule = &*RULE;
    if df.is_infinite() {
        return Ok(range_sf(rule, q, k));
    }
    Ok(expect_over_scale(df, 0.25, |s| range_sf(rule, q * s, k)).clamp(0.0, 1.0))
}

fn range_sf(rule: &[(f64, f64); 16], q: f64, k: usize) -> f64 {
    let power = (k - 1) as f64;
    if k == 2 {
        // The difference of two normals has sd sqrt 2.
        return 2.0 * norm_sf(q / std::f64::consts::SQRT_2);
    }
    if q < 1e-3 && power > 0.0 && (k as f64) * q.powf(power) < 1e-18 {
        return 1.0;
    }
    let low = (-0.5 * q - 9.5).min(-9.5);
    let high = 9.0;
    let panels = ((high - low) / 0.8).ceil() as usize;
    let value = integrate(rule, low, high, panels, |z| {
        let above = norm_sf(z);
        let beyond = norm_sf(z + q);
        let share = beyond / above;
        let bracket = if share >= 1.0 {
            above.powf(power)
        } else {
            -above.powf(power) * (power * (-share).ln_1p()).exp_m1()
        };
        norm_pdf(z) * bracket
    });
    (k as f64 * value).clamp(0.0, 1.0)
}

/// The q with P(Q > q) = alpha at infinite df, by bisection and secant on the log tail.
pub fn studentized_range_isf(alpha: f64, k: usize) -> Result<f64> {
    open_unit("alpha", alpha)?;
    let gap = |q: f64| -> Result<f64> {
        Ok(studentized_range_sf(q, k, f64::INFINITY)?.ln() - alpha.ln())
    };
    let (mut low, mut high) = (0.0, 1.0);
    while gap(high)? > 0.0 {
        low = high;
        high *= 2.0;
        if high > 100.0 {
            return Err(StatsError::OutOfRange {
                argument: "alpha",
                value: alpha,
                allowed: "a level above 1e-300",
            });
        }
    }
    // The secant rule finds the place with few integrals; bisection asks for its own only where that leaves a doubt. Near
    // alpha = 1 the tail is flat, and rounding hides the place.
    let near =
        if alpha <= 0.5 { illinois((low, gap(low)?), (high, gap(high)?), gap)? } else { f64::NAN };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if high - low <= 1e-14 * high {
            break;
        }
        let clear = (middle - near).abs() > 1e-11 * near;
        let below = if clear { middle < near } else { gap(middle)? > 0.0 };
        if below { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// Where a falling function is 0 between two points (x, y), by the secant rule that halves an end which stays (Dowell & Jarratt
/// 1971); NaN where it does not settle to 1e-13 or an end is infinite.
fn illinois(
    mut low: (f64, f64),
    mut high: (f64, f64),
    f: impl Fn(f64) -> Result<f64>,
) -> Result<f64> {
    let (mut last, mut was_below) = (f64::NAN, None);
    for _ in 0..40 {
        let x = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        if x.is_nan() || (x - last).abs() <= 1e-13 * x {
            return Ok(x);
        }
        let y = f(x)?;
        let below = y > 0.0;
        let stays = was_below == Some(below);
        if below {
            low = (x, y);
            high.1 *= if stays { 0.5 } else { 1.0 };
        } else {
            high = (x, y);
            low.1 *= if stays { 0.5 } else { 1.0 };
        }
        (last, was_below) = (x, Some(below));
    }
    Ok(f64::NAN)
}

/// Nemenyi's critical value: the studentized range at infinite df over sqrt 2 (Demšar 2006, table 5a).
pub fn nemenyi_critical_value(k: usize, alpha: f64) -> Result<f64> {
    Ok(studentized_range_isf(alpha, k)? / std::f64::consts::SQRT_2)
}
