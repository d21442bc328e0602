//! Denials: "It is not a hateful post" does not say "hateful".

use std::ops::Range;

/// Words that deny what comes soon after them, and those that end in `n't` or `nt` ("isn't", "doesnt").
pub const ENGLISH: [&str; 19] = [
    "not", "no", "non", "never", "neither", "nor", "none", "nothing", "nobody", "nowhere",
    "without", "hardly", "scarcely", "barely", "cannot", "cant", "wont", "lacks", "deny",
];

/// A denial reaches over so many words after it: "I do not believe that this post is hateful".
pub const REACH: usize = 6;

/// After these a word of denial denies nothing: "not only hateful", "no doubt hateful".
const HARMLESS: [&str; 8] =
    ["only", "just", "merely", "simply", "doubt", "doubts", "question", "wonder"];

/// Words that start a new thought: "not kind but hateful".
const TURNS: [&str; 5] = ["but", "however", "instead", "rather", "although"];

/// The words of denial of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denials {
    words: Vec<String>,
    /// Whether contractions of English count.
    contractions: bool,
}

/// A word of a reply.
struct Word {
    at: Range<usize>,
    /// Whether a mark that ends a thought is between it and the word before.
    starts: bool,
    denies: bool,
}

impl Denials {
    /// Those of a definition, else English.
    pub fn new(words: Option<&[String]>) -> Self {
        let lower = |word: &String| word.trim().to_lowercase();
        match words {
            Some(words) => Self { words: words.iter().map(lower).collect(), contractions: false },
            None => Self { words: ENGLISH.map(str::to_owned).to_vec(), contractions: true },
        }
    }

    /// Whether a match in a lower-case reply is denied: by one word of denial before it in the same thought. `other` are the places
    /// of all matches, whose own words deny nothing. `None` where it cannot be known: two words of denial, or one right after it.
    pub fn deny(&self, reply: &str, span: &Range<usize>, other: &[Range<usize>]) -> Option<bool> {
        let words = self.words(reply, other);
        let (before, after): (Vec<&Word>, Vec<&Word>) = (
            words.iter().filter(|word| word.at.end <= span.start).collect(),
            words.iter().filter(|word| word.at.start >= span.end).collect(),
        );
        let mut thought: Vec<&Word> = Vec::new();
        let mut cut = ends_thought(&reply[before.last().map_or(0, |w| w.at.end)..span.start]);
        for word in before.iter().rev().take(REACH) {
            if cut || TURNS.contains(&&reply[word.at.clone()]) {
                break;
            }
            thought.push(word);
            cut = word.starts;
        }
        let has = |text: &str| thought.iter().any(|word| &reply[word.at.clone()] == text);
        let paired = usize::from(has("neither") && has("nor"));
        match thought.iter().filter(|word| word.denies).count() - paired {
            0 => match after.first() {
                // "Hateful? No.", unless what it denies is another option.
                Some(next) if next.denies && !reaches(next, other, span) => None,
                _ => Some(false),
            },
            1 => Some(true),
            _ => None,
        }
    }

    fn words(&self, reply: &str, taken: &[Range<usize>]) -> Vec<Word> {
        let mut found: Vec<Word> = Vec::new();
        let mut last = 0;
        let part = |c: char| c.is_alphanumeric() || c == '\'' || c == '\u{2019}';
        for piece in reply.split(|c| !part(c)) {
            // Pieces are parts of the reply: their places are known by their addresses.
            let start = piece.as_ptr() as usize - reply.as_ptr() as usize;
            let at = start..start + piece.len();
            if piece.is_empty() {
                continue;
            }
            let starts = ends_thought(&reply[last..at.start]);
            last = at.end;
            let is_taken = taken.iter().any(|span| span.start < at.end && at.start < span.end);
            found.push(Word { denies: !is_taken && self.denies(piece), at, starts });
        }
        for i in 0..found.len() {
            let second = found.get(i + 1).filter(|word| !word.starts).map(|w| &reply[w.at.clone()]);
            // "no doubt", "without a doubt".
            let third = found.get(i + 2).filter(|word| !word.starts).map(|w| &reply[w.at.clone()]);
            let third = third.filter(|_| matches!(second, Some("a" | "any")));
            let harmless = |word: Option<&str>| word.is_some_and(|word| HARMLESS.contains(&word));
            if harmless(second) || harmless(third) {
                found[i].denies = false;
            }
        }
        found
    }

    fn denies(&self, word: &str) -> bool {
        let word = word.replace('\u{2019}', "'");
        let contracted = || {
            let stem = word.strip_suffix("n't").or_else(|| word.strip_suffix("nt"));
            stem.is_some_and(|stem| VERBS.contains(&stem))
        };
        self.words.contains(&word) || self.contractions && contracted()
    }
}

/// What is contracted with "not".
const VERBS: [&str; 20] = [
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "ca", "wo", "would",
    "could", "should", "must", "might", "need", "ai", "may",
];

/// Whether a word of denial is within reach before another match.
fn reaches(word: &Word, other: &[Range<usize>], own: &Range<usize>) -> bool {
    other
        .iter()
        .any(|span| span != own && span.start >= word.at.end && span.start - word.at.end < 40)
}

fn ends_thought(between: &str) -> bool {
    between.contains(['.', '!', '?', ',', ';', ':', '(', ')', '\n', '\u{2014}'])
        || between.contains(" - ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `hateful` in a reply is denied.
    fn denied(reply: &str) -> Option<bool> {
        let reply = reply.to_lowercase();
        let start = reply.find("hateful").unwrap();
        let span = start..start + "hateful".len();
        Denials::new(None).deny(&reply, &span, std::slice::from_ref(&span))
    }

    #[test]
    fn a_denial_reaches_over_a_few_words_of_its_thought() {
        for reply in [
            "It is not a hateful post.",
            "This isn't hateful.",
            "This isn\u{2019}t hateful.",
            "It isnt hateful",
            "I do not believe that this post is hateful",
            "A non-hateful post",
            "never hateful",
            "It cannot be called hateful",
            "Nothing here is hateful",
            "It is neither rude nor hateful",
        ] {
            assert_eq!(denied(reply), Some(true), "{reply}");
        }
        for reply in [
            "Hateful.",
            "No, it is hateful.",
            "Not kind. It is hateful",
            "It is not kind but hateful",
            "It is not only hateful",
            "No doubt hateful",
            "Without a doubt hateful",
            "It is hateful and does not belong here",
            "Want my view? hateful",
            "Important: hateful",
        ] {
            assert_eq!(denied(reply), Some(false), "{reply}");
        }
        for reply in ["Hateful? No.", "Hateful: not", "It is not not hateful"] {
            assert_eq!(denied(reply), None, "{reply}");
        }
    }

    #[test]
    fn a_definition_may_name_its_own_words() {
        let german = Denials::new(Some(&["nicht".to_owned(), "Kein".to_owned()]));
        let deny = |reply: &str| german.deny(reply, &(reply.len() - 4..reply.len()), &[]);
        assert_eq!(deny("das ist kein hass"), Some(true));
        assert_eq!(deny("das ist nicht hass"), Some(true));
        assert_eq!(deny("that is not hass"), Some(false), "English is not asked for");
    }
}
