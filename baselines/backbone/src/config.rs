//! What a checkpoint's `config.json` says of its model. Text in, values out: no file is opened here.

use serde::Deserialize;

/// Families that are implemented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// BERT and its kin: MiniLM, E5, BGE, LaBSE.
    Bert,
    /// RoBERTa and XLM-RoBERTa: positions begin behind the padding's.
    Roberta,
    /// Decoders: Llama, Mistral, Qwen2.
    Llama,
}

/// What of `config.json` matters.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Which family.
    pub family: Family,
    /// Tokens of the vocabulary.
    pub vocabulary: i64,
    /// d.
    pub width: i64,
    /// Width of the feed-forward part.
    pub inner: i64,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: i64,
    /// Heads of keys and values (fewer in grouped-query attention).
    pub key_heads: i64,
    /// Width of a head.
    pub head_width: i64,
    /// Longest text in tokens.
    pub positions: i64,
    /// Token types; 0 in decoders.
    pub types: i64,
    /// Epsilon of LayerNorm or RMSNorm.
    pub epsilon: f64,
    /// Id of the padding.
    pub padding: i64,
    /// Base of the rotary positions.
    pub rope_base: f64,
    /// Rescaling of the rotary frequencies, Llama 3.1's.
    pub rope_scaling: Option<RopeScaling>,
    /// Whether query, key and value have a bias (decoders).
    pub attention_bias: bool,
    /// Whether attention's output has a bias too (decoders).
    pub output_bias: bool,
    /// Tokens that a token looks back on, at most, in the layers that have a window (Mistral, Qwen2).
    pub window: Option<Window>,
    /// Dropout that it was trained with.
    pub dropout: f64,
    /// Activation of the feed-forward part.
    pub activation: Activation,
}

/// Attention that looks back a bounded way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Tokens, a token itself among them.
    pub tokens: i64,
    /// Which layers have it.
    pub layers: Vec<bool>,
}

/// Llama 3.1's rescaling of rotary frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct RopeScaling {
    /// By what low frequencies are divided.
    pub factor: f64,
    /// Wavelengths longer than context / this are divided.
    pub low_freq_factor: f64,
    /// Wavelengths shorter than context / this stay.
    pub high_freq_factor: f64,
    /// The context it was first trained with.
    pub original_max_position_embeddings: f64,
}

/// Activations of the feed-forward part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Exact GELU.
    Gelu,
    /// GELU by tanh.
    GeluTanh,
    /// ReLU.
    Relu,
    /// x * sigmoid(x).
    Silu,
}

/// `config.json` as it stands; fields that do not matter are ignored.
#[derive(Debug, Deserialize)]
struct Raw {
    model_type: Option<String>,
    vocab_size: i64,
    hidden_size: i64,
    intermediate_size: i64,
    num_hidden_layers: usize,
    num_attention_heads: i64,
    num_key_value_heads: Option<i64>,
    head_dim: Option<i64>,
    max_position_embeddings: i64,
    #[serde(default)]
    type_vocab_size: i64,
    layer_norm_eps: Option<f64>,
    rms_norm_eps: Option<f64>,
    pad_token_id: Option<i64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<serde_json::Value>,
    /// Both of the above, as newer files have them.
    rope_parameters: Option<serde_json::Value>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    sliding_window: Option<i64>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,
    hidden_dropout_prob: Option<f64>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
}

impl ModelConfig {
    /// Parameters that every model of these sizes has, those of tables and matrices alone.
    pub(crate) fn parameters(&self) -> f64 {
        let [vocabulary, width, inner, heads, key_heads, head] =
            [self.vocabulary, self.width, self.inner, self.heads, self.key_heads, self.head_width]
                .map(|size| size as f64);
        let learnt = if self.family == Family::Llama { 0 } else { self.positions + self.types };
        let attention = width * head * 2.0 * (heads + key_heads);
        (vocabulary + learnt as f64) * width
            + self.layers as f64 * (attention + 2.0 * width * inner)
    }

    /// Parses the text of a `config.json`; the error names the field.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The family first: the fields of others are others.
        let Kind { model_type } = lenient_json::from_str(text).map_err(|e| e.to_string())?;
        let family = family_of(model_type.as_deref().unwrap_or("(none)"))?;
        let raw: Raw = lenient_json::from_str(text).map_err(|e| e.to_string())?;
        raw.check_position_type()?;
        let activation = raw.activation(family)?;
        raw.check_mlp_bias()?;
        let (rope_base, rope_scaling) = raw.rope()?;
        raw.check_sizes()?;
        let heads = raw.heads();
        let padding = raw.padding(family);
        raw.check_ranges(heads.width, padding)?;
        raw.check_heads(family, &heads)?;
        let positions = raw.positions(family, padding)?;
        let window = raw.window()?;
        Ok(Self {
            family,
            vocabulary: raw.vocab_size,
            width: raw.hidden_size,
            inner: raw.intermediate_size,
            layers: raw.num_hidden_layers,
            heads: heads.count,
            key_heads: heads.keys,
            head_width: heads.width,
            positions,
            types: if family == Family::Llama { 0 } else { raw.type_vocab_size.max(1) },
            epsilon: raw.layer_norm_eps.or(raw.rms_norm_eps).unwrap_or(1e-12),
            padding,
            rope_base,
            rope_scaling,
            attention_bias: raw.attention_bias.unwrap_or(raw.kind() == "qwen2"),
            output_bias: raw.kind() == "llama" && raw.attention_bias == Some(true),
            window,
            dropout: raw.hidden_dropout_prob.unwrap_or(0.0),
            activation,
        })
    }
}

