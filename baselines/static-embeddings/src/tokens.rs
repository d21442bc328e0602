//! A text as token ids, as its `tokenizer.json` says.
//!
//! The tokenizers library does the work. For two common kinds of tokenizer a text can be cut at its blanks beforehand, so that each
//! word goes through the library once and is remembered: less work, and the same ids (`Unit` says why).

use std::fmt;
use std::sync::Mutex;

use fs_err as fs;
use plugin_api::{Error, guarded};
use rustc_hash::FxHashMap;
use serde_json::Value;
use tokenizers::Tokenizer;

use crate::config::Config;

/// Words that each thread remembers; then it forgets all and starts again.
const REMEMBERED: usize = 1 << 16;
/// Longer words are not remembered, in bytes.
const LONGEST: usize = 64;
/// What SentencePiece writes for a blank.
const BLANK: char = '\u{2581}';

/// A tokenizer with its memory.
pub struct Tokens {
    tokenizer: Tokenizer,
    unit: Unit,
    /// Added tokens, which a text may spell out: the blanks around them follow rules of their own.
    added: Vec<String>,
    /// The token that stands for unknown ones, where it is left out.
    dropped: Option<u32>,
    /// Tokens that a text is cut to.
    most: usize,
    /// Characters that a text is cut to before it is tokenized.
    max_chars: usize,
    highest: u32,
    /// One for each thread.
    memory: Vec<Mutex<Memory>>,
}

/// Ids of words.
type Memory = FxHashMap<Box<str>, Box<[u32]>>;

/// What goes through the tokenizer at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// The whole text: no more is known of the tokenizer.
    Text,
    /// Words at blanks. For byte-pair encoding without pre-tokenizer whose normalizer writes `▁` before the text and for each blank
    /// (Llama 2): a merge across a word's end would need a token with `▁` after another character, and there is none.
    Blank,
    /// Words at blanks, tabs and line ends. For BERT's normalizer and pre-tokenizer, which look at single characters and cut there.
    WhiteSpace,
}

