//! The answer in what came back for a prompt: the thought set aside, then the prompt's rule. Pure.
//!
//! A reply that the limit of tokens cut counts only where the rest could not have changed its label: it begins with the words
//! of one label ([`Beginning`]). "Whether the answer is no depends on" has no answer, "Yes, because" has one.

use std::collections::BTreeMap;

use super::thought::{Thought, split};
use super::{PromptError, ReplyParser};
use crate::answer::Answer;
use crate::definition::dataset::Parser;

/// What came back for a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What the model wrote.
    Text(String),
    /// What it had written when the limit of tokens cut it.
    Cut(String),
    /// The model gave none, and why.
    Missing(String),
}

impl Reply {
    /// What the model wrote, its thought included.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Cut(text) => Some(text),
            Self::Missing(_) => None,
        }
    }
}

/// A reply as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The label, or that there is none.
    pub answer: Answer,
    /// Why there is no answer; empty where there is one, and where the reply is no label.
    pub reason: String,
    /// What became of the thought.
    pub thought: Thought,
    /// Whether the limit of tokens cut the reply.
    pub is_cut: bool,
}

/// Reads replies to one prompt: made once, used for every reply.
#[derive(Debug, Clone)]
pub struct Reader {
    parser: ReplyParser,
    /// The rule without what it says of replies that nothing in it fits: of a beginning, that says nothing.
    of_beginnings: ReplyParser,
    beginning: Beginning,
}

impl Reader {
    /// A reader by the prompt's rule.
    ///
    /// # Errors
    /// Where the rule names a label that the task lacks.
    pub fn new(parser: &Parser, labels: &[String]) -> Result<Self, PromptError> {
        let strict = match parser {
            Parser::Regex { patterns, .. } => {
                Parser::Regex { patterns: patterns.clone(), otherwise: None }
            }
            other => other.clone(),
        };
        Ok(Self {
            parser: ReplyParser::new(parser, labels)?,
            of_beginnings: ReplyParser::new(&strict, labels)?,
            beginning: Beginning::of(parser),
        })
    }

    /// The answer in a reply.
    pub fn read(&self, reply: &Reply) -> Reading {
        read(reply, |text, is_cut| {
            let answer = self.parser.parse(text);
            if is_cut && !self.beginning.decides(text, answer, &self.of_beginnings) {
                return None;
            }
            Some(answer)
        })
    }
}

/// The answer in a reply by a rule over what is left of it when its thought is set aside. The rule gets the text and whether it
/// is cut; it gives nothing where a longer reply might have another label.
pub fn read(reply: &Reply, rule: impl FnOnce(&str, bool) -> Option<Answer>) -> Reading {
    let none = |thought, is_cut, reason: &str| Reading {
        answer: Answer::Missing,
        reason: reason.to_owned(),
        thought,
        is_cut,
    };
    let (text, is_cut) = match reply {
        Reply::Missing(why) => return none(Thought::None, false, why),
        Reply::Text(text) => (text, false),
        Reply::Cut(text) => (text, true),
    };
    let split = split(text);
    let is_cut = is_cut || split.thought == Thought::Cut;
    if split.thought == Thought::Cut {
        return none(split.thought, is_cut, "the limit of tokens cut the thought");
    }
    if split.answer.trim().is_empty() {
        if is_cut {
            return none(split.thought, is_cut, "the limit of tokens left no answer");
        }
        return Reading {
            answer: Answer::Unparsable,
            reason: String::new(),
            thought: split.thought,
            is_cut,
        };
    }
    match rule(&split.answer, is_cut) {
        Some(answer) => Reading { answer, reason: String::new(), thought: split.thought, is_cut },
        None => none(
            split.thought,
            is_cut,
            "the limit of tokens cut the reply, and it does not begin with a label",
        ),
    }
}

/// When the beginning of a reply is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Beginning {
    /// The rule looks at the beginning alone: the text must be longer than what it looks for.
    Texts(Vec<String>),
    /// The rule looks at the whole reply: so many first words must say the same as all of it.
    Words(usize),
}

impl Beginning {
    fn of(parser: &Parser) -> Self {
        match parser {
            Parser::Prefix { strip, prefixes, .. } => {
                Self::Texts(strip.iter().chain(prefixes.values().flatten()).cloned().collect())
            }
            Parser::Word { words, .. } => {
                let longest = words.values().flatten().map(|word| word.split_whitespace().count());
                Self::Words(longest.max().unwrap_or_default().max(1))
            }
            Parser::Regex { .. } => Self::Words(3),
            // The rules for options and texts do not come here: [`ReplyParser::new`] refuses them.
            _ => Self::Words(1),
        }
    }

    fn decides(&self, text: &str, answer: Answer, parser: &ReplyParser) -> bool {
        match self {
            Self::Texts(texts) => {
                let text = text.trim_start();
                answer != Answer::Unparsable
                    && !texts.iter().any(|one| one.len() > text.len() && one.starts_with(text))
            }
            Self::Words(words) => {
                let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
                let mut ends = text
                    .split_whitespace()
                    .map(|word| word.as_ptr().addr() - text.as_ptr().addr() + word.len());
                let end = ends.by_ref().take(*words).last().unwrap_or_default();
                matches!(answer, Answer::Label(_)) && parser.parse(&text[..end]) == answer
            }
        }
    }
}

/// How replies were read: counts for a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    replies: usize,
    thoughts: usize,
    cut: usize,
    cut_answered: usize,
    missing: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts a reply.
    pub fn add(&mut self, reading: &Reading) {
        self.replies += 1;
        self.thoughts += usize::from(reading.thought != Thought::None);
        self.cut += usize::from(reading.is_cut);
        self.cut_answered += usize::from(reading.is_cut && reading.answer.label().is_some());
        if reading.answer == Answer::Missing {
            *self.missing.entry(reading.reason.clone()).or_default() += 1;
        }
    }

    /// Everything in one line; nothing where there is nothing to tell.
    pub fn line(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.thoughts > 0 {
            parts.push(format!("{} with a thought, which was set aside", self.thoughts));
        }
        if self.cut > 0 {
            parts.push(format!(
                "{} cut by the limit of tokens, {} of them with an answer (raise `max_tokens`)",
                self.cut, self.cut_answered
            ));
        }
        for (reason, count) in &self.missing {
            parts.push(format!("{count} without an answer: {reason}"));
        }
        (!parts.is_empty()).then(|| format!("{} replies: {}", self.replies, parts.join("; ")))
    }
}

#[cfg(test)]
mod tests;
