//! From a logged reply to a label, by the task's own rule.

use std::collections::BTreeMap;

use crate::answer::Answer;
use crate::definition::dataset::Prompt;
use crate::prompts::{self, PromptError, Reader, Reading, Reply, Thought};

/// How replies are read.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Texts that are a label as they stand, after trimming.
    exact: BTreeMap<String, u32>,
    /// The parser of a prompt, for all others.
    reader: Option<Reader>,
}

impl Rule {
    /// A reply is the name of a label, or a text of `map`.
    pub fn names(labels: &[String], map: &[(String, String)]) -> Result<Self, PromptError> {
        let mut exact: BTreeMap<String, u32> =
            labels.iter().zip(0..).map(|(label, i)| (label.trim().to_owned(), i)).collect();
        for (text, label) in map {
            exact.insert(text.trim().to_owned(), index(label, labels)?);
        }
        Ok(Self { exact, reader: None })
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
        Ok(Self { exact, reader: Some(Reader::new(&prompt.parser, labels)?) })
    }

    /// The label of a reply, or that it is none.
    pub fn read(&self, reply: &str) -> Answer {
        self.reading(&Reply::Text(reply.to_owned())).answer
    }

    /// The label of what came back for an example. A thought is set aside first; what is left may be a name, an entry of the map or
    /// an option, else the prompt's parser reads it.
    pub fn reading(&self, reply: &Reply) -> Reading {
        let exact = |text: &str| self.exact.get(text.trim()).map(|label| Answer::Label(*label));
        if let Some(answer) = reply.text().and_then(exact) {
            let is_cut = matches!(reply, Reply::Cut(_));
            return Reading { answer, reason: String::new(), thought: Thought::None, is_cut };
        }
        let named = prompts::read(reply, |text, is_cut| {
            exact(text).or_else(|| (!is_cut).then_some(Answer::Unparsable))
        });
        match &self.reader {
            Some(reader) if named.answer.label().is_none() => reader.read(reply),
            _ => named,
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
