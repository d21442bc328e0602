//! The `[config]` table of a model's TOML: what was typed ([`Config`]), and what is meant ([`Settings`]).
//!
//! The environment gives two things: the key, and the address where the table names none ([`Environment`]).

use std::path::PathBuf;
use std::time::Duration;

use plugin_api::Error;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::key::{Key, Sent};

/// Environment variable with the address of the server, where `base_url` is absent.
pub const BASE_URL: &str = "OPENAI_BASE_URL";
/// Environment variable with the key, where `key_env` is absent.
pub const API_KEY: &str = "OPENAI_API_KEY";
/// The address where neither the table nor the environment names one.
pub const OPENAI: &str = "https://api.openai.com/v1";
/// The address of a server behind a socket: what the protocol needs to have one.
const OWN_SERVER: &str = "http://localhost/v1";
/// Requests under way at most, whatever `concurrency` says.
pub const MOST_REQUESTS: usize = 64;

/// The table as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The model's name on the server.
    model: String,
    /// The server, up to and with its version: `http://localhost:8080/v1`.
    base_url: Option<String>,
    /// Environment variable with the key; empty: no key.
    key_env: Option<String>,
    /// PEM file with the server's own certificate, or its authority's.
    certificate: Option<PathBuf>,
    #[serde(default)]
    endpoint: Endpoint,
    #[serde(default)]
    loglikelihood: Scoring,
    /// Alternatives to the first token that are asked for; absent: 20 in a chat, 5 in completions.
    top_logprobs: Option<u32>,

    /// Replaces the harness's limit of a reply.
    max_tokens: Option<u64>,
    /// What the server calls that limit: newer models of OpenAI want `max_completion_tokens`.
    #[serde(default = "max_tokens_field")]
    max_tokens_field: String,
    /// Absent: 0, the likeliest token.
    temperature: Option<f64>,
    /// Absent: made from the run's seed.
    seed: Option<u64>,
    #[serde(default)]
    stop: Vec<String>,
    /// Further fields of each request.
    #[serde(default)]
    body: Map<String, Value>,
    /// Fields that are not sent, because the server refuses them.
    #[serde(default)]
    omit: Vec<String>,
    /// Replies arrive piece by piece (server-sent events).
    #[serde(default)]
    stream: bool,

    #[serde(default = "concurrency")]
    concurrency: usize,
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
    /// Seconds until the whole answer is there; of a stream, until it begins.
    #[serde(default = "timeout")]
    timeout: f64,
    /// Seconds between two pieces of a stream.
    #[serde(default = "idle_timeout")]
    idle_timeout: f64,
    /// Further attempts at one request.
    #[serde(default = "retries")]
    retries: u32,
    /// Seconds before the second attempt; doubled each time.
    #[serde(default = "backoff")]
    backoff: f64,
    /// Longest wait between two attempts in seconds, that which a server asks for included.
    #[serde(default = "max_wait")]
    max_wait: f64,

    price: Option<Price>,
    /// Prompts are JSON arrays of messages; set by the harness (`[prompt] messages = true`).
    #[serde(default)]
    messages: bool,
    /// Folder of the answers; set by the harness (`cache = true`).
    cache: Option<PathBuf>,
    /// Socket that leads to the model's own server; set by the harness (`[server]`).
    socket: Option<PathBuf>,
    /// Paths of the model's files, which the harness gives every plugin; they are the server's.
    #[serde(default)]
    weights: serde::de::IgnoredAny,
}

/// Which of the server's two endpoints is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `chat/completions`: the server puts the prompt into the model's chat template.
    #[default]
    Chat,
    /// `completions`: the model continues the prompt as it is.
    Completions,
}

impl Endpoint {
    /// Below the base address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Completions => "completions",
        }
    }
}

/// How the log-likelihood of an option is had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scoring {
    /// `echo` where the server can, else `first-token`; which one is in the log.
    #[default]
    Auto,
    /// The server echoes prompt and option with the log-probability of every token.
    Echo,
    /// The log-probabilities of the reply's first token.
    FirstToken,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of prompts.
    pub input: f64,
    /// Of replies.
    pub output: f64,
}

