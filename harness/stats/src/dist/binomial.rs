//! Tails of the binomial distribution.

use super::beta::beta_tails;

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
