//! The settings of the loop, `[config.train]` of a model's TOML.

use serde::{Deserialize, Serialize};

/// Settings of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Passes over the training data.
    pub epochs: usize,
    /// Items of a step.
    pub batch: usize,
    /// Highest learning rate of the head and of new parts.
    pub learning_rate: f64,
    /// Highest learning rate of the pretrained part.
    pub backbone_rate: f64,
    /// AdamW's weight decay; none on biases and norms.
    pub weight_decay: f64,
    /// Share of the steps in which the rate rises from 0.
    pub warm_up: f64,
    /// Largest norm of the gradient.
    pub clip: f64,
    /// Validations without a better score before it stops; 0: it never does.
    pub patience: usize,
    /// Validations in an epoch.
    pub validations: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            epochs: 3,
            batch: 32,
            learning_rate: 2e-4,
            backbone_rate: 2e-5,
            weight_decay: 0.01,
            warm_up: 0.06,
            clip: 1.0,
            patience: 2,
            validations: 1,
        }
    }
}
