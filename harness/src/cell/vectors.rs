//! Models that embed: vectors of train, valid and eval on disk, then the owners' k-NN and linear probe, or a logistic head.

use super::ask::top;
use super::{Answered, Cell, harness, reason};
use crate::definition::family::Embedding;
use crate::example::Examples;
use crate::plugin::Instance;
use crate::score::{Answer, Vectors, adapt, head, knn, probe};
use crate::stats::rng::Stream;
use crate::store::log::{Given, Prediction, VectorLog};
use crate::store::record::{Reason, ReasonKind};

pub(super) fn embed(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let Some(how) = &cell.spec.protocol.embedding else {
        let message = format!(
            "protocol `{}` does not say how embeddings are evaluated",
            cell.spec.protocol.name
        );
        return Err(Reason::new(ReasonKind::NotServed, message));
    };
    let dims = model.dimension().map_err(|e| reason(&e))?;
    let train = vectors(cell, model, "train", &cell.train, dims)?;
    let eval = vectors(cell, model, "eval", &cell.eval, dims)?;
    let train = Vectors::new("train", &train, dims).map_err(harness)?;
    let eval = Vectors::new("eval", &eval, dims).map_err(harness)?;
    let classes = cell.spec.task.labels.len();
    match how {
        Embedding::KnnAndProbe { k, epochs, batch, learning_rate } => {
            cell.events.phase("k-NN");
            let k = (*k).min(train.len());
            let votes =
                knn::classify(train, &cell.train.labels, classes, eval, k).map_err(harness)?;
            cell.events.phase("probe");
            let options = probe::ProbeOptions {
                epochs: *epochs,
                batch: *batch,
                learning_rate: *learning_rate,
            };
            let stream = Stream::new(cell.spec.seed, "probe");
            let layer = probe::train(train, &cell.train.labels, classes, &options, &stream)
                .map_err(harness)?;
            let scores = probe::scores(&layer, eval).map_err(harness)?;
            let near: Vec<Prediction> = votes
                .labels
                .iter()
                .enumerate()
                .map(|(i, l)| answer(i, 0, *l, Vec::new()))
                .collect();
            let linear = from_scores(&scores, classes, 1);
            let rows = near.into_iter().zip(linear).flat_map(|(a, b)| [a, b]).collect();
            Ok(Answered { variants: vec!["knn".to_owned(), "linear".to_owned()], primary: 1, rows })
        }
        Embedding::LinearHead => {
            let valid = vectors(cell, model, "valid", &cell.valid, dims)?;
            cell.events.phase("head");
            let valid = Vectors::new("valid", &valid, dims).map_err(harness)?;
            let head = head::fit(train, &cell.train.labels, valid, &cell.valid.labels, classes)
                .map_err(harness)?;
            let scores = head.scores(eval).map_err(harness)?;
            let rows = from_scores(&scores, classes, 0);
            Ok(Answered { variants: vec!["linear".to_owned()], primary: 1, rows })
        }
    }
}

fn answer(example: usize, variant: usize, label: u32, top: Vec<(u32, f32)>) -> Prediction {
    Prediction { example, variant, answer: Given::Label(label), top, reply: None }
}

fn from_scores(scores: &[f32], classes: usize, variant: usize) -> Vec<Prediction> {
    let one = |(example, row): (usize, &[f32])| match adapt::best(row) {
        Answer::Label(label) => answer(example, variant, label, top(row)),
        Answer::OutOfChoice | Answer::Missing => Prediction {
            example,
            variant,
            answer: Given::Missing("the head gave no number".to_owned()),
            top: Vec::new(),
            reply: None,
        },
    };
    scores.chunks(classes).enumerate().map(one).collect()
}

/// Embeds examples batch by batch from where the file of vectors ends.
fn vectors(
    cell: &Cell<'_>,
    model: &mut Instance<'_>,
    name: &str,
    examples: &Examples,
    dims: usize,
) -> Result<Vec<f32>, Reason> {
    cell.events.phase(&format!("embed {name}"));
    let input = cell.input(examples)?;
    let (n, batch) = (input.len(), cell.spec.model.batch.max(1));
    let (mut log, mut values) =
        VectorLog::open(&cell.folder.vectors(name), dims, batch).map_err(harness)?;
    let mut at = values.len() / dims;
    let mut fresh = Vec::new();
    while at < n {
        let end = (at + batch).min(n);
        input.with(at..end, |columns| model.embed(columns, &mut fresh)).map_err(|e| reason(&e))?;
        log.append(&fresh).map_err(harness)?;
        values.extend_from_slice(&fresh);
        at = end;
        cell.events.progress(at, n);
    }
    Ok(values)
}
