//! A local quantised language model on CPU, from a GGUF file: log-likelihoods of options and replies.
//!
//! [`llama`] is the model, `tensors` reads its file, [`kernel`] its products, [`blocks`] the formats of its weights, [`tokens`] its tokenizer. What texts have in
//! common at their beginning is evaluated once; since a token's values are the same to the last bit whatever is evaluated beside it
//! ([`kernel`]), an answer depends on its prompt alone.

mod blocks;
pub mod kernel;
pub mod llama;
mod tensors;
pub mod tokens;

use std::path::PathBuf;

use candle_core::quantized::gguf_file::Content;
use fs_err::File;
use plugin_api::{
    Capability, Error, Generation, Host, Loglikelihood, Plugin, Replies, Reply, Task,
    export_plugin, guarded,
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
/// Tokens of a text that are evaluated between two questions whether to stop.
const AT_A_TIME: usize = 256;
/// Places whose logits are computed at a time.
const LOGITS: usize = 24;

/// `[config]` of the model's TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    weights: Files,
    /// Of longer contexts the end is kept; never more than the model's own.
    #[serde(default)]
    max_tokens: Option<usize>,
    /// Texts share the evaluation of a common beginning. Without it the answers are the same and take longer.
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
    path: Path,
}

/// What was evaluated last: a text, and for each of its tokens the hidden state, keys and values.
#[derive(Debug)]
struct Path {
    ids: Vec<u32>,
    /// `[n, d]`.
    hidden: Vec<f32>,
    cache: Cache,
}

/// What the model wrote behind a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Without the token that ended it.
    pub text: String,
    /// The limit of tokens ended it, not a token of the model.
    pub is_cut: bool,
    /// The prompt was too long, and its beginning was left out.
    pub is_prompt_cut: bool,
}

/// A question for log-likelihoods as tokens; those from `first` on are the continuation.
struct Asked {
    ids: Vec<u32>,
    first: usize,
    index: usize,
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
        let damaged = |reason| Error::load(format!("{}: {reason}", path.display()));
        let content = guarded(|| Content::read(&mut file)).map_err(damaged)?;
        sound(&content, file.get_ref().metadata().map_err(Error::load)?.len()).map_err(damaged)?;
        let llama = Llama::read(&content, &mut file, host.threads()).map_err(failed)?;
        let tokens = Tokens::new(&content, config.weights.tokenizer.as_deref())?;
        let max_tokens = config.max_tokens.unwrap_or(MAX_TOKENS).min(llama.context());
        if max_tokens < 8 {
            return Err(Error::config(format!(
                "[config]: `max_tokens` is {max_tokens}; give 8 or more"
            )));
        }
        if tokens.first as usize >= llama.vocabulary() {
            return Err(Error::load(format!(
                "{}: its token {} for the beginning is beyond its table of {}",
                path.display(),
                tokens.first,
                llama.vocabulary()
            )));
        }
        let (bytes, widened) = llama.size();
        host.log(format_args!(
            "{}: {max_tokens} of {} tokens, {} MiB of matrices ({widened} of them as float32), {} threads",
            path.display(),
            llama.context(),
            bytes >> 20,
            host.threads()
        ));
        let path = Path { ids: Vec::new(), hidden: Vec::new(), cache: llama.cache() };
        Ok(Self { llama, tokens, max_tokens, share_context: config.share_context, path })
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let mut asked = self.asked(contexts, continuations, host)?;
        // Texts with a common beginning become neighbours.
        asked.sort_by(|a, b| a.ids.cmp(&b.ids));
        let width = self.llama.width();
        let mut states: Vec<f32> = Vec::new(); // [states, d], those whose logits are needed
        let mut marks: Vec<Option<usize>> = Vec::new(); // of each token of the path, its state
        let mut needs: Vec<(usize, u32)> = Vec::new(); // a state and the token that follows
        for question in &asked {
            self.begin();
            let needed = question.ids.len().saturating_sub(1);
            let same = self.go_to(&question.ids[..needed], host)?;
            marks.truncate(same);
            marks.resize(needed, None);
            let following = question.ids.iter().enumerate().skip(question.first);
            for ((token, &id), mark) in following.zip(&mut marks[question.first - 1..]) {
                let state = *mark.get_or_insert_with(|| {
                    states.extend_from_slice(&self.path.hidden[(token - 1) * width..token * width]);
                    states.len() / width - 1
                });
                needs.push((state, id));
            }
        }
        let found = self.log_probabilities(&states, &needs, host)?;
        let mut found = found.into_iter();
        let mut all = vec![Loglikelihood { sum: 0.0, tokens: 0, greedy: true }; asked.len()];
        for question in &asked {
            let out = &mut all[question.index];
            for (log_probability, likeliest) in
                found.by_ref().take(question.ids.len().saturating_sub(question.first))
            {
                out.sum += log_probability;
                out.tokens += 1;
                out.greedy &= likeliest;
            }
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
        let mut prompts_cut = 0;
        // Prompts with a common beginning become neighbours.
        let mut order: Vec<usize> = (0..prompts.len()).collect();
        order.sort_by_key(|&i| prompts[i]);
        for i in order {
            let written = self.reply(i, prompts[i], how, host)?;
            prompts_cut += usize::from(written.is_prompt_cut);
            replies.tell(i, Reply::new(&written.text, written.is_cut));
        }
        told_cut(prompts_cut, prompts.len(), host);
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
        &mut self,
        prompt: &str,
        max_tokens: u64,
        temperature: f64,
        host: &Host,
    ) -> Result<Written, Error> {
        let how = Generation { max_tokens, temperature };
        self.reply(0, prompt, &how, host)
    }

