//! From a logged reply to a label, by the task's own rule.

use std::collections::BTreeMap;

use crate::answer::Answer;
use crate::definition::dataset::Prompt;
use crate::prompts::{PromptError, ReplyParser};

/// How replies are read.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Texts that are a label as they stand, after trimming.
    exact: BTreeMap<String, u32>,
    /// The parser of a prompt, for all others.
    parser: Option<ReplyParser>,
}

impl Rule {
    /// A reply is the name of a label, or a text of `map`.
    pub fn names(labels: &[String], map: &[(String, String)]) -> Result<Self, PromptError> {
        let mut exact: BTreeMap<String, u32> =
            labels.iter().zip(0..).map(|(label, i)| (label.trim().to_owned(), i)).collect();
        for (text, label) in map {
            exact.insert(text.trim().to_owned(), index(label, labels)?);
        }
        Ok(Self { exact, parser: None })
    }

    /// A reply answers a prompt: one of its options, or what its parser makes of it; `map` comes first.
    pub fn prompt(
        prompt: &Prompt,
        labels: &[String],
        map: &[(String, String)],
    ) -> Result<Self, PromptError> {
        let options = prompt.options.iter().map(|(label, option)| (option.clone(), label.clone()));
        let mut exact = BTreeMap::new();
        for (text, label) in options.chain(map.iter().cloned()) {
            exact.insert(text.trim().to_owned(), index(&label, labels)?);
        }
        Ok(Self { exact, parser: Some(ReplyParser::new(&prompt.parser, labels)?) })
    }

    /// The label of a reply, or that it is none.
    pub fn read(&self, reply: &str) -> Answer {
        match (self.exact.get(reply.trim()), &self.parser) {
            (Some(label), _) => Answer::Label(*label),
            (None, Some(parser)) => parser.parse(reply),
            (None, None) => Answer::Unparsable,
        }
    }
}

fn index(name: &str, labels: &[String]) -> Result<u32, PromptError> {
    labels.iter().position(|label| label == name).map(|i| i as u32).ok_or_else(|| {
        PromptError::NoSuchLabel {
            place: "the import",
            name: name.to_owned(),
            labels: labels.to_vec(),
        }
    })
}
