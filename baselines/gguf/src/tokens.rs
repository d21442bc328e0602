//! The tokenizer: a `tokenizer.json`, or what the GGUF file holds where that is byte-level BPE of a kind we know.

use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use plugin_api::{Error, guarded};
use serde_json::json;
use tokenizers::Tokenizer;

/// llama.cpp's token types that are never text: control and user-defined.
const SPECIAL: [i32; 2] = [3, 4];

/// A tokenizer with the tokens that begin and end a text.
#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    /// Written before every text.
    begin: Option<u32>,
    /// Stands before a continuation of nothing.
    pub first: u32,
    /// Ends a reply.
    pub end: Vec<u32>,
}

impl Tokens {
    /// Reads `path`, else the file's own.
    pub fn new(content: &Content, path: Option<&Path>) -> Result<Self, Error> {
        let tokenizer = match path {
            Some(path) => guarded(|| Tokenizer::from_file(path))
                .map_err(|e| Error::load(format!("{}: no tokenizer.json ({e})", path.display())))?,
            None => own(content).map_err(|e| {
                Error::load(format!(
                    "the file's tokenizer: {e}; give a tokenizer.json as the weights `tokenizer`"
                ))
            })?,
        };
        let id = |name: &str| {
            content.metadata.get(&format!("tokenizer.ggml.{name}")).and_then(|v| v.to_u32().ok())
        };
        let begins =
            content.metadata.get("tokenizer.ggml.add_bos_token").and_then(|v| v.to_bool().ok());
        let (begin, end) = (id("bos_token_id"), id("eos_token_id"));
        let first = begin
            .or(end)
            .ok_or_else(|| Error::load("the file names neither bos_token_id nor eos_token_id"))?;
        let more = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>"]
            .iter()
            .filter_map(|t| tokenizer.token_to_id(t));
        let end = end.into_iter().chain(more).collect();
        // Where the file does not say: SentencePiece models begin with a token, byte-level ones do not.
        let begins = begins.unwrap_or_else(|| text(content, "model") == Some("llama"));
        Ok(Self { tokenizer, begin: begin.filter(|_| begins), first, end })
    }

    /// Ids of a text that is at the beginning.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = guarded(|| self.tokenizer.encode_fast(text, false))?;
        Ok(self.begin.into_iter().chain(encoding.get_ids().iter().copied()).collect())
    }

    /// Cuts ids to their last `most`, the token that begins every text kept; gives how many were left out.
    pub fn cut(&self, ids: &mut Vec<u32>, most: usize) -> usize {
        let cut = ids.len().saturating_sub(most);
        self.cut_first(ids, cut);
        cut
    }

    /// Leaves out the first `cut` ids behind the token that begins every text.
    pub fn cut_first(&self, ids: &mut Vec<u32>, cut: usize) {
        let begin = usize::from(self.begin.is_some());
        ids.drain(begin.min(ids.len())..(begin + cut).min(ids.len()));
    }

    /// Text of ids.
    pub fn decode(&self, ids: &[u32]) -> Result<String, String> {
        guarded(|| self.tokenizer.decode(ids, true))
    }
}

fn text<'c>(content: &'c Content, name: &str) -> Option<&'c str> {
    content.metadata.get(&format!("tokenizer.ggml.{name}"))?.to_string().ok().map(String::as_str)
}

fn list<T>(
    content: &Content,
    name: &str,
    one: impl Fn(&Value) -> candle_core::Result<T>,
) -> Result<Vec<T>, String> {
    let missing = || format!("it has no `tokenizer.ggml.{name}`");
    let values = content.metadata.get(&format!("tokenizer.ggml.{name}")).ok_or_else(missing)?;
    values.to_vec().and_then(|v| v.iter().map(one).collect()).map_err(|e| e.to_string())
}

/// Byte-level BPE out of the file's head.
fn own(content: &Content) -> Result<Tokenizer, String> {
    let model = text(content, "model").unwrap_or("missing");
    if model != "gpt2" {
        return Err(format!("its kind is `{model}`, and only `gpt2` is read"));
    }
    let level = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
    let cut = match text(content, "pre").unwrap_or("missing") {
        "smollm" => {
            json!({ "type": "Sequence", "pretokenizers": [{ "type": "Digits", "individual_digits": true }, level.clone()] })
        }
        "gpt-2" => level.clone(),
        other => {
            return Err(format!(
                "how it cuts texts is called `{other}`, and only `smollm` and `gpt-2` are known"
            ));
        }
    };
    let tokens = list(content, "tokens", |v| v.to_string().cloned())?;
    let types = list(content, "token_type", Value::to_i32)?;
    let merges = list(content, "merges", |v| v.to_string().cloned())?;
    let special: Vec<_> = (tokens.iter().zip(types).enumerate())
        .filter(|(_, (_, kind))| SPECIAL.contains(kind))
        .map(|(id, (token, _))| {
            json!({ "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true })
        })
        .collect();
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        tokens.into_iter().enumerate().map(|(id, token)| (token, id.into())).collect();
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": special, "normalizer": null,
        "pre_tokenizer": cut, "post_processor": null, "decoder": level,
        "model": { "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
                   "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocabulary, "merges": merges },
    });
    guarded(|| Tokenizer::from_bytes(json.to_string()))
}
