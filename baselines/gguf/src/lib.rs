//! A local quantised language model on CPU, from a GGUF file: log-likelihoods of options and replies.
//!
//! [`llama`] is the model, [`tokens`] its tokenizer. Options of one context share its keys and values: the context is evaluated once,
//! each option goes on from there. Every context is evaluated whole and by itself, so that an answer depends on its prompt alone.

pub mod llama;
pub mod tokens;

use std::path::PathBuf;

use candle_core::quantized::gguf_file::Content;
use fs_err::File;
use plugin_api::{
    Capability, Error, Generation, Host, Loglikelihood, Plugin, Replies, Task, export_plugin,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::Deserialize;

use crate::llama::{Cache, Llama};
use crate::tokens::Tokens;

/// `[config]` of the model's TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    weights: Files,
}

/// Paths by id; fetched weights come in so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    /// The GGUF file.
    model: PathBuf,
    /// `tokenizer.json`, where the file's own tokenizer is not of a kind we read.
    tokenizer: Option<PathBuf>,
}

/// The model.
#[derive(Debug)]
pub struct Gguf {
    llama: Llama,
    tokens: Tokens,
}

/// An evaluated context.
struct Prefix {
    ids: Vec<u32>,
    cache: Cache,
    hidden: candle_core::Tensor,
}

impl Plugin for Gguf {
    const NAME: &'static str = "gguf";
    const CAPABILITIES: &'static [Capability] = &[Capability::Loglikelihood, Capability::Generate];

    fn create(config: &str, _task: &Task, host: &Host) -> Result<Self, Error> {
        let config: Config = serde_json::from_str(config).map_err(|e| {
            Error::config(format!(
                "[config]: {e}; the GGUF file comes as `[[weights]]` with the id `model`, or as `weights.model` here"
            ))
        })?;
        let path = &config.weights.model;
        let failed = |e: candle_core::Error| Error::load(format!("{}: {}", path.display(), e));
        let mut file = std::io::BufReader::new(File::open(path).map_err(Error::load)?);
        let content = Content::read(&mut file).map_err(failed)?;
        let llama = Llama::read(&content, &mut file).map_err(failed)?;
        let tokens = Tokens::new(&content, config.weights.tokenizer.as_deref())?;
        host.log(format_args!("{}: context of {} tokens", path.display(), llama.context()));
        Ok(Self { llama, tokens })
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let mut last: Option<(&str, Prefix)> = None;
        let mut all = Vec::with_capacity(contexts.len());
        for (i, (&context, &continuation)) in contexts.iter().zip(continuations).enumerate() {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let failed = |reason: String| Error::input(i, reason);
            let prefix = match last.take() {
                Some((same, prefix)) if same == context => prefix,
                _ => self.prefix(context).map_err(failed)?,
            };
            all.push(self.continuation(context, &prefix, continuation).map_err(failed)?);
            last = Some((context, prefix));
        }
        Ok(all)
    }

    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        for (i, prompt) in prompts.iter().enumerate() {
            let stream = ChaCha12Rng::seed_from_u64(host.seed() ^ fnv(prompt.as_bytes()));
            let reply =
                self.reply(prompt, how, stream, host)?.map_err(|reason| Error::input(i, reason))?;
            replies.put(i, &reply);
        }
        Ok(())
    }
}

impl Gguf {
    /// One reply to one prompt, without the list of replies.
    pub fn reply_to(
        &self,
        prompt: &str,
        max_tokens: u64,
        temperature: f64,
        host: &Host,
    ) -> Result<String, Error> {
        let how = Generation { max_tokens, temperature };
        let stream = ChaCha12Rng::seed_from_u64(host.seed() ^ fnv(prompt.as_bytes()));
        self.reply(prompt, &how, stream, host)?.map_err(|reason| Error::input(0, reason))
    }

    /// Evaluates a context.
    fn prefix(&self, context: &str) -> Result<Prefix, String> {
        let mut ids = self.tokens.encode(context)?;
        if ids.is_empty() {
            ids.push(self.tokens.first);
        }
        self.must_fit(ids.len())?;
        let mut cache = self.llama.cache();
        let hidden = self.llama.forward(&ids, &mut cache).map_err(text)?;
        Ok(Prefix { ids, cache, hidden })
    }

