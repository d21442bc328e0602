//! The culture lexicon: which tokens of a text belong to a word that names a culture outright.

use std::collections::HashMap;

use plugin_api::Error;
use serde::Deserialize;

/// `lexicon.toml`, which states where its words come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    countries: Vec<String>,
    demonyms: Vec<String>,
    religions: Vec<String>,
    languages: Vec<String>,
    ethnonyms: Vec<String>,
}

/// Entries by their first word, each as its further words, the longest first.
#[derive(Debug)]
pub struct Lexicon {
    entries: HashMap<String, Vec<Vec<String>>>,
    size: usize,
}

/// A word of a text in lower case, and the bytes of the text that it covers.
type Word = (String, (usize, usize));

impl Lexicon {
    /// The one that is built in.
    ///
    /// # Errors
    /// Where the file is no lexicon.
    pub fn open() -> Result<Self, Error> {
        let file: File = toml::from_str(include_str!("../lexicon.toml"))
            .map_err(|e| Error::internal(format!("lexicon.toml: {e}")))?;
        let all = [file.countries, file.demonyms, file.religions, file.languages, file.ethnonyms]
            .concat();
        Ok(Self::new(&all))
    }

    /// Of some entries.
    pub fn new(all: &[String]) -> Self {
        let mut entries: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for entry in all {
            let mut words = words(entry).into_iter().map(|(word, _)| word);
            if let Some(first) = words.next() {
                entries.entry(first).or_default().push(words.collect());
            }
        }
        for rest in entries.values_mut() {
            rest.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
            rest.dedup();
        }
        Self { entries, size: all.len() }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Byte ranges of the text that match, in order. A culture tag in front of the text names its culture whatever it holds:
    /// `[US] ...`, as the authors of CREHate write it.
    pub fn matches(&self, text: &str) -> Vec<(usize, usize)> {
        let words = words(text);
        let tag = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |t| t.0);
        let is_tag = (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_uppercase());
        let (mut found, mut place) = (Vec::new(), usize::from(is_tag));
        if is_tag {
            found.push((1, 1 + tag.len()));
        }
        while place < words.len() {
            let length = self.longest(&words[place..]);
            if length > 0 {
                found.push((words[place].1.0, words[place + length - 1].1.1));
            }
            place += length.max(1);
        }
        found
    }

    /// Words of the longest entry that a text begins with; the last may have a plural s.
    fn longest(&self, words: &[Word]) -> usize {
        let first = &words[0].0;
        let known = |word: &str, last: bool, entry: &str| {
            word == entry || last && matches!(word.strip_prefix(entry), Some("s" | "es"))
        };
        let here = |entry: &str| {
            let rest = self.entries.get(entry).into_iter().flatten();
            rest.filter(|rest| {
                words.len() > rest.len()
                    && known(first, rest.is_empty(), entry)
                    && rest
                        .iter()
                        .enumerate()
                        .all(|(i, e)| known(&words[i + 1].0, i + 1 == rest.len(), e))
            })
            .map(|rest| rest.len() + 1)
            .max()
            .unwrap_or(0)
        };
        let stems = [Some(first.as_str()), first.strip_suffix('s'), first.strip_suffix("es")];
        stems.into_iter().flatten().map(here).max().unwrap_or(0)
    }

    /// Whether each token, by the bytes that it covers, belongs to a match; tokens that cover nothing do not.
    pub fn marks(&self, text: &str, offsets: &[(usize, usize)]) -> Vec<bool> {
        let matches = self.matches(text);
        let belongs = |&(start, end): &(usize, usize)| {
            // The first match that ends behind the token's start.
            let place = matches.partition_point(|(_, until)| *until <= start);
            start < end && matches.get(place).is_some_and(|(from, _)| *from < end)
        };
        offsets.iter().map(belongs).collect()
    }
}

/// Runs of letters and digits, in lower case, with their places.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (place, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_alphanumeric(), start) {
            (true, None) => start = Some(place),
            (false, Some(from)) => {
                words.push((text[from..place].to_lowercase(), (from, place)));
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let lexicon = Lexicon::open().unwrap();
        lexicon.matches(text).into_iter().map(|(from, to)| text[from..to].to_owned()).collect()
    }

    #[test]
    fn words_that_name_a_culture_are_found_at_word_borders_in_any_case() {
        assert_eq!(found("MEXICANS and Mexico's mexicana"), ["MEXICANS", "Mexico"]);
        assert_eq!(
            found("the united states of america, united we stand"),
            ["united states of america"]
        );
        assert_eq!(
            found("South Koreans, South  Africa, souths"),
            ["South Koreans", "South  Africa"]
        );
        assert_eq!(found("Afro-American (Türkiye) İran"), ["Afro-American", "Türkiye"]);
        assert_eq!(
            found("Swiss, Jehovah's Witnesses; the buses"),
            ["Swiss", "Jehovah's Witnesses"]
        );
        assert!(found("trust us, indiana jones, chinaware, thaiger").is_empty());
        assert!(found("").is_empty());
    }

    #[test]
    fn a_tag_in_front_names_the_culture() {
        assert_eq!(found("[US] trust us in Kenya"), ["US", "Kenya"]);
        assert_eq!(found("[ZA]"), ["ZA"]);
        assert!(found("[us] a [US] [] [ABCD").is_empty());
        assert!(found("[").is_empty() && found("[]").is_empty());
    }

    #[test]
    fn pieces_of_a_word_are_marked_together() {
        let lexicon = Lexicon::open().unwrap();
        let text = "a Nigerian, é";
        let offsets = [(0, 0), (0, 1), (2, 5), (5, 10), (10, 11), (12, 14), (0, 0)];
        assert_eq!(lexicon.marks(text, &offsets), [false, false, true, true, false, false, false]);
    }

    #[test]
    fn the_file_has_hundreds_of_entries_and_none_twice() {
        let lexicon = Lexicon::open().unwrap();
        assert!(lexicon.len() > 700, "{}", lexicon.len());
        let file: File = toml::from_str(include_str!("../lexicon.toml")).unwrap();
        let mut all =
            [file.countries, file.demonyms, file.religions, file.languages, file.ethnonyms]
                .concat();
        all.sort();
        let twice: Vec<_> =
            all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
