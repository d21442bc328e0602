//! `[config]` of an encoder's TOML.

use std::collections::HashMap;
use std::path::PathBuf;

use backbone::train::Plan;
use backbone::{Pooling, Tune};
use plugin_api::Error;
use serde::{Deserialize, Serialize};

/// All settings; unknown fields are refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A checkpoint folder; without it the model's `[[weights]]` are used.
    pub folder: Option<PathBuf>,
    /// From the harness: paths of the fetched weights by id.
    #[serde(skip_serializing)]
    pub weights: HashMap<String, String>,
    /// From the harness: where an interrupted fit is kept.
    #[serde(skip_serializing)]
    pub cache: Option<PathBuf>,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(skip_serializing)]
    pub device: String,
    /// bfloat16 where CUDA computes.
    pub bf16: bool,
    /// One vector from many.
    pub pooling: Pooling,
    /// Vectors of `embed` have length 1.
    pub normalise: bool,
    /// Put before every text (`"query: "` for E5).
    pub prefix: String,
    /// Texts are cut at this many tokens.
    pub max_tokens: usize,
    /// What is trained by `fit`.
    pub tune: Tune,
    /// The embeddings and this many layers stay as they are; their output is computed once and kept.
    pub frozen_layers: Option<usize>,
    /// Dropout in training; the checkpoint's own where absent.
    pub dropout: Option<f64>,
    /// Width of a hidden layer (GELU) between vector and logits; none where absent.
    pub head_width: Option<i64>,
    /// Learn from this many training examples only, each label in its share; 0: all.
    pub train_examples: usize,
    /// The training is judged by this many validation examples only, each label in its share; 0: all.
    pub valid_examples: usize,
    /// The training loop.
    pub train: Plan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: None,
            weights: HashMap::new(),
            cache: None,
            device: "auto".to_owned(),
            bf16: true,
            pooling: Pooling::Mean,
            normalise: true,
            prefix: String::new(),
            max_tokens: 128,
            tune: Tune::Full,
            frozen_layers: None,
            dropout: None,
            head_width: None,
            train_examples: 0,
            valid_examples: 0,
            train: Plan::default(),
        }
    }
}

impl Config {
    /// Parses and checks.
    ///
    /// # Errors
    /// Names the field.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let config: Self =
            serde_json::from_str(json).map_err(|e| Error::config(format!("[config]: {e}")))?;
        let wrong = |what: &str| Err(Error::config(format!("[config]: {what}")));
        if config.max_tokens < 2 {
            return wrong("`max_tokens` is at least 2");
        }
        if config.head_width.is_some_and(|width| width < 1) {
            return wrong("`head_width` is at least 1; leave it out for a linear head");
        }
        if config.dropout.is_some_and(|dropout| !(0.0..1.0).contains(&dropout)) {
            return wrong("`dropout` is a probability below 1");
        }
        if matches!(config.tune, Tune::Lora { rank, .. } if rank < 1) {
            return wrong("`tune.rank` is at least 1");
        }
        Ok(config)
    }
}
