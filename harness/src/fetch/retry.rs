//! When to try again: exponential backoff with jitter, and what a server's `Retry-After` asks for.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wait before attempt `failures + 1`: doubled each time, capped, and between half and the whole of it at random, so
/// that the nodes of a cluster do not come back in step.
pub(super) fn backoff(base: Duration, cap: Duration, failures: u32) -> Duration {
    let full = base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(cap);
    let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
    full.mul_f64(0.5 + random / 2.0)
}

/// `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = UNIX_EPOCH + Duration::from_secs(http_date(value)?);
    Some(then.duration_since(now).unwrap_or_default())
}

/// Seconds since the epoch of `Sun, 06 Nov 1994 08:49:37 GMT`, the one date format that servers may send.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|m| *m == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next() != Some("GMT") || !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from the civil date, years counted from March (H. Hinnant, "chrono-compatible low-level date algorithms").
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let check = |value, seconds: Option<u64>| {
            assert_eq!(retry_after(value, now).map(|d| d.as_secs()), seconds);
        };
        check("120", Some(120));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60));
        check("Sat, 05 Nov 1994 08:49:37 GMT", Some(0));
        check("Thu, 29 Feb 2024 00:00:00 GMT", Some(1_709_164_800 - 784_111_777));
        check("soon", None);
        check("Sun, 06 Nov 1994", None);
    }

    #[test]
    fn backoff_doubles_within_its_cap() {
        let base = Duration::from_millis(100);
        for failures in 1..40 {
            let wait = backoff(base, Duration::from_secs(3), failures);
            assert!(wait <= Duration::from_secs(3) && wait >= base / 2);
        }
    }
}
