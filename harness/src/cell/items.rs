//! Queries a model about options: scores of `choose`, log-likelihoods, replies and similarities become answers in the
//! log.
//!
//! Options are shown in each order of the protocol; an answer is the place of the option in the official order.

use std::ops::Range;

use super::ask::{in_batches, replies};
use super::prompts::{Asked, Prompts};
use super::{Answered, Cell, harness, reason};
use crate::answer::Answer;
use crate::definition::answer::Kind;
use crate::definition::dataset::{Likelihood, Prompt};
use crate::example::Examples;
use crate::plugin::{Columns, Instance, Listener as _, ShownOptions};
use crate::prompts::options::{OptionReader, TextReader};
use crate::prompts::{self, Tally};
use crate::score::best;
use crate::store::log::Prediction;
use crate::store::record::Reason;

/// Name of a variant in one of several orders.
fn in_order(name: &str, draw: usize, draws: usize) -> String {
    if draws == 1 { name.to_owned() } else { format!("{name}/o{}", draw + 1) }
}

/// The answer that scores of the shown options give, with all scores by the official order.
fn chosen(example: usize, variant: usize, order: &[usize], scores: &[f64]) -> Prediction {
    let single: Vec<f32> = scores.iter().map(|score| *score as f32).collect();
    let of = |shown: u32| order[shown as usize] as u32;
    let answer = match best::best_f64(scores) {
        Answer::Label(shown) => Answer::Label(of(shown)),
        other => other,
    };
    let (reason, top) = match answer {
        Answer::Label(_) => {
            let ranked = best::ranking(&single).into_iter();
            (String::new(), ranked.map(|shown| (of(shown), single[shown as usize])).collect())
        }
        _ => ("all scores are NaN or minus infinity".to_owned(), Vec::new()),
    };
    Prediction { example, variant, answer, reason, top, reply: None, text: None }
}

fn missing(example: usize, variant: usize, reason: &str) -> Prediction {
    let reason = reason.to_owned();
    let answer = Answer::Missing;
    Prediction { example, variant, answer, reason, top: Vec::new(), reply: None, text: None }
}

/// Scores of models that choose.
pub(super) fn choose(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let order = &cell.spec.protocol.order;
    let draws = order.times();
    let variants: Vec<String> = (0..draws).map(|d| in_order("direct", d, draws)).collect();
    let mut scores = Vec::new();
    in_batches(cell, variants, draws, |examples, rows| {
        let input = cell.input(examples, rows.clone())?;
        let mut batch = Vec::with_capacity(rows.len() * draws);
        for draw in 0..draws {
            let shown = Shown::of(cell, examples, rows.clone(), draw)?;
            let texts: Vec<&str> = shown.texts.iter().map(String::as_str).collect();
            let options = ShownOptions { texts: &texts, ends: &shown.ends };
            let answered = input
                .all(|columns| model.choose(columns, options, &mut scores))
                .map_err(|e| reason(&e))?;
            for (i, example) in rows.clone().enumerate() {
                let own: Vec<f64> = scores[shown.range(i)].iter().map(|s| f64::from(*s)).collect();
                batch.push(if answered[i] {
                    chosen(example, draw, &shown.orders[i], &own)
                } else {
                    missing(example, draw, "the model has no answer")
                });
            }
        }
        batch.sort_by_key(|row| (row.example, row.variant));
        Ok(batch)
    })
}

/// Options of some examples in one order.
struct Shown {
    orders: Vec<Vec<usize>>,
    texts: Vec<String>,
    ends: Vec<usize>,
}

impl Shown {
    fn of(
        cell: &Cell<'_>,
        examples: &Examples,
        rows: Range<usize>,
        draw: usize,
    ) -> Result<Self, Reason> {
        let mut all = Self { orders: Vec::new(), texts: Vec::new(), ends: Vec::new() };
        for row in rows {
            let options = &examples.items[row].options;
            let order = cell.order_of(examples, row, draw)?;
            all.texts.extend(order.iter().map(|&place| options[place].clone()));
            all.ends.push(all.texts.len());
            all.orders.push(order);
        }
        Ok(all)
    }

    fn range(&self, i: usize) -> Range<usize> {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        start..self.ends[i]
    }
}

