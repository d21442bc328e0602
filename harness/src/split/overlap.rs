//! Overlap between the parts: what a model may have seen before it is asked.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::definition::split::Split;

/// Test examples that also stand, in some form, in train or valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// Test examples whose text (trimmed, lower case) is also in train or valid.
    pub test_texts_in_train: u64,
    /// Test examples whose cluster is also in train or valid.
    pub test_clusters_in_train: u64,
    /// Valid examples whose text is also in train.
    pub valid_texts_in_train: u64,
    /// Test examples whose opening (`example.opening`) also opens a text of train or valid.
    #[serde(default)]
    pub test_openings_in_train: u64,
}

/// A text as it is compared: trimmed, lower case.
pub fn text_key(text: &str) -> u64 {
    let text = text.trim();
    if text.is_ascii() {
        name_key(&text.to_ascii_lowercase())
    } else {
        let mut lower = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii() {
                lower.push(c.to_ascii_lowercase());
            } else {
                lower.extend(c.to_lowercase());
            }
        }
        name_key(&lower)
    }
}

/// A cluster or an id as it is compared.
pub fn name_key(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Counts the overlap; columns as made by [`text_key`] and [`name_key`].
pub fn overlap(parts: &[Split], texts: &[u64], clusters: &[u64]) -> Overlap {
    // The rows of `part` whose key a row of `others` has too. Only the keys of `part`, the fewer, are kept.
    let count = |column: &[u64], part: Split, others: &[Split]| -> u64 {
        let of = |wanted: &[Split]| -> Vec<u64> {
            column
                .iter()
                .zip(parts)
                .filter(|(_, p)| wanted.contains(p))
                .map(|(key, _)| *key)
                .collect()
        };
        let rows = of(&[part]);
        let mut seen: FxHashMap<u64, bool> = rows.iter().map(|key| (*key, false)).collect();
        for key in of(others) {
            if let Some(seen) = seen.get_mut(&key) {
                *seen = true;
            }
        }
        rows.iter().filter(|key| seen[key]).count() as u64
    };
    let learned = [Split::Train, Split::Valid];
    Overlap {
        test_texts_in_train: count(texts, Split::Test, &learned),
        test_clusters_in_train: count(clusters, Split::Test, &learned),
        valid_texts_in_train: count(texts, Split::Valid, &[Split::Train]),
        test_openings_in_train: 0,
    }
}

/// How texts open: words in lower case, one blank between them.
#[derive(Debug, Default)]
pub struct Openings {
    /// Of each example; none where it shares none.
    own: Vec<Option<u64>>,
    /// Row and key of every beginning of a text that ends with a word.
    beginnings: Vec<(usize, u64)>,
}

impl Openings {
    /// Looks at the next example.
    pub fn push(&mut self, opening: &str, text: &str) {
        let row = self.own.len();
        self.own.push(beginnings(opening).last());
        self.beginnings.extend(beginnings(text).map(|key| (row, key)));
    }

    /// Test examples whose opening is a beginning of a text of train or valid.
    pub fn count(&self, parts: &[Split]) -> u64 {
        let test = |row: usize| parts[row] == Split::Test;
        let mut seen: FxHashMap<u64, bool> = (self.own.iter().enumerate())
            .filter(|(row, _)| test(*row))
            .filter_map(|(_, key)| Some((key.as_ref().copied()?, false)))
            .collect();
        for (_, key) in self.beginnings.iter().filter(|(row, _)| !test(*row)) {
            if let Some(seen) = seen.get_mut(key) {
                *seen = true;
            }
        }
        let own = self.own.iter().enumerate().filter(|(row, _)| test(*row));
        own.filter(|(_, key)| key.is_some_and(|key| seen[&key])).count() as u64
    }
}

/// The keys of a text's first word, its first two, and so on.
fn beginnings(text: &str) -> impl Iterator<Item = u64> {
    let mut so_far = String::new();
    text.split_whitespace().map(move |word| {
        if !so_far.is_empty() {
            so_far.push(' ');
        }
        so_far.push_str(&word.to_lowercase());
        name_key(&so_far)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_found_at_the_start_of_another_text() {
        let mut openings = Openings::default();
        let rows = [
            ("", "The girl went out.  Eggs are food.", Split::Train),
            ("", "She saw that the girl went out. He left.", Split::Valid),
            ("The girl went out.", "The girl went out. It rained.", Split::Test),
            ("the GIRL went out.", "the GIRL went out. She ran.", Split::Test),
            ("The girl went outside.", "The girl went outside. She ran.", Split::Test),
            ("He stood", "He stood She sat", Split::Test),
            ("", "Alone.", Split::Test),
        ];
        for (opening, text, _) in rows {
            openings.push(opening, text);
        }
        assert_eq!(openings.count(&rows.map(|row| row.2)), 2);
    }
}
