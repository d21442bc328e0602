//! Any server that speaks the OpenAI protocol as a model: OpenAI, vLLM, llama.cpp, Ollama.
//!
//! The harness writes the prompts and parses the replies; this crate sends them to the server and returns the answers, once each:
//!
//! | file | role |
//! |---|---|
//! | [`config`], [`key`] | the `[config]` table, the environment |
//! | [`request`], [`answer`], [`sse`] | JSON to and from the server, pure |
//! | [`facts`], [`remedy`] | what a server's words mean, pure |
//! | [`options`] | log-likelihoods of options, pure |
//! | [`client`], [`tls`] | one attempt at one request |
//! | [`schedule`], [`pace`] | many requests: at once, again, not too fast |
//! | [`cache`], [`tally`] | answers that were paid for, and what they cost |

pub mod answer;
pub mod cache;
pub mod client;
pub mod config;
pub mod facts;
pub mod key;
pub mod options;
pub mod pace;
pub mod pieces;
pub mod remedy;
pub mod request;
pub mod schedule;
pub mod sse;
pub mod tally;
pub mod tls;
pub mod told;

use std::collections::HashMap;
use std::sync::Arc;

use plugin_api::{
    Capability, Error, Generation, Host, Loglikelihood, Plugin, Replies, Reply, Task,
    export_plugin, with_thought,
};
use tokio::runtime::{Builder, Runtime};

use crate::answer::{Answer, Said};
use crate::cache::Cache;
use crate::client::Client;
use crate::config::{Endpoint, Process, Scoring, Settings};
use crate::facts::Withheld;
use crate::request::Request;
use crate::schedule::{Observer, Schedule, Stop};
use crate::tally::Tally;

/// A model behind a server.
#[derive(Debug)]
pub struct OpenAiApi {
    settings: Settings,
    client: Arc<Client>,
    schedule: Schedule,
    cache: Option<Cache>,
    tally: Tally,
    /// How options are scored, once that is known.
    scoring: Option<Scoring>,
    /// Taken at the end, to be shut down without waiting.
    runtime: Option<Runtime>,
}

impl Plugin for OpenAiApi {
    const NAME: &'static str = "openai-api";
    const CAPABILITIES: &'static [Capability] = &[Capability::Loglikelihood, Capability::Generate];

    fn create(config: &str, _task: &Task, host: &Host) -> Result<Self, Error> {
        let settings = Settings::read(config, host.seed(), &Process)?;
        let client = Arc::new(Client::new(&settings)?);
        let cache = settings.cache.as_deref().map(Cache::open).transpose().map_err(kept)?;
        // One thread, the caller's: it sleeps until the system has news of a connection.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .build()
            .map_err(|e| Error::internal(format!("cannot start a runtime: {e}")))?;
        host.log(format!(
            "{} at {} by {}, at most {} requests at once",
            settings.model,
            client.place(),
            settings.endpoint.path(),
            settings.concurrency
        ));
        if client.is_exposed() {
            host.log("the key goes over plain http: anybody on the way can read it");
        }
        if let Some(cache) = &cache {
            let torn = match cache.unreadable() {
                0 => String::new(),
                n => format!(", {n} unreadable lines passed over"),
            };
            host.log(format!("{} answers in the cache{torn}", cache.count()));
        }
        Ok(Self {
            schedule: Schedule::new(Arc::clone(&client), &settings),
            scoring: Some(settings.scoring).filter(|scoring| *scoring != Scoring::Auto),
            settings,
            client,
            cache,
            tally: Tally::default(),
            runtime: Some(runtime),
        })
    }

    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let requests = prompts
            .iter()
            .map(|prompt| self.settings.reply(prompt, how.max_tokens, how.temperature))
            .collect::<Result<_, _>>()?;
        for (index, given) in self.answers(requests, host)?.into_iter().enumerate() {
            match given {
                Given::Withheld(why) => replies.tell(index, Reply::Missing(&why.to_string())),
                Given::Answer(answer) => tell(index, &answer, replies)?,
            }
        }
        Ok(())
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        if contexts.is_empty() {
            return Ok(Vec::new());
        }
        match self.scoring(host)? {
            Scoring::FirstToken => self.by_first_token(contexts, continuations, host),
            Scoring::Echo | Scoring::Auto => self.by_echo(contexts, continuations, host),
        }
    }
}

