//! Seeded changes of a file, as an attacker or a bad disk makes them.

use rand::{Rng, RngExt};

/// Numbers that no reader should believe, as text.
const NUMBERS: [&str; 8] =
    ["2000000000", "-1", "0", "1", "1e309", "2147483648", "99999999999", "18446744073709551616"];

/// Some bytes flipped, cut, doubled, overwritten by lengths that lie, or joined with another file's; numbers replaced by others.
pub(crate) fn changed(bytes: &[u8], other: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..=bytes.len());
        let end = rng.random_range(at..=bytes.len().min(at + 64));
        match rng.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            3 => {
                let lie = [u64::MAX, 1 << 62, 1 << 40, 1 << 31, 0][rng.random_range(0..5)];
                let width = [1, 2, 4, 8][rng.random_range(0..4)].min(bytes.len() - at);
                bytes[at..at + width].copy_from_slice(&lie.to_le_bytes()[..width]);
            }
            4 => {
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            5 => {
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                if let Some(first) = bytes[at..].iter().position(is_digit).map(|n| at + n) {
                    let digits = bytes[first..].iter().take_while(|byte| is_digit(byte)).count();
                    let number = NUMBERS[rng.random_range(0..NUMBERS.len())];
                    bytes.splice(first..first + digits, number.bytes());
                }
            }
            _ => {
                let mut noise = [0; 4];
                rng.fill_bytes(&mut noise);
                bytes.splice(at..at, noise);
            }
        }
    }
    bytes
}
