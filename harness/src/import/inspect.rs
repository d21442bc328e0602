//! Logs of `inspect_ai` (read against 0.3.285, log version 2): `.eval`, a zip of JSON files compressed by Zstandard, or one
//! `.json`. A sample's completion is its answer; of a multiple choice, the option that the scorer read out of it.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::{Error, How, Input, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;

/// `header.json`, or the journal's start where the run has not ended; in a JSON log the samples are in it too.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    eval: Eval,
    samples: Option<Vec<Sample>>,
    /// `success`, `error`, `cancelled`, or `started` where it has not ended.
    #[serde(default)]
    status: Option<String>,
    error: Option<Trouble>,
}

#[derive(Debug, Deserialize)]
struct Eval {
    task: String,
    model: String,
    #[serde(default)]
    packages: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    id: Value,
    #[serde(default = "one")]
    epoch: u32,
    input: Value,
    choices: Option<Vec<String>>,
    #[serde(default)]
    output: Object,
    scores: Option<BTreeMap<String, Score>>,
    #[serde(default)]
    metadata: Object,
    #[serde(default)]
    attachments: BTreeMap<String, String>,
    error: Option<Trouble>,
}

#[derive(Debug, Deserialize)]
struct Score {
    answer: Option<String>,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Deserialize)]
struct Trouble {
    message: String,
}

fn one() -> u32 {
    1
}

/// What is in a log.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) header: Header,
    pub(super) samples: Vec<Sample>,
}

/// A `.json` log.
pub(super) fn json(name: &str, input: impl Read, how: &How) -> Result<Log, Error> {
    log(name, &in_json(name, input)?, how)
}

/// What is in a `.json` log.
pub(super) fn in_json(name: &str, mut input: impl Read) -> Result<Contents, Error> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|e| broken(name, e.to_string()))?;
    let mut header: Header = lenient_json::from_slice(&bytes)
        .map_err(|e| broken(name, format!("no log of inspect_ai: {e}")))?;
    let Some(samples) = header.samples.take() else {
        return Err(broken(name, "a log without samples; run inspect_ai with `log_samples`"));
    };
    Ok(Contents { header, samples })
}

/// A `.eval` log.
pub(super) fn zip(name: &str, input: impl Input, how: &How) -> Result<Log, Error> {
    log(name, &in_zip(name, input)?, how)
}

/// What is in a `.eval` log.
pub(super) fn in_zip(name: &str, input: impl Input) -> Result<Contents, Error> {
    let fail = |e: zip::result::ZipError| broken(name, format!("the zip cannot be read: {e}"));
    let mut archive = zip::ZipArchive::new(input).map_err(fail)?;
    let mut header: Option<Header> = None;
    let mut samples: Vec<Sample> = Vec::new();
    let mut is_spreadsheet = false;
    for i in 0..archive.len() {
        let file = archive.by_index_raw(i).map_err(fail)?.name().to_owned();
        let place = format!("{name}, {file}");
        is_spreadsheet |= file.starts_with("xl/") || file == "content.xml";
        let parse = |e: serde_json::Error| broken(&place, format!("no log of inspect_ai: {e}"));
        if file == "header.json" || (file == "_journal/start.json" && header.is_none()) {
            header =
                Some(lenient_json::from_slice(&member(&mut archive, i, &place)?).map_err(parse)?);
        } else if file.starts_with("samples/") {
            samples
                .push(lenient_json::from_slice(&member(&mut archive, i, &place)?).map_err(parse)?);
        }
    }
    let Some(header) = header else {
        if is_spreadsheet {
            return Err(broken(name, "a spreadsheet (.xlsx, .ods); save it as CSV in UTF-8"));
        }
        return Err(broken(name, "a zip without `header.json`: no log of inspect_ai"));
    };
    Ok(Contents { header, samples })
}

/// How inspect_ai compresses; the crate `zip` is built without it.
const ZSTANDARD: zip::CompressionMethod = zip::CompressionMethod::ZSTD;

/// One file of the zip.
fn member<R: Input>(
    archive: &mut zip::ZipArchive<R>,
    i: usize,
    place: &str,
) -> Result<Vec<u8>, Error> {
    let fail = |problem: String| broken(place, problem);
    let mut bytes = Vec::new();
    let raw = archive.by_index_raw(i).map_err(|e| fail(e.to_string()))?;
    if raw.compression() == ZSTANDARD {
        zstd::stream::read::Decoder::new(raw)
            .and_then(|mut decoder| decoder.read_to_end(&mut bytes))
            .map_err(|e| fail(e.to_string()))?;
    } else {
        drop(raw);
        let mut file = archive.by_index(i).map_err(|e| fail(e.to_string()))?;
        file.read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
    }
    Ok(bytes)
}

fn log(name: &str, contents: &Contents, how: &How) -> Result<Log, Error> {
    let Contents { header, samples } = contents;
    if samples.is_empty() {
        return Err(broken(name, "a log without samples; there is nothing to import"));
    }
    let rows: Vec<Row> =
        samples.iter().map(|sample| row(name, sample, how)).collect::<Result<_, _>>()?;
    let eval = &header.eval;
    Ok(Log {
        notes: failed(name, header, &rows).into_iter().collect(),
        tool: Tool::InspectAi,
        version: eval.packages.get("inspect_ai").cloned(),
        task: Some(eval.task.clone()),
        model: Some(eval.model.clone()),
        served: Capability::Generate,
        rows,
    })
}

