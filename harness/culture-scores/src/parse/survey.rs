//! The ten items of the Inglehart-Welzel map.

use super::numbers::{integers, number};
use crate::error::{Result, ScoreError};
use crate::python::{in_word, is_blank, trim};

/// An item of the World Values Survey that has a part in the map. Answers are numbers on the survey's own scale.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum SurveyItem {
    /// Feeling of happiness, 1 (very happy) to 4.
    A008,
    /// Trust: 1 (most people can be trusted) or 2 (one must be very careful).
    A165,
    /// Greater respect for authority in the future, 1 (good) to 3 (bad). The authors accept up to 10; here 3 is the end.
    E018,
    /// Signing a petition: 1 (have done), 2 (might do), 3 (would never do).
    E025,
    /// Importance of God, 1 (not at all) to 10.
    F063,
    /// Homosexuality justifiable, 1 (never) to 10.
    F118,
    /// Abortion justifiable, 1 (never) to 10.
    F120,
    /// Pride of the own nationality, 1 (very proud) to 4.
    G006,
    /// Post-materialism from the two most important aims: 1 (materialist), 2 (mixed), 3 (post-materialist).
    Y002,
    /// Autonomy from the qualities that children should learn, -2 (obedience, religious faith) to 2 (independence,
    /// determination).
    Y003,
}

impl SurveyItem {
    /// All of them, in the order of the projection's weights.
    pub const ALL: [Self; 10] = [
        Self::A008,
        Self::A165,
        Self::E018,
        Self::E025,
        Self::F063,
        Self::F118,
        Self::F120,
        Self::G006,
        Self::Y002,
        Self::Y003,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A008 => "a008",
            Self::A165 => "a165",
            Self::E018 => "e018",
            Self::E025 => "e025",
            Self::F063 => "f063",
            Self::F118 => "f118",
            Self::F120 => "f120",
            Self::G006 => "g006",
            Self::Y002 => "y002",
            Self::Y003 => "y003",
        }
    }

    /// The item of a name.
    ///
    /// # Errors
    /// No item has that name.
    pub fn parse_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|item| item.name() == name).ok_or_else(|| ScoreError::Symbol {
            what: "item",
            symbol: name.to_owned(),
            problem: "is unknown: give one of a008, a165, e018, e025, f063, f118, f120, g006, y002, y003",
        })
    }

    /// The lowest and the highest answer.
    pub const fn range(self) -> (i64, i64) {
        match self {
            Self::A008 | Self::G006 => (1, 4),
            Self::A165 => (1, 2),
            Self::E018 | Self::E025 | Self::Y002 => (1, 3),
            Self::F063 | Self::F118 | Self::F120 => (1, 10),
            Self::Y003 => (-2, 2),
        }
    }

    /// The answer in a reply; `None` if there is none. A place on the map needs all ten answers: nothing is
    /// imputed.
    ///
    /// Scales: the first integer in range. `e025`, `a165`: the letter at the start, or a tell-tale phrase. `y002`: the
    /// first two integers, {1, 3} → 1, {2, 4} → 3, else 2. `y003`: (religious faith + obedience) - (independence +
    /// determination), each 1 if it is named with a capital, else 2; of a blank reply none (the authors: 0).
    ///
    /// Source: The-AI-Alliance/tapestry, `evaluation/iw/iw_score.py`, after Tao et al. 2024, PNAS Nexus 3, pgae346.
    ///
    /// ```
    /// use culture_scores::parse::SurveyItem;
    /// assert_eq!(SurveyItem::F063.parse("Your score number: 8"), Some(8));
    /// assert_eq!(SurveyItem::E025.parse("(B) might do"), Some(2));
    /// assert_eq!(SurveyItem::Y002.parse("4 and 2"), Some(3));
    /// assert_eq!(SurveyItem::Y003.parse("Good manners, Independence, Obedience"), Some(0));
    /// ```
    pub fn parse(self, reply: &str) -> Option<i64> {
        let (low, high) = self.range();
        match self {
            Self::E025 => by_letter(
                reply,
                &[&["have signed"], &["might do"], &["would never", "never under any"]],
            ),
            Self::A165 => by_letter(reply, &[&["can be trusted"], &["be very careful"]]),
            Self::Y002 => aims(reply),
            Self::Y003 => (!trim(reply).is_empty()).then(|| autonomy(reply)),
            _ => number(reply, low, high),
        }
    }
}

/// The first option whose letter leads the reply or one of whose phrases is in it, from 1.
fn by_letter(reply: &str, phrases: &[&[&str]]) -> Option<i64> {
    let lower = reply.to_lowercase();
    // Where only two letters are offered, C is still a letter: it leads, and no option has it.
    let lead = leading_letter(reply);
    (1..).zip('A'..).zip(phrases).find_map(|((answer, letter), phrases)| {
        let said = lead == Some(letter) || phrases.iter().any(|phrase| lower.contains(phrase));
        said.then_some(answer)
    })
}

/// A, B or C at the start: after blanks, a bracket, asterisks and the word "option".
fn leading_letter(reply: &str) -> Option<char> {
    let reply = reply.trim_start_matches(is_blank);
    let reply = reply.strip_prefix('(').unwrap_or(reply).trim_start_matches('*');
    let option = reply.get(..6).filter(|word| word.eq_ignore_ascii_case("option"));
    let reply = option.map_or(reply, |word| reply[word.len()..].trim_start_matches(is_blank));
    let mut chars = reply.chars();
    let letter = chars.next()?.to_ascii_uppercase();
    let ends = !chars.next().is_some_and(in_word);
    (ends && ('A'..='C').contains(&letter)).then_some(letter)
}

fn aims(reply: &str) -> Option<i64> {
    // A minus sign is no part of a number here.
    let mut numbers = integers(reply).map(i64::abs);
    let mut two = [numbers.next()?, numbers.next()?];
    two.sort_unstable();
    Some(match two {
        [1, 3] => 1,
        [2, 4] => 3,
        _ => 2,
    })
}

fn autonomy(reply: &str) -> i64 {
    let named = |quality: &str| if reply.contains(quality) { 1 } else { 2 };
    named("Religious faith") + named("Obedience") - named("Independence") - named("Determination")
}
