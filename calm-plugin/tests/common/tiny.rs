//! A small BERT with random weights and a word-level tokenizer, written as a checkpoint folder; and texts with labels.

use plugin_api::{Batch, Dataset};
use serde_json::{Map, Value, json};
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;

/// Its sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bert {
    /// d.
    pub(crate) width: i64,
    /// Number of layers.
    pub(crate) layers: i64,
    /// Dropout that it says it was trained with.
    pub(crate) dropout: f64,
}

impl Default for Bert {
    fn default() -> Self {
        Self { width: 16, layers: 4, dropout: 0.1 }
    }
}

/// Words that the tests' texts are made of; two of them are in the culture lexicon.
pub(crate) fn words() -> Vec<String> {
    (0..40).map(|n| format!("w{n}")).chain(["mexico", "korean"].map(str::to_owned)).collect()
}

/// Writes `config.json`, `model.safetensors` and `tokenizer.json`.
pub(crate) fn checkpoint(words: &[String], bert: Bert, seed: i64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let vocabulary = 4 + words.len() as i64;
    let write = |name: &str, value: &Value| {
        fs_err::write(folder.path().join(name), value.to_string()).unwrap();
    };
    write(
        "config.json",
        &json!({
            "model_type": "bert", "vocab_size": vocabulary, "hidden_size": bert.width, "intermediate_size": 2 * bert.width,
            "num_hidden_layers": bert.layers, "num_attention_heads": 2, "max_position_embeddings": 64, "type_vocab_size": 2,
            "layer_norm_eps": 1e-12, "hidden_act": "gelu", "hidden_dropout_prob": bert.dropout, "pad_token_id": 0,
        }),
    );
    write("tokenizer.json", &tokenizer(words));
    let weights = folder.path().join("model.safetensors");
    Tensor::write_safetensors(&parameters(vocabulary, bert, seed), weights).unwrap();
    folder
}

/// Random parameters under Hugging Face's names.
fn parameters(vocabulary: i64, bert: Bert, seed: i64) -> Vec<(String, Tensor)> {
    tch::set_num_threads(1);
    tch::manual_seed(seed);
    let d = bert.width;
    let random =
        |shape: &[i64], spread: f64| Tensor::randn(shape, (Kind::Float, Device::Cpu)) * spread;
    let mut all = Vec::new();
    let linear = |all: &mut Vec<(String, Tensor)>, name: String, input: i64, output: i64| {
        all.push((format!("{name}.weight"), random(&[output, input], 1.0 / (input as f64).sqrt())));
        all.push((format!("{name}.bias"), random(&[output], 0.02)));
    };
    let norm = |all: &mut Vec<(String, Tensor)>, name: String| {
        all.push((format!("{name}.weight"), Tensor::ones([d], (Kind::Float, Device::Cpu))));
        all.push((format!("{name}.bias"), Tensor::zeros([d], (Kind::Float, Device::Cpu))));
    };
    for (table, rows, spread) in
        [("word", vocabulary, 1.0), ("position", 64, 0.1), ("token_type", 2, 0.1)]
    {
        all.push((format!("embeddings.{table}_embeddings.weight"), random(&[rows, d], spread)));
    }
    norm(&mut all, "embeddings.LayerNorm".to_owned());
    for layer in 0..bert.layers {
        let own = format!("encoder.layer.{layer}");
        for name in ["query", "key", "value"] {
            linear(&mut all, format!("{own}.attention.self.{name}"), d, d);
        }
        linear(&mut all, format!("{own}.attention.output.dense"), d, d);
        norm(&mut all, format!("{own}.attention.output.LayerNorm"));
        linear(&mut all, format!("{own}.intermediate.dense"), d, 2 * d);
        linear(&mut all, format!("{own}.output.dense"), 2 * d, d);
        norm(&mut all, format!("{own}.output.LayerNorm"));
    }
    all
}

/// A tokenizer whose tokens are words.
fn tokenizer(words: &[String]) -> Value {
    let special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"];
    let all = special.iter().map(|s| (*s).to_owned()).chain(words.iter().cloned());
    let vocabulary: Map<String, Value> =
        all.enumerate().map(|(id, word)| (word, json!(id))).collect();
    let added: Vec<Value> = (special.iter().enumerate())
        .map(|(id, content)| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
        })
        .collect();
    let token = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let known = |name: &str, id: i64| json!({"id": name, "ids": [id], "tokens": [name]});
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "decoder": null,
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [token("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, token("[SEP]")],
            "pair": [token("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, token("[SEP]"), {"Sequence": {"id": "B", "type_id": 1}}, token("[SEP]")],
            "special_tokens": {"[CLS]": known("[CLS]", 1), "[SEP]": known("[SEP]", 2)},
        },
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    })
}

/// Texts as columns that own themselves.
#[expect(clippy::struct_field_names, reason = "the columns of a batch")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    /// Ids.
    pub(crate) ids: Vec<String>,
    /// Texts.
    pub(crate) texts: Vec<String>,
    /// Cultures.
    pub(crate) cultures: Vec<u32>,
    /// Labels.
    pub(crate) labels: Vec<u32>,
}

impl Texts {
    /// Puts one at the end.
    pub(crate) fn push(&mut self, id: String, text: String, culture: u32, label: u32) {
        self.ids.push(id);
        self.texts.push(text);
        self.cultures.push(culture);
        self.labels.push(label);
    }

    /// As the plugin takes them.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch {
            ids: self.ids.iter().map(String::as_str).collect(),
            texts: self.texts.iter().map(String::as_str).collect(),
            cultures: &self.cultures,
        }
    }

    /// With labels.
    pub(crate) fn data(&self) -> Dataset<'_> {
        Dataset { examples: self.batch(), labels: &self.labels }
    }
}
