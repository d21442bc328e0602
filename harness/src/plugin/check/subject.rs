//! What is checked, and what a check answers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::{Library, PluginError};
use crate::definition::dataset::Capability;
use crate::definition::model::Offer;

/// How to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The model's `[config]` as JSON.
    pub config: String,
    /// Only these of what the plugin offers; empty: all.
    #[serde(with = "crate::definition::capability::names")]
    pub offers: Vec<Offer>,
    /// Label names of the invented task.
    pub labels: Vec<String>,
    /// Threads the plugin may use.
    pub threads: usize,
    /// The seed.
    pub seed: u64,
    /// How soon a cancelled call must come back.
    pub patience: Duration,
    /// Calls of the leak check.
    pub calls: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: "{}".to_owned(),
            offers: Vec::new(),
            labels: vec!["no".to_owned(), "yes".to_owned()],
            threads: 2,
            seed: 42,
            patience: Duration::from_secs(2),
            calls: 1000,
        }
    }
}

/// What is checked: a plugin, and what is asked of it.
pub(super) struct Checked {
    pub(super) library: Library,
    pub(super) settings: Settings,
}

impl Checked {
    pub(super) fn lets(&self, offer: Offer) -> bool {
        self.settings.offers.is_empty() || self.settings.offers.contains(&offer)
    }

    pub(super) fn fits(&self) -> bool {
        self.library.fits() && self.lets(Offer::Fit)
    }

    pub(super) fn saves(&self) -> bool {
        self.library.saves() && self.lets(Offer::Save)
    }

    pub(super) fn capabilities(&self) -> Vec<Capability> {
        let mut all = self.library.capabilities();
        all.retain(|capability| self.lets((*capability).into()));
        all
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// A rule is broken.
    Fail,
    /// It does not apply here.
    Skipped,
}

/// One line of the validator's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name of the check.
    pub check: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen.
    pub reason: String,
}

/// Why a check did not pass.
pub(super) enum Not {
    Passed(String),
    Applicable(String),
}

impl From<PluginError> for Not {
    fn from(error: PluginError) -> Self {
        Self::Passed(error.to_string())
    }
}

pub(super) type Seen = Result<String, Not>;
pub(super) type Run = fn(&Checked) -> Seen;
