//! From a reply to a label, by the rule of the prompt.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::Regex;

use super::PromptError;
use super::negation::Denials;
use crate::answer::Answer;
use crate::definition::dataset::{Denied, Parser};

/// A [`Parser`] with its labels looked up: made once, used for every reply.
#[derive(Debug, Clone)]
pub struct ReplyParser {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Prefix {
        strip: Vec<String>,
        prefixes: Vec<(String, u32)>,
        otherwise: Answer,
    },
    /// Lower-case words, the longest first.
    Word {
        words: Vec<(String, u32)>,
        denied: Denied,
        denials: Denials,
    },
    Regex {
        patterns: Vec<(Regex, u32)>,
        otherwise: Answer,
    },
    Letter {
        letters: Vec<(String, u32)>,
    },
    /// Lower-case words.
    FirstWord {
        words: Vec<(String, u32)>,
    },
}

/// The labels of a task by name.
struct Labels<'a>(&'a [String]);

impl Labels<'_> {
    fn find(&self, name: &String) -> Result<u32, PromptError> {
        self.0.iter().position(|l| l == name).map(|i| i as u32).ok_or_else(|| {
            PromptError::NoSuchLabel {
                place: "the answer parser",
                name: name.clone(),
                labels: self.0.to_vec(),
            }
        })
    }

    fn flat(&self, map: &BTreeMap<String, Vec<String>>) -> Result<Vec<(String, u32)>, PromptError> {
        let mut pairs = Vec::new();
        for (name, texts) in map {
            let label = self.find(name)?;
            pairs.extend(texts.iter().map(|text| (text.clone(), label)));
        }
        Ok(pairs)
    }

    /// Words in lower case, the longest first.
    fn words(
        &self,
        map: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<(String, u32)>, PromptError> {
        let mut words: Vec<(String, u32)> = (self.flat(map)?.into_iter())
            .map(|(word, label)| (word.trim().to_lowercase(), label))
            .filter(|(word, _)| !word.is_empty())
            .collect();
        words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Ok(words)
    }

    fn otherwise(&self, name: Option<&String>) -> Result<Answer, PromptError> {
        name.map_or(Ok(Answer::Unparsable), |name| self.find(name).map(Answer::Label))
    }
}

impl ReplyParser {
    /// Looks up the parser's labels among the task's.
    pub fn new(parser: &Parser, labels: &[String]) -> Result<Self, PromptError> {
        let labels = Labels(labels);
        let kind = match parser {
            Parser::Prefix { strip, prefixes, otherwise } => Kind::Prefix {
                strip: strip.iter().filter(|s| !s.is_empty()).cloned().collect(),
                prefixes: labels.flat(prefixes)?,
                otherwise: labels.otherwise(otherwise.as_ref())?,
            },
            Parser::Word { words, denied, denials } => {
                if *denied == Denied::Other && labels.0.len() != 2 {
                    return Err(PromptError::NotOfTwo { labels: labels.0.len() });
                }
                let (words, denied) = (labels.words(words)?, *denied);
                Kind::Word { words, denied, denials: Denials::new(denials.as_deref()) }
            }
            Parser::Regex { patterns, otherwise } => {
                let compiled = labels.flat(patterns)?.into_iter().map(|(pattern, label)| {
                    let problem = |e: regex::Error| PromptError::Pattern {
                        pattern: pattern.clone(),
                        problem: e.to_string(),
                    };
                    Ok((Regex::new(&pattern).map_err(problem)?, label))
                });
                Kind::Regex {
                    patterns: compiled.collect::<Result<_, _>>()?,
                    otherwise: labels.otherwise(otherwise.as_ref())?,
                }
            }
            Parser::Letter { letters } => {
                let letter = |(name, letter): (&String, &String)| {
                    Ok((letter.trim().to_owned(), labels.find(name)?))
                };
                Kind::Letter { letters: letters.iter().map(letter).collect::<Result<_, _>>()? }
            }
            Parser::FirstWord { words } => Kind::FirstWord { words: labels.words(words)? },
            Parser::Option {} => return Err(PromptError::NotOfLabels { name: "option" }),
            Parser::OptionText {} => return Err(PromptError::NotOfLabels { name: "option-text" }),
            Parser::Kobbq {} => return Err(PromptError::NotOfLabels { name: "kobbq" }),
            Parser::Json { .. } => return Err(PromptError::NotOfLabels { name: "json" }),
            Parser::Text { .. } => return Err(PromptError::NotOfLabels { name: "text" }),
            Parser::InglehartWelzel { .. } => {
                return Err(PromptError::NotOfLabels { name: "inglehart-welzel" });
            }
        };
        Ok(Self { kind })
    }

