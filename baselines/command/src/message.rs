//! The messages: one JSON object a line. The host asks, the program answers each request with one line.
//!
//! The README explains the protocol to authors; this is the same in types.

use std::collections::HashMap;
use std::io;

use plugin_api::{Batch, Loglikelihood, Replies, Reply, Task, with_thought};
use serde::{Deserialize, Serialize};

/// Version of the protocol, told in `create`.
pub(crate) const PROTOCOL: u32 = 1;

/// What the host asks. `do` says which.
#[derive(Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Request<'a> {
    /// The first line. Answer: [`Created`].
    Create {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The model's own settings.
        config: &'a serde_json::Value,
        /// Paths of weights and files, by id.
        weights: &'a HashMap<String, String>,
        task: TaskInfo<'a>,
        seed: u64,
        threads: usize,
    },
    /// Learn. Answer: `{}`.
    Fit { train: Vec<Example<'a>>, valid: Vec<Example<'a>> },
    /// Learn from a piece of `train` or `valid`. Answer: `{}`.
    FitPiece { part: &'static str, examples: Vec<Example<'a>> },
    /// All pieces of a pass were told. Answer: [`Ended`].
    FitEnd {},
    /// Answer: [`Classified`].
    Classify { examples: Vec<Example<'a>> },
    /// Answer: [`Chosen`].
    Choose { examples: Vec<Question<'a>> },
    /// Answer: [`Embedded`].
    Embed { examples: Vec<Example<'a>> },
    /// Answer: [`Likelihoods`].
    Loglikelihood { pairs: Vec<Pair<'a>> },
    /// Answer: [`Generated`].
    Generate { prompts: &'a [&'a str], max_tokens: u64, temperature: f64 },
    /// Write the fitted model to this folder. Answer: `{}`.
    Save { folder: String },
    /// Read what `save` wrote. Answer: `{}`.
    Load { folder: String },
}

impl Request<'_> {
    /// The request as a line of pure ASCII: no program's locale can spoil a text.
    pub(crate) fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut line, Ascii))?;
        line.push(b'\n');
        Ok(line)
    }

    /// The word after `do`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Fit { .. } => "fit",
            Self::FitPiece { .. } => "fit-piece",
            Self::FitEnd {} => "fit-end",
            Self::Classify { .. } => "classify",
            Self::Choose { .. } => "choose",
            Self::Embed { .. } => "embed",
            Self::Loglikelihood { .. } => "loglikelihood",
            Self::Generate { .. } => "generate",
            Self::Save { .. } => "save",
            Self::Load { .. } => "load",
        }
    }
}

/// JSON with a `\u` escape in the place of every character that is not ASCII.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut odd = rest[at..].chars();
            for unit in odd.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = odd.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// What the model will be asked.
#[derive(Debug, Serialize)]
pub(crate) struct TaskInfo<'a> {
    name: &'a str,
    protocol: &'a str,
    labels: &'a [String],
    cultures: &'a [String],
}

impl<'a> From<&'a Task> for TaskInfo<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            name: &task.name,
            protocol: &task.protocol,
            labels: &task.labels,
            cultures: &task.cultures,
        }
    }
}

/// One example; the label only in `fit`.
#[derive(Debug, Serialize)]
pub(crate) struct Example<'a> {
    id: &'a str,
    text: &'a str,
    /// Nothing where the example has no culture.
    culture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

/// The rows of a batch; with labels where they are given.
pub(crate) fn examples<'a>(
    batch: &Batch<'a>,
    labels: Option<&[u32]>,
    task: &'a Task,
) -> Vec<Example<'a>> {
    (0..batch.len())
        .map(|row| Example {
            id: batch.ids[row],
            text: batch.texts[row],
            culture: task.cultures.get(batch.cultures[row] as usize).map(String::as_str),
            label: labels
                .and_then(|labels| task.labels.get(labels[row] as usize))
                .map(String::as_str),
        })
        .collect()
}

/// One example with its options, in the order in which they are shown.
#[derive(Debug, Serialize)]
pub(crate) struct Question<'a> {
    #[serde(flatten)]
    pub(crate) example: Example<'a>,
    pub(crate) options: &'a [&'a str],
}

/// A continuation to be scored after its context.
#[derive(Debug, Serialize)]
pub(crate) struct Pair<'a> {
    pub(crate) context: &'a str,
    pub(crate) continuation: &'a str,
}

/// Lines that may come before an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum Aside {
    /// `{"log": "text"}`: a line for the cell's log.
    Log(String),
    /// `{"progress": [done, total]}`.
    Progress(usize, usize),
    /// `{"metric": ["loss", 10, 0.3]}`: name, step, value.
    Metric(String, usize, #[serde(deserialize_with = "lenient_json::number_or_nan")] f64),
    /// `{"error": "text"}`: the request cannot be answered.
    Error(String),
}

