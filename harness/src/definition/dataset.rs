//! A dataset: one TOML that holds sources, tasks, benchmarks and published numbers of a dataset dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use eval_stats::metric::Metric;

pub use super::capability::Capability;

use super::source::Source;
use super::split::{Split, SplitRule};
use super::step::Step;

/// One dataset dataset, `benchmarks/NAME.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Short name; also the folder name in mirrors, drop-in folders and the sample set.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Raised whenever a figure of the definition changes; old results keep theirs.
    pub version: u32,
    /// How the data can be had.
    pub status: Status,
    /// One sentence.
    pub summary: String,
    /// License of the data.
    #[serde(rename = "licence", alias = "license")]
    pub license: String,
    /// Page of the owners.
    pub homepage: String,
    /// Reference of the paper.
    pub paper: String,
    /// BibTeX.
    pub citation: String,
    /// What a reader must know before looking at the texts.
    pub content_warning: Option<String>,
    /// Upstream files.
    #[serde(rename = "source", default)]
    pub sources: Vec<Source>,
    /// What models are fitted and evaluated on.
    #[serde(rename = "task", default)]
    pub tasks: Vec<Task>,
    /// Leaderboard columns.
    #[serde(rename = "benchmark", default)]
    pub benchmarks: Vec<Benchmark>,
    /// Numbers that others printed; they enter no rank and no test.
    #[serde(rename = "published", default)]
    pub published: Vec<Published>,
}

/// How the data of a dataset can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A plain download.
    Open,
    /// A Google Drive file without a published checksum.
    Drive,
    /// The user puts the files into a folder.
    DropIn,
    /// Terms have to be accepted first.
    Gated,
}

/// What a model is fitted and evaluated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Short name, unique over all datasets.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// What is asked, in one sentence.
    pub question: String,
    /// The fixed label set in order; empty: the sorted distinct labels of the data.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The positive class of binary metrics.
    pub positive: Option<String>,
    /// What a culture is here: `country`, `language`, `group`.
    pub culture_kind: String,
    /// Culture tag -> name in words, for prompts (`{culture_name}`) and tables; the tag where absent.
    #[serde(default)]
    pub culture_names: BTreeMap<String, String>,
    /// Files to read, in order.
    #[serde(rename = "input")]
    pub inputs: Vec<Input>,
    /// Steps on every row, after the input's own.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// How a row becomes an example.
    pub example: ExampleMap,
    /// Train, valid, test.
    pub split: SplitRule,
    /// Ways to run a model on the task; the first that a model can serve is its default.
    #[serde(rename = "protocol")]
    pub protocols: Vec<Protocol>,
    /// How answers are scored.
    #[serde(default)]
    pub scoring: Scoring,
}

impl Task {
    /// The files it needs, each as its source id followed by those that may stand in for it.
    pub fn needs(&self) -> Vec<Vec<&str>> {
        let primary = self.inputs.iter().filter(|input| input.instead_of.is_none());
        let mut needs: Vec<Vec<&str>> = Vec::new();
        for input in primary {
            if needs.iter().any(|need| need[0] == input.source) {
                continue;
            }
            let substitutes = self
                .inputs
                .iter()
                .filter(|other| other.instead_of.as_deref() == Some(&input.source))
                .map(|other| other.source.as_str());
            needs.push(std::iter::once(input.source.as_str()).chain(substitutes).collect());
        }
        needs
    }

    /// The name in words of a culture tag.
    pub fn culture_name<'a>(&'a self, tag: &'a str) -> &'a str {
        self.culture_names.get(tag).map_or(tag, String::as_str)
    }
}

/// One file (or all files of a folder) to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Id of the source.
    pub source: String,
    /// Glob below the source's folder, `*.csv`; files are read in sorted order and the column `file` is the stem.
    pub files: Option<String>,
    /// Format; by the file's ending where absent.
    pub format: Option<Format>,
    /// The part all its rows belong to (`split.method = "given"`).
    pub part: Option<Split>,
    /// Read only where this other source cannot be had (said in the record of the data).
    pub instead_of: Option<String>,
    /// Columns that must be there; read by name, never by position. Others are ignored.
    pub columns: Vec<String>,
    /// What becomes of a row that cannot be read (wrong field count, invalid UTF-8, unlisted label).
    #[serde(default)]
    pub bad_rows: BadRows,
    /// Steps on the rows of this input, before the task's.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
}

/// What becomes of a row that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadRows {
    /// The data are refused, with file, row, field and remedy.
    #[default]
    Error,
    /// The row is skipped and counted as a warning.
    Skip,
}

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated, quoted as in RFC 4180.
    Csv,
    /// Tab-separated.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// Templates over the row's columns (see [`Step::Set`]); `{row}` is the 0-based record number in its
