//! Where Python's `str` differs from Rust's: blanks, punctuation, words, decimal digits. Official scores depend on
//! it.

use std::sync::LazyLock;

use regex::Regex;

/// Python's `string.punctuation`: the 32 marks of ASCII.
pub(crate) const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// `str.isspace`: `White_Space` of Unicode, and U+001C to U+001F.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// `str.split()`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_blank).filter(|word| !word.is_empty())
}

/// `term in string.punctuation`, a test of substrings: `"-."` and `""` are in, `".-"` is not.
pub(crate) fn is_punctuation(term: &str) -> bool {
    PUNCTUATION.contains(term)
}

/// `\w` of Python's `re`: letters, numbers and the underscore, but no combining marks, which Rust's `\w` has.
pub(crate) fn in_word(c: char) -> bool {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}]$").ok());
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    is_of(&WORD, c)
}

/// Value of a decimal digit of any script, as `int` of Python reads it: scripts have their ten digits in one run from 0
/// to 9.
pub(crate) fn digit(c: char) -> Option<u32> {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let is_digit = |code: u32| char::from_u32(code).is_some_and(|c| is_of(&DIGIT, c));
    let code = u32::from(c);
    let before = (0..50).take_while(|back| is_digit(code - back)).count() as u32;
    before.checked_sub(1).map(|value| value % 10)
}

fn is_of(class: &LazyLock<Option<Regex>>, c: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by Python 3.13: `[c for c in map(chr, range(0x110000)) if c.isspace()]`, and so on.
    #[test]
    fn blanks_words_and_digits_are_those_of_python() {
        let blanks = (0..=0x0010_FFFF).filter_map(char::from_u32).filter(|c| is_blank(*c)).count();
        assert_eq!(blanks, 29);
        assert_eq!(words("a\u{1c}b\u{a0}c \u{1f}").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(trim("\u{1e} x\u{3000}"), "x");
        assert!(in_word('é') && in_word('অ') && in_word('²') && in_word('_') && in_word('한'));
        assert!(
            !in_word('\u{301}') && !in_word('\u{9be}') && !in_word('-') && !in_word('\u{200d}')
        );
        let digits = ['7', '٧', '۷', '७', '７', '𝟕', '𝟟', '𝟽'].map(digit);
        assert_eq!(digits, [Some(7); 8]);
        assert_eq!(['٠', '９', '𝟎', '𝟿'].map(digit), [Some(0), Some(9), Some(0), Some(9)]);
        assert_eq!([digit('²'), digit('x'), digit('Ⅷ'), digit('五')], [None; 4]);
    }

    #[test]
    fn punctuation_is_a_test_of_substrings() {
        assert!(is_punctuation(",") && is_punctuation("()") && is_punctuation("-./"));
        assert!(!is_punctuation(".-") && !is_punctuation("...") && !is_punctuation("。"));
        assert_eq!(PUNCTUATION.len(), 32);
    }
}
