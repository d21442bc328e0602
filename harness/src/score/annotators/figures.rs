//! The figures of the votes, and how they are written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Half a 95 % interval, in standard errors.
const NORMAL: f64 = 1.959_964;

/// What the votes say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotators {
    /// Votes for a label.
    pub votes: u64,
    /// Items that people voted on: clusters of examples.
    pub items: u64,
    /// Votes on most examples.
    pub panel: u32,
    /// By culture.
    pub cultures: BTreeMap<String, Agreement>,
    /// Means over the cultures.
    pub mean: Agreement,
    /// What knowing the culture is worth; for two labels and the same items in all cultures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culture: Option<WorthOfCulture>,
    /// What the variance of a single vote is made of; where the culture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<Variance>,
    /// Figures that do not exist, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How far the annotators of one culture agree. Shares are fractions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Examples with a vote.
    pub examples: u64,
    /// Krippendorff's alpha.
    pub alpha: Option<Estimate>,
    /// Accuracy of one annotator against the majority of the others.
    pub one_against_the_rest: Option<Estimate>,
    /// How often a second panel of the same size would give the same label.
    pub second_panel: Option<Estimate>,
    /// The noise ceiling: accuracy of who knows each item's share of votes in the population.
    pub ceiling: Option<Estimate>,
    /// The least and the highest ceiling that fit the votes as well: few votes an item do not tell more.
    pub ceiling_allowed: Option<(f64, f64)>,
    /// The ceiling on the examples of each split.
    pub ceiling_by_split: BTreeMap<String, Estimate>,
}

/// How often the label of a panel is predicted at best, by who knows what: means over the cultures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorthOfCulture {
    /// Who knows each culture's view of each item.
    pub culture_aware: Estimate,
    /// Who knows the item and how lenient each culture is on the whole.
    pub item_and_leniency: Estimate,
    /// Who knows the item alone.
    pub culture_blind: Estimate,
    /// The first less the third.
    pub worth: Estimate,
    /// Standard deviation of the items on the logit scale.
    pub item_sd: f64,
    /// The same of a culture's own view of an item.
    pub item_by_culture_sd: f64,
}

/// Shares of the variance of a single vote; they sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variance {
    /// Items differ.
    pub item: f64,
    /// Cultures differ on all items alike.
    pub culture: f64,
    /// Cultures differ on some items and not on others.
    pub item_by_culture: f64,
    /// Annotators of one culture differ on one item.
    pub annotator: f64,
}

/// The figures of one culture in one draw of the items, in the order of [`Agreement`]; NaN if there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) plain: [f64; 4],
    pub(super) by_split: Vec<f64>,
}

/// To four decimals: the last digits of a sum depend on the machine.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// A value with a normal interval, cut to its range. Without a standard error nothing is known: the whole range.
pub(super) fn around(value: f64, se: f64, (least, most): (f64, f64)) -> Estimate {
    let half = if se.is_finite() { NORMAL * se } else { most - least };
    Estimate {
        value: rounded(value),
        low: rounded((value - half).max(least)),
        high: rounded((value + half).min(most)),
    }
}
