//! How a model is run on a task: what it reads, who can serve it, prompts, replies, embeddings, the order of options.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::capability::Capability;
use super::field::Field;
use super::split::Split;

/// A way to run a model on a task. Scores of different protocols are never compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Name shown beside every score: `finetuned`, `zero-shot`, `frozen`, `trained`.
    pub name: String,
    /// The model learns from train and valid (needs the capability `fit`).
    #[serde(default)]
    pub fit: bool,
    /// Splits whose labels a model may learn from: those it is fitted on, or whose embeddings are the
    /// neighbours and the probe's training set, in file order.
    #[serde(default = "train_part")]
    pub train: Vec<Split>,
    /// Splits that are predicted and scored.
    pub eval: Vec<Split>,
    /// What a model is given of an example; if absent, the task's. A cell's protocol always has it, except in cells
    /// of versions that gave every model the culture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees: Option<Vec<Field>>,
    /// What a model reads: template over `{text}`, `{culture}` and `{culture_name}`.
    #[serde(default = "plain_text")]
    pub input: String,
    /// Capabilities that can serve it, the preferred first.
    pub accepts: Vec<Capability>,
    /// Longest reply in tokens; if absent, [`Protocol::REPLY_TOKENS`].
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
    /// Longest reply if the definition does not set it.
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

    /// The name of a protocol that is shown beside a score: it includes how a language model was queried, so that
    /// replies and likelihoods are never compared.
    pub fn shown_as(name: &str, served: Capability) -> String {
        match served {
            Capability::Generate => format!("{name} (replies)"),
            Capability::Loglikelihood => format!("{name} (likelihood)"),
            Capability::Choose | Capability::Classify | Capability::Embed => name.to_owned(),
        }
    }

    /// The name in definitions of one that is shown beside a score.
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
    /// Longest reply in tokens; if absent, the protocol's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Label -> continuation scored by `loglikelihood`; empty if examples have their own options.
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
    /// Template of the continuation whose log-likelihood is the score of an option; may name `{option}` and `{letter}`.
    #[serde(default = "plain_option", skip_serializing_if = "is_plain_option")]
    pub continuation: String,
    /// Template of a prompt without the question: its log-likelihoods are subtracted in the variant `against`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconditional: Option<String>,
    /// Which log-likelihood is the score; the others are further variants.
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
    /// Column -> value of the row that is read. If several rows have it, the first one is read.
    #[serde(rename = "where")]
    pub row: BTreeMap<String, String>,
    /// The words, filled in when a run is planned: value of the group (empty where `file` names none) -> column -> text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which log-likelihood of an option is the score.
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
    /// The order that the examples have.
    #[default]
    Given,
    /// These orders: the place in the official order of each shown option.
    Listed {
        /// One list for each order.
        of: Vec<Vec<usize>>,
    },
    /// Orders drawn by a seed and the id of the example.
    Shuffle {
        /// Recorded seed.
        seed: u64,
        /// Number of orders of each example.
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
        /// Removed wherever it occurs.
        #[serde(default)]
        strip: Vec<String>,
        /// Label -> prefixes.
        prefixes: BTreeMap<String, Vec<String>>,
        /// Label of every other reply.
        otherwise: Option<String>,
    },
    /// The one label one of whose `words` is in the reply (case-insensitive, whole words);
    /// none or several: unparsable. A word of denial shortly before makes it a denial of the label.
    Word {
        /// Label -> words.
        words: BTreeMap<String, Vec<String>>,
        /// What a denial says.
        #[serde(default, skip_serializing_if = "Denied::is_unparsable")]
        denied: Denied,
        /// Words of denial in the language of the replies; if absent, English ones and their contractions.
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

/// The meaning of a reply that denies a label.
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
