//! Reads from a reply which of the shown options it gives.

use culture_scores::parse::{self, LetterRule, SurveyItem};
use culture_scores::short::{CleanStep, clean};

use super::PromptError;
use super::reading::{Reading, Reply, read};
use crate::answer::Answer;
use crate::definition::dataset::Parser;

/// Reads replies to a prompt that shows options.
#[derive(Debug, Clone)]
pub struct OptionReader {
    parser: Parser,
}

impl OptionReader {
    /// A reader by the prompt's rule.
    ///
    /// # Errors
    /// Where the rule is one for the labels of a task, or for texts.
    pub fn new(parser: &Parser) -> Result<Self, PromptError> {
        match parser {
            Parser::Option {}
            | Parser::OptionText {}
            | Parser::Kobbq {}
            | Parser::Json { .. }
            | Parser::InglehartWelzel { .. } => Ok(Self { parser: parser.clone() }),
            _ => Err(PromptError::NotOfOptions),
        }
    }

    /// The option that a reply chooses, as its place among the shown ones. `field` gives parts of the example's text.
    pub fn read<'f>(
        &self,
        reply: &Reply,
        options: &[String],
        field: impl Fn(&str) -> Option<&'f str>,
    ) -> Reading {
        read(reply, |text, is_cut| {
            let chosen = match &self.parser {
                Parser::OptionText {} => parse::option_text(text, options),
                Parser::Kobbq {} => parse::kobbq(text, options),
                Parser::Json { key } => parse::json(text, key, options),
                Parser::InglehartWelzel { item } => {
                    let item = field(item).and_then(|name| SurveyItem::parse_name(name).ok());
                    let value = item.and_then(|item| item.parse(text));
                    let value = value.map(|value| value.to_string());
                    options.iter().position(|option| Some(option) == value.as_ref())
                }
                _ => parse::letter(text, options, LetterRule::default()),
            };
            match chosen {
                // What a cut reply would have gone on to say must not be able to change it.
                Some(option) if is_cut && !begins_with(text, option, options) => None,
                Some(option) => Some(Answer::Label(option as u32)),
                None if is_cut => None,
                None => Some(Answer::Unparsable),
            }
        })
    }
}

/// Whether a reply begins with the letter or the text of an option.
fn begins_with(text: &str, option: usize, options: &[String]) -> bool {
    let text = text.trim_start();
    let first = text.split_whitespace().next().unwrap_or_default();
    parse::letter(first, options, LetterRule::default()) == Some(option)
        || text.to_lowercase().starts_with(&options[option].to_lowercase())
}

/// Reads replies that are the answer themselves.
#[derive(Debug, Clone)]
pub struct TextReader {
    steps: Vec<CleanStep>,
}

impl TextReader {
    /// A reader by the prompt's rule.
    ///
    /// # Errors
    /// Where the rule is not one for texts.
    pub fn new(parser: &Parser) -> Result<Self, PromptError> {
        match parser {
            Parser::Text { steps } => Ok(Self { steps: steps.clone() }),
            _ => Err(PromptError::NotOfTexts),
        }
    }

    /// The cleaned text of a reply to a prompt; none where there is no reply.
    pub fn read(&self, prompt: &str, reply: &Reply) -> (Reading, Option<String>) {
        let mut cleaned = None;
        let reading = read(reply, |text, _| {
            cleaned = Some(clean(text, prompt, &self.steps));
            Some(Answer::Label(0))
        });
        (reading, cleaned)
    }
}
