//! Texts become token ids once; batches are padded to their longest text.

use std::borrow::Cow;
use std::path::Path;

use plugin_api::{Error, guarded};
use serde_json::Value;
use tch::{Device, Kind, Tensor};
use tokenizers::{PostProcessor as _, Tokenizer};

use crate::packed;
use crate::sniff::without_mark;

/// A tokenizer, with the length at which texts are cut.
#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    padding: i64,
    /// Rows of the model's table.
    vocabulary: i64,
}

/// One text in tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Ids, special tokens among them; at least one.
    pub ids: Vec<u32>,
    /// Bytes of the text that each token covers; (0, 0) for special tokens.
    pub offsets: Vec<(usize, usize)>,
    /// Whether it is a special token.
    pub special: Vec<bool>,
}

impl Encoded {
    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Never: a text without a token is given one.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// A batch: ids `[B,L]` (int64) and which of them are real `[B,L]` (bool).
#[derive(Debug)]
pub struct Padded {
    /// Token ids, padded on the right.
    pub ids: Tensor,
    /// True where a token is real.
    pub mask: Tensor,
}

/// A `tokenizer.json` whose normaliser `Precompiled` has no table: with nothing to normalise by, it is left out.
fn mended(text: &str) -> Cow<'_, str> {
    let empty = |value: &Value| {
        value.get("type").is_some_and(|kind| kind == "Precompiled")
            && value.get("precompiled_charsmap").is_none_or(Value::is_null)
    };
    if !text.contains("precompiled_charsmap") {
        return Cow::Borrowed(text);
    }
    let Ok(mut read) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    let Some(normalizer) = read.get_mut("normalizer") else { return Cow::Borrowed(text) };
    if empty(normalizer) {
        *normalizer = Value::Null;
    } else if let Some(Value::Array(steps)) = normalizer.get_mut("normalizers") {
        steps.retain(|step| !empty(step));
    }
    Cow::Owned(read.to_string())
}

impl Tokens {
    /// Reads a `tokenizer.json` (or the tokenizer of a packed file) for a model that knows `vocabulary` tokens; texts are cut at
    /// `max_tokens`.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn open(
        path: &Path,
        max_tokens: usize,
        padding: i64,
        vocabulary: i64,
    ) -> Result<Self, Error> {
        let wrong = |e: &dyn std::fmt::Display| {
            Error::load(format!("{}: not a tokenizer: {e}", path.display()))
        };
        let mut tokenizer = if packed::is(path) {
            packed::tokenizer(path)?
        } else {
            let text = fs_err::read_to_string(path).map_err(Error::load)?;
            let text = mended(without_mark(&text));
            guarded(|| Tokenizer::from_bytes(text.as_bytes())).map_err(|e| wrong(&e))?
        };
        let truncation =
            tokenizers::TruncationParams { max_length: max_tokens, ..Default::default() };
        let special = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(false));
        if max_tokens <= special {
            return Err(Error::load(format!(
                "{}: its {special} special tokens leave no room for a text in {max_tokens}, the longest that `max_tokens` and the model allow",
                path.display()
            )));
        }
        tokenizer.with_truncation(Some(truncation)).map_err(|e| wrong(&e))?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer, padding, vocabulary })
    }

    /// Tokens of each text, on all the cores that rayon has here.
    ///
    /// # Errors
    /// Names the text by its place.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Encoded>, Error> {
        let encodings = guarded(|| self.tokenizer.encode_batch(texts.to_vec(), true))
            .map_err(|e| Error::internal(format!("a text cannot be tokenised: {e}")))?;
        let beyond = |id: &&u32| i64::from(**id) >= self.vocabulary;
        if let Some(id) = encodings.iter().flat_map(tokenizers::Encoding::get_ids).find(beyond) {
            let known = self.vocabulary;
            return Err(Error::load(format!(
                "the tokenizer gives the token {id}, and the model's table has {known}; take both from one checkpoint"
            )));
        }
        Ok(encodings
            .into_iter()
            .map(|encoding| {
                let mut encoded = Encoded {
                    ids: encoding.get_ids().to_vec(),
                    offsets: encoding.get_offsets().to_vec(),
                    special: encoding.get_special_tokens_mask().iter().map(|s| *s == 1).collect(),
                };
                if encoded.ids.is_empty() {
                    // A decoder's tokenizer may give an empty text no token at all.
                    encoded = Encoded {
                        ids: vec![self.padding.max(0) as u32],
                        offsets: vec![(0, 0)],
                        special: vec![true],
                    };
                }
                encoded
            })
            .collect())
    }

    /// A batch of some encoded texts, padded to the longest of them.
    pub fn pad(&self, texts: &[&Encoded], device: Device) -> Padded {
        pad(texts, self.padding, device)
    }
}

/// Pads ids to the longest text with `padding`.
pub fn pad(texts: &[&Encoded], padding: i64, device: Device) -> Padded {
    let longest = texts.iter().map(|t| t.len()).max().unwrap_or(0);
    let mut ids = vec![padding; texts.len() * longest];
    let mut mask = vec![false; texts.len() * longest];
    for (row, text) in texts.iter().enumerate() {
        for (place, id) in text.ids.iter().enumerate() {
            ids[row * longest + place] = i64::from(*id);
            mask[row * longest + place] = true;
        }
    }
    let shape = [texts.len() as i64, longest as i64];
    Padded {
        ids: Tensor::from_slice(&ids).view(shape).to_device(device),
        mask: Tensor::from_slice(&mask).view(shape).to_kind(Kind::Bool).to_device(device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_padded_to_its_longest() {
        let encoded = |ids: &[u32]| Encoded {
            ids: ids.to_vec(),
            offsets: vec![(0, 0); ids.len()],
            special: vec![false; ids.len()],
        };
        let (a, b) = (encoded(&[5, 6, 7]), encoded(&[8]));
        let batch = pad(&[&a, &b], 1, Device::Cpu);
        let ids: Vec<i64> = batch.ids.flatten(0, -1).try_into().unwrap();
        let mask: Vec<bool> = batch.mask.flatten(0, -1).try_into().unwrap();
        assert_eq!(ids, [5, 6, 7, 8, 1, 1]);
        assert_eq!(mask, [true, true, true, true, false, false]);
    }

    #[test]
    fn a_file_that_is_no_tokenizer_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "{}").unwrap();
        let message = Tokens::open(file.path(), 8, 0, 100).unwrap_err().message;
        assert!(message.contains("not a tokenizer"), "{message}");
    }

    #[test]
    fn a_normaliser_without_a_table_is_left_out() {
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let text = r#"{"normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":null},{"type":"Lowercase"}]}}"#;
        let expect = r#"{"normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}}"#;
        assert_eq!(read(&mended(text)), read(expect));
        let alone = r#"{"normalizer":{"type":"Precompiled","precompiled_charsmap":null}}"#;
        assert_eq!(read(&mended(alone)), read(r#"{"normalizer":null}"#));
        let whole = r#"{"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAA"}}"#;
        assert_eq!(read(&mended(whole)), read(whole));
        assert_eq!(mended("{}"), "{}");
    }
}
