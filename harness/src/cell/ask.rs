//! Asking a model batch by batch: scores, log-likelihoods of options, or replies become answers in the log.

use std::ops::Range;

use super::prompts::Prompts;
use super::{Answered, Cell, WINDOW, harness, reason};
use crate::example::Examples;
use crate::plugin::{Instance, Listener};
use crate::prompts::{self, Reader, Reply, Tally};
use crate::score::{Answer, best};
use crate::store::log::{Log, Prediction};
use crate::store::record::Reason;

/// Best labels kept with an answer: enough for acc@10.
const TOP: usize = 10;

pub(super) fn classify(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let spec = cell.spec;
    let classes = spec.task.labels.len();
    let mut scores = Vec::new();
    in_batches(cell, vec!["direct".to_owned()], 1, |examples, rows| {
        let answered = cell
            .input(examples, rows.clone())?
            .all(|columns| model.classify(columns, &mut scores))
            .map_err(|e| reason(&e))?;
        Ok(rows
            .zip(scores.chunks(classes))
            .zip(answered)
            .map(|((example, scores), answered)| {
                let (answer, reason, top) = if answered {
                    let answer = best::best(scores);
                    (answer, why_none(answer), top(scores))
                } else {
                    (Answer::Missing, "the model has no answer".to_owned(), Vec::new())
                };
                Prediction { example, variant: 0, answer, reason, top, reply: None, text: None }
            })
            .collect())
    })
}

pub(super) fn loglikelihood(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let task = &cell.spec.task;
    let prompts = &cell.spec.protocol.prompts;
    let mut variants: Vec<String> = prompts.iter().map(|p| p.name.clone()).collect();
    variants.extend(prompts.iter().map(|p| format!("{}/per-token", p.name)));
    let options: Vec<Vec<&str>> = prompts
        .iter()
        .map(|p| prompts::options(&p.options, &task.labels))
        .collect::<Result<_, _>>()
        .map_err(harness)?;
    let classes = task.labels.len();
    let asking = Prompts::new(cell)?;
    in_batches(cell, variants, prompts.len(), |examples, rows| {
        let contexts = asking.of(examples, rows.clone())?;
        let places = || (0..rows.len()).flat_map(|_| 0..prompts.len()).zip(&contexts);
        let pairs: Vec<(&str, &str)> = places()
            .flat_map(|(p, context)| {
                options[p].iter().map(move |option| (context.as_str(), *option))
            })
            .collect();
        let (left, right): (Vec<&str>, Vec<&str>) = pairs.into_iter().unzip();
        let results = model.loglikelihood(&left, &right).map_err(|e| reason(&e))?;
        let sums: Vec<f64> = results.iter().map(|r| r.sum).collect();
        let lengths: Vec<f64> = results.iter().map(|r| r.tokens as f64).collect();
        let likeliest = best::likeliest(&sums, Some(&lengths), classes).map_err(harness)?;
        let per_token = likeliest.per_unit.unwrap_or_default();
        let mut batch = Vec::new();
        for (i, example) in rows.enumerate() {
            for (kind, answers) in [&likeliest.sum, &per_token].into_iter().enumerate() {
                for p in 0..prompts.len() {
                    let answer = answers[i * prompts.len() + p];
                    batch.push(Prediction {
                        example,
                        variant: kind * prompts.len() + p,
                        answer,
                        reason: why_none(answer),
                        top: Vec::new(),
                        reply: None,
                        text: None,
                    });
                }
            }
        }
        Ok(batch)
    })
}

pub(super) fn generate(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let task = &cell.spec.task;
    let prompts = &cell.spec.protocol.prompts;
    let readers: Vec<Reader> = prompts
        .iter()
        .map(|p| Reader::new(&p.parser, &task.labels))
        .collect::<Result<_, _>>()
        .map_err(harness)?;
    let variants: Vec<String> = prompts.iter().map(|p| p.name.clone()).collect();
    let asking = Prompts::new(cell)?;
    let mut tally = Tally::default();
    let answered = in_batches(cell, variants, prompts.len(), |examples, rows| {
        let texts = asking.of(examples, rows.clone())?;
        let replies = replies(cell, model, &texts, 1)?;
        let first = rows.start;
        Ok(replies
            .into_iter()
            .enumerate()
            .map(|(i, reply)| {
                let reading = readers[i % prompts.len()].read(&reply);
                tally.add(&reading);
                Prediction {
                    example: first + i / prompts.len(),
                    variant: i % prompts.len(),
                    answer: reading.answer,
                    reason: reading.reason,
                    top: Vec::new(),
                    reply: reply.text().map(str::to_owned),
                    text: None,
                }
            })
            .collect())
    })?;
    if let Some(line) = tally.line() {
        cell.events.log(&line);
    }
    Ok(answered)
}

