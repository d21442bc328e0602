//! The leaderboard as pages for a browser: one file that needs nothing else, or a folder for very big runs.
//!
//! [`crate::results::material::Material`] (values, gathered by [`crate::results::page_data`]) goes in, bytes come out; nothing here reads a file, and no number is
//! computed here or in the browser: what is on a page is a formatted number of the `Summary` or the comparison. Small
//! data are in the page as they are looked at first; the rest (`pack`) is deflated and inflated by the browser when a
//! page asks for it. Texts of models and data sets reach the page as text nodes only, and the page's own policy lets
//! nothing run but the script that was written into it.
//!
//! What the script reads is a struct here, whose fields it uses by the same names: `first` is in the page, everything else
//! is a part of it.
//!
//! | file | makes |
//! |---|---|
//! | `first` | what every page needs, with the board |
//! | `board` | columns, rows and cells of the board |
//! | `leads` | who leads, and whether significantly, in words |
//! | `scores` | all further scores, one part a benchmark |
//! | `pairs` | the comparison: standings and pairs, one part a benchmark and protocol |
//! | `examples` | texts and answers, two parts a set of examples |
//! | `models`, `benchmarks`, `provenance`, `explained` | the other pages |
//! | `figures`, `training` | drawings of [`crate::plot`], for pages and as files |
//! | `page` | all of it in the template |

mod benchmarks;
mod board;
mod examples;
mod explained;
mod figures;
mod first;
mod leads;
mod models;
mod pack;
mod page;
mod pairs;
mod provenance;
mod scores;
mod training;
mod votes;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::text::format::{percent, points};

pub use figures::drawings;
pub use page::{Look, Page, PageError, render};

/// The ends of an interval, formatted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ends {
    pub(super) low: String,
    pub(super) high: String,
}

impl Ends {
    /// Of fractions, in percent.
    fn percent(low: f64, high: f64) -> Self {
        Self { low: percent(low), high: percent(high) }
    }

    /// Of differences, in points.
    fn points(low: f64, high: f64) -> Self {
        Self { low: points(low), high: points(high) }
    }
}

/// All of them by [`plain`].
pub(super) fn plain_all<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    texts.into_iter().map(|text| plain(text)).collect()
}

/// The same with its line breaks.
pub(super) fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// Names, titles and reasons as they are on a page: without control characters and marks that turn the direction of text.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