impl OpenAiApi {
    /// How options are scored. `auto` asks the server to echo a few words, once, and the log says what came of it.
    fn scoring(&mut self, host: &Host) -> Result<Scoring, Error> {
        if let Some(scoring) = self.scoring {
            return Ok(scoring);
        }
        let scoring = match self.settings.endpoint {
            Endpoint::Chat => Scoring::FirstToken,
            Endpoint::Completions => {
                let probe = self.settings.echo("One, two,", " three")?;
                match self.asked(vec![probe], host) {
                    Ok(given) => match given.into_iter().next() {
                        Some(Given::Withheld(why)) => {
                            host.log(why.to_string());
                            Scoring::FirstToken
                        }
                        _ => Scoring::Echo,
                    },
                    Err(Stop::NoLogprobs(what)) => {
                        host.log(what);
                        Scoring::FirstToken
                    }
                    Err(Stop::Error(error)) => return Err(self.client.clean(error)),
                }
            }
        };
        host.log(match scoring {
            Scoring::FirstToken => "options are scored by the first token of the reply",
            Scoring::Echo | Scoring::Auto => "options are scored by all of their tokens",
        });
        self.scoring = Some(scoring);
        Ok(scoring)
    }

    fn by_echo(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let requests = contexts
            .iter()
            .zip(continuations)
            .map(|(context, continuation)| self.settings.echo(context, continuation))
            .collect::<Result<_, _>>()?;
        let answers = self.answers(requests, host)?;
        // Where one option of a prompt has no answer, the others say nothing of it.
        let withheld: Vec<&str> = answers
            .iter()
            .zip(contexts)
            .filter(|(given, _)| matches!(given, Given::Withheld(_)))
            .map(|(_, context)| *context)
            .collect();
        answers
            .iter()
            .zip(contexts)
            .map(|(given, context)| match given {
                _ if withheld.contains(context) => Ok(NOTHING),
                Given::Withheld(_) => Ok(NOTHING),
                Given::Answer(Answer { said: Said::Sum { sum, tokens, greedy }, .. }) => {
                    Ok(Loglikelihood { sum: *sum, tokens: *tokens, greedy: *greedy })
                }
                Given::Answer(other) => Err(misplaced(&other.said)),
            })
            .collect()
    }

    /// One request a context, for all of its options.
    fn by_first_token(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for (context, continuation) in contexts.iter().zip(continuations) {
            let place = *places.entry(context).or_insert_with(|| {
                groups.push((context, Vec::new()));
                groups.len() - 1
            });
            if !groups[place].1.contains(continuation) {
                groups[place].1.push(continuation);
            }
        }
        let requests = groups
            .iter()
            .map(|(context, _)| self.settings.first_token(context))
            .collect::<Result<_, _>>()?;
        let answers = self.answers(requests, host)?;
        let mut scores = Vec::with_capacity(groups.len());
        for ((_, options), answer) in groups.iter().zip(answers) {
            let top = match answer {
                Given::Withheld(_) => Vec::new(),
                Given::Answer(Answer { said: Said::Top(top), .. }) => top,
                Given::Answer(other) => return Err(misplaced(&other.said)),
            };
            let found = options::by_first_token(&top, options);
            scores.push(found.map_err(|what| self.client.clean(no_logprobs(&what)))?);
        }
        Ok(contexts
            .iter()
            .zip(continuations)
            .map(|(context, continuation)| {
                let place = places[context];
                let option = groups[place].1.iter().position(|option| option == continuation);
                scores[place][option.unwrap_or_default()]
            })
            .collect())
    }

    /// One answer a request, in order.
    fn answers(&mut self, requests: Vec<Request>, host: &Host) -> Result<Vec<Given>, Error> {
        match self.asked(requests, host) {
            Ok(answers) => Ok(answers),
            Err(Stop::NoLogprobs(what)) => Err(self.client.clean(no_logprobs(&what))),
            Err(Stop::Error(error)) => Err(self.client.clean(error)),
        }
    }

