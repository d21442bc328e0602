//! From a logged reply to a label, by the task's own rule.

use std::collections::BTreeMap;

use culture_scores::parse::option_text;

use crate::answer::Answer;
use crate::definition::dataset::Prompt;
use crate::example::Item;
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

    /// What came back for an example with options of its own, or with short answers: the option by its text, its letter or an
    /// entry of the map; else the reply itself, trimmed, and whether it is an answer.
    pub fn reading_of(&self, reply: &Reply, item: &Item) -> (Reading, Option<String>) {
        let named = |text: &str| {
            let text = text.trim();
            let as_is = item.options.iter().position(|option| option == text);
            let option = as_is.or_else(|| option_text(text, &item.options));
            let mapped = || self.exact.get(text).map(|label| *label as usize);
            let option = option.or_else(mapped).filter(|option| *option < item.options.len());
            option.map(|option| Answer::Label(option as u32))
        };
        let mut said = None;
        let reading = prompts::read(reply, |text, is_cut| {
            if item.options.is_empty() {
                said = Some(text.trim().to_owned());
                return Some(Answer::Label(0));
            }
            named(text).or_else(|| (!is_cut).then_some(Answer::Unparsable))
        });
        (reading, said)
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
