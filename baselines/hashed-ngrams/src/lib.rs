//! Embeds a text as signed hashes of its character n-grams; nothing is learnt.
//!
//! Every n-gram of every lower-cased word, with `<` and `>` at the word's ends, is hashed (64-bit FNV-1a); one bit gives a sign,
//! the others a dimension (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning", equation 2).

use plugin_api::{Batch, Capability, Error, Host, Matrix, Plugin, Task, export_plugin};
use serde::Deserialize;

/// `[config]` of the model's TOML.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Width of the vectors.
    dimensions: usize,
    /// Characters of the shortest n-gram.
    shortest: usize,
    /// Characters of the longest n-gram.
    longest: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { dimensions: 512, shortest: 3, longest: 5 }
    }
}

/// The model.
#[derive(Debug)]
pub struct HashedNgrams {
    config: Config,
}

impl Plugin for HashedNgrams {
    const NAME: &'static str = "hashed-ngrams";
    const CAPABILITIES: &'static [Capability] = &[Capability::Embed];

    fn create(config: &str, _task: &Task, _host: &Host) -> Result<Self, Error> {
        let config: Config = serde_json::from_str(config).map_err(|e| Error::config(format!("[config]: {e}")))?;
        if config.dimensions == 0 || config.shortest == 0 || config.shortest > config.longest {
            return Err(Error::config(format!(
                "[config]: `dimensions` is {}, `shortest` {} and `longest` {}; give at least 1, and shortest <= longest",
                config.dimensions, config.shortest, config.longest
            )));
        }
        Ok(Self { config })
    }

    fn dimension(&self) -> usize {
        self.config.dimensions
    }

    fn embed(&mut self, batch: &Batch<'_>, vectors: &mut Matrix<'_>, _host: &Host) -> Result<(), Error> {
        for (row, text) in batch.texts.iter().enumerate() {
            self.embed_one(text, vectors.row(row));
        }
        Ok(())
    }
}

impl HashedNgrams {
    /// One vector of length 1, or all zeros for a text without a word.
    fn embed_one(&self, text: &str, out: &mut [f32]) {
        out.fill(0.0);
        for word in text.split_whitespace() {
            let word: Vec<char> = std::iter::once('<').chain(word.to_lowercase().chars()).chain(std::iter::once('>')).collect();
            for n in self.config.shortest..=self.config.longest.min(word.len()) {
                for gram in word.windows(n) {
                    let hash = fnv(gram);
                    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
                    out[(hash & (u64::MAX >> 1)) as usize % self.config.dimensions] += sign;
                }
            }
        }
        let norm = out.iter().map(|v| v * v).sum::<f32>().sqrt();
        if norm > 0.0 {
            out.iter_mut().for_each(|v| *v /= norm);
        }
    }
}

/// 64-bit FNV-1a over the characters' code points.
fn fnv(gram: &[char]) -> u64 {
    gram.iter().flat_map(|c| u32::from(*c).to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

export_plugin!(HashedNgrams);

#[cfg(test)]
mod tests {
    use super::*;

    fn embed(text: &str) -> Vec<f32> {
        let model = HashedNgrams { config: Config::default() };
        let mut out = vec![9.0; model.dimension()];
        model.embed_one(text, &mut out);
        out
    }

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn like_spellings_are_near_and_an_empty_text_is_zero() {
        let (one, two, far) = (embed("the lanterns"), embed("The lantern"), embed("soup spoon"));
        assert!((dot(&one, &one) - 1.0).abs() < 1e-5);
        assert!(dot(&one, &two) > dot(&one, &far) + 0.3);
        assert!(embed(" \n").iter().all(|v| *v == 0.0));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
        let wrong = |config| HashedNgrams::create(config, &task, &Host::silent(1, 1)).unwrap_err().message;
        assert!(wrong(r#"{"dims": 3}"#).contains("dims"));
        assert!(wrong(r#"{"dimensions": 0}"#).contains("at least 1"));
    }
}
