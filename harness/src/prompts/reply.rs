//! From a reply to a label, by the rule of the prompt.

use crate::answer::Answer;
use crate::definition::dataset::Parser;

use super::PromptError;

/// A [`Parser`] with its labels looked up: made once, used for every reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyParser {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Prefix {
        strip: Vec<String>,
        prefixes: Vec<(String, u32)>,
        otherwise: Answer,
    },
    /// Lower-case words, the longest first.
    Word {
        words: Vec<(String, u32)>,
    },
}

impl ReplyParser {
    /// Looks up the parser's labels among the task's.
    pub fn new(parser: &Parser, labels: &[String]) -> Result<Self, PromptError> {
        let index = |name: &String| {
            labels.iter().position(|l| l == name).map(|i| i as u32).ok_or_else(|| {
                PromptError::NoSuchLabel {
                    place: "the answer parser",
                    name: name.clone(),
                    labels: labels.to_vec(),
                }
            })
        };
        let flat =
            |map: &std::collections::BTreeMap<String, Vec<String>>| -> Result<Vec<_>, PromptError> {
                let mut pairs = Vec::new();
                for (name, texts) in map {
                    let label = index(name)?;
                    pairs.extend(texts.iter().map(|text| (text.clone(), label)));
                }
                Ok(pairs)
            };
        let kind = match parser {
            Parser::Prefix { strip, prefixes, otherwise } => Kind::Prefix {
                strip: strip.iter().filter(|s| !s.is_empty()).cloned().collect(),
                prefixes: flat(prefixes)?,
                otherwise: match otherwise {
                    Some(name) => Answer::Label(index(name)?),
                    None => Answer::Unparsable,
                },
            },
            Parser::Word { words } => {
                let mut words: Vec<(String, u32)> = flat(words)?
                    .into_iter()
                    .map(|(word, label)| (word.trim().to_lowercase(), label))
                    .filter(|(word, _)| !word.is_empty())
                    .collect();
                words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
                Kind::Word { words }
            }
        };
        Ok(Self { kind })
    }

    /// The label of a reply, or [`Answer::Unparsable`]. (A reply that never came is [`Answer::Missing`]: the caller's.)
    ///
    /// Words are matched whole and regardless of case, longer ones first, and what one has matched no other one sees:
    /// "not hateful" is no "hateful".
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
            Kind::Word { words } => {
                let mut reply = reply.to_lowercase();
                let mut found: Option<u32> = None;
                for (word, label) in words {
                    let mut at = 0;
                    let mut spans = Vec::new();
                    while let Some(start) = reply[at..].find(word.as_str()).map(|i| at + i) {
                        let end = start + word.len();
                        if is_whole(&reply, start, end) {
                            spans.push(start..end);
                        }
                        at = end;
                    }
                    if spans.is_empty() {
                        continue;
                    }
                    if found.is_some_and(|other| other != *label) {
                        return Answer::Unparsable;
                    }
                    found = Some(*label);
                    for span in spans.into_iter().rev() {
                        // A mark that belongs to no word and keeps its neighbours apart.
                        reply.replace_range(span, "\u{0}");
                    }
                }
                found.map_or(Answer::Unparsable, Answer::Label)
            }
        }
    }
}

/// The answer in one reply: [`ReplyParser`] made and used once.
pub fn parse(reply: &str, parser: &Parser, labels: &[String]) -> Result<Answer, PromptError> {
    Ok(ReplyParser::new(parser, labels)?.parse(reply))
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..start].chars().next_back().is_some_and(in_word)
        && !text[end..].chars().next().is_some_and(in_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn labels() -> Vec<String> {
        vec!["no".to_owned(), "yes".to_owned()]
    }

    #[test]
    fn word_parser() {
        let words = BTreeMap::from([
            ("no".to_owned(), vec!["acceptable".to_owned(), "not hateful".to_owned()]),
            ("yes".to_owned(), vec!["Hateful".to_owned()]),
        ]);
        let parser = ReplyParser::new(&Parser::Word { words }, &labels()).unwrap();
        let check =
            |reply: &str, expect: Answer| assert_eq!(parser.parse(reply), expect, "{reply}");
        check("Hateful.", Answer::Label(1));
        check("It is NOT hateful", Answer::Label(0));
        check("hateful? not hateful", Answer::Unparsable);
        check("unacceptable", Answer::Unparsable);
        check("acceptable, acceptable", Answer::Label(0));
        check("", Answer::Unparsable);
        check("ﬁne İ hateful", Answer::Label(1));
    }

    #[test]
    fn prefix_parser_is_the_owners() {
        let prefixes =
            BTreeMap::from([("yes".to_owned(), vec!["True".to_owned(), "correct".to_owned()])]);
        let parser = |otherwise: Option<&str>| Parser::Prefix {
            strip: vec!["Answer: ".to_owned()],
            prefixes: prefixes.clone(),
            otherwise: otherwise.map(str::to_owned),
        };
        let check = |reply: &str, expect: Answer| {
            assert_eq!(parse(reply, &parser(Some("no")), &labels()).unwrap(), expect, "{reply}");
        };
        check("Answer:  True, because", Answer::Label(1));
        check("\n correct", Answer::Label(1));
        check("true", Answer::Label(0));
        check("It is True", Answer::Label(0));
        assert_eq!(parse("maybe", &parser(None), &labels()).unwrap(), Answer::Unparsable);
        let error = parse("x", &parser(Some("nope")), &labels()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the answer parser names `nope`, which is no label of the task: use one of no, yes"
        );
    }
}
