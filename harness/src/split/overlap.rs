//! Overlap between the parts: what a model may have seen before it is asked.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::definition::split::Part;

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
    let mut hasher = DefaultHasher::new();
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        c.hash(&mut hasher);
    }
    hasher.finish()
}

/// A cluster or an id as it is compared.
pub fn name_key(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Counts the overlap; columns as made by [`text_key`] and [`name_key`].
pub fn overlap(parts: &[Part], texts: &[u64], clusters: &[u64]) -> Overlap {
    let keys = |column: &[u64], wanted: &[Part]| -> HashSet<u64> {
        let rows = column.iter().zip(parts).filter(|(_, part)| wanted.contains(part));
        rows.map(|(key, _)| *key).collect()
    };
    let count = |column: &[u64], part: Part, seen: &HashSet<u64>| {
        column.iter().zip(parts).filter(|(key, p)| **p == part && seen.contains(key)).count() as u64
    };
    let learned = [Part::Train, Part::Valid];
    Overlap {
        test_texts_in_train: count(texts, Part::Test, &keys(texts, &learned)),
        test_clusters_in_train: count(clusters, Part::Test, &keys(clusters, &learned)),
        valid_texts_in_train: count(texts, Part::Valid, &keys(texts, &[Part::Train])),
    }
}