    /// The label of a reply, or [`Answer::Unparsable`]. (A reply that never came is [`Answer::Missing`]: the caller's.)
    ///
    /// Words are matched whole and regardless of case, longer ones first, and what one has matched no other one sees: "not
    /// hateful" is no "hateful". What a word of denial is before is denied.
    pub fn parse(&self, reply: &str) -> Answer {
        match &self.kind {
            Kind::Prefix { strip, prefixes, otherwise } => {
                let mut reply = reply.to_owned();
                for part in strip {
                    reply = reply.replace(part.as_str(), "");
                }
                let reply = reply.trim_start();
                prefixes
                    .iter()
                    .find(|(prefix, _)| reply.starts_with(prefix.as_str()))
                    .map_or(*otherwise, |(_, label)| Answer::Label(*label))
            }
            Kind::Word { words, denied, denials } => {
                let reply = reply.to_lowercase();
                let found = matches(&reply, words);
                let spans: Vec<Range<usize>> = found.iter().map(|(span, _)| span.clone()).collect();
                let meant =
                    found.iter().map(|(span, label)| match denials.deny(&reply, span, &spans) {
                        Some(false) => Some(*label),
                        Some(true) if *denied == Denied::Other => Some(1 - *label),
                        Some(true) | None => None,
                    });
                meant.collect::<Option<Vec<u32>>>().map_or(Answer::Unparsable, one)
            }
            Kind::Regex { patterns, otherwise } => {
                let found = patterns.iter().filter(|(pattern, _)| pattern.is_match(reply));
                match one(found.map(|(_, label)| *label)) {
                    Answer::Label(label) => Answer::Label(label),
                    Answer::Unparsable | Answer::Missing => *otherwise,
                }
            }
            Kind::Letter { letters } => {
                let chosen = letters.iter().filter(|(letter, _)| chooses(reply, letter));
                one(chosen.map(|(_, label)| *label))
            }
            Kind::FirstWord { words } => {
                let reply = reply.to_lowercase();
                let first = reply.split(|c| !in_word(c)).find(|word| !word.is_empty());
                one(words.iter().filter(|(word, _)| Some(word.as_str()) == first).map(|(_, l)| *l))
            }
        }
    }
}

/// The answer in one reply: [`ReplyParser`] made and used once.
pub fn parse(reply: &str, parser: &Parser, labels: &[String]) -> Result<Answer, PromptError> {
    Ok(ReplyParser::new(parser, labels)?.parse(reply))
}

/// The label that all say.
fn one(labels: impl IntoIterator<Item = u32>) -> Answer {
    let mut labels = labels.into_iter();
    match labels.next() {
        Some(first) if labels.all(|label| label == first) => Answer::Label(first),
        _ => Answer::Unparsable,
    }
}

/// Where words are in a lower-case reply; the first of `words` take their places before the others.
fn matches(reply: &str, words: &[(String, u32)]) -> Vec<(Range<usize>, u32)> {
    let mut found: Vec<(Range<usize>, u32)> = Vec::new();
    for (word, label) in words {
        let mut at = 0;
        while let Some(start) = reply[at..].find(word.as_str()).map(|i| at + i) {
            let end = start + word.len();
            let free = found.iter().all(|(span, _)| span.end <= start || end <= span.start);
            if free && is_whole(reply, start, end) {
                found.push((start..end, *label));
            }
            at = end;
        }
    }
    found
}

/// Whether a reply chooses a letter: it is all of it, a mark follows it, or "answer" comes before it.
fn chooses(reply: &str, letter: &str) -> bool {
    let mark = |c: char| c.is_whitespace() || "()[]*.:,\"'`".contains(c);
    let bare = reply.trim_matches(mark);
    if bare.eq_ignore_ascii_case(letter) {
        return true;
    }
    let places = reply.match_indices(letter).map(|(at, _)| (at, at + letter.len()));
    places.into_iter().filter(|(start, end)| is_whole(reply, *start, *end)).any(|(start, end)| {
        let before = reply[..start].trim_end_matches(mark).to_lowercase();
        let opened = reply[..start].ends_with(['(', '[', '*']);
        let closed = reply[end..].starts_with([')', ']', '.', ':', '*', '\n']);
        let named = ["answer is", "answer", "option", "choice", "choose"];
        let named = named.iter().any(|word| before.ends_with(word));
        closed || opened || named && !reply[end..].trim_start().starts_with(char::is_alphabetic)
    })
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    !text[..start].chars().next_back().is_some_and(in_word)
        && !text[end..].chars().next().is_some_and(in_word)
}

#[cfg(test)]
mod tests;