fn max_tokens_field() -> String {
    "max_tokens".to_owned()
}
fn concurrency() -> usize {
    8
}
fn timeout() -> f64 {
    120.0
}
fn idle_timeout() -> f64 {
    30.0
}
fn retries() -> u32 {
    8
}
fn backoff() -> f64 {
    0.5
}
fn max_wait() -> f64 {
    120.0
}

/// What the environment says.
pub trait Environment {
    /// The value of a variable; none where it is unset or blank.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct Process;

impl Environment for Process {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|v| !v.is_empty())
    }
}

/// The table as meant: checked, with the key and the address found.
#[derive(Debug)]
pub struct Settings {
    pub model: String,
    pub base: Url,
    /// `api-version=...`, which Azure's addresses end in.
    pub query: Option<String>,
    pub certificate: Option<PathBuf>,
    pub key: Key,
    pub endpoint: Endpoint,
    pub scoring: Scoring,
    pub top_logprobs: u32,
    pub max_tokens: Option<u64>,
    pub max_tokens_field: String,
    pub temperature: Option<f64>,
    pub seed: u64,
    pub stop: Vec<String>,
    pub body: Map<String, Value>,
    pub omit: Vec<String>,
    pub stream: bool,
    pub concurrency: usize,
    pub requests_per_minute: Option<u64>,
    pub tokens_per_minute: Option<u64>,
    pub timeout: Duration,
    pub idle_timeout: Duration,
    pub retries: u32,
    pub backoff: Duration,
    pub max_wait: Duration,
    pub price: Option<Price>,
    pub messages: bool,
    pub cache: Option<PathBuf>,
    pub socket: Option<PathBuf>,
}

/// Fields of a request that this plugin writes itself.
const OURS: [&str; 9] = [
    "model",
    "messages",
    "prompt",
    "stream",
    "stream_options",
    "n",
    "echo",
    "logprobs",
    "top_logprobs",
];

impl Settings {
    /// Reads the table; `seed` is the run's.
    pub fn read(config: &str, seed: u64, environment: &impl Environment) -> Result<Self, Error> {
        let config: Config =
            serde_json::from_str(config).map_err(|e| wrong(format!("{e}; see the README")))?;
        let serde::de::IgnoredAny = config.weights;
        if config.socket.is_some() && config.base_url.is_some() {
            return Err(wrong(
                "a model with its own [server] has no `base_url`; remove one of them",
            ));
        }
        let own = config.socket.is_some().then_some(OWN_SERVER);
        let named = config.base_url.as_deref().or(own);
        let (mut base, from) = address(named, environment)?;
        let query = base.query().map(str::to_owned);
        base.set_query(None);
        let sent = if query.is_some() || is_azure(&base) { Sent::ApiKey } else { Sent::Bearer };
        let key = key(config.key_env.as_deref(), &base, from, sent, environment)?;
        if config.model.trim().is_empty() {
            return Err(wrong("`model` is empty; give the model's name on the server"));
        }
        if !(1..=MOST_REQUESTS).contains(&config.concurrency) {
            return Err(wrong(format!(
                "`concurrency` = {}; give a number from 1 to {MOST_REQUESTS}",
                config.concurrency
            )));
        }
        for (name, value) in [
            ("requests_per_minute", config.requests_per_minute),
            ("tokens_per_minute", config.tokens_per_minute),
            ("max_tokens", config.max_tokens),
        ] {
            if value == Some(0) {
                return Err(wrong(format!("`{name}` = 0; give 1 or more, or leave it out")));
            }
        }
        if let Some(name) = config.body.keys().find(|name| OURS.contains(&name.as_str())) {
            return Err(wrong(format!("`body.{name}` is written by the plugin; remove it")));
        }
        if config.messages && config.endpoint == Endpoint::Completions {
            return Err(wrong(
                "`endpoint = \"completions\"` takes one text; set `messages = false` under [prompt]",
            ));
        }
        if config.endpoint == Endpoint::Chat && config.loglikelihood == Scoring::Echo {
            return Err(wrong(
                "a chat echoes no prompt; set `endpoint = \"completions\"` or `loglikelihood = \"first-token\"`",
            ));
        }
        let chat = config.endpoint == Endpoint::Chat;
        Ok(Self {
            model: config.model,
            base,
            query,
            certificate: config.certificate,
            key,
            endpoint: config.endpoint,
            scoring: config.loglikelihood,
            top_logprobs: config.top_logprobs.unwrap_or(if chat { 20 } else { 5 }),
            max_tokens: config.max_tokens,
            max_tokens_field: config.max_tokens_field,
            temperature: config.temperature,
            // Servers take a signed 32-bit number, some no more than that.
            seed: config.seed.unwrap_or(seed) % (1 << 31),
            stop: config.stop,
            body: config.body,
            omit: config.omit,
            stream: config.stream,
            concurrency: config.concurrency,
            requests_per_minute: config.requests_per_minute,
            tokens_per_minute: config.tokens_per_minute,
            timeout: seconds("timeout", config.timeout)?,
            idle_timeout: seconds("idle_timeout", config.idle_timeout)?,
            retries: config.retries,
            backoff: seconds("backoff", config.backoff)?,
            max_wait: seconds("max_wait", config.max_wait)?,
            price: config.price.map(priced).transpose()?,
            messages: config.messages,
            cache: config.cache,
            socket: config.socket,
        })
    }
}

