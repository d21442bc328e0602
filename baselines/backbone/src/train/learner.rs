//! What the loop asks of a model.

use plugin_api::Error;
use tch::Tensor;
use tch::nn::VarStore;

use super::adamw::Pace;

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

    /// What [`Learner::validate`] gives, in words for the log.
    fn measure(&self) -> &'static str {
        "macro-F1"
    }

    /// Score on validation, higher is better; `None` without validation data: the last state is kept.
    ///
    /// # Errors
    /// What the computation says.
    fn validate(&mut self) -> Result<Option<f64>, Error>;
}
