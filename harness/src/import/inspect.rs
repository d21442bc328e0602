//! Logs of `inspect_ai` (read against 0.3.285, log version 2): `.eval`, a zip of JSON files compressed by Zstandard, or one
//! `.json`. A sample's completion is its answer; of a multiple choice, the option that the scorer read out of it.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::log::Ended;
use super::{Error, How, Input, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;
use crate::prompts::{Thought, split};

/// `header.json`, or the journal's start where the run has not ended; in a JSON log the samples are in it too.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    eval: Eval,
    samples: Option<Vec<Sample>>,
    /// `success`, `error`, `cancelled`, or `started` where it has not ended.
    #[serde(default)]
    status: Option<String>,
    error: Option<Value>,
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
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Score {
    #[serde(default, deserialize_with = "answer")]
    answer: Option<String>,
    #[serde(default)]
    value: Value,
}

/// A text, or what a scorer read as a number.
fn answer<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(field)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    })
}

/// The first line of an error: a text, or an object with a `message`.
fn first_line(error: &Value) -> String {
    let words = error.get("message").unwrap_or(error);
    let words = words.as_str().map_or_else(|| words.to_string(), str::to_owned);
    words.lines().next().unwrap_or_default().to_owned()
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
    let mut header: Header = lenient_json::from_slice(&bytes).map_err(|e| {
        broken(name, other(&bytes).unwrap_or_else(|| format!("no log of inspect_ai: {e}")))
    })?;
    let samples = header.samples.take();
    if samples.is_none() && !header.has_failed() {
        return Err(broken(name, "a log without samples; run inspect_ai with `log_samples`"));
    }
    Ok(Contents { header, samples: samples.unwrap_or_default() })
}

/// What else a JSON file of an evaluation is, and what to take in its place.
fn other(bytes: &[u8]) -> Option<String> {
    let read: Object = lenient_json::from_slice(bytes).ok()?;
    let is_results = read.contains_key("results")
        && (read.contains_key("configs") || read.contains_key("lm_eval_version"));
    is_results.then(|| {
        "the results of lm-evaluation-harness without its samples; run it with --log_samples and import samples_*.jsonl".to_owned()
    })
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
    if samples.is_empty() && !header.has_failed() {
        return Err(broken(name, "a log without samples; there is nothing to import"));
    }
    let mut rows: Vec<Row> =
        samples.iter().map(|sample| row(name, sample, how)).collect::<Result<_, _>>()?;
    if header.has_failed() {
        for row in &mut rows {
            row.ended = Ended::Failed;
        }
    }
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

impl Header {
    fn has_failed(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status != "success")
    }
}