impl Tokens {
    /// Reads what `[config]` names, for a number of threads.
    pub fn read(config: &Config, threads: usize) -> Result<Self, Error> {
        let path = &config.weights.tokenizer;
        let failed = |reason: String| Error::load(format!("{}: {reason}", path.display()));
        let bytes = fs::read(path).map_err(Error::load)?;
        // Editors of Windows put a mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let json: Value = serde_json::from_slice(bytes)
            .map_err(|e| failed(format!("no tokenizer.json ({e})")))?;
        let mut tokenizer = guarded(|| Tokenizer::from_bytes(bytes))
            .map_err(|e| failed(format!("no tokenizer.json ({e})")))?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|e| failed(e.to_string()))?;
        let vocabulary = tokenizer.get_vocab(true);
        let highest =
            *vocabulary.values().max().ok_or_else(|| failed("it knows no token".to_owned()))?;
        let unknown = unknown(&json, &tokenizer);
        let max_chars = match config.max_tokens {
            0 => usize::MAX,
            most => most.saturating_mul(median_length(vocabulary.keys())),
        };
        let added: Vec<String> = tokenizer
            .get_added_tokens_decoder()
            .values()
            .map(|token| token.content.clone())
            .collect();
        Ok(Self {
            unit: Unit::of(&json, vocabulary.keys()),
            added,
            dropped: unknown.filter(|_| config.drop_unknown),
            most: if config.max_tokens == 0 { usize::MAX } else { config.max_tokens },
            max_chars,
            highest,
            memory: (0..threads.max(1)).map(|_| Mutex::default()).collect(),
            tokenizer,
        })
    }

    /// The highest id there is.
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// Calls with the index and the ids of every text. An error names the text.
    pub fn each(
        &self,
        texts: &[&str],
        mut call: impl FnMut(usize, &[u32]),
    ) -> Result<(), (usize, String)> {
        let mut ids = Vec::new();
        let thread = rayon::current_thread_index().unwrap_or(0) % self.memory.len();
        // Nothing is half done where a panic left the lock: an entry is put in whole.
        let mut memory =
            self.memory[thread].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (i, text) in texts.iter().enumerate() {
            ids.clear();
            self.one(text, &mut memory, &mut ids).map_err(|reason| (i, reason))?;
            ids.truncate(self.most);
            if let Some(dropped) = self.dropped {
                ids.retain(|id| *id != dropped);
            }
            call(i, &ids);
        }
        Ok(())
    }

    /// Appends the ids of one text.
    fn one(&self, text: &str, memory: &mut Memory, ids: &mut Vec<u32>) -> Result<(), String> {
        let text = match text.char_indices().nth(self.max_chars) {
            Some((end, _)) => &text[..end],
            None => text,
        };
        match self.unit {
            Unit::Blank if !self.is_special(text) => {
                let mut rest = text;
                while !rest.is_empty() {
                    // The blanks before a word belong to it; the one that the normalizer writes anyway is not handed over.
                    let word = rest.len() - rest.trim_start_matches(' ').len();
                    let end = rest[word..].find(' ').map_or(rest.len(), |end| word + end);
                    self.word(&rest[..end], memory, ids)?;
                    rest = rest[end..].strip_prefix(' ').unwrap_or_default();
                }
                Ok(())
            }
            Unit::WhiteSpace => text
                .split([' ', '\t', '\n', '\r'])
                .filter(|word| !word.is_empty())
                .try_for_each(|word| self.word(word, memory, ids)),
            Unit::Text | Unit::Blank => self.encode(text, ids),
        }
    }

    /// Whether a text has what [`Unit::Blank`] does not hold for.
    fn is_special(&self, text: &str) -> bool {
        text.ends_with(' ')
            || text.contains(BLANK)
            || self.added.iter().any(|token| text.contains(token))
    }

    fn word(&self, word: &str, memory: &mut Memory, ids: &mut Vec<u32>) -> Result<(), String> {
        if let Some(known) = memory.get(word) {
            ids.extend_from_slice(known);
            return Ok(());
        }
        let start = ids.len();
        self.encode(word, ids)?;
        if word.len() <= LONGEST {
            if memory.len() >= REMEMBERED {
                memory.clear();
            }
            memory.insert(word.into(), ids[start..].into());
        }
        Ok(())
    }

    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), String> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(|e| e.to_string())?;
        ids.extend_from_slice(encoding.get_ids());
        Ok(())
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("unit", &self.unit)
            .field("highest", &self.highest)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Text => "whole texts",
            Unit::Blank | Unit::WhiteSpace => "words",
        };
        write!(f, "{} tokens, {unit} at a time", self.highest + 1)
    }
}

impl Unit {
    /// What a tokenizer allows; the whole text where anything is unusual.
    fn of<'v>(json: &Value, mut vocabulary: impl Iterator<Item = &'v String>) -> Self {
        let plain = |token: &Value| {
            token["normalized"] == false
                && token["content"].as_str().is_some_and(|text| !text.contains(char::is_whitespace))
        };
        if !json["added_tokens"].as_array().is_none_or(|added| added.iter().all(plain)) {
            return Self::Text;
        }
        let (model, normalizer) = (&json["model"], &json["normalizer"]);
        let bert = json["pre_tokenizer"]["type"] == "BertPreTokenizer"
            && (normalizer.is_null() || normalizer["type"] == "BertNormalizer");
        if bert && model["type"] == "WordPiece" {
            return Self::WhiteSpace;
        }
        let writes_blanks = serde_json::json!({ "type": "Sequence", "normalizers": [
            { "type": "Prepend", "prepend": BLANK.to_string() },
            { "type": "Replace", "pattern": { "String": " " }, "content": BLANK.to_string() },
        ]});
        let crosses = |token: &String| token.trim_start_matches(BLANK).contains(BLANK);
        let llama = *normalizer == writes_blanks
            && json["pre_tokenizer"].is_null()
            && model["type"] == "BPE"
            && model["dropout"].is_null()
            && model["continuing_subword_prefix"].is_null()
            && model["end_of_word_suffix"].is_null()
            && model["vocab"].get(BLANK.to_string()).is_some()
            && !vocabulary.any(crosses);
        if llama { Self::Blank } else { Self::Text }
    }
}

/// The token that stands for unknown ones: by name, or by number in a unigram model.
fn unknown(json: &Value, tokenizer: &Tokenizer) -> Option<u32> {
    let model = &json["model"];
    match model["unk_token"].as_str() {
        Some(token) => tokenizer.token_to_id(token),
        None => model["unk_id"].as_u64().and_then(|id| u32::try_from(id).ok()),
    }
}

