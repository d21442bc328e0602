//! The letter of an option in a reply, or its text.

use super::option_letters::{letter_of, option_of};

/// Where the letter may be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Anywhere: the one letter that the reply chooses.
    #[default]
    Anywhere,
    /// The reply begins with it.
    Start,
}

/// What the text of an option counts for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum OptionTexts {
    /// A reply without a letter chooses the one option whose text it holds.
    #[default]
    Accepted,
    /// Letters alone count.
    Ignored,
}

/// How letters are read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LetterRule {
    /// Where the letter may be.
    #[serde(default, rename = "where")]
    pub place: Place,
    /// What the text of an option counts for.
    #[serde(default)]
    pub texts: OptionTexts,
}

/// The option of a reply: by its letter, else by its text. `None` where it chooses no option, or several.
///
/// A letter is chosen if it is all of the reply but for marks (any case), if a closing mark follows it (`B)`, `B.`, `B:`,
/// `B*`, the end of its line), if an opening mark precedes it (`(B`, `[B`, `*B`), or if "answer", "answer is", "option"
/// or "choice" precedes it and no word follows: not the article in "A man". Texts are compared regardless of case, as
/// whole words; longer ones first, and what one has matched no other one sees.
///
/// ```
/// use culture_scores::parse::{LetterRule, letter};
/// let options = ["the man", "the old man", "not known"];
/// let of = |reply| letter(reply, &options, LetterRule::default());
/// assert_eq!(of("B"), Some(1));
/// assert_eq!(of("The answer is (C)."), Some(2));
/// assert_eq!(of("It was the old man."), Some(1));
/// assert_eq!(of("A or B"), None);
/// ```
pub fn letter<O: AsRef<str>>(reply: &str, options: &[O], rule: LetterRule) -> Option<usize> {
    let letters = chosen_letters(reply, options.len(), rule.place);
    let mut chosen = (0..letters.len()).filter(|option| letters[*option]);
    match (chosen.next(), chosen.next()) {
        (Some(one), None) => Some(one),
        (None, _) if rule.texts == OptionTexts::Accepted => one_text(reply, options),
        _ => None,
    }
}

fn is_mark(c: char) -> bool {
    c.is_whitespace() || "()[]*.:,\"'`".contains(c)
}

/// Whether each option's letter is chosen.
fn chosen_letters(reply: &str, options: usize, place: Place) -> Vec<bool> {
    let mut chosen = vec![false; options];
    let bare = reply.trim_matches(is_mark);
    if let Some(option) = (0..options).find(|o| letter_of(*o).is_some_and(|l| same_letter(bare, l)))
    {
        chosen[option] = true;
        return chosen;
    }
    let mut before = None;
    for (at, c) in reply.char_indices() {
        let end = at + c.len_utf8();
        let after = reply[end..].chars().next();
        if let Some(option) = option_of(c, options) {
            let starts =
                place == Place::Anywhere || reply[..at].trim_start_matches(is_mark).is_empty();
            let whole = !before.is_some_and(in_word) && !after.is_some_and(in_word);
            if starts && whole && is_chosen(&reply[..at], &reply[end..]) {
                chosen[option] = true;
            }
        }
        if place == Place::Start && !is_mark(c) {
            break;
        }
        before = Some(c);
    }
    chosen
}

fn same_letter(text: &str, letter: char) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.eq_ignore_ascii_case(&letter)) && chars.next().is_none()
}

fn is_chosen(before: &str, after: &str) -> bool {
    let opened = before.ends_with(['(', '[', '*']);
    let closed = after.starts_with([')', ']', '.', ':', '*', '\n']);
    closed || opened || (is_named(before) && !after.trim_start().starts_with(char::is_alphabetic))
}

/// Whether a word comes before that says that an answer follows.
fn is_named(before: &str) -> bool {
    let before = before.trim_end_matches(is_mark);
    ["answer is", "answer", "option", "choice", "choose"].iter().any(|word| {
        before
            .len()
            .checked_sub(word.len())
            .and_then(|at| before.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    })
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The one option whose text is in the reply.
fn one_text<O: AsRef<str>>(reply: &str, options: &[O]) -> Option<usize> {
    let reply = reply.to_lowercase();
    let mut texts: Vec<(String, usize)> = (options.iter().enumerate())
        .map(|(option, text)| (text.as_ref().trim_matches(is_mark).to_lowercase(), option))
        .filter(|(text, _)| !text.is_empty())
        .collect();
    texts.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
    let mut taken = vec![false; reply.len()];
    let mut found = None;
    for (text, option) in &texts {
        for (start, _) in reply.match_indices(text.as_str()) {
            let end = start + text.len();
            let whole = !reply[..start].chars().next_back().is_some_and(in_word)
                && !reply[end..].chars().next().is_some_and(in_word);
            if !whole || taken[start] || taken[end - 1] {
                continue;
            }
            taken[start..end].fill(true);
            if found.is_some_and(|other| other != *option) {
                return None;
            }
            found = Some(*option);
        }
    }
    found
}