fn wrong(message: impl std::fmt::Display) -> Error {
    Error::config(format!("config: {message}"))
}

fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| wrong(format!("`{name}` = {value}; give seconds above 0")))
}

fn priced(price: Price) -> Result<Price, Error> {
    if [price.input, price.output].iter().all(|usd| usd.is_finite() && *usd >= 0.0) {
        return Ok(price);
    }
    Err(wrong("`price` holds US dollars per million tokens, 0 or more"))
}

/// Who named the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Table,
    Environment,
    Default,
}

fn address(typed: Option<&str>, environment: &impl Environment) -> Result<(Url, NamedBy), Error> {
    let (text, from, name) = match (typed, environment.get(BASE_URL)) {
        (Some(typed), _) => (typed.to_owned(), NamedBy::Table, "`base_url`"),
        (None, Some(value)) => (value, NamedBy::Environment, BASE_URL),
        (None, None) => (OPENAI.to_owned(), NamedBy::Default, "the default address"),
    };
    // The text itself may hold a password: it is not quoted.
    let url = Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    let mut url = url.ok_or_else(|| {
        wrong(format!("{name} is not a web address; give one like http://localhost:8080/v1"))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!("{name} holds a user or password; give a key with `key_env`")));
    }
    let is_version = |(name, _): (std::borrow::Cow<'_, str>, _)| name == "api-version";
    if !url.query_pairs().all(is_version) || url.fragment().is_some() {
        return Err(wrong(format!(
            "{name} ends in `?...` or `#...`; remove that (only Azure's `?api-version=...` may stay; a key goes into `key_env`)"
        )));
    }
    if url.query() == Some("") {
        url.set_query(None);
    }
    // A name joined to an address takes the place of what follows its last slash.
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok((url, from))
}

/// Azure takes a key in a header of its own.
fn is_azure(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"]
        .iter()
        .any(|domain| host.ends_with(domain))
}

/// The key, from the environment. The default variable is for OpenAI and for the address that is beside it in the
/// environment: an address in a TOML, which may come from anybody, gets a key only where `key_env` says which.
fn key(
    variable: Option<&str>,
    base: &Url,
    from: NamedBy,
    sent: Sent,
    environment: &impl Environment,
) -> Result<Key, Error> {
    let (name, needed) = match variable {
        Some("") => return Ok(Key::none()),
        Some(name) => (name, true),
        None if from == NamedBy::Table && base.as_str() != format!("{OPENAI}/") => {
            return Ok(Key::none());
        }
        None => (API_KEY, from != NamedBy::Environment),
    };
    match environment.get(name) {
        Some(secret) => Key::new(name, &secret, sent).ok_or_else(|| {
            wrong(format!(
                "the value of {name} is not a key: it has a line break or a character beyond ASCII"
            ))
        }),
        None if needed => Err(wrong(format!(
            "no key: the environment variable {name} is not set; set it (or name another with `key_env`) and run again with --retry-failed"
        ))),
        None => Ok(Key::none()),
    }
}

#[cfg(test)]
mod tests;
