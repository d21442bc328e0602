//! The plugin against servers that speak the real protocol, honest ones and bad ones.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod kept;
mod many;
#[cfg(feature = "slow-tests")]
mod real;
mod replies;
mod scoring;
mod server;
#[path = "../../../../harness/tests/fixtures/skipped.rs"]
mod skipped;
mod trouble;

use openai_api::OpenAiApi;
use plugin_api::{Error, Generation, Host, Loglikelihood, Plugin, Replies, Reply, Task};
use serde_json::{Value, json};
use server::Server;

/// No test here has a key: the environment belongs to all threads of a process. Tests of the harness have one.
pub(crate) fn task() -> Task {
    Task {
        name: "crehate".into(),
        protocol: "zero-shot".into(),
        labels: vec!["non-hate".into(), "hate".into()],
        cultures: vec!["US".into()],
    }
}

/// A model at a server; `more` replaces fields of a configuration that is patient with slow machines and retries at once.
pub(crate) fn model_at(url: &str, more: &Value) -> Result<OpenAiApi, Error> {
    let mut config = json!({"model": "fake", "base_url": url, "backoff": 0.001});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    OpenAiApi::create(&config.to_string(), &task(), &Host::silent(1, 42))
}

pub(crate) fn model(server: &Server, more: &Value) -> OpenAiApi {
    model_at(server.url(), more).unwrap()
}

/// Replies in the order of the prompts, with what else is told of them.
pub(crate) fn ask(model: &mut OpenAiApi, prompts: &[&str]) -> Result<Vec<String>, Error> {
    let mut found = vec![None; prompts.len()];
    let mut put = |index: usize, reply: Reply<'_>| {
        found[index] = Some(match reply {
            Reply::Text(text) => text.to_owned(),
            Reply::Cut(text) => format!("[cut] {text}"),
            Reply::Missing(why) => format!("[missing] {why}"),
        });
    };
    let how = Generation { max_tokens: 32, temperature: 0.0 };
    model.generate(prompts, &how, &mut Replies::to(&mut put), &Host::silent(1, 42))?;
    Ok(found.into_iter().map(Option::unwrap).collect())
}

pub(crate) fn score(
    model: &mut OpenAiApi,
    contexts: &[&str],
    continuations: &[&str],
) -> Result<Vec<Loglikelihood>, Error> {
    model.loglikelihood(contexts, continuations, &Host::silent(1, 42))
}

#[track_caller]
pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}
