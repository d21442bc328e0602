//! TF-IDF of word and character n-grams, the culture, and logistic regression.
//!
//! The method of the HEARTS paper's "LR TF-IDF" (King et al. 2025, arXiv 2409.11579) and of most shared tasks' first baseline, with
//! character n-grams (Wang and Manning 2012, "Baselines and Bigrams", for linear models on n-grams) and pairs of culture and word,
//! so that a word may weigh differently in each culture. [`features`] makes sparse rows, [`logreg`] is the loss, [`lbfgs`] the
//! optimiser, [`fit`] chooses the penalty on the validation set, [`file`] is the saved model.

pub mod config;
pub mod features;
pub mod file;
pub mod fit;
pub mod lbfgs;
pub mod logreg;
pub mod sparse;

use std::path::Path;

use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
use rayon::prelude::*;

use crate::config::Config;
use crate::features::Vocabulary;

/// The model.
#[derive(Debug)]
pub struct TfidfLogreg {
    config: Config,
    task: Task,
    pool: rayon::ThreadPool,
    fitted: Option<Fitted>,
}

/// What is learned, and what is saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub vocabulary: Vocabulary,
    /// Labels that occur in the training data; the others get probability 0.
    pub present: Vec<u32>,
    /// Weights `[column][output]`, then intercepts.
    pub weights: Vec<f32>,
    /// The chosen inverse strength of the penalty.
    pub c: f64,
}

impl Plugin for TfidfLogreg {
    const NAME: &'static str = "tfidf-logreg";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        if task.labels.len() < 2 {
            return Err(Error::config(format!(
                "task {}: tfidf-logreg needs two labels or more",
                task.name
            )));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(host.threads()).build();
        let pool = pool.map_err(|e| {
            Error::internal(format!("cannot start {} threads: {e}", host.threads()))
        })?;
        Ok(Self { config: Config::parse(config)?, task: task.clone(), pool, fitted: None })
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        self.fitted =
            Some(self.pool.install(|| fit::fit(&self.config, &self.task, train, valid, host))?);
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        let Some(fitted) = &self.fitted else {
            return Err(Error::internal("tfidf-logreg has not been fitted; fit or load it first"));
        };
        let labels = self.task.labels.len();
        self.pool.install(|| {
            scores.values().par_chunks_mut(labels).enumerate().for_each(|(i, scores)| {
                let row = fitted.vocabulary.row(&self.config, batch.texts[i], batch.cultures[i]);
                let mut p = vec![0.0; fitted.present.len()];
                logreg::probabilities(&fitted.weights, &row, &mut p);
                scores.fill(0.0);
                for (&label, p) in fitted.present.iter().zip(p) {
                    scores[label as usize] = p as f32;
                }
            });
        });
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        let fitted = self.fitted.as_ref();
        let fitted =
            fitted.ok_or_else(|| Error::load("tfidf-logreg has nothing to save; fit it first"))?;
        file::write(folder, &self.config, &self.task, fitted)
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        self.fitted = Some(file::read(folder, &self.config, &self.task)?);
        Ok(())
    }
}

impl TfidfLogreg {
    /// The inverse strength of the penalty that [`Plugin::fit`] chose.
    pub fn chosen_c(&self) -> Option<f64> {
        self.fitted.as_ref().map(|fitted| fitted.c)
    }
}

export_plugin!(TfidfLogreg);