    /// Tokens of a text.
    pub fn count(&self, text: &str) -> Result<usize, Error> {
        self.tokens.encode(text).map(|ids| ids.len()).map_err(Error::load)
    }

    /// Cuts texts into tokens. A continuation is what the tokens of `context + continuation` add to those of the context: where a
    /// token spans both, it counts as continuation.
    fn asked(
        &self,
        contexts: &[&str],
        continuations: &[&str],
        host: &Host,
    ) -> Result<Vec<Asked>, Error> {
        let room = OPTION.min(self.max_tokens / 4);
        let mut last: Option<(&str, Vec<u32>, usize)> = None;
        let (mut all, mut were_cut) = (Vec::with_capacity(contexts.len()), 0);
        for (index, (&context, &continuation)) in contexts.iter().zip(continuations).enumerate() {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let (before, cut) = match last.take() {
                Some((same, before, cut)) if same == context => (before, cut),
                _ => self.tokens_of(context, room).map_err(|e| Error::input(index, e))?,
            };
            let mut ids = (self.encode(&format!("{context}{continuation}")))
                .map_err(|e| Error::input(index, e))?;
            self.tokens.cut_first(&mut ids, cut);
            let mut first = before.iter().zip(&ids).take_while(|(a, b)| a == b).count();
            if first == 0 {
                // A context without a token: the continuation follows the token that stands for the beginning.
                ids.insert(0, before[0]);
                first = 1;
            }
            if ids.len() > self.max_tokens {
                return Err(Error::input(
                    index,
                    format!(
                        "its option makes it {} tokens; {} is the most",
                        ids.len(),
                        self.max_tokens
                    ),
                ));
            }
            were_cut += usize::from(cut > 0);
            all.push(Asked { ids, first, index });
            last = Some((context, before, cut));
        }
        told_cut(were_cut, contexts.len(), host);
        Ok(all)
    }

