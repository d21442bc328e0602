//! A dataset: one TOML that holds sources, tasks, benchmarks and published numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::metric::{Measure, Metric};

pub use super::capability::Capability;

use super::answer::AnswerMap;
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
    /// How scores here differ from those of the authors' own evaluation, a sentence each: what published numbers can be compared with.
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
    /// Evaluation alone: no protocol fits a model on it, and no prompt shows solved examples of it.
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
    /// Culture tag -> name in words, for prompts (`{culture_name}`) and tables; the tag where absent.
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
    /// Reference lines beside those that every kind of answer has.
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
    /// Format; by the file's ending where absent.
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
    /// What becomes of a row that cannot be read (wrong field count, invalid UTF-8, unlisted label).
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
    /// Format; by the file's ending where absent.
    pub format: Option<Format>,
    /// Columns that must be there; read by name.
    pub columns: Vec<String>,
    /// Steps on every vote, before it is counted. `drop` takes out what is no vote for a label ("don't know").
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
    /// One JSON document; `rows` says where its rows are.
    Json,
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
    /// The answer, before `label_map`; empty where `answer` says it.
    #[serde(default)]
    pub label: String,
    /// Upstream label -> label of the task; a label that is not listed is an error. Empty: as is.
    #[serde(default)]
    pub label_map: BTreeMap<String, String>,
    /// The kind of answer, where it is not a label of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerMap>,
    /// Parts of the text by name, for prompts that place them apart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Country, language or group tag.
    pub culture: String,
    /// Examples that are not independent share it; the id where absent or empty.
    pub cluster: Option<String>,
    /// How the text opens where other examples open likewise; empty where it does not. Test texts whose opening also opens a text
    /// of train or valid are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
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
    /// What a model is given of an example; the task's where absent. A cell's protocol always has it, but in cells of versions
    /// that gave every model the culture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees: Option<Vec<Field>>,
    /// What a model reads: template over `{text}`, `{culture}` and `{culture_name}`.
    #[serde(default = "plain_text")]
    pub input: String,
    /// Capabilities that can serve it, the preferred first.
    pub accepts: Vec<Capability>,
    /// Longest reply in tokens; [`Protocol::REPLY_TOKENS`] where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Prompts for language models (`loglikelihood`, `generate`); each wording is one variant.
    #[serde(rename = "prompt", default)]
    pub prompts: Vec<Prompt>,
    /// How embeddings are evaluated.
    pub embedding: Option<Embedding>,
    /// In which orders the options of an example are shown; each order is a variant.
    #[serde(default, skip_serializing_if = "Order::is_given")]
    pub order: Order,
}

impl Protocol {
    /// Longest reply that is asked for where the definition does not say it.
    pub const REPLY_TOKENS: u64 = 32;

    /// Longest reply to a prompt, in tokens.
    pub fn reply_tokens(&self, prompt: &Prompt) -> u64 {
        prompt.max_tokens.or(self.max_tokens).unwrap_or(Self::REPLY_TOKENS)
    }

    /// Whether a model, or a head on its embeddings, learns from examples.
    pub fn learns(&self) -> bool {
        self.fit
            || matches!(self.embedding, Some(Embedding::KnnAndProbe { .. } | Embedding::LinearHead))
    }

    /// The name of a protocol that stands beside a score: how a language model was asked belongs to it, so that replies and
    /// likelihoods are never compared.
    pub fn shown_as(name: &str, served: Capability) -> String {
        match served {
            Capability::Generate => format!("{name} (replies)"),
            Capability::Loglikelihood => format!("{name} (likelihood)"),
            Capability::Choose | Capability::Classify | Capability::Embed => name.to_owned(),
        }
    }

    /// The name in definitions of one that stands beside a score.
    pub fn without_way(shown: &str) -> &str {
        let ways = [" (replies)", " (likelihood)"];
        ways.iter().find_map(|way| shown.strip_suffix(way)).unwrap_or(shown)
    }
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
    /// Longest reply in tokens; the protocol's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Label -> continuation scored by `loglikelihood`; empty where examples have options of their own.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// How a generated reply becomes a label.
    pub parser: Parser,
    /// Words that are loaded from an official file: `{w.COLUMN}` in the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<Wording>,
    /// Marks in the loaded words -> template of what replaces them; nothing else in the words is replaced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<String, String>,
    /// Place of an option in the official order -> template of what is shown instead: an answer "unknown" in other words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reword: BTreeMap<String, String>,
    /// Template of the continuation whose log-likelihood stands for an option; may name `{option}` and `{letter}`.
    #[serde(default = "plain_option", skip_serializing_if = "is_plain_option")]
    pub continuation: String,
    /// Template of a prompt without the question: its log-likelihoods are subtracted in the variant `against`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconditional: Option<String>,
    /// Which log-likelihood makes the score; the others are further variants.
    #[serde(default, skip_serializing_if = "Likelihood::is_sum")]
    pub likelihood: Likelihood,
}

