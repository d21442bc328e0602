//! One input for several readers.

/// The first byte chooses among `n`, the rest is read.
pub(crate) fn choice(bytes: &[u8], n: u8) -> (u8, &[u8]) {
    match bytes.split_first() {
        Some((first, rest)) => (first % n, rest),
        None => (0, bytes),
    }
}
