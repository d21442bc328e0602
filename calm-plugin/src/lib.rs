//! CALM, culturally self-aware language models, on libtorch: an independent reconstruction of Shen et al. (2025, arXiv 2601.03483)
//! from the abstract and a third-party outline. There are two designs. The first: [`model`] describes the model, [`loss`] what it
//! minimises, [`config`] every choice and where it comes from. The second, in which culture is an input and a memory: [`aware`].

pub mod aware;
pub mod clusters;
pub mod config;
pub mod experts;
mod explain;
mod first;
mod fit;
pub mod identity;
mod items;
mod layers;
pub mod lexicon;
pub mod loss;
pub mod measures;
pub mod model;
mod net;
pub mod pool;
pub mod prompt;
pub mod slots;

use std::path::Path;

use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Matrix, Plugin, Replies, Scores, Task, export_plugin,
};

use crate::aware::Aware;
use crate::aware::settings::Settings;
use crate::first::First;

pub use explain::{Explanation, SlotAttention, TokenWeight};

/// The plugin: the preset says which design answers.
#[derive(Debug)]
pub enum CalmPlugin {
    /// Culture is a tag in the text.
    First(Box<First>),
    /// Culture is an input and a memory.
    Aware(Box<Aware>),
}

impl Plugin for CalmPlugin {
    const NAME: &'static str = config::NAME;
    const CAPABILITIES: &'static [Capability] = &[
        Capability::Fit,
        Capability::Classify,
        Capability::Embed,
        Capability::Save,
        Capability::Explain,
    ];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        Ok(if Settings::are_named_in(config)? {
            Self::Aware(Box::new(Aware::create(config, task, host)?))
        } else {
            Self::First(Box::new(First::create(config, task, host)?))
        })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        match self {
            Self::First(own) => own.fit(train, valid, host),
            Self::Aware(own) => own.fit(train, valid, host),
        }
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        match self {
            Self::First(own) => own.classify(batch, scores, host),
            Self::Aware(own) => own.classify(batch, scores, host),
        }
    }

    fn dimension(&self) -> usize {
        match self {
            Self::First(own) => own.dimension(),
            Self::Aware(own) => own.dimension(),
        }
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        match self {
            Self::First(own) => own.embed(batch, vectors, host),
            Self::Aware(own) => own.embed(batch, vectors, host),
        }
    }

    fn explain(
        &mut self,
        batch: &Batch<'_>,
        explanations: &mut Replies<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        for (place, one) in CalmPlugin::explain(self, batch)?.iter().enumerate() {
            explanations.put(place, &serde_json::to_string(one).map_err(Error::internal)?);
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        match self {
            Self::First(own) => own.save(folder),
            Self::Aware(own) => own.save(folder),
        }
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        match self {
            Self::First(own) => own.load(folder),
            Self::Aware(own) => own.load(folder),
        }
    }
}

impl CalmPlugin {
    /// Why the model says what it says of some texts, in their order.
    ///
    /// # Errors
    /// What the computation says.
    pub fn explain(&self, batch: &Batch<'_>) -> Result<Vec<Explanation>, Error> {
        match self {
            Self::First(own) => own.explain(batch),
            Self::Aware(own) => own.explain(batch),
        }
    }
}

export_plugin!(CalmPlugin);