/// The field of `config.json` that says which others there are.
#[derive(Debug, Deserialize)]
struct Kind {
    model_type: Option<String>,
}

fn family_of(model_type: &str) -> Result<Family, String> {
    match model_type {
        "bert" => Ok(Family::Bert),
        "roberta" | "xlm-roberta" | "camembert" => Ok(Family::Roberta),
        "llama" | "mistral" | "qwen2" => Ok(Family::Llama),
        other => Err(format!(
            "model_type {other:?} is not implemented; there are bert, roberta, xlm-roberta, camembert, llama, mistral, qwen2"
        )),
    }
}

/// Attention heads.
struct Heads {
    /// Of queries.
    count: i64,
    /// Of keys and values.
    keys: i64,
    /// Width of one.
    width: i64,
}

impl Raw {
    fn kind(&self) -> &str {
        self.model_type.as_deref().unwrap_or("(none)")
    }

    fn check_position_type(&self) -> Result<(), String> {
        match self.position_embedding_type.as_deref() {
            None | Some("absolute") => Ok(()),
            Some(kind) => {
                Err(format!("position_embedding_type {kind:?} is not implemented; absolute is"))
            }
        }
    }

    fn activation(&self, family: Family) -> Result<Activation, String> {
        let usual = if family == Family::Llama { "silu" } else { "gelu" };
        match self.hidden_act.as_deref().unwrap_or(usual) {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            "silu" | "swish" => Ok(Activation::Silu),
            other => Err(format!("hidden_act {other:?} is not implemented")),
        }
    }

    fn check_mlp_bias(&self) -> Result<(), String> {
        if self.mlp_bias == Some(true) {
            return Err("mlp_bias true is not implemented".to_owned());
        }
        Ok(())
    }

    /// Base and rescaling of the rotary positions.
    fn rope(&self) -> Result<(f64, Option<RopeScaling>), String> {
        let scaling = self.rope_parameters.as_ref().or(self.rope_scaling.as_ref());
        let theta =
            |value: &serde_json::Value| value.get("rope_theta").and_then(serde_json::Value::as_f64);
        let base = self.rope_theta.or_else(|| scaling.and_then(theta)).unwrap_or(10_000.0);
        let Some(scaling) = scaling.filter(|value| !value.is_null()) else {
            return Ok((base, None));
        };
        let kind = scaling.get("rope_type").or_else(|| scaling.get("type"));
        match kind.and_then(serde_json::Value::as_str) {
            Some("default") => Ok((base, None)),
            Some("llama3") => {
                let read = serde_json::from_value(scaling.clone());
                Ok((base, Some(read.map_err(|e| format!("rope scaling: {e}"))?)))
            }
            other => Err(format!("rope scaling of type {other:?} is not implemented; llama3 is")),
        }
    }

    /// Sizes that every checkpoint has; what follows divides by them.
    fn check_sizes(&self) -> Result<(), String> {
        for (name, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            if !(1..1 << 31).contains(&value) {
                return Err(format!("{name} is {value}, not a size"));
            }
        }
        Ok(())
    }

    fn heads(&self) -> Heads {
        let count = self.num_attention_heads;
        Heads {
            count,
            keys: self.num_key_value_heads.unwrap_or(count),
            width: self.head_dim.unwrap_or(self.hidden_size / count),
        }
    }

    /// Id of the padding; some decoders say -1 for none.
    fn padding(&self, family: Family) -> i64 {
        let padding = self.pad_token_id.filter(|&id| id != -1);
        padding.unwrap_or(i64::from(family == Family::Roberta))
    }

    /// Sizes that may be absent or 0.
    fn check_ranges(&self, head_width: i64, padding: i64) -> Result<(), String> {
        for (name, value, allowed) in [
            ("num_hidden_layers", self.num_hidden_layers as i64, 0..1 << 10),
            ("head_dim", head_width, 1..1 << 16),
            ("type_vocab_size", self.type_vocab_size, 0..1 << 16),
            ("pad_token_id", padding, 0..self.vocab_size),
        ] {
            if !allowed.contains(&value) {
                let (least, most) = (allowed.start, allowed.end - 1);
                return Err(format!("{name} is {value}; it lies between {least} and {most}"));
            }
        }
        Ok(())
    }

