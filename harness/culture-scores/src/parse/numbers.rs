//! Integers in a reply.

use crate::python::digit;

/// All integers of a text, in order: digits of any script, with a minus sign that stands directly before. Those beyond 64
/// bits are the greatest or the least one.
pub fn integers(text: &str) -> impl Iterator<Item = i64> {
    let mut chars = text.chars().peekable();
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let c = chars.next()?;
            let Some(first) = digit(c) else {
                before = Some(c);
                continue;
            };
            let mut value = i64::from(first);
            while let Some(next) = chars.peek().copied().and_then(digit) {
                value = value.saturating_mul(10).saturating_add(i64::from(next));
                chars.next();
            }
            let sign = if before == Some('-') { -1 } else { 1 };
            return Some(sign * value);
        }
    })
}

/// The first integer between `low` and `high`; others are skipped. `None` if there is none.
///
/// ```
/// use culture_scores::parse::number;
/// assert_eq!(number("I say 7 out of 10.", 1, 10), Some(7));
/// assert_eq!(number("In 2024: 3", 1, 10), Some(3));
/// assert_eq!(number("٧", 1, 10), Some(7));
/// assert_eq!(number("seven", 1, 10), None);
/// ```
pub fn number(reply: &str, low: i64, high: i64) -> Option<i64> {
    integers(reply).find(|value| (low..=high).contains(value))
}
