//! What a server sent, read: replies, first tokens, echoed prompts, and errors of all dialects.
//!
//! Pure: JSON in, values out. The dialects are those of OpenAI, vLLM, llama.cpp and Ollama; where they differ it is said.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::options;
use crate::request::Wanted;

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
        /// Natural logarithm.
        sum: f64,
        /// Tokens it is the sum of.
        tokens: u64,
        /// Whether each was the model's first choice.
        greedy: bool,
    },
}

/// An answer that is none, in words that name the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// An error in the place of an answer.
    Error(Told),
    /// Another shape than the protocol's.
    Shape(String),
    /// The server answers, but without the log-probabilities that were asked for.
    NoLogprobs(String),
}

/// What a server says is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// `invalid_api_key`, `content_filter`, `429`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// Reads an answer.
pub fn read(body: &Value, wanted: &Wanted) -> Result<Answer, Unread> {
    let Some(choice) = body["choices"].get(0) else {
        return Err(match told(body) {
            Some(told) => Unread::Error(told),
            None => Unread::Shape("there is no `choices[0]` in the answer".to_owned()),
        });
    };
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
        finish: choice["finish_reason"].as_str().map(str::to_owned),
    })
}

/// The reply of a choice. `null` is a reply without text: a refusal, a filter, or all tokens spent on thinking.
fn text(choice: &Value) -> Result<String, Unread> {
    let message = &choice["message"];
    let content = if message.is_object() { &message["content"] } else { &choice["text"] };
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Null if message.is_object() || choice.get("text").is_some() => {
            Ok(message["refusal"].as_str().unwrap_or_default().to_owned())
        }
        // Parts, of which some may be images.
        Value::Array(parts) => Ok(parts.iter().filter_map(|part| part["text"].as_str()).collect()),
        _ => Err(Unread::Shape(
            "there is neither `message.content` nor `text` in the choice".to_owned(),
        )),
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
            Some((token["token"].as_str()?.to_owned(), token["logprob"].as_f64()?))
        });
        return Ok(sorted(pairs.collect()));
    }
    if let Some(first) = logprobs["top_logprobs"].get(0).and_then(Value::as_object) {
        let pairs = first.iter().filter_map(|(token, p)| Some((token.clone(), p.as_f64()?)));
        return Ok(sorted(pairs.collect()));
    }
    // An answer that ends before its first token has none to tell.
    if logprobs["content"].as_array().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    Err(Unread::NoLogprobs("the server sends no log-probabilities of the first token".to_owned()))
}

/// The likeliest first; equals in order of their text.
fn sorted(mut tokens: Vec<(String, f64)>) -> Vec<(String, f64)> {
    tokens.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    tokens
}

/// A token of the prompt, as the server tells it.
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
            let logprob = value.as_f64();
            let best = logprobs["top_logprobs"].get(place).and_then(Value::as_object);
            let best = best.into_iter().flat_map(|top| top.values()).filter_map(Value::as_f64);
            let best = best.fold(f64::NEG_INFINITY, f64::max);
            let likeliest = logprob.is_some_and(|own| best <= own.min(0.0));
            Some(Spelt { token: token.as_str()?, logprob, likeliest })
        });
    let spelt: Option<_> = spelt.collect();
    spelt.map(Some).ok_or_else(|| Unread::Shape("a token in `tokens` is no text".to_owned()))
}

/// vLLM's `prompt_logprobs` = 0: for each token of the prompt an object of one entry, by its id, with its rank; null for the first
/// one. With more than one alternative it does not tell which of them stands in the prompt.
fn listed(places: &Value) -> Option<Vec<Spelt<'_>>> {
    fn spelt(place: &Value) -> Option<Spelt<'_>> {
        if place.is_null() {
            return Some(Spelt { token: "", logprob: None, likeliest: false });
        }
        let mut entries = place.as_object()?.values();
        let (own, None) = (entries.next()?, entries.next()) else { return None };
        Some(Spelt {
            token: own["decoded_token"].as_str()?,
            logprob: own["logprob"].as_f64(),
            likeliest: own["rank"] == 1,
        })
    }
    places.as_array()?.iter().map(spelt).collect()
}

