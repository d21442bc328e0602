//! A reply of a model → the option that it chooses, or a number.
//!
//! | parser | whose | function |
//! |---|---|---|
//! | `kobbq` | the authors of KoBBQ | [`kobbq`] |
//! | `letter` | this project | [`letter`] |
//! | `json` | the authors of BLEnD, for its multiple-choice questions | [`json`] |
//! | `option-text` | the authors of BBQ, for predictions of classifiers | [`option_text`] |
//! | `number` | this project | [`number`] |
//! | items of the Inglehart-Welzel map | the tapestry project, after Tao et al. 2024 | [`SurveyItem`] |
//!
//! `None` is an unparsable reply (the paper calls them "out of choice"). Options are given in the order in which the
//! model saw them; the first one has the letter A. All parsers take time linear in the reply, whatever its content.
//! What a model thinks before it answers must be removed first.

mod json_reply;
mod kobbq_reply;
mod letters;
mod numbers;
mod option_letters;
mod option_texts;
mod survey;

pub use json_reply::json;
pub use kobbq_reply::{MOST_LEVELS, kobbq};
pub use letters::{LetterRule, OptionTexts, Place, letter};
pub use numbers::{integers, number};
pub use option_texts::{folded_option, option_text};
pub use survey::SurveyItem;

#[cfg(test)]
mod tests;
