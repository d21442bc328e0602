//! `harness/tests/fixtures/score/{knn,probe,head}.json`, written by `scripts/score-fixtures.py`.

use serde::Deserialize;

use crate::heads::precondition::Gram;
use crate::heads::probe::{ProbeOptions, scores, train_from};
use crate::heads::{Linear, Vectors, head, knn};
use crate::testing::{cases, close};

#[derive(Deserialize)]
struct KnnCase {
    name: String,
    k: usize,
    dims: usize,
    classes: usize,
    train: Vec<f32>,
    labels: Vec<u32>,
    test: Vec<f32>,
    predicted: Vec<u32>,
    votes: Vec<u32>,
    rows: Vec<u32>,
}

#[test]
fn knn_equals_scikit_learn_vote_for_vote() {
    for case in cases::<KnnCase>(include_str!("../../../tests/fixtures/score/knn.json")) {
        let train = Vectors::new("train", &case.train, case.dims).unwrap();
        let test = Vectors::new("test", &case.test, case.dims).unwrap();
        let votes = knn::classify(train, &case.labels, case.classes, test, case.k).unwrap();
        assert_eq!(votes.votes, case.votes, "votes: {}", case.name);
        assert_eq!(votes.labels, case.predicted, "labels: {}", case.name);
        let mut rows = knn::neighbours(train, test, case.k).unwrap().rows;
        rows.chunks_exact_mut(case.k).for_each(<[u32]>::sort_unstable);
        assert_eq!(rows, case.rows, "neighbours: {}", case.name);
    }
}

#[derive(Deserialize)]
struct ProbeCase {
    dims: usize,
    classes: usize,
    batch: usize,
    epochs: usize,
    learning_rate: f64,
    data: Vec<f32>,
    labels: Vec<u32>,
    test: Vec<f32>,
    start: Start,
    orders: Vec<Vec<u32>>,
    weight: Vec<f64>,
    bias: Vec<f64>,
    logits: Vec<f64>,
}

#[derive(Deserialize)]
struct Start {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[test]
fn probe_equals_pytorch() {
    for case in cases::<ProbeCase>(include_str!("../../../tests/fixtures/score/probe.json")) {
        let data = Vectors::new("data", &case.data, case.dims).unwrap();
        let start = Linear { weight: case.start.weight, bias: case.start.bias };
        assert_eq!(start.classes(), case.classes);
        let options = ProbeOptions {
            epochs: case.epochs,
            batch: case.batch,
            learning_rate: case.learning_rate,
        };
        let layer =
            train_from(start, data, &case.labels, &options, |epoch| case.orders[epoch].clone())
                .unwrap();
        let logits = scores(&layer, Vectors::new("test", &case.test, case.dims).unwrap()).unwrap();
        for (name, got, expect) in [
            ("weight", &layer.weight, &case.weight),
            ("bias", &layer.bias, &case.bias),
            ("logits", &logits, &case.logits),
        ] {
            assert_eq!(got.len(), expect.len());
            for (got, expect) in got.iter().zip(expect) {
                close(f64::from(*got), *expect, 2e-6, name);
            }
        }
    }
}

#[derive(Deserialize)]
struct HeadCase {
    classes: usize,
    dims: usize,
    c: f64,
    data: Vec<f32>,
    labels: Vec<u32>,
    test: Vec<f32>,
    probabilities: Vec<f64>,
}

#[test]
fn head_equals_scikit_learn() {
    for case in cases::<HeadCase>(include_str!("../../../tests/fixtures/score/head.json")) {
        let data = Vectors::new("data", &case.data, case.dims).unwrap();
        let start =
            Linear { weight: vec![0.0; case.classes * case.dims], bias: vec![0.0; case.classes] };
        // Two rows of weights share what scikit-learn's single one carries, and so half the penalty.
        let c = if case.classes == 2 { case.c / 2.0 } else { case.c };
        for gram in [None, Gram::new(data)] {
            let layer = head::fit_one(data, &case.labels, start.clone(), c, gram.as_ref());
            let scores =
                scores(&layer, Vectors::new("test", &case.test, case.dims).unwrap()).unwrap();
            for (row, expect) in
                scores.chunks(case.classes).zip(case.probabilities.chunks(case.classes))
            {
                let sum: f64 = row.iter().map(|s| f64::from(*s).exp()).sum();
                for (score, expect) in row.iter().zip(expect) {
                    close(f64::from(*score).exp() / sum, *expect, 5e-5, "probability");
                }
            }
        }
    }
}
