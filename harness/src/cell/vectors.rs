//! Models that embed: vectors of train, valid and eval on disk, then the official k-NN and linear probe, or a logistic head.
//!
//! Evaluated vectors stay on disk and are read a piece at a time, as many as [`BUDGET`] allows; those of train are in memory.

use super::ask::{log_pieces, top};
use super::{Answered, Cell, WINDOW, harness, reason};
use crate::definition::dataset::Embedding;
use crate::definition::split::Split;
use crate::exec::events::Event;
use crate::heads::approximate::{self, Index};
use crate::heads::{Vectors, head, knn, probe};
use crate::plugin::{Instance, Listener as _};
use crate::score::{Answer, best};
use crate::store::log::{Prediction, VectorLog};
use crate::store::record::{Reason, ReasonKind};
use eval_stats::rng::Stream;

/// Bytes that the evaluation of embeddings may take beside the training vectors.
const BUDGET: usize = 256 << 20;

pub(super) fn embed(cell: &Cell<'_>, model: &mut Instance<'_>) -> Result<Answered, Reason> {
    let Some(how) = &cell.spec.protocol.embedding else {
        let message = format!(
            "protocol `{}` does not say how embeddings are evaluated",
            cell.spec.protocol.name
        );
        return Err(Reason::new(ReasonKind::NotServed, message));
    };
    if matches!(how, Embedding::KnnAndProbe { approximate: Some(_), .. }) && !approximate::BUILT {
        return Err(Reason::new(ReasonKind::NotServed, no_graph(&cell.spec.protocol.name)));
    }
    let dims = model.dimension().map_err(|e| reason(&e))?;
    let protocol = &cell.spec.protocol;
    let labels = cell.all(&protocol.train)?.labels;
    let train = vectors(cell, model, "train", &protocol.train, labels.len(), dims)?;
    let mut eval = vectors(cell, model, "eval", &protocol.eval, cell.n, dims)?;
    let train = train.all().map_err(harness)?;
    let train = Vectors::new("train", &train, dims).map_err(harness)?;
    let classes = cell.spec.task.labels.len();
    match how {
        Embedding::KnnAndProbe { k, epochs, batch, learning_rate, approximate } => {
            cell.events.phase("probe");
            let options = probe::ProbeOptions {
                epochs: *epochs,
                batch: *batch,
                learning_rate: *learning_rate,
            };
            let stream = Stream::new(cell.spec.seed, "probe");
            let layer =
                probe::train(train, &labels, classes, &options, &stream).map_err(harness)?;
            let own = cell.spec.model.neighbours.filter(|own| own != k);
            let name = own.map_or_else(|| "knn".to_owned(), |own| format!("knn-{own}"));
            let k = own.unwrap_or(*k).min(train.len());
            let variants = vec![name, "linear".to_owned()];
            cell.events.phase("k-NN");
            let index = approximate
                .map(|candidates| graph(cell, train, &mut eval, candidates.max(k), k, dims))
                .transpose()?;
            log_pieces(cell, variants, 1, piece(dims, k, classes), |rows| {
                let values = eval.read(rows.clone()).map_err(harness)?;
                let eval = Vectors::new("eval", &values, dims).map_err(harness)?;
                let votes = match &index {
                    Some(index) => index.classify(&labels, classes, eval, k),
                    None => knn::classify(train, &labels, classes, eval, k).map(|v| v.labels),
                };
                let scores = probe::scores(&layer, eval).map_err(harness)?;
                let near =
                    rows.clone().zip(votes.map_err(harness)?).map(|(row, label)| Prediction {
                        example: row,
                        variant: 0,
                        answer: Answer::Label(label),
                        reason: String::new(),
                        top: Vec::new(),
                        reply: None,
                        text: None,
                    });
                let linear = from_scores(&scores, classes, rows.start, 1);
                Ok(near.zip(linear).flat_map(|(a, b)| [a, b]).collect())
            })
        }
        Embedding::Similarity => {
            let message =
                "`similarity` compares texts with their options, but the task has no options";
            Err(Reason::new(ReasonKind::NotServed, message))
        }
        Embedding::LinearHead => {
            let judged = cell.all(&[Split::Valid])?.labels;
            let valid = vectors(cell, model, "valid", &[Split::Valid], judged.len(), dims)?;
            cell.events.phase("head");
            let valid = valid.all().map_err(harness)?;
            let valid = Vectors::new("valid", &valid, dims).map_err(harness)?;
            let head = head::fit(train, &labels, valid, &judged, classes).map_err(harness)?;
            log_pieces(cell, vec!["linear".to_owned()], 1, piece(dims, 0, classes), |rows| {
                let values = eval.read(rows.clone()).map_err(harness)?;
                let eval = Vectors::new("eval", &values, dims).map_err(harness)?;
                let scores = head.scores(eval).map_err(harness)?;
                Ok(from_scores(&scores, classes, rows.start, 0).collect())
            })
        }
    }
}

