//! A dataset: one TOML that holds sources, tasks, benchmarks and published numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::metric::{Measure, Metric};

pub use super::capability::Capability;
pub use super::format::Format;
pub use super::protocol::{
    Denied, Embedding, Likelihood, Order, Parser, Prompt, Protocol, Wording,
};

use super::answer::{AnswerMap, Kind};
use super::field::Field;
use super::reference::ReferenceLine;
use super::rows::RowPath;
use super::source::Source;
use super::split::{Split, SplitRule};
use super::step::Step;
use crate::text::unicode::same;

/// One dataset: `benchmarks/NAME.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Short name; also the folder name in mirrors, drop-in folders and the sample set.
    pub name: String,
    /// Name as printed.
    pub title: String,
    /// Raised whenever a figure of the definition changes; old results keep theirs.
    pub version: u32,
    /// How the data are obtained.
    pub status: Status,
    /// What the authors ask the data to be used for.
    #[serde(rename = "use", default, skip_serializing_if = "Usage::is_any")]
    pub usage: Usage,
    /// One sentence.
    pub summary: String,
    /// License of the data.
    #[serde(rename = "licence", alias = "license")]
    pub license: String,
    /// Official page.
    pub homepage: String,
    /// Reference of the paper.
    pub paper: String,
    /// BibTeX.
    pub citation: String,
    /// What a reader must know before looking at the texts.
    pub content_warning: Option<String>,
    /// How scores here differ from those of the authors' evaluation, one sentence for each difference: it decides
    /// which published numbers can be compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
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

/// How the data of a dataset are obtained.
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

/// What the authors of a dataset ask it to be used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// Training and evaluation.
    #[default]
    Any,
    /// Evaluation only: no protocol fits a model on it, and no prompt shows solved examples of it.
    Evaluation,
}

impl Usage {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
    fn is_any(&self) -> bool {
        *self == Self::Any
    }
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
    /// Culture tag -> name in words, for prompts (`{culture_name}`) and tables; if absent, the tag.
    #[serde(default)]
    pub culture_names: BTreeMap<String, String>,
    /// What models are given of an example, in every protocol that does not say it itself ([`Task::seen_by`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees: Option<Vec<Field>>,
    /// What the official data are known to hold; a difference is a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// Files to read, in order.
    #[serde(rename = "input")]
    pub inputs: Vec<Input>,
    /// Steps on every row, after the input's own.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// How a row becomes an example.
    pub example: ExampleMap,
    /// Where the annotators' single votes are, if they are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<VoteTable>,
    /// Train, valid, test.
    pub split: SplitRule,
    /// Ways to run a model on the task; the first that a model can serve is its default.
    #[serde(rename = "protocol")]
    pub protocols: Vec<Protocol>,
    /// How answers are scored.
    #[serde(default)]
    pub scoring: Scoring,
    /// Reference lines in addition to those of every kind of answer.
    #[serde(rename = "reference", default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceLine>,
}

/// What the official data are known to hold: of data whose content cannot be pinned, the numbers that a paper prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Labels.
    pub labels: Option<u64>,
    /// Examples in all.
    pub rows: Option<u64>,
    /// Examples of each label.
    pub rows_per_label: Option<u64>,
}

impl Task {
    /// The kind of answer that it asks for: a label if `[task.example.answer]` is absent.
    pub fn kind(&self) -> Kind {
        self.example.answer.as_ref().map_or(Kind::Label, AnswerMap::kind)
    }

    /// The files it needs, each as its source id followed by those that may replace it.
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
        if let Some(votes) = &self.votes
            && !needs.iter().any(|need| need[0] == votes.source)
        {
            needs.push(vec![&votes.source]);
        }
        let prompts = self.protocols.iter().flat_map(|protocol| &protocol.prompts);
        let wordings = prompts.filter_map(|prompt| prompt.wording.as_ref());
        let wordings = wordings.map(|wording| wording.source.as_str());
        for source in self.joined().chain(wordings) {
            if !needs.iter().any(|need| need[0] == source) {
                needs.push(vec![source]);
            }
        }
        needs
    }

    /// Sources of the other files that steps use, with repetitions.
    pub fn joined(&self) -> impl Iterator<Item = &str> {
        let votes = self.votes.iter().flat_map(|votes| &votes.steps);
        let steps = self.inputs.iter().flat_map(|input| &input.steps).chain(&self.steps);
        steps.chain(votes).filter_map(Step::table).map(|table| table.source.as_str())
    }

    /// The name in words of a culture tag.
    pub fn culture_name<'a>(&'a self, tag: &'a str) -> &'a str {
        let composed =
            || self.culture_names.iter().find(|(own, _)| same(own, tag)).map(|(_, name)| name);
        self.culture_names.get(tag).or_else(composed).map_or(tag, String::as_str)
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
    /// Format; if absent, it follows from the file's ending.
    pub format: Option<Format>,
    /// Where the rows of a JSON document are (`format = "json"`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowPath>,
    /// The part all its rows belong to (`split.method = "given"`).
    pub part: Option<Split>,
    /// Read only if this other source is not available; the record of the data says so.
    pub instead_of: Option<String>,
    /// Columns that must be there; read by name, never by position. Others are ignored.
    pub columns: Vec<String>,
    /// Columns that are read where the file has them; else their cells are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// What to do with a row that cannot be read (wrong field count, invalid UTF-8, unlisted label).
    #[serde(default)]
    pub bad_rows: BadRows,
    /// Steps on the rows of this input, before the task's.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
}

