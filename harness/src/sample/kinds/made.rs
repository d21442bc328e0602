//! What the samples of several datasets have in common: invented groups and traits, and formats.

use crate::sample::draw::Draw;

/// Invented groups.
pub(super) const GROUPS: [&str; 6] =
    ["Velmorian", "Quandish", "Tressian", "Ostravelan", "Bryndaler", "Skarlish"];

/// Traits that a story tells of one of two.
pub(super) const TRAITS: [&str; 8] =
    ["late", "loud", "stingy", "clumsy", "boastful", "sleepy", "stubborn", "nosy"];

/// A JSON object a line.
pub(super) fn lines(rows: &[serde_json::Value]) -> Vec<u8> {
    let mut out = String::new();
    for row in rows {
        out.push_str(&row.to_string());
        out.push('\n');
    }
    out.into_bytes()
}

/// Tab-separated rows under a header.
pub(super) fn tsv(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = header.join("\t") + "\n";
    for row in rows {
        out.push_str(&row.join("\t"));
        out.push('\n');
    }
    out.into_bytes()
}

/// Two different elements of a list.
pub(super) fn two<T: Copy>(draw: &mut Draw, of: &[T]) -> (T, T) {
    let first = draw.below(of.len());
    let second = (first + 1 + draw.below(of.len() - 1)) % of.len();
    (of[first], of[second])
}
