//! Whether a reply matches a reference.

use unicode_normalization::UnicodeNormalization as _;

use crate::python::{is_punctuation, trim, words};

/// A rule of matching. Its name is shown beside every score: scores by different rules are not comparable.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum MatchRule {
    /// The reference, trimmed and in lower case, is the reply.
    Exact,
    /// The reference is a part of the reply, as it stands or with hyphens for blanks or blanks for hyphens. References
    /// keep their capitals: one with a capital is not part of a reply in lower case. The first half of the official rule.
    Contains,
    /// As [`MatchRule::Contains`], or every token of the reference is one of the reply's ([`folded_tokens`]).
    Tokens,
}

impl MatchRule {
    /// All of them, the strictest first.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Contains, Self::Tokens];

    /// The name in definitions and beside scores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Contains => "contains",
            Self::Tokens => "tokens",
        }
    }

    /// Whether a cleaned reply matches a text of a reference. An empty text is a part of every reply.
    ///
    /// ```
    /// use culture_scores::short::MatchRule;
    /// let of = |reference, reply| MatchRule::ALL.map(|rule| rule.matches(reference, reply));
    /// assert_eq!(of("rice", "price tags"), [false, true, true]);
    /// assert_eq!(of("Fried rice", "rice that is fried"), [false, false, true]);
    /// ```
    pub fn matches(self, reference: &str, reply: &str) -> bool {
        match self {
            Self::Exact => trim(reference).to_lowercase() == reply,
            Self::Contains => contains(reference, reply),
            Self::Tokens => {
                if contains(reference, reply) {
                    return true;
                }
                let said: Vec<String> = folded_tokens(reply).collect();
                folded_tokens(reference).all(|token| said.contains(&token))
            }
        }
    }
}

fn contains(reference: &str, reply: &str) -> bool {
    reply.contains(reference)
        || (reference.contains('-') && reply.contains(&reference.replace('-', " ")))
        || (reference.contains(' ') && reply.contains(&reference.replace(' ', "-")))
}

/// Tokens of a text: parted at blanks (Python's), without those that are a part of the 32 marks of ASCII in their order,
/// decomposed (NFD) without the combining acute, in lower case.
pub fn folded_tokens(text: &str) -> impl Iterator<Item = String> {
    words(text)
        .filter(|token| !is_punctuation(token))
        .map(|token| token.nfd().filter(|c| *c != '\u{301}').collect::<String>().to_lowercase())
}
