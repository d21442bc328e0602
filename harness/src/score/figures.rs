//! The values of scoring: what was asked, by which rules, and the figures that come out.

use std::collections::BTreeMap;

use eval_stats::rng::Stream;
use serde::{Deserialize, Serialize};

use super::among::{AmongCultures, GapFigures};
use super::error::NoScore;
use super::terms::TermMeasure;
use crate::answer::Answer;
use crate::definition::dataset::{AbsentCultures, Benchmark, Measure, Scoring};
use crate::example::{Coded, Votes};

/// What was asked and answered: columns of one row per example.
#[derive(Debug, Clone, Copy)]
pub struct Questions<'a> {
    /// The fixed label set, in order.
    pub labels: &'a [String],
    /// Gold label of each example.
    pub gold: &'a [u32],
    /// One column of answers per variant (prompt wording); most models have one.
    pub answers: &'a [&'a [Answer]],
    /// Per variant: 0-based place of the gold label of each example in [`super::best::ranking`], for acc@k.
    pub ranks: Option<&'a [&'a [Option<u32>]]>,
    /// Culture of each example.
    pub cultures: &'a Coded,
    /// Equal = not independent.
    pub clusters: &'a [u32],
    /// Further tags.
    pub groups: &'a BTreeMap<String, Coded>,
    /// Votes of annotators, where they are known.
    pub against: Option<Against<'a>>,
    /// Measures beside label counts; none for a task with labels.
    pub terms: &'a [TermMeasure],
    /// Per variant the terms of each example, row-major; empty if there is no such measure.
    pub term_columns: &'a [&'a [f64]],
}

/// The votes on the examples, and the probabilities that the model gives.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// A row an example.
    pub votes: &'a Votes,
    /// Per variant: the probability of each label, row-major, examples x labels; none where it gives no probabilities.
    pub probabilities: &'a [Option<&'a [f32]>],
}

/// How a benchmark is scored.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Primary metric.
    pub metric: Measure,
    /// Further metrics.
    pub also: Vec<Measure>,
    /// Smoothing and the k of acc@k.
    pub scoring: Scoring,
    /// Class of precision, recall and F1.
    pub positive: Option<u32>,
    /// Only these cultures; empty: all.
    pub cultures: Vec<String>,
    /// Only examples whose groups have one of these values.
    pub only: BTreeMap<String, Vec<String>>,
    /// What becomes of the score where one of them has no example.
    pub absent_cultures: AbsentCultures,
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
            only: benchmark.only.clone(),
            absent_cultures: benchmark.absent_cultures,
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
            Self::CultureGap { best, .. } if best.is_empty() => {
                write!(f, "the gap between cultures")
            }
            Self::WorstCulture { name } if name.is_empty() => write!(f, "the worst culture"),
            Self::CultureGap { best, worst } => write!(f, "the gap from `{best}` to `{worst}`"),
            Self::WorstCulture { name } => write!(f, "the worst culture `{name}`"),
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `accuracy`, `macro-f1`, `acc@5`, `accuracy-answered`, `unparsable`, ...
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
    /// Variants that the value is the mean of; `n * variants = answered + unparsable + missing`.
    pub variants: u64,
    /// Answers that are one of the labels.
    pub answered: u64,
    /// Replies that parse to no label.
    #[serde(alias = "out_of_choice")]
    pub unparsable: u64,
    /// No reply.
    pub missing: u64,
    /// Independent clusters of examples.
    pub clusters: u64,
    /// For accuracy: what always answering the commonest gold label gives.
    pub majority: Option<f64>,
    /// Of a gap between cultures: what equal cultures would show, and the test of equality. None of anything else, and in
    /// files of format 2 and older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<GapFigures>,
    /// Of a culture: its value and interval among the others. None of anything else, and in files of format 2 and older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<AmongCultures>,
}

/// A figure that does not exist, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub metric: String,
    pub subset: Subset,
    pub reason: NoScore,
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
    pub fn primary(&self) -> Result<&Score, NoScore> {
        let subset = self.primary_subset();
        if let Some(score) = self.find(&self.metric, &subset) {
            return Ok(score);
        }
        let refusal = self.refused.iter().find(|r| r.metric == self.metric && r.subset == subset);
        Err(refusal.map_or(NoScore::NoExample { subset: subset.to_string() }, |r| r.reason.clone()))
    }

    /// The same figure here: a gap and a worst culture are the same whichever cultures they are of.
    pub(crate) fn alike(&self, score: &Score) -> Option<&Score> {
        use std::mem::discriminant;
        let compared =
            matches!(score.subset, Subset::CultureGap { .. } | Subset::WorstCulture { .. });
        self.scores.iter().find(|s| {
            s.metric == score.metric
                && (s.subset == score.subset
                    || compared && discriminant(&s.subset) == discriminant(&score.subset))
        })
    }

    /// The examples that the primary score is about.
    pub fn primary_subset(&self) -> Subset {
        if self.mean_over_cultures { Subset::CultureMean } else { Subset::All }
    }

    /// The score of this metric on this subset.
    pub fn find(&self, metric: &str, subset: &Subset) -> Option<&Score> {
        self.scores.iter().find(|s| s.metric == metric && s.subset == *subset)
    }
}