/// What is to be known of an evaluation that did not end well.
fn failed(name: &str, header: &Header, rows: &[Row]) -> Option<String> {
    let status = header.status.as_deref().filter(|status| *status != "success")?;
    let why = header.error.as_ref().map_or_else(String::new, |error| {
        format!(": {}", error.message.lines().next().unwrap_or_default())
    });
    let missing = rows.iter().filter(|row| matches!(row.reply, Reply::Missing(_))).count();
    Some(format!(
        "{name}: the evaluation ended with status `{status}`{why}; {missing} of its {} samples have no answer. `inspect eval-retry` runs them again: import its log, too",
        rows.len()
    ))
}

fn row(name: &str, sample: &Sample, how: &How) -> Result<Row, Error> {
    let (id, place) = (sample.id(), sample.place(name));
    let mut fields = fields(&sample.metadata);
    for text in fields.values_mut() {
        *text = sample.whole(text).to_owned();
    }
    if let Some(input) = sample.question() {
        fields.insert("input".to_owned(), input);
    }
    fields.insert("id".to_owned(), id);
    let reply = sample.reply(&place, how)?;
    Ok(Row { place, fields, epoch: sample.epoch, reply })
}

impl Header {
    /// The task's name.
    pub(super) fn task(&self) -> &str {
        &self.eval.task
    }

    /// The model's name.
    pub(super) fn model(&self) -> &str {
        &self.eval.model
    }
}

impl Sample {
    pub(super) fn id(&self) -> String {
        match &self.id {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        }
    }

    /// File, sample and epoch, for messages.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{name}, sample {} epoch {}", self.id(), self.epoch)
    }

    /// Names of its scorers.
    pub(super) fn scorers(&self) -> impl Iterator<Item = &str> {
        self.scores.iter().flatten().map(|(name, _)| name.as_str())
    }

    /// What a scorer said.
    pub(super) fn value(&self, scorer: &str) -> Option<&Value> {
        Some(&self.scores.as_ref()?.get(scorer)?.value)
    }

    /// A field of its metadata.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        fields(&self.metadata).remove(name)
    }

    /// What was asked.
    pub(super) fn question(&self) -> Option<String> {
        content(&self.input).map(|input| self.whole(&input).to_owned())
    }

    /// A long text may be among the attachments.
    fn whole<'a>(&'a self, text: &'a str) -> &'a str {
        let name = text.strip_prefix("attachment://");
        name.and_then(|name| self.attachments.get(name)).map_or(text, String::as_str)
    }

    fn reply(&self, place: &str, how: &How) -> Result<Reply, Error> {
        let choices = self.output.get("choices").and_then(Value::as_array);
        if let (Some(trouble), None | Some([])) = (&self.error, choices.map(Vec::as_slice)) {
            let line = trouble.message.lines().next().unwrap_or_default();
            return Ok(Reply::Missing(format!("the sample failed: {line}")));
        }
        if let Some(scorer) = &how.scorer {
            let scores = self.scores.as_ref();
            let Some(score) = scores.and_then(|scores| scores.get(scorer)) else {
                let there: Vec<&str> =
                    scores.into_iter().flatten().map(|(n, _)| n.as_str()).collect();
                let problem = format!("no score of `{scorer}`; there are {}", there.join(", "));
                return Err(broken(place, problem));
            };
            let answer =
                score.answer.as_deref().map(|answer| self.option(answer).unwrap_or(answer));
            return Ok(answer.map_or_else(
                || Reply::Missing(format!("the scorer `{scorer}` found no answer")),
                |answer| Reply::Text(self.whole(answer).to_owned()),
            ));
        }
        if let Some(choices) = self.choices.as_ref().filter(|choices| !choices.is_empty()) {
            let answers =
                self.scores.iter().flatten().filter_map(|(_, score)| score.answer.as_deref());
            let mut options: Vec<&str> = answers.filter_map(|answer| self.option(answer)).collect();
            options.dedup();
            match options[..] {
                [option] => return Ok(Reply::Text(option.to_owned())),
                [_, _, ..] => {
                    return Err(broken(
                        place,
                        "its scorers read different answers; choose one with --scorer",
                    ));
                }
                // No letter was found: the completion may still be an option.
                [] => {
                    let text = self.completion();
                    let text = text.as_deref().unwrap_or_default().trim();
                    let option = choices.iter().find(|choice| choice.as_str() == text);
                    return Ok(Reply::Text(option.map_or(text, String::as_str).to_owned()));
                }
            }
        }
        Ok(match self.completion() {
            None => Reply::Missing("the sample has no completion".to_owned()),
            Some(text) if self.is_cut() => Reply::Cut(text),
            Some(text) => Reply::Text(text),
        })
    }

    /// Whether the limit of tokens ended the completion.
    fn is_cut(&self) -> bool {
        let choice = self.output.get("choices").and_then(|choices| choices.get(0));
        let reason = choice.and_then(|choice| choice.get("stop_reason")?.as_str());
        matches!(reason, Some("max_tokens" | "model_length"))
    }

    /// The option that a letter names: `A` is the first.
    fn option(&self, answer: &str) -> Option<&str> {
        let &[letter @ b'A'..=b'Z'] = answer.trim().as_bytes() else { return None };
        self.choices.as_ref()?.get(usize::from(letter - b'A')).map(String::as_str)
    }

    fn completion(&self) -> Option<String> {
        let text = match self.output.get("completion") {
            Some(Value::String(text)) => text.clone(),
            _ => content(self.output.get("choices")?.get(0)?.get("message")?.get("content")?)?,
        };
        Some(self.whole(&text).to_owned())
    }
}

/// A text, the texts of a list of parts, or what the last message of a user says.
fn content(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let users =
                parts.iter().rfind(|part| part.get("role").is_some_and(|role| role == "user"));
            if let Some(message) = users {
                return content(message.get("content")?);
            }
            let texts: Vec<&str> =
                parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            (!texts.is_empty()).then(|| texts.join("\n"))
        }
        _ => None,
    }
}