    /// Answers from the cache, and from the server what it lacks; equal requests are one. What arrived before an error is kept.
    fn asked(&mut self, requests: Vec<Request>, host: &Host) -> Result<Vec<Given>, Stop> {
        let mut answers: Vec<Option<Given>> = vec![None; requests.len()];
        let mut first = HashMap::new();
        let mut missing = Vec::new();
        let mut same = Vec::new();
        for (place, request) in requests.into_iter().enumerate() {
            if let Some(answer) = self.cache.as_ref().and_then(|cache| cache.get(&request.id)) {
                self.tally.cached += 1;
                self.tally.used(answer);
                answers[place] = Some(Given::Answer(answer.clone()));
            } else if let Some(at) = first.get(&request.id) {
                self.tally.doubles += 1;
                same.push((place, *at));
            } else {
                first.insert(request.id, place);
                missing.push((place, request));
            }
        }
        let mut desk = Desk {
            answers: &mut answers,
            cache: self.cache.as_mut(),
            tally: &mut self.tally,
            client: &self.client,
            host,
        };
        let Some(runtime) = &self.runtime else {
            return Err(Error::internal("the runtime has ended").into());
        };
        let ended = runtime.block_on(self.schedule.run(missing, &mut desk));
        if let Some(cache) = &mut self.cache {
            cache.sync().map_err(kept)?;
        }
        self.tally.tell(self.settings.price, host);
        ended?;
        for (place, at) in same {
            let answer = answers[at].clone();
            answers[place] = answer;
        }
        let all: Option<Vec<Given>> = answers.into_iter().collect();
        all.ok_or_else(|| Error::internal("a request was lost").into())
    }
}

impl Drop for OpenAiApi {
    fn drop(&mut self) {
        // A name that is being looked up must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone)]
enum Given {
    Answer(Answer),
    /// The server has none to this prompt.
    Withheld(Withheld),
}

/// Of an option that nothing is known of.
const NOTHING: Loglikelihood = Loglikelihood { sum: f64::NEG_INFINITY, tokens: 1, greedy: false };

/// Hands a reply to the harness: its thought before it, and whether it came to its end.
fn tell(index: usize, answer: &Answer, replies: &mut Replies<'_>) -> Result<(), Error> {
    let Said::Text(text) = &answer.said else { return Err(misplaced(&answer.said)) };
    if let Some(why) = answer.missing() {
        replies.tell(index, Reply::Missing(&why));
        return Ok(());
    }
    let finish = answer.finish.as_deref();
    let is_cut = facts::is_cut(finish);
    match &answer.thought {
        Some(thought) => replies.tell(index, Reply::new(&with_thought(thought, text), is_cut)),
        None => replies.tell(index, Reply::new(text, is_cut)),
    }
    Ok(())
}

/// Where answers arrive.
struct Desk<'a> {
    answers: &'a mut [Option<Given>],
    cache: Option<&'a mut Cache>,
    tally: &'a mut Tally,
    client: &'a Client,
    host: &'a Host,
}

impl Observer for Desk<'_> {
    fn sent(&mut self, again: bool) {
        self.tally.requests += 1;
        self.tally.retries += u64::from(again);
    }

    fn answered(&mut self, place: usize, request: &Request, answer: Answer) -> Result<(), Error> {
        if let Some(cache) = &mut self.cache {
            cache.put(request.id, &answer).map_err(kept)?;
        }
        self.tally.paid(&answer);
        self.tally.used(&answer);
        self.answers[place] = Some(Given::Answer(answer));
        Ok(())
    }

    fn withheld(&mut self, place: usize, why: Withheld) {
        self.tally.withheld(&why);
        self.answers[place] = Some(Given::Withheld(why));
    }

    fn note(&mut self, line: &str) {
        self.host.log(self.client.clean(Error::internal(line)));
    }

    fn is_cancelled(&self) -> bool {
        self.host.is_cancelled()
    }
}

fn kept(error: std::io::Error) -> Error {
    Error::load(format!("the cache of answers: {error}; free the disk, or set `cache = false`"))
}

fn misplaced(said: &Said) -> Error {
    Error::internal(format!("the cache holds another kind of answer ({said:?}); remove its folder"))
}

fn no_logprobs(what: &str) -> Error {
    Error::config(format!(
        "{what}; let the model reply instead (`capabilities = [\"generate\"]` in its TOML), or set `endpoint` and `loglikelihood` under [config] to what the server offers"
    ))
}

export_plugin!(OpenAiApi);
