//! What a language model reads: the protocol's prompts, with what the model's `[prompt]` puts around them.
//!
//! Solved examples come from the parts that may be learnt from, which are then not scored ([`crate::exec::plan`]): no label of a
//! scored example gets into a prompt.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;

use super::input::persona;
use super::wordings::{Question, Wordings};
use super::{Cell, harness};
use crate::definition::answer::Kind;
use crate::example::Examples;
use crate::prompts;
use crate::store::record::{Reason, ReasonKind};
use crate::text::template::{self, Template};
use eval_stats::rng::{Stream, below};

/// The culture of examples whose culture a model does not see: what it is shown is drawn from all.
const ANY: &str = "";

/// A question with options as it is put to a model.
pub(super) struct Asked {
    /// The prompt.
    pub(super) text: String,
    /// The place in the official order of each shown option.
    pub(super) order: Vec<usize>,
    /// The options as they are shown.
    pub(super) options: Vec<String>,
    /// The continuation that stands for each shown option.
    pub(super) continuations: Vec<String>,
    /// The prompt without the question, where the definition has one.
    pub(super) without: Option<String>,
}

/// The prompts of a cell.
pub(super) struct Prompts<'a> {
    cell: &'a Cell<'a>,
    /// What may be shown.
    train: Examples,
    /// For each prompt: the continuation of each label; none where examples have options of their own.
    options: Vec<Vec<&'a str>>,
    /// For each prompt: its templates.
    wordings: Vec<Wordings<'a>>,
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
        let labels: &[String] =
            if spec.task.kind() == Kind::Label { &spec.task.labels } else { &[] };
        let options = (spec.protocol.prompts.iter())
            .map(|prompt| prompts::options(&prompt.options, labels))
            .collect::<Result<_, _>>()
            .map_err(harness)?;
        let parsed = |text: &String| Template::parse(text).map_err(harness);
        let wordings = (spec.protocol.prompts.iter())
            .map(Wordings::new)
            .collect::<Result<_, _>>()
            .map_err(harness)?;
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
        Ok(Self { cell, train, options, wordings, persona, shots })
    }

    /// All prompts of some examples: the wordings of the first, then those of the next.
    pub(super) fn of(&self, eval: &Examples, rows: Range<usize>) -> Result<Vec<String>, Reason> {
        let wordings = self.cell.spec.protocol.prompts.len();
        rows.flat_map(|row| (0..wordings).map(move |prompt| (row, prompt)))
            .map(|(row, prompt)| self.one(eval, row, prompt).map_err(harness))
            .collect()
    }

    /// What a prompt shows of an example with options of its own, in one of the orders.
    pub(super) fn item(
        &self,
        eval: &Examples,
        row: usize,
        (prompt, draw): (usize, usize),
    ) -> Result<Asked, Reason> {
        let spec = self.cell.spec;
        let wordings = &self.wordings[prompt];
        let order = self.cell.order_of(eval, row, draw)?;
        let question = wordings.question(eval, row, &spec.task, &order).map_err(harness)?;
        let Question { text, options, continuations, without } = question;
        let text = self.around(eval, row, prompt, text).map_err(harness)?;
        Ok(Asked { text, order, options, continuations, without })
    }

    fn one(&self, eval: &Examples, row: usize, prompt: usize) -> Result<String, template::Error> {
        let question = self.wordings[prompt].plain(eval, row, &self.cell.spec.task)?;
        self.around(eval, row, prompt, question)
    }

    /// A question with what the model's `[prompt]` puts around it.
    fn around(
        &self,
        eval: &Examples,
        row: usize,
        prompt: usize,
        question: String,
    ) -> Result<String, template::Error> {
        let (spec, train) = (self.cell.spec, &self.train);
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
                self.wordings[prompt].solved(train, shot, &spec.task, &self.options[prompt])
            })
            .collect::<Result<Vec<_>, template::Error>>()?;
        let solved: Vec<(String, &str)> =
            solved.iter().map(|(question, answer)| (question.clone(), answer.as_str())).collect();
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
