//! One training loop for every model on libtorch: length buckets, warm-up and linear decay, AdamW, clipping, early stopping on
//! validation, checkpoints that resume to the same bits.

mod adamw;
mod batches;
mod checkpoint;
mod key;
mod run;
mod score;

use plugin_api::Error;
use serde::{Deserialize, Serialize};
use tch::Tensor;
use tch::nn::VarStore;

pub use adamw::Pace;
pub use batches::{even, shuffled, stream};
pub use key::{Item, key};
pub use run::{Outcome, run};
pub use score::{macro_f1, subset};

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

/// Which step this is.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// From 0.
    pub number: usize,
    /// Of how many.
    pub total: usize,
    /// Seed of this step's own randomness; libtorch's generator is already set to it.
    pub seed: u64,
}

/// Loss of one batch.
#[derive(Debug)]
pub struct Loss {
    /// What is minimised, a scalar with gradient.
    pub total: Tensor,
    /// Its terms by name, unweighted, scalars without gradient.
    pub terms: Vec<(&'static str, Tensor)>,
}

/// A model under training.
pub trait Learner {
    /// Its parameters, trained and not; buffers that are saved with it too.
    fn store(&self) -> &VarStore;

    /// Which learning rate a parameter has.
    fn pace(&self, name: &str) -> Pace;

    /// Tokens of each training item.
    fn lengths(&self) -> &[usize];

    /// Name of a training item, for errors.
    fn name(&self, item: usize) -> &str;

    /// Loss of some training items.
    ///
    /// # Errors
    /// What the computation says.
    fn loss(&mut self, items: &[usize], step: Step) -> Result<Loss, Error>;

    /// Called after each optimiser step, without gradient.
    ///
    /// # Errors
    /// What the computation says.
    fn after_step(&mut self, step: Step) -> Result<(), Error> {
        let _ = step;
        Ok(())
    }

    /// Score on validation, higher is better; `None` without validation data: the last state is kept.
    ///
    /// # Errors
    /// What the computation says.
    fn validate(&mut self) -> Result<Option<f64>, Error>;
}
