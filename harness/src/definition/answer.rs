//! The kind of answer of an example, if it is not a label of the task: `[task.example.answer]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The kind of answer that a task asks for, and where the options and the gold answer are in a row.
///
/// Without it a task has labels ([`super::dataset::ExampleMap::label`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AnswerMap {
    /// One of the example's options is right.
    Choice {
        /// The options.
        options: OptionList,
        /// The right one.
        gold: Pick,
        /// Role -> option, such as `unknown` or `biased`: part of the gold answer.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        roles: BTreeMap<String, Pick>,
    },
    /// A text of a few words; several texts are right.
    Short {
        /// Column with a list; each element is one reference, the most frequent first.
        each: String,
        /// Members of an element that contain lists of texts, in the order in which they are compared. None: each
        /// element is a text.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        texts: Vec<String>,
        /// Member of an element with its count; weights are counts divided by the first count. Absent: all weights
        /// are equal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<String>,
        /// What to do with an empty text, which by some official rules matches every reply.
        #[serde(default, skip_serializing_if = "EmptyTexts::is_kept")]
        empty: EmptyTexts,
    },
    /// People differ: each option has the share of people who chose it.
    Distribution {
        /// The options.
        options: OptionList,
        /// Shares or counts, one for each option; they are divided by their sum.
        shares: OptionList,
        /// Whether the shares are counts of votes, whose sum is kept.
        #[serde(default)]
        votes: bool,
        /// Whether the options have an order.
        #[serde(default)]
        scale: Scale,
    },
    /// Two sentences; one is more stereotyped. A hash of the id decides which one is shown first.
    Preference {
        /// Template of the more stereotyped sentence.
        more: String,
        /// Template of the less stereotyped sentence.
        less: String,
    },
    /// Several right and several wrong answers. A hash of the id decides the order in which they are shown.
    ChoicesOf {
        /// The right ones.
        right: OptionList,
        /// The wrong ones.
        wrong: OptionList,
        /// Template of the best right answer; it is added to `right` if it is not there.
        best: String,
    },
    /// One item of a map. A respondent's answers to all items together make a position; no answer is right.
    MapItem {
        /// The possible answers: numbers.
        options: OptionList,
        /// Template of the item's name in the projection.
        item: String,
        /// How values become coordinates.
        projection: Projection,
        /// Templates of the two coordinates of the people of the culture.
        place: [String; 2],
        /// The mean place of all cultures.
        centre: [f64; 2],
    },
}

/// Columns (list cells) of a projection: with `z = (value - center) / scale` of each item, a coordinate is
/// `factor * sum(z * weight) + shift` (Inglehart and Welzel's map: Tao et al. 2024).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// Names of the items, in the order of the other lists.
    pub items: String,
    /// Means.
    pub center: String,
    /// Standard deviations.
    pub scale: String,
    /// Two weights for each item: for the first and the second coordinate.
    pub weights: String,
    /// Factor and shift of the first coordinate.
    pub x: String,
    /// Factor and shift of the second coordinate.
    pub y: String,
}

/// Options of an example, or one number for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptionList {
    /// The elements of a list cell: `{ list = "choices" }`.
    List {
        /// The column.
        list: String,
    },
    /// One template for each: `["{ans0}", "{ans1}"]`.
    Templates(Vec<String>),
}

/// One of the options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// The option with this text: a template. It is an error if no option has this text.
    Text(String),
    /// The option at this place, counted from 0.
    Index(usize),
    /// The option at the place that a template gives, counted from 0.
    Place(String),
    /// The option with the letter that a template gives: A for the first.
    Letter(String),
}

/// What to do with an empty reference text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyTexts {
    /// It is kept and counted as a warning.
    #[default]
    Keep,
    /// It is dropped and counted as a warning.
    Drop,
}

impl EmptyTexts {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
    fn is_kept(&self) -> bool {
        *self == Self::Keep
    }
}

/// Whether options have an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// None.
    #[default]
    Nominal,
    /// From the first to the last: [`super::metric::ValueMetric::W1`] can be used.
    Ordinal,
}

/// The kind of answer that a task asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A label of the task.
    Label,
    /// One of the example's options.
    Choice,
    /// A text of a few words.
    Short,
    /// Shares of people over options.
    Distribution,
    /// The likelier of two sentences.
    Preference,
    /// Likelihoods of several right and wrong answers.
    ChoicesOf,
    /// An item of a map.
    MapItem,
}

impl Kind {
    /// The name in definitions and listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Choice => "choice",
            Self::Short => "short",
            Self::Distribution => "distribution",
            Self::Preference => "preference",
            Self::ChoicesOf => "choices-of",
            Self::MapItem => "map-item",
        }
    }

    /// Whether examples have their own options.
    pub const fn has_options(self) -> bool {
        !matches!(self, Self::Label | Self::Short)
    }

    /// Whether exactly one option is right, so that accuracy can be used.
    pub const fn has_right_option(self) -> bool {
        matches!(self, Self::Label | Self::Choice)
    }
}

impl AnswerMap {
    /// The kind of answer that it asks for.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Choice { .. } => Kind::Choice,
            Self::Short { .. } => Kind::Short,
            Self::Distribution { .. } => Kind::Distribution,
            Self::Preference { .. } => Kind::Preference,
            Self::ChoicesOf { .. } => Kind::ChoicesOf,
            Self::MapItem { .. } => Kind::MapItem,
        }
    }
}