    /// Tokens of a text, all of them known to the model: a `tokenizer.json` may be another's.
    fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let (ids, known) = (self.tokens.encode(text)?, self.llama.vocabulary());
        match ids.iter().find(|id| **id as usize >= known) {
            Some(id) => Err(format!("its token {id} is beyond the model's table of {known}")),
            None => Ok(ids),
        }
    }

    /// Tokens of a context, of which so much is kept that `room` tokens may follow; and how many were left out.
    fn tokens_of(&self, context: &str, room: usize) -> Result<(Vec<u32>, usize), String> {
        let mut ids = self.encode(context)?;
        if ids.is_empty() {
            ids.push(self.tokens.first);
        }
        let cut = self.tokens.cut(&mut ids, self.max_tokens - room);
        Ok((ids, cut))
    }

    /// A new text begins; it shares nothing if it should not.
    fn begin(&mut self) {
        if !self.share_context {
            self.keep(0);
        }
    }

    /// Forgets all but the first tokens.
    fn keep(&mut self, tokens: usize) {
        self.path.ids.truncate(tokens);
        self.path.hidden.truncate(tokens * self.llama.width());
        self.path.cache.truncate(tokens);
    }

    /// Evaluates a text behind what it has in common with the one before, and says how many tokens that were.
    fn go_to(&mut self, ids: &[u32], host: &Host) -> Result<usize, Error> {
        let same = self.path.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        self.keep(same);
        for part in ids[same..].chunks(AT_A_TIME) {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let hidden = self.llama.forward(part, &mut self.path.cache);
            self.path.hidden.extend(hidden);
            self.path.ids.extend(part);
        }
        Ok(same)
    }

    /// Of each state and token that follows it, the log-probability and whether it is the likeliest.
    fn log_probabilities(
        &self,
        states: &[f32],
        needs: &[(usize, u32)],
        host: &Host,
    ) -> Result<Vec<(f64, bool)>, Error> {
        let mut order: Vec<usize> = (0..needs.len()).collect();
        order.sort_by_key(|&need| needs[need].0);
        let mut order = order.into_iter().peekable();
        let mut found = vec![(0.0, false); needs.len()];
        let (width, vocabulary) = (self.llama.width(), self.llama.vocabulary());
        for (part, states) in states.chunks(LOGITS * width).enumerate() {
            if host.is_cancelled() {
                return Err(Error::cancelled());
            }
            let logits = self.llama.logits(states);
            for (row, logits) in logits.chunks_exact(vocabulary).enumerate() {
                let (likeliest, all) = (likeliest(logits), log_sum(logits));
                while let Some(need) = order.next_if(|&n| needs[n].0 == part * LOGITS + row) {
                    let id = needs[need].1;
                    found[need] = (f64::from(logits[id as usize]) - all, id == likeliest);
                }
            }
        }
        Ok(found)
    }

    /// One reply.
    fn reply(
        &mut self,
        index: usize,
        prompt: &str,
        how: &Generation,
        host: &Host,
    ) -> Result<Written, Error> {
        let mut draws = ChaCha12Rng::seed_from_u64(host.seed() ^ fnv(prompt.as_bytes()));
        let most = usize::try_from(how.max_tokens).unwrap_or(usize::MAX).min(self.max_tokens / 2);
        let (mut ids, cut) = self.tokens_of(prompt, most).map_err(|e| Error::input(index, e))?;
        let asked = ids.len();
        self.begin();
        let mut is_cut = true;
        while ids.len() - asked < most {
            self.go_to(&ids, host)?;
            let last = &self.path.hidden[(ids.len() - 1) * self.llama.width()..];
            let id = draw(&self.llama.logits(last), how.temperature, &mut draws);
            if self.tokens.end.contains(&id) {
                is_cut = false;
                break;
            }
            ids.push(id);
        }
        let text = self.tokens.decode(&ids[asked..]).map_err(|e| Error::input(index, e))?;
        Ok(Written { text, is_cut, is_prompt_cut: cut > 0 })
    }
}

/// Refuses shapes of nothing, those whose values cannot be counted, and tensors that share bytes: the library trusts all of them.
fn sound(content: &Content, length: u64) -> Result<(), String> {
    let mut bytes = 0u64;
    for (name, info) in &content.tensor_infos {
        let values = info.shape.dims().iter().try_fold(1u64, |all, n| all.checked_mul(*n as u64));
        let (block, size) =
            (info.ggml_dtype.block_size() as u64, info.ggml_dtype.type_size() as u64);
        let own = values.filter(|n| *n > 0).and_then(|n| n.div_ceil(block).checked_mul(size));
        let sum = own.and_then(|own| bytes.checked_add(own)).filter(|sum| *sum <= length);
        bytes = sum.ok_or_else(|| {
            let shape = &info.shape;
            format!("it is damaged: with the tensor {name:?} of shape {shape:?} its tensors are not what fits into {length} bytes")
        })?;
    }
    Ok(())
}

/// `ln sum exp(logits)`, summed in float64.
fn log_sum(logits: &[f32]) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - top).exp()).sum();
    f64::from(top) + sum.ln()
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