/// A file with one vote of one annotator a row: votes are counted by example and label. They are part of the gold answers:
/// no plugin reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteTable {
    /// Id of the source.
    pub source: String,
    /// Format; if absent, it follows from the file's ending.
    pub format: Option<Format>,
    /// Columns that must be there; read by name.
    pub columns: Vec<String>,
    /// Steps on every vote, before it is counted. `drop` removes what is not a vote for a label ("don't know").
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// Template of the id of the example that was voted on.
    pub id: String,
    /// Template of the label that was voted for, before `label_map`.
    pub label: String,
    /// Upstream answer -> label of the task; an answer that is not listed is an error. Empty: as is.
    #[serde(default)]
    pub label_map: BTreeMap<String, String>,
}

impl VoteTable {
    /// The task as whose examples its rows are read: a vote is an example of the id and label that were voted on.
    pub fn as_task(&self, task: &Task) -> Task {
        let input = Input {
            source: self.source.clone(),
            files: None,
            format: self.format,
            rows: None,
            part: None,
            instead_of: None,
            columns: self.columns.clone(),
            optional: Vec::new(),
            bad_rows: BadRows::Error,
            steps: self.steps.clone(),
        };
        let example = ExampleMap {
            id: self.id.clone(),
            text: String::new(),
            label: self.label.clone(),
            label_map: self.label_map.clone(),
            answer: None,
            fields: BTreeMap::new(),
            culture: String::new(),
            cluster: None,
            opening: None,
            groups: BTreeMap::new(),
        };
        Task { inputs: vec![input], steps: Vec::new(), example, votes: None, ..task.clone() }
    }
}

/// What to do with a row that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadRows {
    /// The data are refused, with file, row, field and remedy.
    #[default]
    Error,
    /// The row is skipped and counted as a warning.
    Skip,
}

/// Templates over the row's columns (see [`Step::Set`]); `{row}` is the 0-based record number in its
/// file, `{file}` the file's stem, `{part}` the split, if it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleMap {
    /// Unique name of the example.
    pub id: String,
    /// What the model reads.
    pub text: String,
    /// The answer, before `label_map`; empty if `answer` is given.
    #[serde(default)]
    pub label: String,
    /// Upstream label -> label of the task; a label that is not listed is an error. Empty: as is.
    #[serde(default)]
    pub label_map: BTreeMap<String, String>,
    /// The kind of answer, if it is not a label of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerMap>,
    /// Parts of the text by name, for prompts that use them separately.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Country, language or group tag.
    pub culture: String,
    /// Examples that are not independent share it; if absent or empty, the id.
    pub cluster: Option<String>,
    /// How the text opens where other examples open likewise; empty where it does not. Test texts whose opening also opens a text
    /// of train or valid are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// Further tags that scores are broken down by.
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
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
    /// How a short answer is compared with the references.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<culture_scores::short::MatchRule>,
    /// Further ways to compare it; their scores are shown, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_match: Vec<culture_scores::short::MatchRule>,
    /// The authors whose formula gives the bias scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<culture_scores::bias::Formula>,
    /// Labels only: the examples of a cluster are one item, judged by several cultures. Culture-contrast accuracy, accuracy where
    /// cultures disagree, and how often answers differ by culture are reported, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub panels: bool,
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
    /// What happens to the score if one of `cultures` has no example.
    #[serde(default, skip_serializing_if = "AbsentCultures::is_refused")]
    pub absent_cultures: AbsentCultures,
    /// Only examples whose groups have one of these values: `only = { ambiguity = ["amb"] }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// Primary metric.
    pub metric: Measure,
    /// Mean of the metric over cultures instead of over examples.
    #[serde(default)]
    pub mean_over_cultures: bool,
    /// Further metrics on the report.
    #[serde(default)]
    pub also: Vec<Measure>,
    /// Other benchmarks that it is the mean of.
    #[serde(default)]
    pub aggregate: Vec<String>,
}

/// What happens to a benchmark's score if a culture that it names has no example.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentCultures {
    /// There is no score: it would be of another set of cultures.
    #[default]
    Refuse,
    /// It is the score of those that have examples; the others are listed.
    Allow,
}

impl AbsentCultures {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
    fn is_refused(&self) -> bool {
        *self == Self::Refuse
    }
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
