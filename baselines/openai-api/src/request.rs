//! From prompts to requests: the bodies of both endpoints, and the name under which an answer is kept.

use std::fmt;

use plugin_api::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::config::{Endpoint, Settings};

/// Raised when the same request's answer would be kept in another form.
const FORMAT: &str = "openai-api answer 1";

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its answer's name in the cache.
    pub id: Id,
    /// Below the base address.
    pub path: &'static str,
    /// Without the fields that only tell how the answer travels.
    pub body: Value,
    /// What is wanted of the answer.
    pub wanted: Wanted,
    /// Tokens of prompt and longest reply, roughly: four bytes a token.
    pub estimate: u64,
}

/// What is wanted of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The text.
    Text,
    /// The likeliest first tokens.
    Top,
    /// The log-likelihood of this end of the prompt.
    Echo {
        /// The end of the prompt.
        continuation: String,
        /// Whether the prompt before it ends in a blank.
        after_blank: bool,
    },
}

/// SHA-256 of everything that an answer depends on: address, body, and what is read from the answer. Not the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 32]);

impl Id {
    /// The hash of some parts, each with its length.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u8>> =
            text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = digits.filter(|digits| digits.len() == 64);
        let digits = digits.ok_or_else(|| serde::de::Error::custom("not 64 hex digits"))?;
        let mut id = [0; 32];
        for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(id))
    }
}

impl Settings {
    /// Asks for a reply of at most `max_tokens` tokens.
    pub fn reply(&self, prompt: &str, max_tokens: u64, temperature: f64) -> Result<Request, Error> {
        let mut body = self.question(prompt)?;
        let max_tokens = self.max_tokens.unwrap_or(max_tokens);
        body.insert(self.max_tokens_field.clone(), max_tokens.into());
        body.insert("temperature".to_owned(), self.temperature.unwrap_or(temperature).into());
        if !self.stop.is_empty() {
            body.insert("stop".to_owned(), json!(self.stop));
        }
        Ok(self.request(body, Wanted::Text, prompt.len(), max_tokens))
    }

    /// Asks for the likeliest first tokens of a reply.
    pub fn first_token(&self, context: &str) -> Result<Request, Error> {
        let mut body = self.question(context)?;
        body.insert(self.max_tokens_field.clone(), 1.into());
        body.insert("temperature".to_owned(), self.temperature.unwrap_or(0.0).into());
        match self.endpoint {
            Endpoint::Chat => {
                body.insert("logprobs".to_owned(), true.into());
                body.insert("top_logprobs".to_owned(), self.top_logprobs.into());
            }
            Endpoint::Completions => {
                body.insert("logprobs".to_owned(), self.top_logprobs.into());
            }
        }
        Ok(self.request(body, Wanted::Top, context.len(), 1))
    }

    /// Asks for the prompt with all log-probabilities. One token more is generated, as servers take 0 for "no limit".
    pub fn echo(&self, context: &str, continuation: &str) -> Result<Request, Error> {
        let mut body = self.question(&format!("{context}{continuation}"))?;
        body.insert("max_tokens".to_owned(), 1.into());
        body.insert("temperature".to_owned(), 0.into());
        body.insert("echo".to_owned(), true.into());
        body.insert("logprobs".to_owned(), 1.into());
        let wanted = Wanted::Echo {
            continuation: continuation.to_owned(),
            after_blank: context.ends_with(char::is_whitespace),
        };
        Ok(self.request(body, wanted, context.len() + continuation.len(), 1))
    }

    /// The part of the body that holds the prompt.
    fn question(&self, prompt: &str) -> Result<Map<String, Value>, Error> {
        let mut body = Map::new();
        body.insert("model".to_owned(), self.model.clone().into());
        body.insert("seed".to_owned(), self.seed.into());
        match self.endpoint {
            Endpoint::Completions => {
                body.insert("prompt".to_owned(), prompt.into());
            }
            Endpoint::Chat => {
                let messages = if self.messages {
                    messages(prompt)?
                } else {
                    json!([{ "role": "user", "content": prompt }])
                };
                body.insert("messages".to_owned(), messages);
            }
        }
        Ok(body)
    }

    fn request(
        &self,
        mut body: Map<String, Value>,
        wanted: Wanted,
        prompt_bytes: usize,
        max_tokens: u64,
    ) -> Request {
        body.extend(self.body.iter().map(|(name, value)| (name.clone(), value.clone())));
        for name in &self.omit {
            body.remove(name);
        }
        let path = self.endpoint.path();
        let body = Value::Object(body);
        let reading = match &wanted {
            Wanted::Text => "text".to_owned(),
            Wanted::Top => "top".to_owned(),
            Wanted::Echo { continuation, after_blank } => {
                format!("echo {after_blank} {continuation}")
            }
        };
        let address = match &self.query {
            Some(query) => format!("{}?{query}", self.base),
            None => self.base.to_string(),
        };
        let id = Id::of(&[
            FORMAT.as_bytes(),
            address.as_bytes(),
            path.as_bytes(),
            body.to_string().as_bytes(),
            reading.as_bytes(),
        ]);
        Request { id, path, body, wanted, estimate: prompt_bytes as u64 / 4 + 1 + max_tokens }
    }
}

