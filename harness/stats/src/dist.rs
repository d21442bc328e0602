//! Distribution functions accurate in both tails: upper tails are survival functions, never `1 - cdf`.
//!
//! `statrs` serves the chi-square upper tail. The rest is our own where statrs 0.19 is not accurate to 1e-9
//! (binomial from n = 1e6, beta with huge parameters, Student t at tiny arguments, normal beyond 1e-10).

use std::f64::consts::{LN_2, SQRT_2, TAU};

use super::error::{Result, StatsError, open_unit, positive};

/// Standard normal density.
pub fn norm_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// P(Z > x), through the complementary error function: full relative accuracy in the far tail.
pub fn norm_sf(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

/// P(Z <= x).
pub fn norm_cdf(x: f64) -> f64 {
    norm_sf(-x)
}

/// Normal quantile: statrs' inverse error function, polished by Newton steps on the log tail.
pub fn norm_ppf(p: f64) -> Result<f64> {
    open_unit("p", p)?;
    Ok(if p <= 0.5 { -norm_isf_small(p) } else { norm_isf_small(1.0 - p) })
}

/// The x with P(Z > x) = p.
pub fn norm_isf(p: f64) -> Result<f64> {
    open_unit("p", p)?;
    Ok(if p <= 0.5 { norm_isf_small(p) } else { -norm_isf_small(1.0 - p) })
}

/// [`norm_isf`] for 0 < p <= 1/2.
fn norm_isf_small(p: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    let mut x = SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p);
    if !x.is_finite() || x <= 0.0 {
        x = (-2.0 * p.ln()).sqrt();
    }
    for _ in 0..8 {
        let tail = norm_sf(x);
        let step = (tail / p).ln() * tail / norm_pdf(x);
        x += step;
        if step.abs() <= 1e-16 * x.abs() {
            break;
        }
    }
    x
}

/// The two-sided standard normal multiplier of a confidence level: 1.96 at .95.
pub fn z_of_confidence(confidence: f64) -> Result<f64> {
    open_unit("confidence", confidence)?;
    norm_isf((1.0 - confidence) / 2.0)
}

/// ln Gamma.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Stirling's error `ln n! - [ln sqrt(2 pi n) + n ln n - n]` (Loader 2000, "Fast and accurate computation of
/// binomial probabilities", section 2), for real n > 0.
pub(crate) fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let r = 1.0 / (n * n);
    (1.0 / 12.0
        - r * (1.0 / 360.0
            - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r * (1.0 / 1188.0 - r * 691.0 / 360360.0)))))
        / n
}

/// Loader's deviance part `x ln(x / np) + np - x`, without cancellation near x = np.
fn deviance(x: f64, np: f64) -> f64 {
    if (x - np).abs() < 0.1 * (x + np) {
        let mut v = (x - np) / (x + np);
        let mut sum = (x - np) * v;
        let mut term = 2.0 * x * v;
        v *= v;
        for j in 1..1000 {
            term *= v;
            let next = sum + term / f64::from(2 * j + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * (x / np).ln() + np - x
}

/// `Gamma(n+1) / (Gamma(x+1) Gamma(n-x+1)) p^x q^(n-x)` for real x, saddle-point form (Loader 2000, eq. 5).
pub(crate) fn binomial_kernel(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if p == 0.0 {
        return f64::from(u8::from(x == 0.0));
    }
    if q == 0.0 {
        return f64::from(u8::from(x == n));
    }
    let log_of = |small: f64, large: f64| if small < 0.5 { (-small).ln_1p() } else { large.ln() };
    if x == 0.0 {
        return (n * log_of(p, q)).exp();
    }
    if x == n {
        return (n * log_of(q, p)).exp();
    }
    if x < 0.0 || x > n {
        return 0.0;
    }
    let rest = n - x;
    let log_kernel = stirling_error(n)
        - stirling_error(x)
        - stirling_error(rest)
        - deviance(x, n * p)
        - deviance(rest, n * q);
    log_kernel.exp() * (n / (TAU * x * rest)).sqrt()
}

/// Poisson probability P(X = k), in saddle-point form (Loader 2000, section 4).
pub fn poisson_pmf(k: u64, mean: f64) -> f64 {
    if k == 0 {
        return (-mean).exp();
    }
    let k = k as f64;
    (-stirling_error(k) - deviance(k, mean)).exp() / (TAU * k).sqrt()
}

/// Binomial probability P(X = k).
pub fn binom_pmf(k: u64, n: u64, p: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    binomial_kernel(k as f64, n as f64, p, 1.0 - p)
}

/// P(X <= k) = I_{1-p}(n - k, k + 1), accurate for n = 1e7 and in the far tail.
pub fn binom_cdf(k: i64, n: u64, p: f64) -> f64 {
    if k < 0 {
        return 0.0;
    }
    let k = k as u64;
    if k >= n || p == 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    beta_tails((n - k) as f64, k as f64 + 1.0, 1.0 - p, p).0
}

/// P(X > k).
pub fn binom_sf(k: i64, n: u64, p: f64) -> f64 {
    if k < 0 {
        return 1.0;
    }
    let k = k as u64;
    if k >= n || p == 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    beta_tails((n - k) as f64, k as f64 + 1.0, 1.0 - p, p).1
}

/// `x^a y^b / B(a, b)` with y = 1 - x given exactly.
fn beta_power(a: f64, b: f64, x: f64, y: f64) -> f64 {
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
    super::error::closed_unit("x", x)?;
    Ok(beta_tails(a, b, x, 1.0 - x).0)
}

/// Beta quantile: safeguarded Newton on the log of the smaller tail, in logit(x), so that x near 0 and near 1 keep
/// their relative accuracy.
pub fn beta_ppf(p: f64, a: f64, b: f64) -> Result<f64> {
    beta_arguments(a, b)?;
    super::error::closed_unit("p", p)?;
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

/// P(F > x) of the F distribution.
pub fn f_sf(x: f64, d1: f64, d2: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let total = d2 + d1 * x;
    beta_tails(0.5 * d2, 0.5 * d1, d2 / total, d1 * x / total).0
}

/// P(X > x) of chi-square; one degree of freedom through the normal tail.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    if df == 1.0 {
        return 2.0 * norm_sf(x.sqrt());
    }
    if df == 2.0 {
        return (-0.5 * x).exp();
    }
    statrs::function::gamma::checked_gamma_ur(0.5 * df, 0.5 * x).unwrap_or(0.0).clamp(0.0, 1.0)
}

/// Gauss-Legendre nodes and weights on [-1, 1], by Newton's method on the Legendre polynomial.
pub(crate) fn gauss_legendre<const N: usize>() -> [(f64, f64); N] {
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
pub(crate) fn integrate<const N: usize>(
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