/// A reply to each text: the wordings of the first example, each in so many orders, then those of the next. Wordings that may be replied to at the same
/// length are asked together.
pub(super) fn replies(
    cell: &Cell<'_>,
    model: &mut Instance<'_>,
    texts: &[String],
    orders: usize,
) -> Result<Vec<Reply>, Reason> {
    let protocol = &cell.spec.protocol;
    let lengths: Vec<u64> = (protocol.prompts.iter())
        .flat_map(|prompt| std::iter::repeat_n(protocol.reply_tokens(prompt), orders))
        .collect();
    let mut distinct = lengths.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let mut replies = vec![Reply::Missing(String::new()); texts.len()];
    for length in distinct {
        let rows: Vec<usize> =
            (0..texts.len()).filter(|row| lengths[row % lengths.len()] == length).collect();
        let asked: Vec<&str> = rows.iter().map(|&row| texts[row].as_str()).collect();
        let said = model.generate(&asked, length).map_err(|e| reason(&e))?;
        for (row, reply) in rows.into_iter().zip(said) {
            replies[row] = reply;
        }
    }
    Ok(replies)
}

/// Goes through the evaluated examples from where the log ends; `primary` of the variants make the score. `ask` gets some
/// examples and which of them are the next batch.
pub(super) fn in_batches(
    cell: &Cell<'_>,
    variants: Vec<String>,
    primary: usize,
    mut ask: impl FnMut(&Examples, Range<usize>) -> Result<Vec<Prediction>, Reason>,
) -> Result<Answered, Reason> {
    cell.events.phase("predict");
    let batch = cell.spec.model.batch.max(1);
    let mut open = None;
    let (mut window, mut first) = (Examples::default(), 0);
    log_pieces(cell, variants, primary, batch, |rows| {
        let evaluated = if let Some(evaluated) = &mut open {
            evaluated
        } else {
            first = rows.start;
            open.insert(cell.evaluated(rows.start).map_err(harness)?)
        };
        if rows.start == first + window.len() {
            first = rows.start;
            window = evaluated.next(WINDOW.next_multiple_of(batch)).map_err(harness)?;
        }
        if rows.end > first + window.len() {
            let there = first + window.len();
            return Err(harness(format!("the data end after {there} of {} examples", cell.n)));
        }
        let mut answers = ask(&window, rows.start - first..rows.end - first)?;
        for row in &mut answers {
            row.example += first;
        }
        Ok(answers)
    })
}

/// Goes through the places of the evaluated examples, a piece at a time, from where the log ends.
pub(super) fn log_pieces(
    cell: &Cell<'_>,
    variants: Vec<String>,
    primary: usize,
    piece: usize,
    mut answers: impl FnMut(Range<usize>) -> Result<Vec<Prediction>, Reason>,
) -> Result<Answered, Reason> {
    let (mut log, mut at) =
        Log::open(&cell.folder.log(), variants.len(), piece).map_err(harness)?;
    while at < cell.n {
        let end = (at + piece).min(cell.n);
        log.append(&answers(at..end)?).map_err(harness)?;
        at = end;
        cell.events.progress(at, cell.n);
    }
    Ok(Answered { variants, primary })
}

/// Why an answer is missing, where it is.
fn why_none(answer: Answer) -> String {
    match answer {
        Answer::Label(_) | Answer::Unparsable => String::new(),
        Answer::Missing => "all scores are NaN or minus infinity".to_owned(),
    }
}

/// The best labels with their scores.
pub(super) fn top(scores: &[f32]) -> Vec<(u32, f32)> {
    let order = best::ranking(scores);
    order.into_iter().take(TOP).map(|label| (label, scores[label as usize])).collect()
}