/// A prompt that the harness wrote as a conversation.
fn messages(prompt: &str) -> Result<Value, Error> {
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Message {
        role: String,
        content: String,
    }
    let conversation: Vec<Message> = serde_json::from_str(prompt).map_err(|e| {
        Error::internal(format!(
            "a prompt is not a JSON array of messages ({e}); `messages` belongs under [prompt], not under [config]"
        ))
    })?;
    Ok(json!(conversation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Process;

    fn settings(config: &str) -> Settings {
        let config = config.replacen('{', r#"{"base_url":"http://localhost:1/v1","model":"m","#, 1);
        Settings::read(&config.replace(",}", "}"), 42, &Process).unwrap()
    }

    #[test]
    fn bodies_of_both_endpoints() {
        let check = |request: Request, path, body: Value| {
            assert_eq!((request.path, &request.body), (path, &body));
        };
        check(
            settings("{}").reply("Hi?", 32, 0.0).unwrap(),
            "chat/completions",
            json!({"model": "m", "seed": 42, "messages": [{"role": "user", "content": "Hi?"}],
                   "max_tokens": 32, "temperature": 0.0}),
        );
        let conversation =
            r#"[{"role":"system","content":"Be \"US\"."},{"role":"user","content":"Hi?"}]"#;
        check(
            settings(r#"{"messages":true,"max_tokens":9,"max_tokens_field":"max_completion_tokens","stop":["\n"],"omit":["temperature","seed"],"body":{"top_p":0.5}}"#)
                .reply(conversation, 32, 0.0)
                .unwrap(),
            "chat/completions",
            json!({"model": "m", "messages": [{"role": "system", "content": "Be \"US\"."}, {"role": "user", "content": "Hi?"}],
                   "max_completion_tokens": 9, "stop": ["\n"], "top_p": 0.5}),
        );
        check(
            settings("{}").first_token("Hi?").unwrap(),
            "chat/completions",
            json!({"model": "m", "seed": 42, "messages": [{"role": "user", "content": "Hi?"}],
                   "max_tokens": 1, "temperature": 0.0, "logprobs": true, "top_logprobs": 20}),
        );
        let completions = settings(r#"{"endpoint":"completions"}"#);
        check(
            completions.first_token("Hi?").unwrap(),
            "completions",
            json!({"model": "m", "seed": 42, "prompt": "Hi?", "max_tokens": 1, "temperature": 0.0, "logprobs": 5}),
        );
        check(
            completions.echo("Hi?", " yes").unwrap(),
            "completions",
            json!({"model": "m", "seed": 42, "prompt": "Hi? yes", "max_tokens": 1, "temperature": 0, "echo": true, "logprobs": 1}),
        );
    }

    #[test]
    fn everything_that_matters_makes_another_id_and_nothing_else() {
        let id = |config: &str, prompt: &str| settings(config).reply(prompt, 32, 0.0).unwrap().id;
        let plain = id("{}", "Hi?");
        for (config, prompt) in [
            ("{}", "Ho?"),
            (r#"{"temperature":0.5}"#, "Hi?"),
            (r#"{"max_tokens":5}"#, "Hi?"),
            (r#"{"seed":1}"#, "Hi?"),
            (r#"{"stop":["x"]}"#, "Hi?"),
            (r#"{"body":{"top_p":0.1}}"#, "Hi?"),
            (r#"{"omit":["seed"]}"#, "Hi?"),
            (r#"{"endpoint":"completions"}"#, "Hi?"),
        ] {
            assert_ne!(id(config, prompt), plain, "{config} {prompt}");
        }
        let other = |config: &str| {
            Settings::read(config, 42, &Process).unwrap().reply("Hi?", 32, 0.0).unwrap().id
        };
        assert_ne!(other(r#"{"base_url":"http://localhost:2/v1","model":"m"}"#), plain);
        assert_ne!(other(r#"{"base_url":"http://localhost:1/v1","model":"n"}"#), plain);
        assert_eq!(other(r#"{"base_url":"http://localhost:1/v1/","model":"m"}"#), plain);
        for config in [
            r#"{"stream":true}"#,
            r#"{"concurrency":64}"#,
            r#"{"timeout":1}"#,
            r#"{"key_env":""}"#,
            r#"{"price":{"input":1,"output":1}}"#,
        ] {
            assert_eq!(id(config, "Hi?"), plain, "{config}");
        }
        let echo = settings(r#"{"endpoint":"completions"}"#);
        assert_ne!(
            echo.echo("a b", " c").unwrap().id,
            echo.echo("a", " b c").unwrap().id,
            "one prompt, cut at two places"
        );
    }

    #[test]
    fn an_id_is_64_hex_digits() {
        let id = Id::of(&[b"a", b"b"]);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text.len(), 66);
        assert_eq!(serde_json::from_str::<Id>(&text).unwrap(), id);
        assert_ne!(id, Id::of(&[b"ab"]), "parts keep their borders");
        assert!(serde_json::from_str::<Id>("\"00\"").is_err());
    }
}
