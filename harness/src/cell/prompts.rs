//! What a language model reads: the protocol's prompts, with what the model's `[prompt]` puts around them.
//!
//! Solved examples come from the parts that may be learnt from, which are then not scored ([`crate::exec::plan`]): no label of a
//! scored example gets into a prompt.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;

use super::input::{fill, persona};
use super::{Cell, harness};
use crate::example::Examples;
use crate::prompts;
use crate::store::record::{Reason, ReasonKind};
use crate::text::template::{self, Template};
use eval_stats::rng::{Stream, below};

/// The culture of examples whose culture a model does not see: what it is shown is drawn from all.
const ANY: &str = "";

/// The prompts of a cell.
pub(super) struct Prompts<'a> {
    cell: &'a Cell<'a>,
    /// What may be shown.
    train: Examples,
    /// For each prompt: the continuation of each label.
    options: Vec<Vec<&'a str>>,
    /// For each prompt: its template.
    templates: Vec<Template>,
    /// What comes before the question.
    persona: Option<Template>,
    /// For each culture: rows of the train part.
    shots: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Prompts<'a> {
    /// Draws the examples to show.
    pub(super) fn new(cell: &'a Cell<'a>) -> Result<Self, Reason> {
        let spec = cell.spec;
        let train = match spec.model.prompt.shots {
            0 => Examples::default(),
            _ => cell.all(&spec.protocol.train)?,
        };
        let options = (spec.protocol.prompts.iter())
            .map(|prompt| prompts::options(&prompt.options, &spec.task.labels))
            .collect::<Result<_, _>>()
            .map_err(harness)?;
        let parsed = |text: &String| Template::parse(text).map_err(harness);
        let templates = (spec.protocol.prompts.iter())
            .map(|prompt| parsed(&prompt.template))
            .collect::<Result<_, _>>()?;
        let persona = spec.model.prompt.persona.as_ref().map(parsed).transpose()?;
        let wanted = spec.model.prompt.shots;
        if wanted > train.len() {
            let message = format!(
                "`prompt.shots` = {wanted}, but task `{}` has {} examples that may be shown; lower it in the model's TOML",
                spec.task.name,
                train.len()
            );
            return Err(Reason::new(ReasonKind::NoData, message));
        }
        let stream = Stream::new(spec.seed, "shots").child(&spec.task.name);
        let anyone = std::iter::once(ANY);
        let shots = (anyone.chain(cell.cultures().iter().map(String::as_str)))
            .map(|culture| (culture, draw(&train, culture, wanted, &stream)))
            .collect();
        Ok(Self { cell, train, options, templates, persona, shots })
    }

    /// All prompts of some examples: the wordings of the first, then those of the next.
    pub(super) fn of(&self, eval: &Examples, rows: Range<usize>) -> Result<Vec<String>, Reason> {
        let wordings = self.cell.spec.protocol.prompts.len();
        rows.flat_map(|row| (0..wordings).map(move |prompt| (row, prompt)))
            .map(|(row, prompt)| self.one(eval, row, prompt).map_err(harness))
            .collect()
    }

    fn one(&self, eval: &Examples, row: usize, prompt: usize) -> Result<String, template::Error> {
        let (spec, train) = (self.cell.spec, &self.train);
        let template = &self.templates[prompt];
        let question = fill(template, eval, row, &spec.task)?;
        if spec.model.prompt.is_plain() {
            return Ok(question);
        }
        let culture = eval.cultures.get(row);
        let persona = self.persona.as_ref();
        let persona =
            persona.map(|template| self::persona(template, culture, &spec.task)).transpose()?;
        let known = if spec.protocol.shows_culture() { culture } else { ANY };
        let solved = (self.shots.get(known).into_iter().flatten())
            .map(|&shot| {
                let option = self.options[prompt][train.labels[shot] as usize];
                Ok((fill(template, train, shot, &spec.task)?, option))
            })
            .collect::<Result<Vec<_>, template::Error>>()?;
        let put = if spec.model.prompt.messages { as_messages } else { as_text };
        Ok(put(persona.as_deref(), &solved, &question))
    }
}

