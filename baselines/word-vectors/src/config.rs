//! `[config]` of a model's TOML.

use std::path::PathBuf;

use plugin_api::Error;
use serde::Deserialize;

/// How word vectors are read and pooled.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the files are; fetched weights come in by id.
    pub weights: Files,
    /// How a text's vector is made of its words'.
    #[serde(default)]
    pub pooling: Pooling,
    /// Texts are lower-cased, as GloVe's were; `false` for vectors of words as they are written (word2vec's Google News).
    #[serde(default = "yes")]
    pub lowercase: bool,
    /// Only the first words of the file, which are the most frequent; 0 = all.
    #[serde(default)]
    pub most_words: usize,
    /// SIF: `a` in the weight a / (a + p(word)).
    #[serde(default = "paper_a")]
    pub a: f64,
    /// SIF: whether the common component is taken away.
    #[serde(default = "yes")]
    pub remove_common: bool,
    /// SIF: words of the typical text whose common component is taken away.
    #[serde(default = "typical")]
    pub typical_words: f64,
}

/// Paths by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// GloVe or word2vec text (also gzip), word2vec binary, or NumPy's `.npy` (float32, words x dimensions).
    pub vectors: PathBuf,
    /// The words of an `.npy`, in its order: Parquet with one column of strings, or text with one word a line.
    pub index: Option<PathBuf>,
    /// SIF: `word count` a line; without it, probabilities follow from the order of the words.
    pub counts: Option<PathBuf>,
}

/// How a text's vector is made of its words'.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean.
    #[default]
    Mean,
    /// Arora et al. 2017.
    Sif,
}

fn yes() -> bool {
    true
}

/// Arora et al. 2017, section 4: "a in the range 1e-3 to 1e-4".
fn paper_a() -> f64 {
    1e-3
}

/// About the length of the sentences of CREHate and EMGSD; the component hardly depends on it.
fn typical() -> f64 {
    20.0
}

impl Config {
    /// Reads and checks it.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let config: Self = serde_json::from_str(json).map_err(|e| {
            Error::config(format!(
                "[config]: {e}; the file of vectors comes as `[[weights]]` with the id `vectors`, or as `weights.vectors` here"
            ))
        })?;
        if config.a.is_nan() || config.a <= 0.0 {
            return Err(Error::config(format!(
                "[config]: `a` is {}; give more than 0, as 0.001",
                config.a
            )));
        }
        if config.typical_words.is_nan() || config.typical_words < 1.0 {
            return Err(Error::config(format!(
                "[config]: `typical_words` is {}; give 1 or more",
                config.typical_words
            )));
        }
        Ok(config)
    }
}
