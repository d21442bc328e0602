//! How fast requests may go: a window that gives way under load, and limits of requests and tokens a minute. Pure: time comes in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The span that limits are for.
const MINUTE: Duration = Duration::from_mins(1);

/// Requests that may be under way: additive increase, multiplicative decrease (Chiu & Jain 1989, "Analysis of the increase and
/// decrease algorithms for congestion avoidance in computer networks"). It begins wide open, as the user said how wide.
#[derive(Debug)]
pub struct Window {
    size: f64,
    most: usize,
    last_cut: Option<Instant>,
}

impl Window {
    /// A window of at most `most` requests.
    pub fn new(most: usize) -> Self {
        Self { size: most as f64, most, last_cut: None }
    }

    /// Requests that may be under way now; at least 1.
    pub fn size(&self) -> usize {
        (self.size as usize).clamp(1, self.most)
    }

    /// An answer came: one more request for each whole window of answers.
    pub fn widen(&mut self) {
        self.size = (self.size + 1.0 / self.size).min(self.most as f64);
    }

    /// The server is overloaded. Halves the window; once for all requests that were sent before the last time.
    pub fn narrow(&mut self, sent: Instant, now: Instant) {
        if self.last_cut.is_none_or(|cut| sent >= cut) {
            self.size = (self.size / 2.0).max(1.0);
            self.last_cut = Some(now);
        }
    }
}

/// At most so much in any minute.
#[derive(Debug)]
pub struct Quota {
    limit: u64,
    spent: VecDeque<Spending>,
    sum: u64,
    next: u64,
}

#[derive(Debug)]
struct Spending {
    at: Instant,
    amount: u64,
    number: u64,
}

impl Quota {
    /// A limit a minute.
    pub fn new(limit: u64) -> Self {
        Self { limit, spent: VecDeque::new(), sum: 0, next: 0 }
    }

    /// When `amount` may be spent: now, or the moment at which enough of what was spent is a minute old. More than the whole
    /// limit may be spent when nothing else was.
    pub fn when(&mut self, amount: u64, now: Instant) -> Option<Instant> {
        while self.spent.front().is_some_and(|first| first.at + MINUTE <= now) {
            self.sum -= self.spent.pop_front().map_or(0, |first| first.amount);
        }
        let mut left = self.sum;
        let mut when = None;
        for spending in &self.spent {
            if left + amount <= self.limit {
                break;
            }
            left -= spending.amount;
            when = Some(spending.at + MINUTE);
        }
        when
    }

    /// Spends; the number is for [`Quota::correct`].
    pub fn spend(&mut self, amount: u64, now: Instant) -> u64 {
        self.next += 1;
        self.sum += amount;
        self.spent.push_back(Spending { at: now, amount, number: self.next });
        self.next
    }

    /// Puts the true amount in the place of an estimate.
    pub fn correct(&mut self, number: u64, amount: u64) {
        if let Ok(place) = self.spent.binary_search_by_key(&number, |s| s.number) {
            self.sum = self.sum - self.spent[place].amount + amount;
            self.spent[place].amount = amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_gives_way_once_a_crowd_and_comes_back() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut window = Window::new(64);
        assert_eq!(window.size(), 64);
        for _ in 0..64 {
            window.narrow(start, after(10));
        }
        assert_eq!(window.size(), 32, "64 refusals of one crowd are one sign");
        window.narrow(after(11), after(20));
        assert_eq!(window.size(), 16);
        for _ in 0..17 {
            window.widen();
        }
        assert_eq!(window.size(), 17);
        for round in 0..20 {
            window.narrow(after(100 + round), after(100 + round));
        }
        assert_eq!(window.size(), 1, "one request always may go");
        for _ in 0..10_000 {
            window.widen();
        }
        assert_eq!(window.size(), 64);
    }

    #[test]
    fn no_minute_holds_more_than_the_limit() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut quota = Quota::new(3);
        let mut now = start;
        let mut sent = Vec::new();
        for _ in 0..20 {
            if let Some(then) = quota.when(1, now) {
                assert!(then > now);
                now = then;
            }
            assert_eq!(quota.when(1, now), None);
            quota.spend(1, now);
            sent.push(now);
            now += Duration::from_secs(7);
        }
        for window in sent.windows(4) {
            assert!(window[3] - window[0] >= MINUTE, "{:?}", window[3] - window[0]);
        }
        assert!(
            sent[19] <= at(400),
            "and it is not slower than it must be: {:?}",
            sent[19] - start
        );
    }

    #[test]
    fn estimates_are_corrected_and_a_giant_may_go_alone() {
        let start = Instant::now();
        let mut quota = Quota::new(1000);
        let first = quota.spend(900, start);
        assert_eq!(quota.when(200, start), Some(start + MINUTE));
        quota.correct(first, 100);
        assert_eq!(quota.when(200, start), None);
        assert_eq!(quota.when(5000, start), Some(start + MINUTE));
        assert_eq!(quota.when(5000, start + MINUTE), None);
        quota.correct(first, 1);
        assert_eq!(
            quota.when(1000, start + MINUTE),
            None,
            "what is over a minute old is forgotten"
        );
    }
}