/// file, `{file}` the file's stem, `{part}` the part where the split is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleMap {
    /// Unique name of the example.
    pub id: String,
    /// What the model reads.
    pub text: String,
    /// The answer, before `label_map`.
    pub label: String,
    /// Upstream label -> label of the task; a label that is not listed is an error. Empty: as is.
    #[serde(default)]
    pub label_map: BTreeMap<String, String>,
    /// Country, language or group tag.
    pub culture: String,
    /// Examples that are not independent share it; the id where absent.
    pub cluster: Option<String>,
    /// Further tags that scores are broken down by.
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
}

/// A way to run a model on a task. Scores of different protocols are never compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Name shown beside every score: `finetuned`, `zero-shot`, `frozen`, `trained`.
    pub name: String,
    /// The model learns from train and valid (needs the capability `fit`).
    #[serde(default)]
    pub fit: bool,
    /// Parts whose labels a model may learn from: those it is fitted on, or whose embeddings are the
    /// neighbours and the probe's training set, in file order.
    #[serde(default = "train_part")]
    pub train: Vec<Split>,
    /// Parts that are predicted and scored.
    pub eval: Vec<Split>,
    /// What a model reads: template over `{text}`, `{culture}` and `{culture_name}`.
    #[serde(default = "plain_text")]
    pub input: String,
    /// Capabilities that can serve it, the preferred first.
    pub accepts: Vec<Capability>,
    /// Prompts for language models (`loglikelihood`, `generate`); each wording is one variant.
    #[serde(rename = "prompt", default)]
    pub prompts: Vec<Prompt>,
    /// How embeddings are evaluated.
    pub embedding: Option<Embedding>,
}

fn train_part() -> Vec<Split> {
    vec![Split::Train]
}

fn plain_text() -> String {
    "{text}".to_owned()
}

/// One wording of the question for a language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Name of the variant, `w1-ab`.
    pub name: String,
    /// Template over `{text}`, `{culture}` and `{culture_name}`.
    pub template: String,
    /// Label -> continuation scored by `loglikelihood`.
    pub options: BTreeMap<String, String>,
    /// How a generated reply becomes a label.
    pub parser: Parser,
}

/// How a generated reply becomes a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Parser {
    /// Drops `strip`, left-trims; the first label one of whose `prefixes` starts the reply (case-sensitive)
    /// wins; none: `otherwise`, or unparsable.
    Prefix {
        /// Removed wherever it stands.
        #[serde(default)]
        strip: Vec<String>,
        /// Label -> prefixes.
        prefixes: BTreeMap<String, Vec<String>>,
        /// Label of every other reply.
        otherwise: Option<String>,
    },
    /// The one label one of whose `words` stands in the reply (case-insensitive, whole words);
    /// none or several: unparsable.
    Word {
        /// Label -> words.
        words: BTreeMap<String, Vec<String>>,
    },
}

/// How embeddings are evaluated: the owners' k-NN and linear probe, or a linear head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Embedding {
    /// UniVaR: k-NN (primary) and a linear probe, on raw float32 vectors.
    KnnAndProbe {
        /// Neighbours.
        k: usize,
        /// Passes of the probe.
        epochs: usize,
        /// Batch size of the probe.
        batch: usize,
        /// Adam's first learning rate.
        learning_rate: f64,
        /// Search a graph with so many candidates instead of comparing with all training vectors (not the owners' way):
        /// for more vectors than can be compared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approximate: Option<usize>,
    },
    /// A logistic head fitted by the harness, its L2 penalty chosen on valid.
    LinearHead,
}

/// How answers are scored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// Added to tp, fp, fn and tn (CultureAtlas: 0.0001).
    #[serde(default)]
    pub smoothing: f64,
    /// Also report accuracy at these k (needs scores for every label).
    #[serde(default)]
    pub acc_at: Vec<usize>,
}

/// One leaderboard column: a task, a subset and a metric, or an aggregate of other benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// Short name, unique over all datasets.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Place on the board.
    pub number: u32,
    /// The task, unless it is an aggregate.
    pub task: Option<String>,
    /// Only these cultures.
    #[serde(default)]
    pub cultures: Vec<String>,
    /// Primary metric.
    pub metric: Metric,
    /// Mean of the metric over cultures instead of over examples.
    #[serde(default)]
    pub mean_over_cultures: bool,
    /// Further metrics on the report.
    #[serde(default)]
    pub also: Vec<Metric>,
    /// Other benchmarks that it is the mean of.
    #[serde(default)]
    pub aggregate: Vec<String>,
}

/// A number that others printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The benchmark it belongs to.
    pub benchmark: String,
    /// The model as they call it.
    pub model: String,
    /// Metric as they call it.
    pub metric: String,
    /// The value as printed.
    pub value: f64,
    /// The unit as printed: `%` or `fraction`; never rescaled silently.
    pub unit: String,
    /// The subset it is for, where it is not the whole benchmark (a country, a component).
    pub subset: Option<String>,
    /// The protocol, or `unknown`.
    pub protocol: String,
    /// Paper and table.
    pub source: String,
    /// Year of publication.
    pub date: String,
}