    /// What a continuation adds. Text is cut into tokens with its context: where a token spans both, it counts as continuation.
    fn continuation(
        &self,
        context: &str,
        prefix: &Prefix,
        continuation: &str,
    ) -> Result<Loglikelihood, String> {
        let mut whole = self.tokens.encode(&format!("{context}{continuation}"))?;
        let same = prefix.ids.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let shared = if same == 0 {
            // A context without a token: the continuation follows the token that stands for the beginning.
            whole.insert(0, prefix.ids[0]);
            1
        } else {
            same.min(whole.len().max(1))
        };
        self.must_fit(whole.len())?;
        let mut cache = prefix.cache.first(shared).map_err(text)?;
        let mut out = Loglikelihood { sum: 0.0, tokens: 0, greedy: true };
        let mut logits = self.llama.logits(&prefix.hidden, shared - 1).map_err(text)?;
        for (i, &id) in whole.iter().enumerate().skip(shared) {
            out.sum += log_probability(&logits, id);
            out.tokens += 1;
            out.greedy &= likeliest(&logits) == id;
            if i + 1 < whole.len() {
                let hidden = self.llama.forward(&[id], &mut cache).map_err(text)?;
                logits = self.llama.logits(&hidden, 0).map_err(text)?;
            }
        }
        Ok(out)
    }

    /// One reply; the outer error is a wish to stop.
    fn reply(
        &self,
        prompt: &str,
        how: &Generation,
        mut draws: ChaCha12Rng,
        host: &Host,
    ) -> Result<Result<String, String>, Error> {
        let mut prefix = match self.prefix(prompt) {
            Ok(prefix) => prefix,
            Err(reason) => return Ok(Err(reason)),
        };
        let (mut row, mut reply) = (prefix.ids.len() - 1, Vec::new());
        let room = self.llama.context() - prefix.ids.len();
        while reply.len() < usize::try_from(how.max_tokens).unwrap_or(usize::MAX).min(room) {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let next = (self.llama.logits(&prefix.hidden, row))
                .map(|logits| draw(&logits, how.temperature, &mut draws));
            let id = match next {
                Ok(id) => id,
                Err(e) => return Ok(Err(text(e))),
            };
            if self.tokens.end.contains(&id) {
                break;
            }
            reply.push(id);
            row = 0;
            match self.llama.forward(&[id], &mut prefix.cache) {
                Ok(hidden) => prefix.hidden = hidden,
                Err(e) => return Ok(Err(text(e))),
            }
        }
        Ok(self.tokens.decode(&reply))
    }

    fn must_fit(&self, tokens: usize) -> Result<(), String> {
        let most = self.llama.context();
        if tokens <= most {
            Ok(())
        } else {
            Err(format!("{tokens} tokens; the model's context holds {most}"))
        }
    }
}

fn text(error: candle_core::Error) -> String {
    error.to_string()
}

/// `logits[id] - ln sum exp(logits)`, summed in float64.
fn log_probability(logits: &[f32], id: u32) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - top).exp()).sum();
    f64::from(logits[id as usize] - top) - sum.ln()
}

/// The first of the highest.
fn likeliest(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// The likeliest at temperature 0, else one drawn with probability `exp(logit / temperature)`.
fn draw(logits: &[f32], temperature: f64, draws: &mut ChaCha12Rng) -> u32 {
    if temperature <= 0.0 {
        return likeliest(logits);
    }
    let top = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let weights: Vec<f64> =
        logits.iter().map(|l| ((f64::from(*l) - top) / temperature).exp()).collect();
    let mut left = draws.random::<f64>() * weights.iter().sum::<f64>();
    let drawn = weights.iter().position(|w| {
        left -= w;
        left < 0.0
    });
    drawn.map_or_else(|| likeliest(logits), |id| id as u32)
}

/// 64-bit FNV-1a: a stream of its own for every prompt.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

export_plugin!(Gguf);
