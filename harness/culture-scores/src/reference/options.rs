//! Predictors that choose an option.

use crate::bias::Roles;

/// What a trivial predictor looks at.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a, O> {
    /// Number of the row in the file, from 0.
    pub row: usize,
    /// Texts of the options, in the file's order.
    pub options: &'a [O],
    /// Roles of the options, where they have some.
    pub roles: Option<Roles>,
}

/// A trivial predictor. Its answer is an index in the file's order of options.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// The first option.
    First,
    /// The second one.
    Second,
    /// The third one.
    Third,
    /// The option that says that nobody can know.
    Unknown,
    /// The option that the stereotype suggests; BBQ's tables call it `target`.
    #[serde(alias = "target")]
    Biased,
    /// The number of the row modulo 2.
    #[serde(rename = "row-mod-2")]
    RowMod2,
    /// The number of the row modulo 3.
    #[serde(rename = "row-mod-3")]
    RowMod3,
    /// The option with most code points; of equally long ones the first.
    Longest,
    /// The option with fewest bytes of UTF-8; of equally short ones the first.
    ShorterInBytes,
}

impl Predictor {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::First,
        Self::Second,
        Self::Third,
        Self::Unknown,
        Self::Biased,
        Self::RowMod2,
        Self::RowMod3,
        Self::Longest,
        Self::ShorterInBytes,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Unknown => "unknown",
            Self::Biased => "biased",
            Self::RowMod2 => "row-mod-2",
            Self::RowMod3 => "row-mod-3",
            Self::Longest => "longest",
            Self::ShorterInBytes => "shorter-in-bytes",
        }
    }

    /// The option that it chooses; `None` where the item has no such one, or no roles.
    ///
    /// ```
    /// use culture_scores::reference::{Item, Predictor};
    /// let item = Item { row: 4, options: &["tea", "café", "milk"], roles: None };
    /// assert_eq!(Predictor::RowMod3.of(&item), Some(1));
    /// assert_eq!(Predictor::Longest.of(&item), Some(1));
    /// assert_eq!(Predictor::ShorterInBytes.of(&item), Some(0));
    /// assert_eq!(Predictor::Unknown.of(&item), None);
    /// ```
    pub fn of<O: AsRef<str>>(self, item: &Item<'_, O>) -> Option<usize> {
        let n = item.options.len();
        let texts = || item.options.iter().map(AsRef::as_ref).enumerate();
        let option = match self {
            Self::First => 0,
            Self::Second => 1,
            Self::Third => 2,
            Self::Unknown => item.roles?.unknown,
            Self::Biased => item.roles?.biased,
            Self::RowMod2 => item.row % 2,
            Self::RowMod3 => item.row % 3,
            // `max_by_key` would take the last of equals.
            Self::Longest => {
                texts().rev().max_by_key(|(_, text): &(usize, &str)| text.chars().count())?.0
            }
            Self::ShorterInBytes => texts().min_by_key(|(_, text)| text.len())?.0,
        };
        (option < n).then_some(option)
    }
}
