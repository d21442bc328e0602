//! What a score is worth among the cultures: of the gap, and of each culture.

use serde::{Deserialize, Serialize};

/// What belongs to a gap between cultures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GapFigures {
    /// Cultures that were compared: those with at least ten independent examples.
    pub cultures: u64,
    /// Examples of the best culture.
    pub best_n: u64,
    /// Examples of the worst culture.
    pub worst_n: u64,
    /// Gap that cultures of these sizes would show on average if the model were equally good on all of them.
    pub expected_if_equal: f64,
    /// Gap minus `expected_if_equal`: what is left of it. Below 0 where equal cultures would show more.
    pub excess: f64,
    /// P-value of the hypothesis that the model is equally good on all cultures.
    pub p_equal: f64,
}

/// What belongs to one culture among others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AmongCultures {
    /// The score and its interval after shrinkage; none with fewer than three cultures.
    pub shrunken: Option<ShrunkenScore>,
    /// Interval that holds for all compared cultures at once; none for a culture that is too small to be compared.
    pub simultaneous: Option<SimultaneousInterval>,
}

/// An empirical-Bayes estimate: the score drawn towards the mean of all cultures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShrunkenScore {
    /// The estimate, a fraction.
    pub value: f64,
    /// How much the culture's own examples count, from 0 to 1.
    pub weight: f64,
}

/// One of several intervals that hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SimultaneousInterval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cultures for which all such intervals hold at once.
    pub cultures: u64,
}