/// What an error says: `{"error": {"message", "code"}}` (OpenAI), `{"error": "..."}` (Ollama), `{"message", "code"}` (older
/// vLLM), `{"detail": ...}` (FastAPI).
pub fn told(body: &Value) -> Option<Told> {
    let error = &body["error"];
    let (message, holder) = if error.is_object() {
        (&error["message"], error)
    } else if error.is_string() {
        (error, body)
    } else if body["message"].is_string() {
        (&body["message"], body)
    } else if !body["detail"].is_null() {
        (&body["detail"], body)
    } else {
        return None;
    };
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = word(&holder["code"]).or_else(|| word(&holder["type"])).unwrap_or_default();
    let message = word(message).unwrap_or_else(|| message.to_string());
    Some(Told { code, message })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(body: &Value) -> Result<Said, Unread> {
        read(body, &Wanted::Text).map(|answer| answer.said)
    }

    fn said(text: &str) -> Said {
        Said::Text(text.to_owned())
    }

    #[test]
    fn replies_of_both_endpoints() {
        let chat = json!({"model": "m-1", "choices": [{"message": {"role": "assistant", "content": " Yes"}, "finish_reason": "stop"}],
                          "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}});
        assert_eq!(
            read(&chat, &Wanted::Text),
            Ok(Answer {
                said: said(" Yes"),
                usage: Some((9, 1)),
                model: Some("m-1".to_owned()),
                finish: Some("stop".to_owned())
            })
        );
        assert_eq!(reply(&json!({"choices": [{"text": "no"}]})), Ok(said("no")));
        let null = json!({"choices": [{"message": {"content": null}, "finish_reason": "length"}]});
        assert_eq!(reply(&null), Ok(said("")));
        let refusal = json!({"choices": [{"message": {"content": null, "refusal": "I cannot."}}]});
        assert_eq!(reply(&refusal), Ok(said("I cannot.")));
        let parts = json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]});
        assert_eq!(reply(&parts), Ok(said("ab")));
        assert!(matches!(reply(&json!({"choices": []})), Err(Unread::Shape(_))));
        assert!(matches!(reply(&json!({"choices": [{"message": 1}]})), Err(Unread::Shape(_))));
        assert!(matches!(reply(&json!([1])), Err(Unread::Shape(_))));
    }

    #[test]
    fn errors_of_all_dialects() {
        let check = |body: Value, code: &str, message: &str| {
            let expect = Told { code: code.to_owned(), message: message.to_owned() };
            assert_eq!(told(&body), Some(expect.clone()));
            assert_eq!(reply(&body), Err(Unread::Error(expect)));
        };
        check(
            json!({"error": {"message": "bad key", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
            "invalid_api_key",
            "bad key",
        );
        check(
            json!({"error": {"message": "busy", "type": "overloaded", "code": null}}),
            "overloaded",
            "busy",
        );
        check(json!({"error": {"message": "loading", "code": 503}}), "503", "loading");
        check(json!({"error": "model 'x' not found"}), "", "model 'x' not found");
        check(json!({"object": "error", "message": "too long", "code": 400}), "400", "too long");
        check(json!({"detail": [{"loc": ["body"]}]}), "", r#"[{"loc":["body"]}]"#);
        assert_eq!(told(&json!({"choices": []})), None);
    }

    #[test]
    fn first_tokens_of_both_forms_the_likeliest_first() {
        let top = |choice: Value| read(&json!({"choices": [choice]}), &Wanted::Top).map(|a| a.said);
        let expect = Ok(Said::Top(vec![("Yes".to_owned(), -0.25), ("No".to_owned(), -2.0)]));
        let token =
            |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": null});
        let mut first = token("No", -2.0);
        first["top_logprobs"] = json!([token("No", -2.0), token("Yes", -0.25)]);
        assert_eq!(top(json!({"message": {}, "logprobs": {"content": [first]}})), expect);
        assert_eq!(
            top(
                json!({"text": "", "logprobs": {"tokens": ["No"], "top_logprobs": [{"No": -2.0, "Yes": -0.25}]}})
            ),
            expect
        );
        assert_eq!(
            top(json!({"message": {}, "logprobs": {"content": []}})),
            Ok(Said::Top(Vec::new()))
        );
        for none in [json!({"message": {}}), json!({"message": {}, "logprobs": null})] {
            assert!(matches!(top(none), Err(Unread::NoLogprobs(_))));
        }
    }

    #[test]
    fn an_echoed_prompt_gives_the_sum_over_its_end() {
        let wanted = Wanted::Echo { continuation: " not bad".to_owned(), after_blank: false };
        let body = |generated: u64, tokens: Value, values: Value, top: Value| {
            json!({"choices": [{"text": "x", "logprobs": {"tokens": tokens, "token_logprobs": values, "top_logprobs": top}}],
                   "usage": {"prompt_tokens": 5, "completion_tokens": generated}})
        };
        let tokens = json!(["<s>", "It", " is", " not", " bad", "."]);
        let values = json!([null, -9.0, -1.0, -2.0, -0.5, -0.1]);
        let top = json!([null, {"It": -9.0}, {" is": -1.0}, {" very": -0.7}, {" bad": -0.5}, {".": -0.1}]);
        let found = read(&body(1, tokens.clone(), values, top.clone()), &wanted).unwrap().said;
        assert_eq!(found, Said::Sum { sum: -2.5, tokens: 2, greedy: false });
        let sure = json!([null, -9.0, -1.0, 0.0000001, -0.5, -0.1]);
        let choice =
            json!([null, {"It": -9.0}, {" is": -1.0}, {" not": 0.0}, {" bad": -0.5}, {".": -0.1}]);
        let found = read(&body(1, tokens.clone(), sure, choice), &wanted).unwrap().said;
        assert_eq!(
            found,
            Said::Sum { sum: -0.5, tokens: 2, greedy: true },
            "no probability above 1"
        );
        for (generated, tokens, values) in [
            (1, json!(["."]), json!([-0.1])),
            (1, json!(["a", "b", "."]), json!([-1.0, -1.0, -1.0])),
            (1, tokens.clone(), json!([null, null, null, null, null, -0.1])),
            (1, Value::Null, Value::Null),
        ] {
            let found = read(&body(generated, tokens, values, Value::Null), &wanted);
            assert!(matches!(found, Err(Unread::NoLogprobs(_))), "{found:?}");
        }
    }

    /// Shapes as vLLM's server writes them; the numbers are made up.
    #[test]
    fn vllm_tells_its_prompt_in_two_ways() {
        let wanted = Wanted::Echo { continuation: " not bad".to_owned(), after_blank: false };
        let place = |id: &str, token: &str, logprob: f64, rank: u64| json!({(id): {"logprob": logprob, "rank": rank, "decoded_token": token}});
        let prompt = json!([
            null,
            place("1", "It", -9.0, 40),
            place("2", " is", -1.0, 1),
            place("3", " not", -2.0, 5),
            place("4", " bad", -0.5, 1)
        ]);
        let echo = json!({"text": "It is not bad.", "finish_reason": "length", "stop_reason": null, "prompt_logprobs": prompt, "logprobs": {
            "text_offset": [0, 3, 5, 8, 12, 16],
            "tokens": ["<s>", "It", " is", " not", " bad", "."],
            "token_logprobs": [null, -9.0, -1.0, -2.0, -0.5, -0.1],
            "top_logprobs": [null, {"It": -9.0, "The": -1.5}, {" is": -1.0, " was": -1.1}, {" not": -2.0, " very": -0.7}, {" bad": -0.5, " so": -1.5}, {".": -0.1, ",": -3.0}],
        }});
        let asked = json!({"text": ".", "finish_reason": "length", "logprobs": null, "prompt_logprobs": prompt});
        let read = |choice: &Value| {
            let usage = json!({"prompt_tokens": 5, "total_tokens": 6, "completion_tokens": 1});
            read(
                &json!({"object": "text_completion", "choices": [choice], "usage": usage}),
                &wanted,
            )
            .map(|a| a.said)
        };
        let expect = Ok(Said::Sum { sum: -2.5, tokens: 2, greedy: false });
        assert_eq!((read(&echo), read(&asked)), (expect.clone(), expect));
        let mut first = asked.clone();
        first["prompt_logprobs"][3]["3"]["rank"] = 1.into();
        assert_eq!(read(&first), Ok(Said::Sum { sum: -2.5, tokens: 2, greedy: true }));
        let mut several = asked.clone();
        several["prompt_logprobs"][4]["9"] = several["prompt_logprobs"][4]["4"].clone();
        assert!(matches!(read(&several), Err(Unread::NoLogprobs(_))), "which of the two is asked?");
        let mut plain = asked;
        plain["prompt_logprobs"] = Value::Null;
        assert!(matches!(read(&plain), Err(Unread::NoLogprobs(_))));
    }
}