/// Log-likelihoods of the options after each prompt.
pub(super) fn loglikelihood(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let protocol = &cell.spec.protocol;
    let (wordings, draws) = (protocol.prompts.len(), protocol.order.times());
    let ways = ways(&protocol.prompts).map_err(harness)?;
    let width = wordings * draws;
    let mut variants = Vec::new();
    let kinds = ways[0].len();
    for way in 0..kinds {
        for (prompt, own) in protocol.prompts.iter().zip(&ways) {
            for draw in 0..draws {
                let name = in_order(&prompt.name, draw, draws);
                let own = own[way].name();
                variants.push(if way == 0 { name } else { format!("{name}/{own}") });
            }
        }
    }
    let asking = Prompts::new(cell)?;
    let likelihood = |place: usize, way: usize| ways[place / draws][way];
    in_batches(cell, variants, width, |examples, rows| {
        let asked = asked(&asking, examples, rows.clone(), (wordings, draws))?;
        let found = Likelihoods::of(model, &asked)?;
        let mut batch = Vec::new();
        for (i, example) in rows.enumerate() {
            for way in 0..kinds {
                for place in 0..width {
                    let one = i * width + place;
                    let scores = found.scores(&asked[one], one, likelihood(place, way));
                    batch.push(chosen(example, way * width + place, &asked[one].order, &scores));
                }
            }
        }
        Ok(batch)
    })
}

/// For each prompt the log-likelihoods in the order of their variants: the one that makes the score first. The prompts have
/// as many each.
fn ways(prompts: &[Prompt]) -> Result<Vec<Vec<Likelihood>>, String> {
    let with_against = prompts.iter().all(|prompt| prompt.unconditional.is_some());
    let of = |prompt: &Prompt| {
        if prompt.likelihood == Likelihood::Against && !with_against {
            return Err(format!(
                "prompt `{}` has `likelihood = \"against\"`, which needs `unconditional` in every prompt of the protocol",
                prompt.name
            ));
        }
        let others = Likelihood::ALL.into_iter().filter(|way| {
            *way != prompt.likelihood && (with_against || *way != Likelihood::Against)
        });
        Ok(std::iter::once(prompt.likelihood).chain(others).collect())
    };
    prompts.iter().map(of).collect()
}

/// All prompts of some examples: of the first example each wording in each order, then those of the next.
fn asked(
    asking: &Prompts<'_>,
    examples: &Examples,
    rows: Range<usize>,
    (wordings, draws): (usize, usize),
) -> Result<Vec<Asked>, Reason> {
    let places = (0..wordings).flat_map(|p| (0..draws).map(move |d| (p, d)));
    let places: Vec<(usize, usize)> = places.collect();
    rows.flat_map(|row| places.iter().map(move |&place| (row, place)))
        .map(|(row, place)| asking.item(examples, row, place))
        .collect()
}

/// What was found for all continuations, one after the other.
struct Likelihoods {
    ends: Vec<usize>,
    sums: Vec<f64>,
    tokens: Vec<f64>,
    /// After the prompt without the question; empty if there is none.
    without: Vec<f64>,
}

impl Likelihoods {
    fn of(model: &mut Instance<'_>, asked: &[Asked]) -> Result<Self, Reason> {
        let mut ends = Vec::with_capacity(asked.len());
        let (mut left, mut right, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        for one in asked {
            for continuation in &one.continuations {
                left.push(one.text.as_str());
                right.push(continuation.as_str());
                bare.extend(one.without.as_deref());
            }
            ends.push(right.len());
        }
        let found = model.loglikelihood(&left, &right).map_err(|e| reason(&e))?;
        let without = if bare.len() == right.len() && !bare.is_empty() {
            let found = model.loglikelihood(&bare, &right).map_err(|e| reason(&e))?;
            found.iter().map(|one| one.sum).collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            ends,
            sums: found.iter().map(|one| one.sum).collect(),
            tokens: found.iter().map(|one| one.tokens as f64).collect(),
            without,
        })
    }

    /// One score a shown option.
    fn scores(&self, asked: &Asked, one: usize, way: Likelihood) -> Vec<f64> {
        let start = if one == 0 { 0 } else { self.ends[one - 1] };
        let score = |(at, continuation): (usize, &String)| {
            let sum = self.sums[at];
            let over = |length: f64| if length > 0.0 { sum / length } else { f64::NAN };
            match way {
                Likelihood::Sum => sum,
                Likelihood::PerToken => over(self.tokens[at]),
                Likelihood::PerByte => over(continuation.trim_start().len() as f64),
                Likelihood::Against => sum - self.without.get(at).copied().unwrap_or(f64::NAN),
            }
        };
        (start..self.ends[one]).zip(&asked.continuations).map(score).collect()
    }
}

