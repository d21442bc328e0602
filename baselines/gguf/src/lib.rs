//! A local quantised language model on CPU, from a GGUF file: log-likelihoods of options and replies.
//!
//! [`llama`] is the model, [`tokens`] its tokenizer. Options of one context share its keys and values: the context is evaluated once,
//! each option goes on from there. No two contexts share anything, so that an answer depends on its prompt alone.

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

/// Tokens of a text beyond which its beginning is cut where `max_tokens` does not say: attention's memory grows with their square.
const MAX_TOKENS: usize = 2048;
/// Tokens that are kept free for an option, at most a quarter of all.
const OPTION: usize = 64;
/// Tokens of a context that are evaluated between two questions whether to stop.
const AT_A_TIME: usize = 256;

/// `[config]` of the model's TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    weights: Files,
    /// Of longer contexts the end is kept; never more than the model's own.
    #[serde(default)]
    max_tokens: Option<usize>,
    /// Options of one context share its evaluation. Without it the answers are the same and take longer.
    #[serde(default = "yes")]
    share_context: bool,
}

fn yes() -> bool {
    true
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
    max_tokens: usize,
    share_context: bool,
}

/// An evaluated context.
struct Prefix {
    ids: Vec<u32>,
    /// Tokens of its beginning that were left out.
    cut: usize,
    cache: Cache,
    hidden: candle_core::Tensor,
}

/// Why there is no answer to a prompt.
enum Stop {
    Cancelled,
    Because(String),
}

impl Stop {
    /// As an error of the prompt at this place.
    fn at(self, index: usize) -> Error {
        match self {
            Self::Cancelled => Error::cancelled(),
            Self::Because(reason) => Error::input(index, reason),
        }
    }
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

impl From<candle_core::Error> for Stop {
    fn from(error: candle_core::Error) -> Self {
        Self::Because(error.to_string())
    }
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
        let max_tokens = config.max_tokens.unwrap_or(MAX_TOKENS).min(llama.context());
        if max_tokens < 8 {
            return Err(Error::config(format!(
                "[config]: `max_tokens` is {max_tokens}; give 8 or more"
            )));
        }
        let threads = candle_core::utils::get_num_threads();
        host.log(format_args!(
            "{}: {max_tokens} of {} tokens, {threads} threads",
            path.display(),
            llama.context()
        ));
        if threads != host.threads() {
            host.log(format_args!(
                "candle takes its threads from RAYON_NUM_THREADS alone: {threads} in place of {}",
                host.threads()
            ));
        }
        Ok(Self { llama, tokens, max_tokens, share_context: config.share_context })
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let room = OPTION.min(self.max_tokens / 4);
        let mut last: Option<(&str, Prefix)> = None;
        let mut all = Vec::with_capacity(contexts.len());
        let mut cut = 0;
        for (i, (&context, &continuation)) in contexts.iter().zip(continuations).enumerate() {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let prefix = match last.take() {
                Some((same, prefix)) if same == context && self.share_context => prefix,
                _ => self.prefix(context, room, host).map_err(|stop| stop.at(i))?,
            };
            cut += usize::from(prefix.cut > 0);
            let found = self.continuation(context, &prefix, continuation);
            all.push(found.map_err(|stop| stop.at(i))?);
            last = Some((context, prefix));
        }
        told_cut(cut, contexts.len(), host);
        Ok(all)
    }

    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        host: &Host,
    ) -> Result<(), Error> {
        let mut cut = 0;
        for (i, prompt) in prompts.iter().enumerate() {
            let (reply, was_cut) = self.reply(prompt, how, host).map_err(|stop| stop.at(i))?;
            cut += usize::from(was_cut);
            replies.put(i, &reply);
        }
        told_cut(cut, prompts.len(), host);
        Ok(())
    }
}

/// Says how many prompts lost their beginning.
fn told_cut(cut: usize, all: usize, host: &Host) {
    if cut > 0 {
        host.log(format_args!(
            "{cut} of {all} prompts were too long: their beginning was cut; raise `max_tokens` in [config] if the model allows"
        ));
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
        self.reply(prompt, &how, host).map(|(reply, _)| reply).map_err(|stop| stop.at(0))
    }

    /// Evaluates a context, of which so much is kept that `room` tokens may follow.
    fn prefix(&self, context: &str, room: usize, host: &Host) -> Result<Prefix, Stop> {
        let mut ids = self.tokens.encode(context)?;
        if ids.is_empty() {
            ids.push(self.tokens.first);
        }
        let cut = self.tokens.cut(&mut ids, self.max_tokens - room);
        let mut cache = self.llama.cache();
        let mut hidden = Vec::new();
        for part in ids.chunks(AT_A_TIME) {
            if host.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            hidden.push(self.llama.forward(part, &mut cache)?);
        }
        let hidden = candle_core::Tensor::cat(&hidden, 0)?; // [n, d]
        Ok(Prefix { ids, cut, cache, hidden })
    }

    /// What a continuation adds. Text is cut into tokens with its context: where a token spans both, it counts as continuation.
    fn continuation(
        &self,
        context: &str,
        prefix: &Prefix,
        continuation: &str,
    ) -> Result<Loglikelihood, Stop> {
        let mut whole = self.tokens.encode(&format!("{context}{continuation}"))?;
        self.tokens.cut_first(&mut whole, prefix.cut);
        let same = prefix.ids.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let shared = if same == 0 {
            // A context without a token: the continuation follows the token that stands for the beginning.
            whole.insert(0, prefix.ids[0]);
            1
        } else {
            same.min(whole.len().max(1))
        };
        if whole.len() > self.max_tokens {
            let (tokens, most) = (whole.len(), self.max_tokens);
            return Err(Stop::Because(format!(
                "its option makes it {tokens} tokens; {most} is the most"
            )));
        }
        let mut cache = prefix.cache.first(shared)?;
        let mut out = Loglikelihood { sum: 0.0, tokens: 0, greedy: true };
        let mut logits = self.llama.logits(&prefix.hidden, shared - 1)?;
        for (i, &id) in whole.iter().enumerate().skip(shared) {
            out.sum += log_probability(&logits, id);
            out.tokens += 1;
            out.greedy &= likeliest(&logits) == id;
            if i + 1 < whole.len() {
                let hidden = self.llama.forward(&[id], &mut cache)?;
                logits = self.llama.logits(&hidden, 0)?;
            }
        }
        Ok(out)
    }

    /// One reply, and whether the prompt was cut.
    fn reply(&self, prompt: &str, how: &Generation, host: &Host) -> Result<(String, bool), Stop> {
        let mut draws = ChaCha12Rng::seed_from_u64(host.seed() ^ fnv(prompt.as_bytes()));
        let most = usize::try_from(how.max_tokens).unwrap_or(usize::MAX).min(self.max_tokens / 2);
        let mut prefix = self.prefix(prompt, most, host)?;
        let (mut row, mut reply) = (prefix.ids.len() - 1, Vec::new());
        while reply.len() < most {
            if host.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let logits = self.llama.logits(&prefix.hidden, row)?;
            let id = draw(&logits, how.temperature, &mut draws);
            if self.tokens.end.contains(&id) {
                break;
            }
            reply.push(id);
            row = 0;
            prefix.hidden = self.llama.forward(&[id], &mut prefix.cache)?;
        }
        Ok((self.tokens.decode(&reply)?, prefix.cut > 0))
    }
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