/// Why there are no approximate neighbours, and how to get them.
fn no_graph(protocol: &str) -> String {
    format!(
        "protocol `{protocol}` asks for approximate nearest neighbours (`approximate`), and this program was built without them: \
         build it with `cargo build --release --package harness --features approximate`, or take `approximate` out for the exact search"
    )
}

/// Training vectors in a graph. How much of the exact search it finds is said, measured on the first evaluated vectors.
fn graph<'v>(
    cell: &Cell<'_>,
    train: Vectors<'v>,
    eval: &mut VectorLog,
    candidates: usize,
    k: usize,
    dims: usize,
) -> Result<Index<'v>, Reason> {
    let index = Index::new(train, candidates, cell.spec.seed).map_err(harness)?;
    let some = cell.n.min(1000);
    let values = eval.read(0..some).map_err(harness)?;
    let queries = Vectors::new("eval", &values, dims).map_err(harness)?;
    let recall = index.recall(queries, k).map_err(harness)?;
    let said = format!(
        "approximate k-NN: {recall:.4} of the {k} nearest are found (exact search beside it for {some} of {} vectors)",
        cell.n
    );
    cell.events.log(&said);
    cell.events.send(&Event::Log(said));
    cell.events.metric("knn_recall", candidates as u64, recall);
    Ok(index)
}

/// Evaluated vectors that fit the budget: as they are and packed, k neighbours, votes and scores, and the best labels.
fn piece(dims: usize, k: usize, classes: usize) -> usize {
    (BUDGET / (dims * 8 + k * 24 + classes * 8 + 512)).max(1)
}

fn from_scores(
    scores: &[f32],
    classes: usize,
    first: usize,
    variant: usize,
) -> impl Iterator<Item = Prediction> {
    scores.chunks(classes).enumerate().map(move |(row, scores)| {
        let (answer, reason, top) = match best::best(scores) {
            Answer::Label(label) => (Answer::Label(label), String::new(), top(scores)),
            Answer::Unparsable | Answer::Missing => {
                (Answer::Missing, "the head gave no number".to_owned(), Vec::new())
            }
        };
        Prediction { example: first + row, variant, answer, reason, top, reply: None, text: None }
    })
}

/// Embeds the `n` examples of some parts batch by batch from where the file of vectors ends.
fn vectors(
    cell: &Cell<'_>,
    model: &mut Instance<'_>,
    name: &str,
    parts: &[Split],
    n: usize,
    dims: usize,
) -> Result<VectorLog, Reason> {
    cell.events.phase(&format!("embed {name}"));
    let batch = cell.spec.model.batch.max(1);
    let (mut log, mut at) =
        VectorLog::open(&cell.folder.vectors(name), dims, batch).map_err(harness)?;
    let asked = parts == cell.spec.protocol.eval;
    let examples = if asked { cell.evaluated(at) } else { cell.stream(parts, at) };
    let mut examples = examples.map_err(harness)?;
    let mut fresh = Vec::new();
    while at < n {
        let window = examples.next(WINDOW.next_multiple_of(batch).min(n - at)).map_err(harness)?;
        let input = cell.input(&window, 0..window.len())?;
        for start in (0..window.len()).step_by(batch) {
            let rows = start..(start + batch).min(window.len());
            at += rows.len();
            input.with(rows, |columns| model.embed(columns, &mut fresh)).map_err(|e| reason(&e))?;
            log.append(&fresh).map_err(harness)?;
            cell.events.progress(at, n);
        }
    }
    Ok(log)
}
