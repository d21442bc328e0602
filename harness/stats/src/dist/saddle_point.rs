//! Saddle-point forms of Loader 2000: probabilities of single counts that keep their digits for large n.

use std::f64::consts::TAU;

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