    fn check_heads(&self, family: Family, heads: &Heads) -> Result<(), String> {
        let &Heads { count, keys, width } = heads;
        let decoder = family == Family::Llama;
        if keys < 1 || count % keys != 0 || (!decoder && width * count != self.hidden_size) {
            return Err(format!(
                "hidden_size {}, num_attention_heads {count} and num_key_value_heads {keys} do not divide",
                self.hidden_size
            ));
        }
        if decoder && width % 2 != 0 {
            return Err(format!("head_dim is {width}; rotary positions turn pairs of values"));
        }
        Ok(())
    }

    /// Longest text in tokens. RoBERTa's table begins with the padding's position.
    fn positions(&self, family: Family, padding: i64) -> Result<i64, String> {
        let behind = if family == Family::Roberta { padding + 1 } else { 0 };
        let positions = self.max_position_embeddings - behind;
        if positions < 1 {
            return Err(format!(
                "max_position_embeddings is {}, of which pad_token_id takes {behind}: none is left",
                self.max_position_embeddings
            ));
        }
        Ok(positions)
    }

    /// Mistral's window is in all layers; Qwen2's is switched on, and begins at a layer.
    fn window(&self) -> Result<Option<Window>, String> {
        let Some(tokens) = self.sliding_window else { return Ok(None) };
        let all = 0..self.num_hidden_layers;
        let layers: Vec<bool> = match (self.kind(), &self.layer_types) {
            ("qwen2", _) if self.use_sliding_window != Some(true) => return Ok(None),
            ("mistral" | "qwen2", Some(types)) => {
                all.map(|n| types.get(n).is_some_and(|kind| kind == "sliding_attention")).collect()
            }
            ("mistral", None) => all.map(|_| true).collect(),
            ("qwen2", None) => all.map(|n| n >= self.max_window_layers.unwrap_or(0)).collect(),
            _ => return Ok(None),
        };
        if tokens < 1 {
            return Err("sliding_window is less than 1 token".to_owned());
        }
        Ok(Some(Window { tokens, layers }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINI: &str = r#"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "intermediate_size": 1536,
        "num_hidden_layers": 6, "num_attention_heads": 12, "max_position_embeddings": 512, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "an_unknown_field": 3}"#;

    #[test]
    fn a_family_that_is_not_there_is_named_before_its_fields() {
        let text = r#"{"model_type": "distilbert", "dim": 32, "n_layers": 2}"#;
        let error = ModelConfig::parse(text).unwrap_err();
        assert!(error.contains("\"distilbert\" is not implemented; there are bert"), "{error}");
    }

    #[test]
    fn families_are_told_apart() {
        let mini = ModelConfig::parse(MINI).unwrap();
        assert_eq!((mini.family, mini.head_width, mini.positions), (Family::Bert, 32, 512));
        let roberta =
            ModelConfig::parse(&MINI.replace("\"bert\"", "\"xlm-roberta\"").replace("512", "514"))
                .unwrap();
        assert_eq!((roberta.family, roberta.positions, roberta.padding), (Family::Roberta, 512, 1));
        let qwen =
            ModelConfig::parse(&MINI.replace("\"bert\"", "\"qwen2\"").replace("gelu", "silu"))
                .unwrap();
        assert!(qwen.attention_bias && qwen.window.is_none() && qwen.types == 0);
    }

    /// Written by Python on Windows.
    #[test]
    fn marks_and_numbers_that_json_lacks_are_read() {
        let odd =
            MINI.replace("an_unknown_field\": 3", "an_unknown_field\": NaN, \"other\": -Infinity");
        let read = ModelConfig::parse(&format!("\u{feff}{odd}")).unwrap();
        assert_eq!((read.family, read.layers), (Family::Bert, 6));
    }

    #[test]
    fn what_is_not_implemented_is_named() {
        let wrong = |from: &str, to: &str| ModelConfig::parse(&MINI.replace(from, to)).unwrap_err();
        assert!(wrong("\"bert\"", "\"t5\"").contains("\"t5\""));
        assert!(wrong("gelu", "mish").contains("mish"));
        assert!(wrong("\"vocab_size\": 30522,", "").contains("vocab_size"));
        assert!(wrong("384", "385").contains("do not divide"));
        assert!(wrong("30522", "-3").contains("vocab_size is -3"));
        assert!(
            wrong("layers\": 6", "layers\": 999999999999")
                .contains("num_hidden_layers is 999999999999")
        );
        assert!(wrong("type_vocab_size\": 2", "type_vocab_size\": -1").contains("type_vocab_size"));
        assert!(
            wrong("\"vocab_size", "\"pad_token_id\": 30522, \"vocab_size").contains("pad_token_id")
        );
        assert!(wrong("\"vocab_size", "\"head_dim\": 0, \"vocab_size").contains("head_dim"));
    }
}
