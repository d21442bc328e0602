//! The studentized range by tail-safe quadrature on one grid: Nemenyi's critical values and p-values far out in the tail.

use super::dist::{expect_over_scale, norm_pdf, norm_sf};
use super::error::{Result, StatsError, open_unit};

/// The range of `k` means whose scale is known: where z lies on the grid, and what does not depend on q there.
///
/// `P(Q > q) = k int phi(z) {[1 - F(z)]^{k-1} - [F(z + q) - F(z)]^{k-1}} dz` (z is the smallest mean; Pearson & Hartley 1942).
/// The integrand is analytic and dies out on both sides, so that the trapezoid rule converges faster than any power of its step
/// (Trefethen & Weideman 2014, section 5): at the step taken here it agrees with one of .0373 to 2e-14 of the value for 3 to
/// 1,000 means and q up to 40 (tried at 11 q of each).
#[derive(Debug)]
pub struct Range {
    means: usize,
    step: f64,
    /// From the lowest z at which a double still shows anything, upwards.
    grid: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    z: f64,
    /// 1 - F(z).
    above: f64,
    /// `k step phi(z) [1 - F(z)]^{k-1}`.
    weight: f64,
}

impl Range {
    /// Of `k` means; fails below 2.
    pub fn new(k: usize) -> Result<Self> {
        if k < 2 {
            return Err(StatsError::OutOfRange {
                argument: "k",
                value: k as f64,
                allowed: "at least 2 groups",
            });
        }
        let step = (0.58 / (k as f64).ln()).min(0.25);
        let node = |place: i64| {
            let z = step * place as f64;
            let above = norm_sf(z);
            let weight = k as f64 * step * norm_pdf(z) * above.powf((k - 1) as f64);
            Node { z, above, weight }
        };
        let grid = ((-37.0 / step) as i64..=(6.0 / step) as i64).map(node).collect();
        Ok(Self { means: k, step, grid })
    }

    /// P(Q > q), exact in the far tail, too: the bracket goes through expm1 and log1p, so that no tail is a difference of
    /// numbers near 1 (SciPy's and R's `ptukey` lose it). NaN is refused.
    pub fn sf(&self, q: f64) -> Result<f64> {
        if q.is_nan() {
            return Err(StatsError::NotFinite { argument: "q", index: 0 });
        }
        Ok(self.tail(q))
    }

    fn tail(&self, q: f64) -> f64 {
        let power = (self.means - 1) as f64;
        if q <= 0.0 {
            return 1.0;
        }
        if self.means == 2 {
            // The difference of two normals has sd sqrt 2.
            return 2.0 * norm_sf(q / std::f64::consts::SQRT_2);
        }
        if q.is_infinite() {
            return 0.0;
        }
        if q < 1e-3 && (self.means as f64) * q.powf(power) < 1e-18 {
            return 1.0;
        }
        let first = ((-0.5 * q - 9.0 - self.grid[0].z) / self.step).max(0.0) as usize;
        let share = |node: &Node| {
            let within = norm_sf(node.z + q) / node.above;
            if within >= 1.0 {
                node.weight
            } else {
                -node.weight * (power * (-within).ln_1p()).exp_m1()
            }
        };
        self.grid[first..].iter().map(share).sum::<f64>().clamp(0.0, 1.0)
    }
}

/// P(Q > q) of the studentized range of `k` means with `df` degrees of freedom (infinity allowed): [`Range::sf`], or where df
/// is finite its expectation at `q S`, S = sqrt(chi2/df).
pub fn studentized_range_sf(q: f64, k: usize, df: f64) -> Result<f64> {
    let range = Range::new(k)?;
    if df.is_nan() || df <= 0.0 {
        return Err(StatsError::OutOfRange {
            argument: "df",
            value: df,
            allowed: "a number above 0, or Infinity",
        });
    }
    let at_infinity = range.sf(q)?;
    if df.is_infinite() || q <= 0.0 || q.is_infinite() {
        return Ok(at_infinity);
    }
    Ok(expect_over_scale(df, 0.25, |s| range.tail(q * s)).clamp(0.0, 1.0))
}

/// The q with P(Q > q) = alpha at infinite df, by bisection and secant on the log tail.
pub fn studentized_range_isf(alpha: f64, k: usize) -> Result<f64> {
    open_unit("alpha", alpha)?;
    let range = Range::new(k)?;
    let gap = |q: f64| -> Result<f64> { Ok(range.sf(q)?.ln() - alpha.ln()) };
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
