//! Several benchmarks in one figure (UniVaR test): micro and macro mean, stratified by part.

use serde::{Deserialize, Serialize};

use eval_stats::bootstrap::BootstrapMethod;

use super::board::Board;
use super::figures::{Questions, Rules};
use super::measure::Measure;
use super::resample::{Range, Support, bootstrap};
use super::{NoScore, ScoreError};

/// One benchmark of an aggregate.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was asked and answered.
    pub questions: Questions<'a>,
    /// How it is scored; its primary metric is what is averaged.
    pub rules: &'a Rules,
}

/// A mean over benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Weighted by the examples: for accuracies the accuracy of the pooled examples.
    pub micro: Mean,
    /// Unweighted.
    pub macro_mean: Mean,
    /// Value and n of each part, in order.
    pub parts: Vec<(String, f64, u64)>,
    /// Examples.
    pub n: u64,
    /// Independent clusters.
    pub clusters: u64,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub method: String,
}

/// Means of every measure that the parts have in common (their metrics, then acc@k) with bootstrap intervals: clusters are drawn
/// within each part, which is what fixed benchmarks ask for (the parts are not a sample of benchmarks). The primary metric is first.
///
/// The outer error is a wrong call; the inner one says why there is no figure (a part without examples or metric).
pub fn aggregate(parts: &[Part<'_>]) -> Result<Vec<Aggregated>, ScoreError> {
    let boards: Vec<Board<'_>> = (parts.iter())
        .map(|part| Board::new(&part.questions, part.rules))
        .collect::<Result<_, _>>()?;
    let Some(first) = boards.first() else {
        let subset = "the aggregate: it has no part".to_owned();
        let means = Err(NoScore::NoExample { subset });
        return Ok(vec![Aggregated { metric: "accuracy".to_owned(), means }]);
    };
    let asked = |measure: &Measure| matches!(measure, Measure::Metric(_) | Measure::Within(_));
    let common =
        first.measures.iter().filter(|m| asked(m) && boards.iter().all(|b| b.measures.contains(m)));
    Ok(common
        .map(|&measure| Aggregated {
            metric: first.name(measure),
            means: of_measure(parts, &boards, measure),
        })
        .collect())
}

/// A measure and its means over the parts, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregated {
    /// Name of the measure.
    pub metric: String,
    /// Its means.
    pub means: Result<Aggregate, NoScore>,
}

fn of_measure(
    parts: &[Part<'_>],
    boards: &[Board<'_>],
    measure: Measure,
) -> Result<Aggregate, NoScore> {
    let resamples = parts[0].rules.resamples;
    let mut values = Vec::new();
    let mut draws: Vec<Vec<Vec<f64>>> = Vec::new();
    let (mut clusters, mut clustered) = (0, false);
    for (part, board) in parts.iter().zip(boards) {
        let refuse =
            |reason| NoScore::Part { part: part.name.to_owned(), reason: Box::new(reason) };
        let (units, n, value) = board.whole(measure).map_err(refuse)?;
        let stream = part.rules.stream.child("aggregate").child(part.name);
        draws.push(units.resample(&stream, resamples, |margins| {
            let n = margins[0].n();
            vec![board.mean_value(margins, measure).unwrap_or(f64::NAN), n]
        }));
        clusters += units.clusters();
        clustered |= units.clusters() < n;
        values.push((part.name.to_owned(), value, n));
    }
    let n: u64 = values.iter().map(|(_, _, n)| n).sum();
    let micro = |of: &dyn Fn(usize) -> (f64, f64)| {
        let (sum, weight) =
            (0..parts.len()).map(of).fold((0.0, 0.0), |t, (value, n)| (t.0 + value * n, t.1 + n));
        sum / weight
    };
    let plain = |of: &dyn Fn(usize) -> (f64, f64)| {
        (0..parts.len()).map(|p| of(p).0).sum::<f64>() / parts.len() as f64
    };
    type Summary<'s> = &'s dyn Fn(&dyn Fn(usize) -> (f64, f64)) -> f64;
    let summarise = |figure: Summary<'_>| -> Result<Mean, NoScore> {
        let value = figure(&|p| (values[p].1, values[p].2 as f64));
        let replicates =
            (0..resamples).map(|r| figure(&|p| (draws[p][r][0], draws[p][r][1]))).collect();
        let stream = &parts[0].rules.stream;
        let Range { low, high, method } = bootstrap(
            value,
            measure.bounds(),
            replicates,
            BootstrapMethod::Percentile,
            clustered,
            Support { examples: n, independent: clusters },
            stream,
        )?;
        Ok(Mean { value, low, high, method })
    };
    let (micro, macro_mean) = (summarise(&micro)?, summarise(&plain)?);
    Ok(Aggregate { micro, macro_mean, parts: values, n, clusters })
}