/// Rows of `train` to show before a question of a culture: of the same culture, then of any other where there are too few.
fn draw(train: &Examples, culture: &str, shots: usize, stream: &Stream) -> Vec<usize> {
    if shots == 0 {
        return Vec::new();
    }
    let mut random = stream.child(culture).at(0);
    let (mut own, mut others): (Vec<usize>, Vec<usize>) =
        (0..train.len()).partition(|row| train.cultures.get(*row) == culture);
    let mut chosen = Vec::with_capacity(shots);
    for pool in [&mut own, &mut others] {
        while chosen.len() < shots && !pool.is_empty() {
            let place = below(&mut random, pool.len() as u32) as usize;
            chosen.push(pool.swap_remove(place));
        }
    }
    chosen
}

/// One text: persona, solved examples and the question, a blank line between them.
fn as_text(persona: Option<&str>, solved: &[(String, &str)], question: &str) -> String {
    let mut parts: Vec<String> = persona.map(str::to_owned).into_iter().collect();
    parts.extend(solved.iter().map(|(question, option)| format!("{question}{option}")));
    parts.push(question.to_owned());
    parts.join("\n\n")
}

/// A conversation, as a JSON array of messages.
fn as_messages(persona: Option<&str>, solved: &[(String, &str)], question: &str) -> String {
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    let mut messages: Vec<_> = persona.map(|text| message("system", text)).into_iter().collect();
    for (question, option) in solved {
        messages.extend([message("user", question), message("assistant", option.trim())]);
    }
    messages.push(message("user", question));
    json!(messages).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::Coded;

    /// Six examples of A, two of B.
    fn train() -> Examples {
        let cultures =
            Coded { names: vec!["A".into(), "B".into()], codes: vec![0, 1, 0, 0, 0, 1, 0, 0] };
        Examples { ids: (0..8).map(|_| "x").collect(), cultures, ..Examples::default() }
    }

    #[test]
    fn examples_are_drawn_by_seed_and_culture() {
        let (train, stream) = (train(), |seed| Stream::new(seed, "shots"));
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let drawn = draw(&train, "A", 3, &stream(seed));
            assert_eq!(
                drawn,
                draw(&train, "A", 3, &stream(seed)),
                "the same seed, the same examples"
            );
            let mut distinct = drawn.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), 3);
            assert!(drawn.iter().all(|row| train.cultures.get(*row) == "A"));
            seen.insert(drawn);
        }
        assert!(seen.len() > 60, "of 6 * 5 * 4 = 120: {}", seen.len());
        let few = draw(&train, "B", 4, &stream(1));
        let cultures: Vec<&str> = few.iter().map(|row| train.cultures.get(*row)).collect();
        assert_eq!(cultures, ["B", "B", "A", "A"], "its own first");
        assert_eq!(draw(&train, "C", 8, &stream(1)).len(), 8);
        assert_eq!(draw(&train, "A", 0, &stream(1)), [0; 0]);
    }

    #[test]
    fn prompts_as_text_and_as_messages() {
        let solved =
            [("Is 1 odd?\nAnswer:".to_owned(), " yes"), ("Is 2 odd?\nAnswer:".to_owned(), " no")];
        let check = |persona, solved: &[(String, &str)], text, messages| {
            assert_eq!(as_text(persona, solved, "Is \"3\" odd?\nAnswer:"), text);
            assert_eq!(as_messages(persona, solved, "Is \"3\" odd?\nAnswer:"), messages);
        };
        check(
            None,
            &[],
            "Is \"3\" odd?\nAnswer:",
            r#"[{"content":"Is \"3\" odd?\nAnswer:","role":"user"}]"#,
        );
        check(
            Some("You live in Kenya."),
            &solved,
            "You live in Kenya.\n\nIs 1 odd?\nAnswer: yes\n\nIs 2 odd?\nAnswer: no\n\nIs \"3\" odd?\nAnswer:",
            concat!(
                r#"[{"content":"You live in Kenya.","role":"system"},"#,
                r#"{"content":"Is 1 odd?\nAnswer:","role":"user"},{"content":"yes","role":"assistant"},"#,
                r#"{"content":"Is 2 odd?\nAnswer:","role":"user"},{"content":"no","role":"assistant"},"#,
                r#"{"content":"Is \"3\" odd?\nAnswer:","role":"user"}]"#
            ),
        );
    }
}
