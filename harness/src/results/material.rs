//! What the pages are made of: values only.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::answer::Answer;
use crate::compare::Report;
use crate::definition::dataset::{Benchmark, Dataset, Task};
use crate::definition::model::Model;
use crate::example::Examples;
use crate::prepare::Meta;
use crate::results::manifest::Environment;
use crate::results::summary::Summary;
use crate::score::calibration::Calibration;
use crate::store::metrics::Metrics;
use crate::store::record::{Reason, Timing};

/// Everything that the pages show.
#[derive(Debug)]
pub struct Material {
    /// The leaderboard.
    pub summary: Summary,
    /// The comparison of its models, or why there is none.
    pub comparison: Result<Report, String>,
    /// Cards of the models.
    pub models: Vec<Model>,
    /// The benchmarks of the run, parts of aggregates included.
    pub benchmarks: Vec<Benchmark>,
    /// Families of the columns, as far as their definitions are known here.
    pub datasets: Vec<Dataset>,
    /// Tasks by name, as they were asked.
    pub tasks: BTreeMap<String, Task>,
    /// Statistics of the prepared data by task, as far as they lie on this machine.
    pub data: BTreeMap<String, Meta>,
    /// Examples with the answers of all models.
    pub sets: Vec<ExampleSet>,
    /// Tasks whose examples are not on the pages, and why.
    pub without_examples: Vec<(String, String)>,
    /// The cells of the run.
    pub cells: Vec<CellFacts>,
    /// What models said of their answers.
    pub explained: Vec<Explained>,
    /// How the run was made.
    pub ran: Ran,
}

/// Labels that a page can number with two bytes, two numbers left for answers without a label.
pub const MOST_LABELS: u16 = u16::MAX - 1;

/// The examples of one task and protocol, and what each model answered.
#[derive(Debug)]
pub struct ExampleSet {
    /// The task.
    pub task: String,
    /// The protocol's evaluated examples; models of several protocols share a set where it is the same.
    pub protocols: Vec<String>,
    /// Whether they are the project's synthetic sample.
    pub sample: bool,
    /// The label list.
    pub labels: Vec<String>,
    /// The examples, in file order.
    pub examples: Arc<Examples>,
    /// One a model and protocol.
    pub columns: Vec<Column>,
}

/// The answers of one model by one protocol: over several seeds and wordings the most frequent one.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The model.
    pub model: String,
    /// The protocol.
    pub protocol: String,
    /// Of each example.
    pub answers: Vec<Answer>,
    /// How many of `of` answers to each example are right; empty where `of` is 1.
    pub right: Vec<u16>,
    /// Seeds times wordings.
    pub of: usize,
    /// Gold label × answer -> count over all seeds and wordings; the last two answers are unparsable and missing.
    /// Empty where the task has too many labels to look at.
    pub confusion: Vec<Vec<u64>>,
    /// Where the model gives probabilities.
    pub calibration: Option<Calibration>,
}

/// A cell of the run, for the run page.
#[derive(Debug, Clone, PartialEq)]
pub struct CellFacts {
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// The protocol.
    pub protocol: String,
    /// The seed.
    pub seed: u64,
    /// Its key.
    pub key: String,
    /// Plugin, version and SHA-256 of its file; empty where they are not known.
    pub plugin: String,
    /// Why it has no answers.
    pub reason: Option<Reason>,
    /// Seconds and memory, where the cell was run here.
    pub timing: Option<Timing>,
    /// What its plugin reported while it worked, by name.
    pub metrics: Metrics,
}

/// What a model said of its answers: one file of `RUN/explain/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Name of the file without `.jsonl`.
    pub name: String,
    /// Its lines.
    pub lines: Vec<serde_json::Value>,
}

/// How the run was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Version of the harness.
    pub harness: String,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Only so many examples of every evaluated part; 0 = all.
    pub limit: usize,
    /// The machine.
    pub environment: Environment,
    /// SHA-256 of the prepared data by task.
    pub data: BTreeMap<String, String>,
    /// Name of the suite.
    pub suite: String,
}
