//! One prompt of a protocol for one example: its template, the words loaded from an official file, and the options.

use std::collections::BTreeMap;

use super::input::values;
use crate::definition::dataset::{Prompt, Task, Wording};
use crate::example::{Examples, letter};
use crate::text::template::{Error, Template};

/// The templates of one prompt.
pub(super) struct Wordings<'a> {
    template: Template,
    /// Marks in loaded words -> what replaces them.
    fill: Vec<(&'a str, Template)>,
    wording: Option<Loaded<'a>>,
    /// Place of an option in the official order -> what is shown instead.
    reword: BTreeMap<usize, Template>,
    continuation: Template,
    unconditional: Option<Template>,
}

/// Words of an official file, by the value of a group of the example.
struct Loaded<'a> {
    wording: &'a Wording,
    group: Option<String>,
}

/// A question with options.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) options: Vec<String>,
    pub(super) continuations: Vec<String>,
    pub(super) without: Option<String>,
}

/// Names and values for a template.
type Values = Vec<(String, String)>;

impl<'a> Wordings<'a> {
    pub(super) fn new(prompt: &'a Prompt) -> Result<Self, Error> {
        let fill = prompt.fill.iter().map(|(mark, by)| Ok((mark.as_str(), Template::parse(by)?)));
        let reword = (prompt.reword.iter()).filter_map(|(place, by)| {
            let place = place.parse().ok()?;
            Some(Template::parse(by).map(|by| (place, by)))
        });
        let wording = prompt.wording.as_ref().map(|wording| {
            let file = wording.file.as_deref().map(Template::parse).transpose()?;
            let group = file.and_then(|file| file.names().next().map(str::to_owned));
            Ok(Loaded { wording, group })
        });
        Ok(Self {
            template: Template::parse(&prompt.template)?,
            fill: fill.collect::<Result<_, Error>>()?,
            wording: wording.transpose()?,
            reword: reword.collect::<Result<_, _>>()?,
            continuation: Template::parse(&prompt.continuation)?,
            unconditional: prompt.unconditional.as_deref().map(Template::parse).transpose()?,
        })
    }

    /// The prompt of an example without options.
    pub(super) fn plain(
        &self,
        examples: &Examples,
        row: usize,
        task: &Task,
    ) -> Result<String, Error> {
        render(&self.template, &self.named(examples, row, task)?)
    }

    /// The prompt of an example with its options in an order.
    pub(super) fn question(
        &self,
        examples: &Examples,
        row: usize,
        task: &Task,
        order: &[usize],
    ) -> Result<Question, Error> {
        let mut named = self.named(examples, row, task)?;
        let options = &examples.items[row].options;
        let text_of = |&place: &usize| match self.reword.get(&place) {
            Some(by) => render(by, &named),
            None => Ok(options[place].clone()),
        };
        let shown: Vec<String> = order.iter().map(text_of).collect::<Result<_, _>>()?;
        let letters: Vec<String> = (0..shown.len()).map(letter).collect();
        let lines: Vec<String> =
            letters.iter().zip(&shown).map(|(letter, text)| format!("{letter}. {text}")).collect();
        for (letter, text) in letters.iter().zip(&shown) {
            named.push((format!("option.{letter}"), text.clone()));
        }
        named.push(("options".to_owned(), lines.join("\n")));
        named.push(("letters".to_owned(), letters.join(", ")));
        let continuation = |(letter, text): (&String, &String)| {
            let option = ("option".to_owned(), text.clone());
            let letter = ("letter".to_owned(), letter.clone());
            let own = [named.as_slice(), &[option, letter]].concat();
            render(&self.continuation, &own)
        };
        let continuations =
            letters.iter().zip(&shown).map(continuation).collect::<Result<_, _>>()?;
        let without = self.unconditional.as_ref().map(|by| render(by, &named)).transpose()?;
        Ok(Question {
            text: render(&self.template, &named)?,
            options: shown,
            continuations,
            without,
        })
    }

    /// A solved example: its prompt, with its options as the data have them, and the continuation of its answer.
    pub(super) fn solved(
        &self,
        examples: &Examples,
        row: usize,
        task: &Task,
        of_labels: &[&str],
    ) -> Result<(String, String), Error> {
        let answer = examples.labels[row] as usize;
        if let Some(option) = of_labels.get(answer) {
            return Ok((self.plain(examples, row, task)?, (*option).to_owned()));
        }
        let order: Vec<usize> = (0..examples.items[row].options.len()).collect();
        let mut question = self.question(examples, row, task, &order)?;
        Ok((question.text, question.continuations.swap_remove(answer)))
    }

    /// What the template may name: the example's values and the loaded words.
    fn named(&self, examples: &Examples, row: usize, task: &Task) -> Result<Values, Error> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut named: Values = values(examples, row, task).into_iter().map(owned).collect();
        let Some(loaded) = &self.wording else { return Ok(named) };
        let group = loaded.group.as_ref().and_then(|group| examples.groups.get(group));
        let value = group.map_or("", |coded| coded.get(row));
        let filled: Vec<(&str, String)> = (self.fill.iter())
            .map(|(mark, by)| Ok((*mark, render(by, &named)?)))
            .collect::<Result<_, Error>>()?;
        for (column, words) in loaded.wording.words.get(value).into_iter().flatten() {
            named.push((format!("w.{column}"), replaced(words, &filled)));
        }
        Ok(named)
    }
}

fn render(template: &Template, named: &[(String, String)]) -> Result<String, Error> {
    let fields: Vec<(&str, &str)> =
        named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    template.fill(&fields)
}

/// A text with each mark replaced, from left to right; what was put in is not looked at again.
fn replaced(words: &str, filled: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(c) = rest.chars().next() {
        if let Some((mark, by)) =
            filled.iter().find(|(mark, _)| !mark.is_empty() && rest.starts_with(mark))
        {
            out.push_str(by);
            rest = &rest[mark.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loaded words may hold braces, and what is put in may hold marks: neither is looked at again.
    #[test]
    fn marks_are_replaced_once_and_braces_stay() {
        let filled = [("{q}", "What {q} is this?".to_owned())];
        let words = "{q}\nReply as {\"answer\": \"...\"} {x}";
        assert_eq!(
            replaced(words, &filled),
            "What {q} is this?\nReply as {\"answer\": \"...\"} {x}"
        );
        assert_eq!(replaced("Größe {q}{q}", &[("{q}", "é".to_owned())]), "Größe éé");
    }
}
