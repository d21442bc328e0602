//! From a logged reply to a label, by the task's own rule.

use std::collections::BTreeMap;

use culture_scores::parse::option_text;

use crate::answer::Answer;
use crate::definition::dataset::Prompt;
use crate::example::Item;
use crate::prompts::options::{OptionReader, TextReader};
use crate::prompts::{self, PromptError, Reader, Reading, Reply, Thought};

/// How replies are read.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Texts that are a label as they stand, after trimming.
    exact: BTreeMap<String, u32>,
    /// The parser of a prompt, for all others.
    reader: Option<PromptReader>,
}

/// The parser of a prompt, by what it reads.
#[derive(Debug, Clone)]
enum PromptReader {
    Labels(Reader),
    Options(OptionReader),
    Texts(TextReader),
}

impl PromptReader {
    fn new(prompt: &Prompt, labels: &[String]) -> Result<Self, PromptError> {
        if let Ok(reader) = OptionReader::new(&prompt.parser) {
            return Ok(Self::Options(reader));
        }
        if let Ok(reader) = TextReader::new(&prompt.parser) {
            return Ok(Self::Texts(reader));
        }
        Reader::new(&prompt.parser, labels).map(Self::Labels)
    }
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
        Ok(Self { exact, reader: Some(PromptReader::new(prompt, labels)?) })
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
            Some(PromptReader::Labels(reader)) if named.answer.label().is_none() => {
                reader.read(reply)
            }
            _ => named,
        }
    }

    /// What came back for an example with options of its own, or with short answers: the option by its text, its letter, an
    /// entry of the map or the prompt's parser; else the reply itself, cleaned by the prompt's parser, and whether it is an
    /// answer. Letters are those of the official order.
    pub fn reading_of(&self, reply: &Reply, item: &Item) -> (Reading, Option<String>) {
        if item.options.is_empty() {
            return self.text_of(reply);
        }
        let named = |text: &str| {
            let text = text.trim();
            let as_is = item.options.iter().position(|option| option == text);
            let option = as_is.or_else(|| option_text(text, &item.options));
            let mapped = || self.exact.get(text).map(|label| *label as usize);
            let option = option.or_else(mapped).filter(|option| *option < item.options.len());
            option.map(|option| Answer::Label(option as u32))
        };
        let reading = prompts::read(reply, |text, is_cut| {
            named(text).or_else(|| (!is_cut).then_some(Answer::Unparsable))
        });
        let reading = match &self.reader {
            Some(PromptReader::Options(reader)) if reading.answer.label().is_none() => {
                let field = |name: &str| item.fields.get(name).map(String::as_str);
                reader.read(reply, &item.options, field)
            }
            _ => reading,
        };
        (reading, None)
    }

    /// A short answer. The log does not have the prompt as this program puts it, so only what does not depend on the prompt
    /// is cleaned.
    fn text_of(&self, reply: &Reply) -> (Reading, Option<String>) {
        if let Some(PromptReader::Texts(reader)) = &self.reader {
            return reader.read("", reply);
        }
        let mut said = None;
        let reading = prompts::read(reply, |text, _| {
            said = Some(text.trim().to_owned());
            Some(Answer::Label(0))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::dataset::Parser;

    fn prompt(parser: Parser) -> Prompt {
        let mut prompt: Prompt =
            toml::from_str("name = \"p\"\ntemplate = \"{text}\"\nparser = { kind = \"option\" }")
                .unwrap();
        prompt.parser = parser;
        prompt
    }

    fn text(reply: &str) -> Reply {
        Reply::Text(reply.to_owned())
    }

    /// `--prompt` reads options and short answers by the parser of the prompt, as a run does.
    #[test]
    fn the_parser_of_a_prompt_reads_every_kind_of_answer() {
        let letters = ["A".to_owned(), "B".to_owned()];
        let item = Item { options: vec!["tea".to_owned(), "coffee".to_owned()], ..Item::default() };
        let plain = Rule::names(&letters, &[]).unwrap();
        let asked = Rule::prompt(&prompt(Parser::Option {}), &letters, &[]).unwrap();
        let said = text("The answer is (B).");
        assert_eq!(asked.reading_of(&said, &item).0.answer, Answer::Label(1));
        assert_eq!(plain.reading_of(&text("coffee"), &item).0.answer, Answer::Label(1));
        assert_eq!(asked.reading_of(&text("nobody knows"), &item).0.answer, Answer::Unparsable);

        let steps = culture_scores::short::BLEND_STEPS.to_vec();
        let asked = Rule::prompt(&prompt(Parser::Text { steps }), &[], &[]).unwrap();
        let (reading, cleaned) = asked.reading_of(&text(" Rice. "), &Item::default());
        assert_eq!((reading.answer, cleaned.as_deref()), (Answer::Label(0), Some("rice")));
        let plain = Rule::names(&[], &[]).unwrap();
        assert_eq!(
            plain.reading_of(&text(" Rice. "), &Item::default()).1.as_deref(),
            Some("Rice.")
        );
    }
}
