//! What a server sent, read: replies, first tokens, echoed prompts, and errors of all dialects.
//!
//! Pure: JSON in, values out. The dialects are those of OpenAI, vLLM, llama.cpp and Ollama; where they differ it is said.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts;
use crate::options;
use crate::request::Wanted;
pub use crate::told::Told;

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The part that was wanted.
    pub said: Said,
    /// Tokens of prompt and reply, where the server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<(u64, u64)>,
    /// What the server calls the model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Why the reply ended: `stop`, `length`, `content_filter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// What the model wrote for itself before its reply, where the server sends it in a field of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thought: Option<String>,
    /// In which words the model refused; no label is looked for in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

impl Answer {
    /// An answer of which nothing is known but what was said.
    pub fn of(said: Said) -> Self {
        Self { said, usage: None, model: None, finish: None, thought: None, refusal: None }
    }

    /// Why there is no reply, where that is known. Words of a refusal that stand in the text, too, are no reply.
    pub fn missing(&self) -> Option<String> {
        if let Some(words) = &self.refusal {
            return Some(format!("the model refused: {words}"));
        }
        if facts::is_refused(self.finish.as_deref()) {
            return Some("the model refused".to_owned());
        }
        facts::is_filtered(self.finish.as_deref())
            .then(|| "the server's moderation withheld the reply".to_owned())
    }
}

/// The part of an answer that was wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// A reply; empty where the model said nothing.
    Text(String),
    /// The likeliest first tokens with their log-probabilities, as the server ordered them.
    Top(Vec<(String, f64)>),
    /// The log-likelihood of the end of an echoed prompt.
    Sum {
        /// Natural logarithm; minus infinity where the server says that it cannot be.
        #[serde(serialize_with = "finite", deserialize_with = "lenient_json::number_or_nan")]
        sum: f64,
        /// Tokens it is the sum of.
        tokens: u64,
        /// Whether each was the model's first choice.
        greedy: bool,
    },
}

/// JSON has no infinity: it is written as `lenient_json` reads it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn finite<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(number.max(f64::from(f32::MIN)))
}

/// An answer that is none, in words that name the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// An error in the place of an answer.
    Error(Told),
    /// An answer without a choice, or one that failed half way: worth another attempt.
    Nothing(String),
    /// Another shape than the protocol's.
    Shape(String),
    /// The server answers, but without the log-probabilities that were asked for.
    NoLogprobs(String),
}

/// Reads an answer.
pub fn read(body: &Value, wanted: &Wanted) -> Result<Answer, Unread> {
    let Some(choice) = body["choices"].get(0) else {
        return Err(match told(body) {
            Some(told) => Unread::Error(told),
            None if body.get("choices").is_some() => {
                Unread::Nothing("the answer holds no choice".to_owned())
            }
            None => Unread::Shape("there is no `choices[0]` in the answer".to_owned()),
        });
    };
    let finish = choice["finish_reason"].as_str();
    if let Some(told) = [choice, body].into_iter().find_map(error_beside) {
        return Err(Unread::Error(told));
    }
    if choice.is_null() || choice["message"].is_null() && choice.get("text").is_none() {
        return Err(Unread::Nothing("the choice in the answer is empty".to_owned()));
    }
    if facts::has_failed(finish) {
        return Err(Unread::Nothing(
            "the server failed half way (`finish_reason` is error)".to_owned(),
        ));
    }
    if *wanted != Wanted::Text
        && let Some(told) = withheld(choice)
    {
        return Err(Unread::Error(told));
    }
    let usage = |name: &str| body["usage"][name].as_u64();
    let said = match wanted {
        Wanted::Text => Said::Text(text(choice)?),
        Wanted::Top => Said::Top(first_tokens(choice)?),
        Wanted::Echo { continuation, after_blank } => {
            let generated = usage("completion_tokens").unwrap_or(1) as usize;
            echoed(choice, generated, continuation, *after_blank)?
        }
    };
    Ok(Answer {
        said,
        usage: usage("prompt_tokens")
            .map(|input| (input, usage("completion_tokens").unwrap_or_default())),
        model: body["model"].as_str().map(str::to_owned),
        finish: finish.map(str::to_owned),
        thought: thought(&choice["message"]),
        refusal: refusal(&choice["message"]),
    })
}

/// A choice that the server's moderation or the model itself withheld has no log-probabilities: no fault of the server's.
fn withheld(choice: &Value) -> Option<Told> {
    let finish = choice["finish_reason"].as_str();
    let words = refusal(&choice["message"]);
    let is_withheld = words.is_some() || facts::is_filtered(finish) || facts::is_refused(finish);
    is_withheld.then(|| Told {
        code: "content_filter".to_owned(),
        message: words.unwrap_or_else(|| finish.unwrap_or_default().to_owned()),
    })
}

