//! Names that may be written in several ways in Unicode.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// A name in the composed form (NFC, Unicode Standard Annex 15): `ü` is one character, not `u` and a mark.
pub(crate) fn composed(name: &str) -> std::borrow::Cow<'_, str> {
    match is_nfc_quick(name.chars()) {
        IsNormalized::Yes => name.into(),
        IsNormalized::No | IsNormalized::Maybe => name.nfc().collect::<String>().into(),
    }
}

/// Whether two names are the same, however they are composed.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a == b || composed(a) == composed(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_composed() {
        assert!(same("T\u{fc}rkiye", "Tu\u{308}rkiye"));
        assert_eq!(composed("Tu\u{308}rkiye"), "T\u{fc}rkiye");
        assert_eq!(composed("France"), "France");
        // Compatibility forms are other names: NFC keeps them.
        assert!(!same("\u{fb01}n", "fin") && !same("Turkey", "T\u{fc}rkiye"));
    }
}