/// Answer to `create`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Created {
    /// The requests it answers.
    pub(crate) can: Vec<String>,
    /// Width of its vectors; needed where it embeds.
    #[serde(default)]
    pub(crate) dimension: usize,
}

/// Answer to `fit`, `fit-piece`, `save`, `load`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Answer to `fit-end`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ended {
    /// Whether another pass is needed.
    pub(crate) again: bool,
}

/// Answer to `classify`: either one label or one row of scores an example; null where there is no answer, and so is a row with
/// null or NaN in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum Classified {
    Labels(Vec<Option<String>>),
    Scores(Vec<Option<Vec<Option<f32>>>>),
}

/// Answer to `choose`: either the place of one option (from 0) or one score an option for each example; null where there is no
/// answer, and so is a row with null or NaN in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum Chosen {
    Options(Vec<Option<usize>>),
    Scores(Vec<Option<Vec<Option<f32>>>>),
}

/// Answer to `embed`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embedded {
    pub(crate) vectors: Vec<Vec<Option<f32>>>,
}

/// Answer to `loglikelihood`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Likelihoods {
    pub(crate) loglikelihoods: Vec<Likelihood>,
}

/// One pair's.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Likelihood {
    #[serde(deserialize_with = "lenient_json::number_or_nan")]
    sum: f64,
    tokens: u64,
    #[serde(default)]
    greedy: bool,
}

impl From<Likelihood> for Loglikelihood {
    fn from(Likelihood { sum, tokens, greedy }: Likelihood) -> Self {
        Self { sum, tokens, greedy }
    }
}

/// Answer to `generate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generated {
    pub(crate) replies: Vec<Option<Told>>,
}

/// A reply: a text, or more that the program knows of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Told {
    Text(String),
    More(More),
}

/// A reply with facts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct More {
    text: String,
    /// What the model wrote for itself before.
    thought: Option<String>,
    /// The limit of tokens cut it.
    cut: bool,
    /// Why there is no reply.
    missing: Option<String>,
}

impl Told {
    /// Hands the reply to prompt `index` over; null is a reply that the program does not give.
    pub(crate) fn tell(told: Option<&Self>, index: usize, replies: &mut Replies<'_>) {
        let more = match told {
            None => return replies.tell(index, Reply::Missing("the program gave none")),
            Some(Self::Text(text)) => return replies.put(index, text),
            Some(Self::More(more)) => more,
        };
        match (&more.missing, &more.thought) {
            (Some(why), _) => replies.tell(index, Reply::Missing(why)),
            (None, None) => replies.tell(index, Reply::new(&more.text, more.cut)),
            (None, Some(thought)) => {
                replies.tell(index, Reply::new(&with_thought(thought, &more.text), more.cut));
            }
        }
    }
}

/// Reads a line as the answer to a request, or as what may be before one (`aside`).
pub(crate) fn read(request: &str, line: &[u8]) -> serde_json::Result<()> {
    match request {
        "create" => lenient_json::from_slice::<Created>(line).map(drop),
        "fit" | "fit-piece" | "save" | "load" => {
            lenient_json::from_slice::<Nothing>(line).map(drop)
        }
        "fit-end" => lenient_json::from_slice::<Ended>(line).map(drop),
        "classify" => lenient_json::from_slice::<Classified>(line).map(drop),
        "choose" => lenient_json::from_slice::<Chosen>(line).map(drop),
        "embed" => lenient_json::from_slice::<Embedded>(line).map(drop),
        "loglikelihood" => lenient_json::from_slice::<Likelihoods>(line).map(drop),
        "generate" => lenient_json::from_slice::<Generated>(line).map(drop),
        _ => lenient_json::from_slice::<Aside>(line).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A loss may be NaN, which JSON lacks: it is a metric all the same.
    #[test]
    fn a_metric_may_be_nan() {
        let read = |line: &str| lenient_json::from_str::<Aside>(line);
        let Ok(Aside::Metric(name, 3, value)) = read(r#"{"metric": ["loss", 3, NaN]}"#) else {
            panic!("no metric")
        };
        assert!(name == "loss" && value.is_nan());
        let Ok(Aside::Metric(.., value)) = read(r#"{"metric": ["loss", 3, -Infinity]}"#) else {
            panic!("no metric")
        };
        assert_eq!(value, f64::NEG_INFINITY);
        assert!(read(r#"{"metric": ["loss", 3, "low"]}"#).is_err());
    }

    #[test]
    fn a_request_is_one_line_of_ascii() {
        let text = "\u{1f680} caf\u{e9}\n\"ok\" \u{0}\u{4e2d}";
        let request = Request::Generate { prompts: &[text], max_tokens: 3, temperature: 0.5 };
        let line = request.to_line().unwrap();
        assert!(line.is_ascii());
        assert_eq!(line.iter().position(|&b| b == b'\n'), Some(line.len() - 1));
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(read["prompts"][0], text);
        assert_eq!(read["do"], "generate");
    }
}