/// An error that is beside choices or in one.
fn error_beside(holder: &Value) -> Option<Told> {
    let there = match &holder["error"] {
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    if there { told(holder) } else { None }
}

/// Texts of the parts of a content, of those kinds.
fn parts(content: &Value, is_wanted: impl Fn(&str) -> bool) -> String {
    fn text(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().map(text).collect(),
            Value::Object(fields) => ["text", "thinking", "reasoning", "refusal", "summary"]
                .iter()
                .find_map(|name| fields.get(*name))
                .map(text)
                .unwrap_or_default(),
            _ => String::new(),
        }
    }
    let all = content.as_array().into_iter().flatten();
    all.filter(|part| is_wanted(part["type"].as_str().unwrap_or("text"))).map(text).collect()
}

/// The thought of a message: `reasoning_content` (vLLM, DeepSeek, llama.cpp), `reasoning` (OpenRouter, Ollama, gpt-oss),
/// `thinking`, `reasoning_details`, or parts of that kind (Mistral).
pub fn thought(message: &Value) -> Option<String> {
    let text = ["reasoning_content", "reasoning", "thinking"]
        .iter()
        .find_map(|name| message[*name].as_str().filter(|text| !text.is_empty()))
        .map_or_else(
            || {
                parts(&message["content"], is_thought)
                    + &parts(&message["reasoning_details"], |_| true)
            },
            str::to_owned,
        );
    (!text.is_empty()).then_some(text)
}

fn is_thought(kind: &str) -> bool {
    kind.contains("thinking") || kind.contains("reasoning")
}

/// The words in which a model refused: a field of the message, or a part of its content.
pub fn refusal(message: &Value) -> Option<String> {
    let words = match message["refusal"].as_str() {
        Some(words) => words.to_owned(),
        None => parts(&message["content"], |kind| kind == "refusal"),
    };
    (!words.is_empty()).then_some(words)
}

/// The reply of a choice. `null` is a reply without text: a refusal, a filter, or all tokens spent on thinking.
fn text(choice: &Value) -> Result<String, Unread> {
    let message = &choice["message"];
    let content = if message.is_object() { &message["content"] } else { &choice["text"] };
    match content {
        Value::Null if message.is_object() || choice.get("text").is_some() => Ok(String::new()),
        Value::String(_) | Value::Array(_) => Ok(written(content)),
        _ => Err(Unread::Shape(
            "there is neither `message.content` nor `text` in the choice".to_owned(),
        )),
    }
}

/// What of a content is reply: a text, or parts, of which some may be images, thoughts or refusals.
pub fn written(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        _ => parts(content, |kind| matches!(kind, "text" | "output_text")),
    }
}

/// The alternatives to the first token. A chat lists objects, a completion maps tokens to numbers; llama.cpp sends the
/// first form for both.
fn first_tokens(choice: &Value) -> Result<Vec<(String, f64)>, Unread> {
    let logprobs = &choice["logprobs"];
    if let Some(first) = logprobs["content"].get(0) {
        let listed = first["top_logprobs"].as_array().filter(|top| !top.is_empty());
        let own = std::slice::from_ref(first);
        let pairs = listed.map_or(own, Vec::as_slice).iter().filter_map(|token| {
            Some((token["token"].as_str()?.to_owned(), lenient_json::number(&token["logprob"])?))
        });
        return Ok(sorted(pairs.collect()));
    }
    if let Some(first) = logprobs["top_logprobs"].get(0).and_then(Value::as_object) {
        let pairs =
            first.iter().filter_map(|(token, p)| Some((token.clone(), lenient_json::number(p)?)));
        return Ok(sorted(pairs.collect()));
    }
    // An answer that ends before its first token has none to tell.
    if logprobs["content"].as_array().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    Err(Unread::NoLogprobs("the server sends no log-probabilities of the first token".to_owned()))
}

/// The likeliest first; equals in order of their text. One of probability 0 is none.
fn sorted(mut tokens: Vec<(String, f64)>) -> Vec<(String, f64)> {
    tokens.retain(|(_, logprob)| *logprob > f64::NEG_INFINITY);
    tokens.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    tokens
}

/// A token of the prompt, as the server reports it.
struct Spelt<'a> {
    token: &'a str,
    /// None for the first one, before which there is nothing.
    logprob: Option<f64>,
    /// Whether the server names none that is likelier.
    likeliest: bool,
}

/// The end of an echoed prompt.
fn echoed(
    choice: &Value,
    generated: usize,
    continuation: &str,
    after_blank: bool,
) -> Result<Said, Unread> {
    let none = || {
        Unread::NoLogprobs(
            "the server does not echo the prompt's tokens with their log-probabilities".to_owned(),
        )
    };
    let prompt = if choice["logprobs"]["tokens"].is_array() {
        repeated(&choice["logprobs"], generated)?
    } else {
        listed(&choice["prompt_logprobs"])
    };
    let prompt = prompt.filter(|prompt| !prompt.is_empty()).ok_or_else(none)?;
    let tokens: Vec<&str> = prompt.iter().map(|one| one.token).collect();
    let start = options::tail(&tokens, continuation, after_blank).ok_or_else(|| {
        Unread::NoLogprobs(format!("the echoed tokens do not end in the option {continuation:?}"))
    })?;
    let (mut sum, mut greedy) = (0.0, true);
    for one in &prompt[start..] {
        sum += one.logprob.ok_or_else(none)?.min(0.0);
        greedy &= one.likeliest;
    }
    Ok(Said::Sum { sum, tokens: (prompt.len() - start) as u64, greedy })
}

