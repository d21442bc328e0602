//! The name of a training: what is trained on what, by hash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::BuildHasher;

use plugin_api::Error;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A training example as it goes into the key: id, text, label, culture.
pub type Item<'a> = (&'a str, &'a str, u32, u32);

/// A hash of configuration, weights, seed and examples in their order; a checkpoint of another key is not taken up. `weights` are paths by
/// id: in the harness' cache a path is the content's hash.
///
/// # Errors
/// The configuration has no JSON.
pub fn key<'a, S: BuildHasher>(
    config: &impl Serialize,
    weights: &HashMap<String, String, S>,
    seed: u64,
    items: impl Iterator<Item = Item<'a>>,
) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(config).map_err(Error::internal)?);
    hash.update(seed.to_le_bytes());
    let mut weights: Vec<_> = weights.iter().collect();
    weights.sort();
    for (id, path) in weights {
        hash.update(id);
        hash.update(path);
    }
    for (id, text, label, culture) in items {
        for word in [id, text] {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word);
        }
        hash.update(label.to_le_bytes());
        hash.update(culture.to_le_bytes());
    }
    Ok(hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_differs_makes_another_key() {
        let paths = HashMap::from([("model".to_owned(), "a".to_owned())]);
        let of = |config: u32, seed, item: Item<'static>| {
            key(&config, &paths, seed, [item].into_iter()).unwrap()
        };
        let one = of(1, 1, ("a", "bc", 0, 0));
        assert_eq!(one, of(1, 1, ("a", "bc", 0, 0)));
        for other in [
            of(2, 1, ("a", "bc", 0, 0)),
            of(1, 2, ("a", "bc", 0, 0)),
            of(1, 1, ("ab", "c", 0, 0)),
            of(1, 1, ("a", "bc", 1, 0)),
            of(1, 1, ("a", "bc", 0, 1)),
            key(&1, &HashMap::<String, String>::new(), 1, [("a", "bc", 0, 0)].into_iter()).unwrap(),
        ] {
            assert_ne!(one, other);
        }
    }
}
