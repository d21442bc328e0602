//! One benchmark's scores: overall, per culture, per group, and how unequal the cultures fare.
//!
//! Every number has its n and a 95 % interval, or a [`Reason`] stands in its place:
//!
//! | figure | interval |
//! |---|---|
//! | accuracy, acc@k, precision, recall, shares | Wilson; clustered Wilson where examples share clusters |
//! | F1s, macro and weighted means, anything over several variants | percentile bootstrap over clusters |
//! | mean over cultures, worst culture | percentile bootstrap over clusters |
//! | culture gap (best minus worst) | basic bootstrap over clusters: a resampled gap is biased upwards, reflection takes that back |
//!
//! A cluster is drawn whole, so that the five country labels of one post stay together. A culture that a resample does
//! not hold is left out of that resample's mean, best and worst.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::family::{Benchmark, Metric, Scoring};
use crate::example::Coded;
use crate::stats::rng::Stream;

use super::board::Board;
use super::{Answer, Reason, ScoreError};

/// What was asked and answered: columns of one row per example.
#[derive(Debug, Clone, Copy)]
pub struct Questions<'a> {
    /// The fixed label set, in order.
    pub labels: &'a [String],
    /// Gold label of each example.
    pub gold: &'a [u32],
    /// One column of answers per variant (prompt wording); most models have one.
    pub answers: &'a [&'a [Answer]],
    /// Per variant: 0-based rank of the gold label of each example ([`super::metrics::gold_rank`]), for acc@k.
    pub ranks: Option<&'a [&'a [Option<u32>]]>,
    /// Culture of each example.
    pub cultures: &'a Coded,
    /// Equal = not independent.
    pub clusters: &'a [u32],
    /// Further tags.
    pub groups: &'a BTreeMap<String, Coded>,
}

/// How a benchmark is scored.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Primary metric.
    pub metric: Metric,
    /// Further metrics.
    pub also: Vec<Metric>,
    /// Smoothing and the k of acc@k.
    pub scoring: Scoring,
    /// Class of precision, recall and F1.
    pub positive: Option<u32>,
    /// Only these cultures; empty: all.
    pub cultures: Vec<String>,
    /// The primary score is the mean over cultures.
    pub mean_over_cultures: bool,
    /// Where the resamples' randomness comes from.
    pub stream: Stream,
    /// Resamples of the overall scores.
    pub resamples: usize,
    /// Resamples of each culture and group.
    pub breakdown_resamples: usize,
}

impl Rules {
    /// The rules of `benchmark`, 10,000 resamples (2,000 for each culture and group).
    pub fn new(
        benchmark: &Benchmark,
        scoring: &Scoring,
        positive: Option<u32>,
        stream: Stream,
    ) -> Self {
        Self {
            metric: benchmark.metric,
            also: benchmark.also.clone(),
            scoring: scoring.clone(),
            positive,
            cultures: benchmark.cultures.clone(),
            mean_over_cultures: benchmark.mean_over_cultures,
            stream,
            resamples: 10_000,
            breakdown_resamples: 2_000,
        }
    }
}

/// Which examples a score is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subset {
    /// All examples of the benchmark.
    All,
    /// Unweighted mean of the cultures' values.
    CultureMean,
    /// One culture.
    Culture { name: String },
    /// One value of a further tag.
    Group { name: String, value: String },
    /// Best culture minus worst culture.
    CultureGap { best: String, worst: String },
    /// The culture with the lowest value.
    WorstCulture { name: String },
}

impl std::fmt::Display for Subset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => write!(f, "all examples"),
            Self::CultureMean => write!(f, "the mean over cultures"),
            Self::Culture { name } => write!(f, "culture `{name}`"),
            Self::Group { name, value } => write!(f, "{name} `{value}`"),
            Self::CultureGap { best, worst } => write!(f, "the gap from `{best}` to `{worst}`"),
            Self::WorstCulture { name } => write!(f, "the worst culture `{name}`"),
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `accuracy`, `macro-f1`, `acc@5`, `accuracy-answered`, `out-of-choice`, ...
    pub metric: String,
    /// What it is about.
    pub subset: Subset,
    /// A fraction; with several variants their mean.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How the interval was made.
    pub method: String,
    /// Examples.
    pub n: u64,
    /// Variants that the value is the mean of; `n * variants = answered + out_of_choice + missing`.
    pub variants: u64,
    /// Answers that are one of the labels.
    pub answered: u64,
    /// Replies that parse to no label.
    pub out_of_choice: u64,
    /// No reply.
    pub missing: u64,
    /// Independent clusters of examples.
    pub clusters: u64,
    /// For accuracy: what always answering the commonest gold label gives.
    pub majority: Option<f64>,
}

/// A figure that does not exist, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub metric: String,
    pub subset: Subset,
    pub reason: Reason,
}

/// All figures of one model on one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Overall scores first (the primary metric leading), then cultures, then groups.
    pub scores: Vec<Score>,
    /// What could not be scored.
    pub refused: Vec<Refusal>,
    /// Name of the primary metric.
    pub metric: String,
    /// Whether the primary score is the mean over cultures.
    pub mean_over_cultures: bool,
}

impl Evaluation {
    /// The primary score, or why there is none.
    pub fn primary(&self) -> Result<&Score, Reason> {
        let subset = if self.mean_over_cultures { Subset::CultureMean } else { Subset::All };
        if let Some(score) = self.find(&self.metric, &subset) {
            return Ok(score);
        }
        let refusal = self.refused.iter().find(|r| r.metric == self.metric && r.subset == subset);
        Err(refusal.map_or(Reason::NoExample { subset: subset.to_string() }, |r| r.reason.clone()))
    }

    /// The score of this metric on this subset.
    pub fn find(&self, metric: &str, subset: &Subset) -> Option<&Score> {
        self.scores.iter().find(|s| s.metric == metric && s.subset == *subset)
    }
}

/// Scores `questions` by `rules`.
pub fn evaluate(questions: &Questions<'_>, rules: &Rules) -> Result<Evaluation, ScoreError> {
    let board = Board::new(questions, rules)?;
    let mut out = Evaluation {
        scores: Vec::new(),
        refused: Vec::new(),
        metric: rules.metric.name().to_owned(),
        mean_over_cultures: rules.mean_over_cultures,
    };
    board.subset(&Subset::All, &board.rows, rules.resamples, &mut out);
    board.across_cultures(&mut out);
    for (name, rows) in &board.cultures {
        board.subset(
            &Subset::Culture { name: name.clone() },
            rows,
            rules.breakdown_resamples,
            &mut out,
        );
    }
    for (name, coded) in questions.groups {
        for (code, value) in coded.names.iter().enumerate() {
            let rows: Vec<u32> = board
                .rows
                .iter()
                .copied()
                .filter(|&i| coded.codes[i as usize] as usize == code)
                .collect();
            if !rows.is_empty() {
                let subset = Subset::Group { name: name.clone(), value: value.clone() };
                board.subset(&subset, &rows, rules.breakdown_resamples, &mut out);
            }
        }
    }
    Ok(out)
}
