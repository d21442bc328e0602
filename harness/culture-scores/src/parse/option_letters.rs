//! Letters of options.

/// Letters of options: A to Z.
pub(crate) fn letter_of(option: usize) -> Option<char> {
    u8::try_from(option).ok().filter(|o| *o < 26).map(|o| char::from(b'A' + o))
}

/// The option that has a capital letter, if there are so many.
pub(crate) fn option_of(letter: char, options: usize) -> Option<usize> {
    (0..options.min(26)).find(|option| letter_of(*option) == Some(letter))
}
