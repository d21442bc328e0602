//! What is compared: the answers of several models to the same examples of one benchmark, asked by one protocol.

use super::result::{Gap, Interval};
use crate::answer::Answer;
use crate::definition::dataset::{Measure, Metric};

/// One benchmark, one protocol, one set of examples, and every model that answered them.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Short name of the benchmark.
    pub benchmark: String,
    /// Its name as printed.
    pub title: String,
    /// How the models were run.
    pub protocol: String,
    /// The metric.
    pub metric: Measure,
    /// The score is the mean of the metric over cultures.
    pub mean_over_cultures: bool,
    /// Whether the examples are synthetic.
    pub sample: bool,
    /// Hashes of the prepared examples.
    pub data: Vec<String>,
    /// Names that `Part::cultures` indexes.
    pub cultures: Vec<String>,
    /// One; several for an aggregate.
    pub parts: Vec<Part>,
    /// In board order.
    pub models: Vec<ComparedModel>,
}

/// The examples of one task, in file order; only those that the benchmark is about.
#[derive(Debug, Clone)]
pub struct Part {
    /// Size of the label set.
    pub classes: usize,
    /// Class of precision, recall and F1.
    pub positive: u32,
    /// Added to its tp, fp and fn.
    pub smoothing: f64,
    /// Gold label of each example.
    pub gold: Vec<u32>,
    /// Culture of each example.
    pub cultures: Vec<u32>,
    /// Equal = not independent.
    pub clusters: Vec<u32>,
}

/// The answers of one model.
#[derive(Debug, Clone)]
pub struct ComparedModel {
    /// Short name.
    pub name: String,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// `answers[part][column][example]`, one column a seed and variant, the variants of a seed together. An
    /// answer without a label is wrong.
    pub answers: Vec<Vec<Vec<Answer>>>,
    /// `values[part][column][example]`, where the metric is a mean of values; else empty.
    pub values: Vec<Vec<Vec<f32>>>,
    /// What the leaderboard says of it alone.
    pub own: Own,
}

/// What the leaderboard says of one model: a comparison shows it as it is, so that a model has one interval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Own {
    /// Interval of the score; none where there is no score.
    pub interval: Option<Interval>,
    /// How unequal the cultures fare, where two or more can be compared.
    pub cultures: Option<Gap>,
    /// How far its answers are from the votes of annotators: per distance (in the order of
    /// [`eval_stats::annotators::Distance::ALL`]) one an example, NaN where it has no votes; empty if there are none.
    pub distances: Vec<Vec<f64>>,
}

impl Comparison {
    /// Number of examples.
    pub fn examples(&self) -> usize {
        self.parts.iter().map(|p| p.gold.len()).sum()
    }

    /// The same examples without a model.
    pub(super) fn clone_without_models(&self) -> Self {
        Self {
            benchmark: self.benchmark.clone(),
            title: self.title.clone(),
            protocol: self.protocol.clone(),
            metric: self.metric,
            mean_over_cultures: self.mean_over_cultures,
            sample: self.sample,
            data: self.data.clone(),
            cultures: self.cultures.clone(),
            parts: self.parts.clone(),
            models: Vec::new(),
        }
    }

    /// The metric of label counts; accuracy, which no value is taken of, where the metric is a mean of values.
    pub(super) fn counts(&self) -> Metric {
        self.metric.counts().unwrap_or(Metric::Accuracy)
    }

    /// The metric as printed.
    pub fn metric_title(&self) -> String {
        let mean = if self.mean_over_cultures { ", mean over cultures" } else { "" };
        format!("{}{mean}", self.metric.name())
    }
}

impl ComparedModel {
    /// Columns of answers: seeds times variants.
    pub fn columns(&self) -> usize {
        self.answers.first().map_or(0, Vec::len)
    }

    /// The score of every example, a mean over seeds and variants: its values where the metric is a mean of values, else
    /// whether the answer is right.
    pub(super) fn example_scores(&self, parts: &[Part]) -> Vec<f64> {
        let mean = |sum: f64, columns: usize| sum / columns as f64;
        let of_values = |columns: &Vec<Vec<f32>>, row: usize| {
            mean(columns.iter().map(|values| f64::from(values[row])).sum(), columns.len())
        };
        let of_answers = |columns: &Vec<Vec<Answer>>, row: usize, gold: u32| {
            let right = columns.iter().filter(|answers| answers[row] == Answer::Label(gold));
            mean(right.count() as f64, columns.len())
        };
        let mut scores = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            scores.extend(part.gold.iter().enumerate().map(
                |(row, &gold)| match self.values.get(at) {
                    Some(columns) => of_values(columns, row),
                    None => of_answers(&self.answers[at], row, gold),
                },
            ));
        }
        scores
    }

    /// Whether it was trained more than once.
    pub fn several_seeds(&self) -> bool {
        self.seeds.len() > 1
    }
}
