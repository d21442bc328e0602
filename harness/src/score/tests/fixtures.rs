//! `harness/tests/fixtures/score/*.json`, written by `scripts/score-fixtures.py`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answer::Answer;
use crate::definition::dataset::Metric;
use crate::score::best::ranking;
use crate::score::metrics::Tally;
use crate::testing::{cases, close};
use eval_stats::metric::MetricOptions;

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
                -1 => Answer::Unparsable,
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

/// acc@k as a benchmark has it: from where the gold label is in the ranking.
fn accuracy_at(case: &MetricCase, k: usize) -> f64 {
    let rank = |(row, gold): (&[f32], &u32)| {
        ranking(row).iter().position(|label| label == gold).map(|rank| rank as u32)
    };
    let ranks: Vec<Option<u32>> =
        case.scores.chunks_exact(case.classes).zip(&case.gold).map(rank).collect();
    let mut tally = Tally::zero(case.classes, 1, 0);
    for (gold, rank) in case.gold.iter().zip(&ranks) {
        let bucket = u32::from(rank.is_none_or(|rank| rank as usize >= k));
        tally.add(*gold, *gold, bucket, &[], 1.0);
    }
    tally.accuracy_within(0).unwrap()
}
