//! JSON as Python writes it. Python's `json` writes `NaN`, `Infinity` and `-Infinity` for numbers that JSON lacks (RFC 8259,
//! section 6), and half of a surrogate pair as it is in a string (section 8.2). Readers of files and answers of others
//! use this crate; strict JSON is read as `serde_json` reads it.
//!
//! | written | read as |
//! |---|---|
//! | `NaN` | `null` |
//! | `Infinity`, `-Infinity` | the largest and the least finite `f32`, as `serde_json` has no infinite number; [`number`] gives infinity back |
//! | `1e400`, beyond what a number of 64 bits holds | as `Infinity`, as Python reads it |
//! | `"\ud83d"`, half of a pair | U+FFFD, or a mark that [`joined`] resolves |
//! | a byte order mark before the text | nothing |
//!
//! Pure: bytes in, values out. Memory is at most three times the text.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// What becomes of half a surrogate pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    /// U+FFFD, the replacement character.
    Replaced,
    /// A private-use character (plane 16, from U+10F800), so that [`joined`] can put two halves of two texts together.
    Marked,
}

/// First of the 2,048 private-use characters that stand for the halves U+D800 to U+DFFF.
const MARK: u32 = 0x0010_F800;
const FIRST_HALF: u32 = 0xD800;
const SECOND_HALVES: u32 = 0xDC00;
const AFTER_HALVES: u32 = 0xE000;

/// Reads a value.
///
/// # Errors
/// `serde_json`'s, where the text is not JSON with these additions either.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    read(bytes, Halves::Replaced)
}

/// Reads a value from a text.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    from_slice(text.as_bytes())
}

/// Reads a value whose strings may begin or end in half a character; see [`joined`].
///
/// # Errors
/// As [`from_slice`].
pub fn from_piece<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    read(text.as_bytes(), Halves::Marked)
}

/// The number of a value; what stands for an infinite one is infinite again. `null`, which stands for NaN, is not a number.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().map(infinite)
}

/// The number that was written, for a field that is a number, or NaN.
///
/// # Errors
/// Where it is neither.
pub fn number_or_nan<'de, D: Deserializer<'de>>(field: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(field)?.map_or(f64::NAN, infinite))
}

fn infinite(number: f64) -> f64 {
    if number.abs() == f64::from(f32::MAX) { f64::INFINITY.copysign(number) } else { number }
}

/// Strict first: what is JSON costs nothing more.
fn read<T: DeserializeOwned>(bytes: &[u8], halves: Halves) -> serde_json::Result<T> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(strict) => match mended(bytes, halves) {
            Cow::Borrowed(same) if same.len() == bytes.len() => Err(strict),
            mended => serde_json::from_slice(&mended),
        },
    }
}

/// The text with what JSON lacks rewritten; borrowed where there is nothing to rewrite.
pub fn mended(bytes: &[u8], halves: Halves) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut kept, mut in_string) = (0, 0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (len, instead) = if in_string { in_text(rest, halves) } else { outside(rest) };
        if let Some(instead) = instead {
            let out = out.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
            out.extend_from_slice(&bytes[kept..at]);
            out.extend_from_slice(instead.as_bytes());
            kept = at + len;
        } else if rest[0] == b'"' {
            in_string = !in_string;
        }
        at += len;
    }
    match out {
        None => Cow::Borrowed(bytes),
        Some(mut out) => {
            out.extend_from_slice(&bytes[kept..]);
            Cow::Owned(out)
        }
    }
}

/// What begins here outside of strings: its bytes, and what stands for it.
fn outside(rest: &[u8]) -> (usize, Option<String>) {
    for (name, instead) in [
        ("NaN", "null"),
        ("Infinity", "3.4028234663852886e38"),
        ("-Infinity", "-3.4028234663852886e38"),
    ] {
        if rest.starts_with(name.as_bytes())
            && !rest.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
        {
            return (name.len(), Some(instead.to_owned()));
        }
    }
    if rest[0].is_ascii_digit() || rest[0] == b'-' {
        return of_digits(rest);
    }
    // A word is passed over whole: `xNaN` is not a number.
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (word.max(1), None)
}

/// A number: its bytes, and what stands for it where it is too large.
fn of_digits(rest: &[u8]) -> (usize, Option<String>) {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let len = rest.iter().take_while(is_part).count();
    let text = std::str::from_utf8(&rest[..len]).ok();
    let text = text.filter(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
    let number = text.and_then(|text| text.parse::<f64>().ok());
    let instead = number.filter(|number| number.is_infinite());
    (
        len,
        instead
            .map(|number| format!("{}3.4028234663852886e38", if number < 0.0 { "-" } else { "" })),
    )
}

/// What begins here inside a string: its bytes, and what stands for it.
fn in_text(rest: &[u8], halves: Halves) -> (usize, Option<String>) {
    if rest[0] != b'\\' {
        return (1, None);
    }
    let Some(unit) = escaped(rest) else { return (rest.len().min(2), None) };
    if !(FIRST_HALF..AFTER_HALVES).contains(&unit) {
        return (6, None);
    }
    let second = || escaped(&rest[6..]).filter(|two| (SECOND_HALVES..AFTER_HALVES).contains(two));
    if unit < SECOND_HALVES && second().is_some() {
        return (12, None);
    }
    let mark = match halves {
        Halves::Replaced => char::REPLACEMENT_CHARACTER,
        Halves::Marked => {
            char::from_u32(MARK + unit - FIRST_HALF).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    (6, Some(mark.to_string()))
}

/// The code unit of an escape (`\u` and four hexadecimal digits) at the beginning.
fn escaped(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

/// A text put together from pieces of [`from_piece`]: two halves that follow each other are their character, any other half is
/// U+FFFD.
pub fn joined(text: &str) -> String {
    let half = |c: char| {
        let place = u32::from(c).checked_sub(MARK)?;
        (place < AFTER_HALVES - FIRST_HALF).then_some(place + FIRST_HALF)
    };
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(first) = half(c) else {
            out.push(c);
            continue;
        };
        let second = chars.peek().and_then(|next| half(*next));
        match second.filter(|second| first < SECOND_HALVES && *second >= SECOND_HALVES) {
            Some(second) => {
                let code = 0x10000 + ((first - FIRST_HALF) << 10) + (second - SECOND_HALVES);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                chars.next();
            }
            None => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

#[cfg(test)]
mod tests;
