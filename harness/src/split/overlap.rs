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
    }
}