/// Median of the tokens' lengths in characters, rounded down: what model2vec takes a token to be when it cuts a text beforehand.
fn median_length<'v>(tokens: impl Iterator<Item = &'v String>) -> usize {
    let mut lengths: Vec<usize> = tokens.map(|token| token.chars().count()).collect();
    lengths.sort_unstable();
    match lengths.len() {
        0 => 0,
        n => usize::midpoint(lengths[(n - 1) / 2], lengths[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Files;

    fn fixture(name: &str, unit: Unit) -> Tokens {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let tokenizer = folder.join(format!("{name}.tokenizer.json"));
        let config = Config {
            weights: Files { tokenizer, ..Files::default() },
            tensor: None,
            most_dimensions: 0,
            normalise: false,
            drop_unknown: false,
            max_tokens: 0,
        };
        let tokens = Tokens::read(&config, 1).unwrap();
        assert_eq!(tokens.unit, unit, "{name}");
        tokens
    }

    fn ids(tokens: &Tokens, text: &str) -> Vec<u32> {
        let mut all = Vec::new();
        tokens.each(&[text], |_, ids| all = ids.to_vec()).unwrap();
        all
    }

    /// Text of pieces that blanks, added tokens, normalizers and merges care about.
    fn texts() -> impl Strategy<Value = String> {
        const PIECES: &[&str] = &[
            " ",
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\u{b}",
            "\u{85}",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\0",
            "▁",
            "<s>",
            "<unk>",
            "[UNK]",
            "[CLS]",
            "the",
            "The",
            "lantern",
            "s",
            "er",
            "É",
            "e\u{301}",
            "\u{301}",
            "ß",
            "中文",
            "한",
            "ไม่",
            "👩🏽‍🚀",
            "-",
            ".",
            "'",
            "bridge",
            "##er",
            "0",
            "\u{fffd}",
            "\u{feff}",
        ];
        prop::collection::vec(prop::sample::select(PIECES), 0..14)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn words_give_the_ids_of_the_whole_text(text in prop_oneof![texts(), any::<String>()]) {
            for (name, unit) in [("llama", Unit::Blank), ("bert", Unit::WhiteSpace)] {
                let tokens = fixture_once(name, unit);
                let mut whole = Vec::new();
                tokens.encode(&text, &mut whole).unwrap();
                prop_assert_eq!(ids(tokens, &text), whole, "{}: {:?}", name, text);
            }
        }
    }

    fn fixture_once(name: &str, unit: Unit) -> &'static Tokens {
        static LLAMA: std::sync::OnceLock<Tokens> = std::sync::OnceLock::new();
        static BERT: std::sync::OnceLock<Tokens> = std::sync::OnceLock::new();
        if name == "llama" { &LLAMA } else { &BERT }.get_or_init(|| fixture(name, unit))
    }

    #[test]
    fn an_unusual_tokenizer_reads_whole_texts() {
        fixture("unigram", Unit::Text);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/llama.tokenizer.json");
        let json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let vocabulary = ["▁a".to_owned(), "▁▁▁".to_owned()];
        assert_eq!(Unit::of(&json, vocabulary.iter()), Unit::Blank);
        let crossing = ["a▁".to_owned()];
        assert_eq!(Unit::of(&json, crossing.iter()), Unit::Text);
        let changed = |pointer: &str, value: Value| {
            let mut json = json.clone();
            *json.pointer_mut(pointer).unwrap() = value;
            Unit::of(&json, vocabulary.iter())
        };
        assert_eq!(changed("/model/dropout", 0.1.into()), Unit::Text);
        assert_eq!(changed("/normalizer/normalizers/0/prepend", "x".into()), Unit::Text);
        assert_eq!(changed("/added_tokens/1/normalized", true.into()), Unit::Text);
    }

    #[test]
    fn a_median_is_rounded_down() {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(median_length(words(&["a", "bb", "cccc", "é中文!"]).iter()), 3);
        assert_eq!(median_length(words(&["a", "bb", "ccc", "dddd", "中"]).iter()), 2);
        assert_eq!(median_length(words(&["a", "bb"]).iter()), 1);
    }
}