/// Replies: options that they choose, or texts.
pub(super) fn generate(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    if cell.spec.task.kind() == Kind::Short {
        return short(cell, model);
    }
    let protocol = &cell.spec.protocol;
    let (wordings, draws) = (protocol.prompts.len(), protocol.order.times());
    let readers: Vec<OptionReader> = (protocol.prompts.iter())
        .map(|prompt| OptionReader::new(&prompt.parser))
        .collect::<Result<_, _>>()
        .map_err(harness)?;
    let names = |p: usize| protocol.prompts[p].name.as_str();
    let variants: Vec<String> =
        (0..wordings).flat_map(|p| (0..draws).map(move |d| in_order(names(p), d, draws))).collect();
    let width = variants.len();
    let asking = Prompts::new(cell)?;
    let mut tally = Tally::default();
    let answered = in_batches(cell, variants, width, |examples, rows| {
        let asked = asked(&asking, examples, rows.clone(), (wordings, draws))?;
        let texts: Vec<String> = asked.iter().map(|one| one.text.clone()).collect();
        let said = replies(cell, model, &texts, draws)?;
        let first = rows.start;
        let read = |(i, reply): (usize, prompts::Reply)| {
            let (example, variant) = (first + i / width, i % width);
            let fields = &examples.items[example].fields;
            let field = |name: &str| fields.get(name).map(String::as_str);
            let reading = readers[variant / draws].read(&reply, &asked[i].options, field);
            tally.add(&reading);
            let answer = match reading.answer {
                Answer::Label(shown) => Answer::Label(asked[i].order[shown as usize] as u32),
                other => other,
            };
            Prediction {
                example,
                variant,
                answer,
                reason: reading.reason,
                top: Vec::new(),
                reply: reply.text().map(str::to_owned),
                text: None,
            }
        };
        Ok(said.into_iter().enumerate().map(read).collect())
    })?;
    if let Some(line) = tally.line() {
        cell.events.log(&line);
    }
    Ok(answered)
}

/// Replies that are the answer.
fn short(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let prompts = &cell.spec.protocol.prompts;
    let readers: Vec<TextReader> = (prompts.iter())
        .map(|prompt| TextReader::new(&prompt.parser))
        .collect::<Result<_, _>>()
        .map_err(harness)?;
    let variants: Vec<String> = prompts.iter().map(|prompt| prompt.name.clone()).collect();
    let width = variants.len();
    let asking = Prompts::new(cell)?;
    let mut tally = Tally::default();
    let answered = in_batches(cell, variants, width, |examples, rows| {
        let texts = asking.of(examples, rows.clone())?;
        let said = replies(cell, model, &texts, 1)?;
        let first = rows.start;
        let read = |(i, reply): (usize, prompts::Reply)| {
            let (reading, text) = readers[i % width].read(&texts[i], &reply);
            tally.add(&reading);
            Prediction {
                example: first + i / width,
                variant: i % width,
                answer: reading.answer,
                reason: reading.reason,
                top: Vec::new(),
                reply: reply.text().map(str::to_owned),
                text,
            }
        };
        Ok(said.into_iter().enumerate().map(read).collect())
    })?;
    if let Some(line) = tally.line() {
        cell.events.log(&line);
    }
    Ok(answered)
}

/// Cosines between the vector of the text and those of its options.
pub(super) fn similarity(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let dims = model.dimension().map_err(|e| reason(&e))?;
    let (mut of_texts, mut of_options) = (Vec::new(), Vec::new());
    in_batches(cell, vec!["similarity".to_owned()], 1, |examples, rows| {
        let input = cell.input(examples, rows.clone())?;
        input.all(|columns| model.embed(columns, &mut of_texts)).map_err(|e| reason(&e))?;
        let shown = Shown::of(cell, examples, rows.clone(), 0)?;
        let texts: Vec<&str> = shown.texts.iter().map(String::as_str).collect();
        let names: Vec<String> = (0..texts.len()).map(|i| format!("option-{i}")).collect();
        let ids: Vec<&str> = names.iter().map(String::as_str).collect();
        let unknown = vec![u32::MAX; texts.len()];
        let columns = Columns { ids: &ids, names: &ids, texts: &texts, cultures: &unknown };
        model.embed(columns, &mut of_options).map_err(|e| reason(&e))?;
        let answer = |(i, example): (usize, usize)| {
            let text = &of_texts[i * dims..(i + 1) * dims];
            let scores: Vec<f64> = (shown.range(i))
                .map(|at| cosine(text, &of_options[at * dims..(at + 1) * dims]))
                .collect();
            chosen(example, 0, &shown.orders[i], &scores)
        };
        Ok(rows.clone().enumerate().map(answer).collect())
    })
}

/// Cosine of two vectors; 0 where one of them is 0.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    };
    let length = (dot(a, a) * dot(b, b)).sqrt();
    if length > 0.0 { dot(a, b) / length } else { 0.0 }
}
