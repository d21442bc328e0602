//! `[config]` of a model's TOML.

use std::path::PathBuf;

use plugin_api::Error;
use serde::Deserialize;

/// Which table, and how its vectors are pooled.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the files are; fetched weights come in by id.
    pub weights: Files,
    /// Name of the table in the file; without it `embeddings` (model2vec), `embedding.weight` (WordLlama), or the only matrix.
    pub tensor: Option<String>,
    /// Only the first dimensions of each vector; 0 = all. For tables trained so that they can be cut.
    #[serde(default)]
    pub most_dimensions: usize,
    /// Vectors are scaled to length 1.
    #[serde(default)]
    pub normalise: bool,
    /// Unknown tokens do not count (model2vec); else they count as the token that stands for them (WordLlama).
    #[serde(default)]
    pub drop_unknown: bool,
    /// Longer texts are cut (model2vec: 512); 0 = never (WordLlama).
    #[serde(default)]
    pub max_tokens: usize,
}

/// Paths by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The table, safetensors; beside it may be model2vec's `weights` (one number a token) and `mapping` (a row a token).
    pub vectors: PathBuf,
    /// `tokenizer.json` of the tokenizers library.
    pub tokenizer: PathBuf,
}

impl Config {
    /// Reads it.
    pub fn parse(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|e| {
            Error::config(format!(
                "[config]: {e}; the table and its tokenizer come as `[[weights]]` with the ids `vectors` and `tokenizer`, or as \
                 `weights.vectors` and `weights.tokenizer` here"
            ))
        })
    }
}