/// OpenAI's form of an echo: the prompt's tokens and, after them, those that were generated.
fn repeated(logprobs: &Value, generated: usize) -> Result<Option<Vec<Spelt<'_>>>, Unread> {
    let (Some(tokens), Some(values)) =
        (logprobs["tokens"].as_array(), logprobs["token_logprobs"].as_array())
    else {
        return Ok(None);
    };
    if tokens.len() != values.len() {
        return Err(Unread::Shape("`tokens` and `token_logprobs` differ in length".to_owned()));
    }
    let prompt = tokens.len().saturating_sub(generated);
    let spelt =
        (tokens.iter().zip(values).take(prompt).enumerate()).map(|(place, (token, value))| {
            let logprob = lenient_json::number(value);
            let best = logprobs["top_logprobs"].get(place).and_then(Value::as_object);
            let best =
                best.into_iter().flat_map(|top| top.values()).filter_map(lenient_json::number);
            let best = best.fold(f64::NEG_INFINITY, f64::max);
            let likeliest =
                logprob.is_some_and(|own| own > f64::NEG_INFINITY && best <= own.min(0.0));
            Some(Spelt { token: token.as_str()?, logprob, likeliest })
        });
    let spelt: Option<_> = spelt.collect();
    spelt.map(Some).ok_or_else(|| Unread::Shape("a token in `tokens` is not text".to_owned()))
}

/// vLLM's `prompt_logprobs` = 0: for each token of the prompt an object of one entry, by its id, with its rank; null for the first
/// one. With more than one alternative it does not tell which of them is in the prompt.
fn listed(places: &Value) -> Option<Vec<Spelt<'_>>> {
    fn spelt(place: &Value) -> Option<Spelt<'_>> {
        if place.is_null() {
            return Some(Spelt { token: "", logprob: None, likeliest: false });
        }
        let mut entries = place.as_object()?.values();
        let (own, None) = (entries.next()?, entries.next()) else { return None };
        Some(Spelt {
            token: own["decoded_token"].as_str()?,
            logprob: lenient_json::number(&own["logprob"]),
            likeliest: own["rank"] == 1,
        })
    }
    places.as_array()?.iter().map(spelt).collect()
}

/// Where else than in `error` servers write an error: the field of its words, and that of its code.
const PLAIN: [(&str, &str); 9] = [
    ("message", "code"),
    ("detail", "code"),
    ("msg", "code"),
    ("error_msg", "error_code"),
    ("error_message", "error_code"),
    ("status_msg", "status_code"),
    ("faultstring", "code"),
    ("errorMessage", "errorCode"),
    ("Message", "Code"),
];

/// What an error says: `{"error": {"message", "code"}}` (OpenAI), `{"error": "..."}` (Ollama), `{"message", "code"}` (older
/// vLLM), `{"detail": ...}` (FastAPI), `{"errors": [...]}` (Cloudflare), `{"base_resp": {"status_msg", "status_code"}}`
/// (MiniMax), and other names of the two fields.
pub fn told(body: &Value) -> Option<Told> {
    // Gemini sends a list of one.
    let body = body.get(0).unwrap_or(body);
    let error = &body["error"];
    if error.is_object() {
        return Some(in_words(&error["message"], error, "code", &error["metadata"]["raw"]));
    }
    if error.is_string() {
        return Some(in_words(error, body, "code", &Value::Null));
    }
    if let Some(first) = body["errors"].get(0) {
        let message = if first.is_string() { first } else { &first["message"] };
        return Some(in_words(message, first, "code", &Value::Null));
    }
    let holders = [body, &body["base_resp"], &body["fault"]];
    holders.into_iter().filter(|holder| holder["status_code"] != 0).find_map(|holder| {
        let (message, code) =
            PLAIN.iter().find(|(message, _)| is_said(message, &holder[*message]))?;
        Some(in_words(&holder[*message], holder, code, &Value::Null))
    })
}

/// Words; of FastAPI's `detail` also what it lists in their place.
fn is_said(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => name == "detail",
        _ => false,
    }
}

/// A code and a message; a server that stands before another one adds what that one said.
fn in_words(message: &Value, holder: &Value, code: &str, behind: &Value) -> Told {
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = word(&holder[code]).or_else(|| word(&holder["type"])).unwrap_or_default();
    let mut message = word(message).unwrap_or_else(|| message.to_string());
    if let Some(behind) = behind.as_str() {
        message = format!("{message}: {behind}");
    }
    Told { code, message }
}

#[cfg(test)]
mod tests;