fn plain_option() -> String {
    " {option}".to_owned()
}

fn is_plain_option(template: &str) -> bool {
    template == " {option}"
}

/// Words of a prompt in an official file, which is loaded and never copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// Id of the source.
    pub source: String,
    /// The file below the source's folder; may name one group of the example, as in `{region}_prompts.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Column -> value of the one row that is read. Where several rows have it, the first.
    #[serde(rename = "where")]
    pub row: BTreeMap<String, String>,
    /// The words, filled in when a run is planned: value of the group (empty where `file` names none) -> column -> text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which log-likelihood of an option makes the score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// The sum over its tokens.
    #[default]
    Sum,
    /// The mean over its tokens.
    PerToken,
    /// The sum divided by its bytes in UTF-8.
    PerByte,
    /// The sum minus that after the unconditional prompt.
    Against,
}

impl Likelihood {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sum, Self::PerToken, Self::PerByte, Self::Against];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
    fn is_sum(&self) -> bool {
        *self == Self::Sum
    }

    /// The name in definitions and variants.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::PerToken => "per-token",
            Self::PerByte => "per-byte",
            Self::Against => "against",
        }
    }
}

/// In which orders the options of an example are shown. Each order is a draw of the example, never a new example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// As the examples have them.
    #[default]
    Given,
    /// These orders: the place in the official order of each shown option.
    Listed {
        /// One order each.
        of: Vec<Vec<usize>>,
    },
    /// Orders drawn by a seed and the id of the example.
    Shuffle {
        /// Recorded seed.
        seed: u64,
        /// Orders of each example.
        times: usize,
    },
}

impl Order {
    fn is_given(&self) -> bool {
        *self == Self::Given
    }

    /// How many orders each example is shown in.
    pub fn times(&self) -> usize {
        match self {
            Self::Given => 1,
            Self::Listed { of } => of.len(),
            Self::Shuffle { times, .. } => *times,
        }
    }
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
    /// none or several: unparsable. A word of denial shortly before makes it a denial of the label.
    Word {
        /// Label -> words.
        words: BTreeMap<String, Vec<String>>,
        /// What a denial says.
        #[serde(default, skip_serializing_if = "Denied::is_unparsable")]
        denied: Denied,
        /// Words of denial in the language of the replies; English ones and their contractions where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        denials: Option<Vec<String>>,
    },
    /// The one label one of whose `patterns` is found in the reply; none or several: `otherwise`, or unparsable.
    Regex {
        /// Label -> regular expressions in the syntax of the crate `regex`; `(?i)` for any case.
        patterns: BTreeMap<String, Vec<String>>,
        /// Label of every other reply.
        otherwise: Option<String>,
    },
    /// The one label whose letter the reply chooses: `B`, `(B)`, `B.`, `Answer: B`, but not the article in "A post".
    Letter {
        /// Label -> letter.
        letters: BTreeMap<String, String>,
    },
    /// The label one of whose `words` is the reply's first word (case-insensitive); another one: unparsable.
    FirstWord {
        /// Label -> words.
        words: BTreeMap<String, Vec<String>>,
    },
    /// The option whose letter, or whose whole text, the reply chooses.
    Option {},
    /// The option whose text is the reply, in any case and without a final full stop (BBQ's official rule for classifiers).
    OptionText {},
    /// The option by KoBBQ's official rule for replies (`3_postprocess_predictions.py`).
    Kobbq {},
    /// The option that a JSON object names by letter or text.
    Json {
        /// Member of the object.
        key: String,
    },
    /// The value of the item of the Inglehart-Welzel map that a field of the example names, by the official rules.
    InglehartWelzel {
        /// The field.
        item: String,
    },
    /// The text itself, after cleaning (BLEnD's official steps).
    Text {
        /// Steps, in order.
        #[serde(default)]
        steps: Vec<culture_scores::short::CleanStep>,
    },
}

/// What a reply says that denies a label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denied {
    /// Nothing: it is unparsable.
    #[default]
    Unparsable,
    /// The other one of two labels.
    Other,
}

impl Denied {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
    fn is_unparsable(&self) -> bool {
        *self == Self::Unparsable
    }
}

/// How embeddings are evaluated: the official k-NN and linear probe, a linear head, or similarity with the options.
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
        /// Search a graph with so many candidates instead of comparing with all training vectors (not the official way):
        /// for more vectors than can be compared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approximate: Option<usize>,
    },
    /// A logistic head fitted by the harness, its L2 penalty chosen on valid.
    LinearHead,
    /// The option whose vector is the most similar (cosine) to the text's.
    Similarity,
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
    /// Further ways to compare it, whose scores are shown beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_match: Vec<culture_scores::short::MatchRule>,
    /// Whose formula makes the bias scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<culture_scores::bias::Formula>,
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
    /// What becomes of the score where one of `cultures` has no example.
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

/// What becomes of a benchmark's score where a culture that it names has no example.
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
