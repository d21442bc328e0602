//! `harness/tests/fixtures/score/*.json`, written by `scripts/score-fixtures.py`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::definition::family::Metric;
use crate::score::metrics::{Tally, ranking};
use crate::score::precondition::Gram;
use crate::score::probe::{ProbeOptions, scores, train_from};
use crate::score::{Answer, Linear, Vectors, head, knn};
use eval_stats::metric::MetricOptions;

#[derive(Deserialize)]
struct File<T> {
    cases: Vec<T>,
}

fn cases<T: DeserializeOwned>(text: &str) -> Vec<T> {
    serde_json::from_str::<File<T>>(text).unwrap().cases
}

fn close(got: f64, expect: f64, tolerance: f64, what: &str) {
    assert!((got - expect).abs() <= tolerance, "{what}: got {got}, expected {expect}");
}

#[derive(Deserialize)]
struct MetricCase {
    classes: usize,
    positive: u32,
    smoothing: f64,
    gold: Vec<u32>,
    answers: Vec<i64>,
    expect: BTreeMap<String, Option<f64>>,
    scores: Vec<f32>,
    acc_at: BTreeMap<String, f64>,
}

#[test]
fn metrics_equal_scikit_learn() {
    let mut compared = 0;
    for case in cases::<MetricCase>(include_str!("../../../tests/fixtures/score/metrics.json")) {
        let answers: Vec<Answer> = case
            .answers
            .iter()
            .map(|a| match a {
                -1 => Answer::OutOfChoice,
                -2 => Answer::Missing,
                label => Answer::Label(u32::try_from(*label).unwrap()),
            })
            .collect();
        let tally = Tally::count(&case.gold, &answers, case.classes).unwrap();
        let (positive, smoothing) = (case.positive, case.smoothing);
        for metric in Metric::ALL {
            let options = MetricOptions { positive, smoothing, ..Default::default() };
            let got = tally.margins.value(metric, options).unwrap();
            close(got, case.expect[metric.name()].unwrap(), 1e-12, metric.name());
            compared += 1;
        }
        match (tally.accuracy_answered(), case.expect["accuracy-answered"]) {
            (Some(got), Some(expect)) => close(got, expect, 1e-12, "accuracy-answered"),
            (got, expect) => assert_eq!(got, expect),
        }
        for (k, expect) in &case.acc_at {
            let got = accuracy_at(&case, k.parse().unwrap());
            close(got, *expect, 1e-12, "acc@k");
        }
    }
    assert_eq!(compared, 8 * Metric::ALL.len());
}

/// acc@k as a benchmark has it: from where the gold label stands in the ranking.
fn accuracy_at(case: &MetricCase, k: usize) -> f64 {
    let rank = |(row, gold): (&[f32], &u32)| {
        ranking(row).iter().position(|label| label == gold).map(|rank| rank as u32)
    };
    let ranks: Vec<Option<u32>> =
        case.scores.chunks_exact(case.classes).zip(&case.gold).map(rank).collect();
    let mut tally = Tally::zero(case.classes, 1);
    for (gold, rank) in case.gold.iter().zip(&ranks) {
        let bucket = u32::from(rank.is_none_or(|rank| rank as usize >= k));
        tally.add(*gold, *gold, bucket, 1.0);
    }
    tally.accuracy_within(0).unwrap()
}

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
