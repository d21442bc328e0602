//! Text in figures: how wide it is about, and how a long name is shortened.

use crate::text::escape::is_hidden;
use crate::text::format;

/// About how wide a text is in px, on the wide side: fonts of the reader's system differ.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' | '·' => 0.29,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '/' | '-' | ' ' => 0.37,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.90,
        'A'..='Z' | '+' | '−' | '=' | '<' | '>' | '…' | '—' => 0.68,
        c if c >= '\u{2e80}' => 1.0,
        _ => 0.56,
    };
    text.chars().filter(|c| !is_hidden(*c)).map(em).sum::<f64>() * size * 1.03
}

/// The text, or its head and tail around an ellipsis where it would be wider than `room` px.
pub(super) fn shorten(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let mut kept = letters.len();
    while kept > 2 {
        kept -= 1;
        let tail = kept / 3;
        let head: String = letters[..kept - tail].iter().collect();
        let short = format!(
            "{}…{}",
            head.trim_end(),
            letters[letters.len() - tail..].iter().collect::<String>()
        );
        if width(&short, size) <= room {
            return short;
        }
    }
    "…".to_owned()
}

/// Lines of whole words, none wider than `room` px unless a single word is.
pub(super) fn wrap(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A fraction in percent, or a number, with one decimal.
pub(super) fn value(value: f64, percent: bool) -> String {
    if percent { format::percent(value) } else { format::number(value) }
}

/// A fraction in points with its sign, a minus sign before what is below zero.
pub(super) fn points(value: f64) -> String {
    format::points(value).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_head_and_tail() {
        let name = "llama-3.1-8b-instruct-culture-tuned-a";
        let short = shorten(name, 12.0, 120.0);
        assert!(
            short.starts_with("llama") && short.ends_with("-a") && short.contains('…'),
            "{short}"
        );
        assert!(width(&short, 12.0) <= 120.0);
        assert_eq!(shorten("majority", 12.0, 120.0), "majority");
        assert_eq!(shorten(name, 12.0, 1.0), "…");
    }

    #[test]
    fn words_stay_whole() {
        let lines = wrap("Bars join models that do not differ significantly", 11.0, 90.0);
        assert!(lines.len() > 2 && lines.iter().all(|l| width(l, 11.0) <= 90.0), "{lines:?}");
        assert_eq!(lines.join(" "), "Bars join models that do not differ significantly");
        assert!(wrap("", 11.0, 90.0).is_empty());
    }

    #[test]
    fn numbers_have_no_negative_zero() {
        assert_eq!([points(-0.0001), points(-0.023), points(0.1)], ["0.0", "−2.3", "+10.0"]);
        assert_eq!(
            [value(-0.00001, true), value(0.4567, true), value(2.0, false)],
            ["0.0", "45.7", "2.0"]
        );
    }
}
