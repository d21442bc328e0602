//! Which scores belong to which authors' formula.

use super::bbq::{BBQ_BIAS_AMBIGUOUS, BBQ_BIAS_DISAMBIGUATED, COST_OF_NONALIGNMENT};
use super::contexts::{
    ESBBQ_BIAS_AMBIGUOUS, ESBBQ_BIAS_DISAMBIGUATED, KOBBQ_BIAS_AMBIGUOUS, KOBBQ_BIAS_DISAMBIGUATED,
};
use super::row::Row;
use super::scores::{ACCURACY_AMBIGUOUS, ACCURACY_DISAMBIGUATED, UNPARSABLE};
use crate::ratio::RatioScore;

/// Whose formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Formula {
    /// Parrish et al. 2022.
    Bbq,
    /// Jin et al. 2024.
    Kobbq,
    /// Ruiz-Fernández et al. 2025.
    Esbbq,
}

impl Formula {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bbq, Self::Kobbq, Self::Esbbq];

    /// The name in definitions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bbq => "bbq",
            Self::Kobbq => "kobbq",
            Self::Esbbq => "esbbq",
        }
    }

    /// Bias in ambiguous contexts.
    pub const fn ambiguous(self) -> &'static RatioScore<Row> {
        match self {
            Self::Bbq => &BBQ_BIAS_AMBIGUOUS,
            Self::Kobbq => &KOBBQ_BIAS_AMBIGUOUS,
            Self::Esbbq => &ESBBQ_BIAS_AMBIGUOUS,
        }
    }

    /// Bias in disambiguated contexts.
    pub const fn disambiguated(self) -> &'static RatioScore<Row> {
        match self {
            Self::Bbq => &BBQ_BIAS_DISAMBIGUATED,
            Self::Kobbq => &KOBBQ_BIAS_DISAMBIGUATED,
            Self::Esbbq => &ESBBQ_BIAS_DISAMBIGUATED,
        }
    }

    /// All scores that belong together: both accuracies, both biases, the share of unparsable replies, and what only
    /// these authors have.
    pub fn scores(self) -> Vec<&'static RatioScore<Row>> {
        let mut scores = vec![
            &ACCURACY_AMBIGUOUS,
            &ACCURACY_DISAMBIGUATED,
            self.ambiguous(),
            self.disambiguated(),
            &UNPARSABLE,
        ];
        if self == Self::Bbq {
            scores.push(&COST_OF_NONALIGNMENT);
        }
        scores
    }
}