/// What is to be known of an evaluation that did not end well.
fn failed(name: &str, header: &Header, rows: &[Row]) -> Option<String> {
    let status = header.status.as_deref().filter(|_| header.has_failed())?;
    let why = (header.error.as_ref())
        .map_or_else(String::new, |error| format!(": {}", first_line(error)));
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
    Ok(Row { place, fields, epoch: sample.epoch, ended: Ended::Well, reply })
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
            return Ok(Reply::Missing(format!("the sample failed: {}", first_line(trouble))));
        }
        if let Some(why) = self.withheld() {
            return Ok(Reply::Missing(why));
        }
        // What a scorer found in a thought that was cut is no answer.
        if let Some(text) = self.completion().filter(|text| split(text).thought == Thought::Cut) {
            return Ok(Reply::Cut(text));
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

    /// Why there is no reply, where the log tells: the call of the model failed, its moderation withheld the reply, or every
    /// part of it is marked as a refusal.
    fn withheld(&self) -> Option<String> {
        if let Some(error) = self.output.get("error").filter(|error| !error.is_null()) {
            return Some(format!("the call of the model failed: {}", first_line(error)));
        }
        if self.stop_reason() == Some("content_filter") {
            return Some("the server's moderation withheld the reply".to_owned());
        }
        let parts = self.choice()?.get("message")?.get("content")?.as_array()?;
        let texts: Vec<&Value> = parts.iter().filter(|part| part.get("text").is_some()).collect();
        let is_refused = |part: &&Value| part.get("refusal") == Some(&Value::Bool(true));
        let words = texts.first()?.get("text")?.as_str()?;
        texts.iter().all(is_refused).then(|| format!("the model refused: {words}"))
    }

    fn choice(&self) -> Option<&Value> {
        self.output.get("choices")?.get(0)
    }

    fn stop_reason(&self) -> Option<&str> {
        self.choice()?.get("stop_reason")?.as_str()
    }

    /// Whether the limit of tokens ended the completion.
    fn is_cut(&self) -> bool {
        matches!(self.stop_reason(), Some("max_tokens" | "model_length"))
    }

    /// The option that a letter names: `A` is the first.
    fn option(&self, answer: &str) -> Option<&str> {
        let &[letter @ b'A'..=b'Z'] = answer.trim().as_bytes() else { return None };
        self.choices.as_ref()?.get(usize::from(letter - b'A')).map(String::as_str)
    }

    fn completion(&self) -> Option<String> {
        let text = match self.output.get("completion") {
            Some(Value::String(text)) => text.clone(),
            _ => content(self.choice()?.get("message")?.get("content")?)?,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(sample: &Value) -> Reply {
        let mut sample = sample.clone();
        sample["id"] = "e1".into();
        sample["input"] = "x".into();
        let log = json!({"eval": {"task": "t", "model": "m"}, "samples": [sample]}).to_string();
        json("x.json", log.as_bytes(), &How::default()).unwrap().rows.remove(0).reply
    }

    fn output(content: &Value, stop: &str) -> Value {
        let text = content.as_str().map_or("I'm sorry, but no", |text| text);
        json!({"completion": text, "choices": [{"message": {"content": content}, "stop_reason": stop}]})
    }

    /// What a log tells of a reply besides its text.
    #[test]
    fn facts_about_a_reply_come_before_its_text() {
        let missing = |sample: Value, part: &str| match reply(&sample) {
            Reply::Missing(why) => assert!(why.contains(part), "{why}"),
            other => panic!("{sample}: {other:?}"),
        };
        let no = json!("I'm sorry, but no");
        missing(json!({"output": output(&no, "content_filter")}), "moderation");
        let refused = json!([{"type": "text", "text": "I'm sorry, but no", "refusal": true}]);
        missing(json!({"output": output(&refused, "stop")}), "the model refused: I'm sorry");
        missing(
            json!({"output": {"completion": "", "choices": [], "error": "no connection"}}),
            "the call of the model failed: no connection",
        );
        for error in [json!("boom"), json!({"message": "boom\nat x"}), json!({"message": "boom"})] {
            missing(json!({"error": error}), "the sample failed: boom");
        }
        missing(json!({"error": {"traceback": "x"}}), "the sample failed: {");
        let text = |stop: &str| reply(&json!({"output": output(&no, stop)}));
        assert_eq!(text("stop"), Reply::Text("I'm sorry, but no".to_owned()));
        assert_eq!(text("max_tokens"), Reply::Cut("I'm sorry, but no".to_owned()));
    }

    /// The scorer's letter does not count where the thought that it stands in was cut.
    #[test]
    fn a_choice_out_of_a_cut_thought_is_none() {
        let sample = |text: &str, answer: Value| {
            reply(
                &json!({"choices": ["no", "yes"], "scores": {"choice": {"value": "C", "answer": answer}},
                          "output": output(&json!(text), "stop")}),
            )
        };
        let cut = "<think>maybe ANSWER: A";
        assert_eq!(sample(cut, json!("A")), Reply::Cut(cut.to_owned()));
        assert_eq!(sample("<think>A?</think>ANSWER: B", json!("B")), Reply::Text("yes".to_owned()));
        assert_eq!(sample("7", json!(7)), Reply::Text("7".to_owned()));
    }

    #[test]
    fn other_files_are_named() {
        let results = br#"{"results": {"own": {"acc,none": 0.5}}, "configs": {}}"#;
        let error = json("results.json", &results[..], &How::default()).unwrap_err().to_string();
        assert!(error.contains("samples_*.jsonl"), "{error}");
    }

    #[test]
    fn archives_of_other_programs_are_named() {
        let said = |member: &str| {
            let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored);
            writer.start_file(member, options).unwrap();
            let bytes = writer.finish().unwrap();
            super::zip("x.eval", bytes, &How::default()).unwrap_err().to_string()
        };
        for member in ["xl/workbook.xml", "content.xml"] {
            assert!(said(member).contains("a spreadsheet"), "{member}");
        }
        assert!(said("a.txt").contains("a zip without `header.json`"));
    }
}
