//! Every setting of CALM. Tags say where a setting comes from: `[paper]` the abstract of Shen et al. (2025), `[third party]` an
//! outline by others that claims to follow the paper's figure and algorithm, `[ours]` neither: a choice of this reconstruction.

use std::collections::BTreeMap;
use std::path::PathBuf;

use backbone::train::Plan;
use backbone::{Pooling, Tune};
use plugin_api::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The plugin's name.
pub(crate) const NAME: &str = "calm-plugin";

/// Labels of the experts, after the dimensions of Hall (1976) and Hofstede (2001). They are names only: nothing ties an expert to
/// the dimension that it is named after.
pub const LABELS: [&str; 8] = [
    "directness",
    "context dependence",
    "formality",
    "power distance",
    "individualism",
    "expressiveness",
    "uncertainty avoidance",
    "long-term orientation",
];

/// Heads of each attention of the pool: they divide `width`.
pub(crate) const HEADS: i64 = 4;

/// `[config]` of a model's TOML: a preset's name, and fields that differ from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalmConfig {
    /// `[ours]` Which table of `presets.toml` the other fields start from. Default: `default`.
    pub preset: String,
    /// `[ours]` A checkpoint folder of your own (`config.json`, `model.safetensors`, `tokenizer.json`). Default: the model's weights.
    pub folder: Option<PathBuf>,
    /// Paths of fetched weights by id; the harness fills it.
    #[serde(skip_serializing)]
    pub weights: std::collections::HashMap<String, String>,
    /// `[ours]` `auto`, `cpu`, `cuda` or `cuda:N`. Default: `auto`.
    pub device: String,
    /// `[ours]` Matrix products in bfloat16 where CUDA computes. Default: yes.
    pub bf16: bool,
    /// From the harness: where an interrupted fit is kept.
    #[serde(skip_serializing)]
    pub cache: Option<PathBuf>,

    /// `[ours]` Learn from this many training examples only, each label in its share. Default: 0, all.
    pub train_examples: usize,
    /// `[ours]` Judge the training by this many validation examples only, each label in its share. Default: 0, all.
    pub valid_examples: usize,
    /// `[ours]` Texts are cut to this many tokens. Default: 128.
    pub max_tokens: usize,
    /// `[ours]` h0 from H: `mean`, `cls`, or `last` (decoders). Default: `mean`.
    pub pooling: Pooling,
    /// `[ours]` What of the backbone is trained: kind `frozen`, `lora` (with `rank`, `alpha`) or `full`. Default: `full`.
    pub tune: Tune,
    /// `[ours]` The embeddings and so many layers stay as they are. Default: none do (all, where `tune` is frozen).
    pub frozen_layers: Option<usize>,
    /// `[ours]` The output of frozen layers is kept in memory up to this many MiB. Default: 4096; 0 keeps none.
    pub cache_mebibytes: usize,
    /// `[ours]` Dropout inside the backbone in training. Default: what the checkpoint was trained with.
    pub backbone_dropout: Option<f64>,

    /// `[ours]` c, the width of concepts. Default: 256.
    pub width: i64,
    /// `[ours]` K, slots of each type. Default: 8.
    pub slots: i64,
    /// `[ours]` Dropout on what the slots look at, in training. Default: 0.1.
    pub dropout: f64,
    /// `[ours]` b: how much the explicit slots are drawn to tokens of the culture lexicon. Default: 2.
    pub lexicon_bias: f64,
    /// `[ours]` Whether the latent slots are barred from tokens of the lexicon. Default: yes.
    pub latent_mask: bool,

    /// `[paper]` Contrastive learning within each type shapes the clusters. `[ours]` Which loss. Default: `supcon`.
    pub contrast: Contrast,
    /// `[ours]` tau of the contrast. Default: 0.07.
    pub temperature: f64,
    /// `[ours]` Which culture tags training sees. Default: `given`.
    pub tags: Tags,
    /// `[paper]` Task, explicit and latent are disentangled. `[ours]` By which penalty. Default: `covariance`.
    pub disentangle: Disentangle,
    /// `[paper]` Clusters are reported. `[ours]` Prototypes per type, followed during training. Default: yes.
    pub clusters: bool,

    /// `[paper]` Clusters are aligned via cross-attention. `[ours]` Who looks at whom. Default: `both`.
    pub pool: Pool,
    /// `[paper]` A mixture of experts. `[ours]` E, their number. Default: 6.
    pub experts: i64,
    /// `[ours]` How experts are chosen. Default: `top2`.
    pub gate: Gate,
    /// `[paper]` Fusion with the model's original knowledge; `[third party]` residual. Default: `residual`.
    pub fusion: Fusion,

    /// `[paper]` Self-prompted. `[ours]` By what: rows made of the identity state, or a sentence. Default: `soft`.
    pub prompt: Prompting,
    /// `[ours]` m, rows of the soft prompt. Default: 8.
    pub prompt_tokens: i64,
    /// `[ours]` h, inner width of the prompt's two layers. Default: 128.
    pub prompt_width: i64,
    /// `[ours]` The layer that the prompt enters in front of; what lies below is computed once. Default: 0.
    pub prompt_layer: usize,
    /// `[ours]` R in training. Default: 1.
    pub rounds: usize,
    /// `[ours]` R afterwards. Default: 1.
    pub rounds_at_inference: usize,
    /// `[paper]` Self-correction; `[third party]` when the output deviates. `[ours]` How. Default: `deviation`.
    pub calibration: Calibration,
    /// `[ours]` delta: a smaller deviation 1 - cos changes nothing. Default: 0.05.
    pub delta: f64,
    /// `[ours]` eta: how far the identity moves. Default: 0.5.
    pub eta: f64,

    /// `[ours]` What [`plugin_api::Plugin::embed`] gives. Default: `identity`.
    pub embedding: Embedding,
    /// `[ours]` Weights of the loss terms.
    pub loss: Weights,
    /// `[ours]` The training loop.
    pub train: Plan,
    /// `[ours]` Learning rate of the cultural path (all new parts but head and task semantics), as a share of
    /// `train.learning_rate`. Gates over hundreds of inputs shut within a few steps where it is fast. Default: 1.
    #[serde(alias = "culture_pace")]
    pub culture_lr_scale: f64,
}

/// Weights of the loss terms; the task's is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// `[ours]` Of each type's contrast. Default: 0.1.
    pub contrast: f64,
    /// `[ours]` Of the penalty on shared information. Default: 0.05.
    pub disentangle: f64,
    /// `[ours]` Of the experts' balance. Default: 0.01.
    pub balance: f64,
    /// `[ours]` Of the identity calibration. Default: 0.1.
    pub calibrate: f64,
}

/// Contrast within a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contrast {
    /// Positives share a culture tag (Khosla et al. 2020); without usable tags as `simclr`.
    Supcon,
    /// The positive is another dropout view of the same text (Chen et al. 2020).
    Simclr,
    /// None.
    None,
}

/// Culture tags that training sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tags {
    /// As they are.
    Given,
    /// Shuffled among the training texts: a control.
    Shuffled,
    /// None.
    Ignored,
}

/// Penalty on what task, explicit and latent share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disentangle {
    /// Squared Frobenius norm of the cross-covariance.
    Covariance,
    /// Hilbert-Schmidt independence criterion (Gretton et al. 2005).
    Hsic,
    /// None.
    None,
}

/// The Identity Alignment Pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// Cross-attention in both directions.
    Both,
    /// Explicit looks at latent only.
    OneWay,
    /// Self-attention over the union.
    SelfAttention,
    /// No attention.
    Concatenate,
}

/// How experts are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// The two likeliest, their weights made to sum to 1.
    Top2,
    /// All, by their probability.
    Dense,
    /// One part with as many parameters as all experts and the gate.
    Single,
    /// Two at random in training, all alike afterwards.
    Random,
}

/// Fusion with the backbone's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fusion {
    /// `LN(h0 + alpha W_o u)`, alpha by a gate.
    Residual,
    /// `LN(W_o u)`.
    Replace,
    /// alpha = 0.5.
    Fixed,
}

/// What a round of reflection puts in front of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prompting {
    /// m rows `P = MLP(s)`.
    Soft,
    /// A sentence that names the two likeliest experts of the round before; English, for decoders above all.
    Words,
}

/// Identity calibration after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// The identity moves by eta where it deviates by more than delta.
    Deviation,
    /// It always moves by eta.
    Ema,
    /// It is what the round gave; no calibration loss.
    None,
}

/// What is given as the embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Embedding {
    /// s, the identity state.
    Identity,
    /// z, the task semantics.
    Task,
    /// h0, the pooled backbone.
    Backbone,
}

impl Default for CalmConfig {
    fn default() -> Self {
        Self {
            preset: "default".to_owned(),
            folder: None,
            weights: std::collections::HashMap::new(),
            device: "auto".to_owned(),
            bf16: true,
            cache: None,
            train_examples: 0,
            valid_examples: 0,
            max_tokens: 128,
            pooling: Pooling::Mean,
            tune: Tune::Full,
            frozen_layers: None,
            cache_mebibytes: 4096,
            backbone_dropout: None,
            width: 256,
            slots: 8,
            dropout: 0.1,
            lexicon_bias: 2.0,
            latent_mask: true,
            contrast: Contrast::Supcon,
            temperature: 0.07,
            tags: Tags::Given,
            disentangle: Disentangle::Covariance,
            clusters: true,
            pool: Pool::Both,
            experts: 6,
            gate: Gate::Top2,
            fusion: Fusion::Residual,
            prompt: Prompting::Soft,
            prompt_tokens: 8,
            prompt_width: 128,
            prompt_layer: 0,
            rounds: 1,
            rounds_at_inference: 1,
            calibration: Calibration::Deviation,
            delta: 0.05,
            eta: 0.5,
            embedding: Embedding::Identity,
            loss: Weights::default(),
            train: Plan::default(),
            culture_lr_scale: 1.0,
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { contrast: 0.1, disentangle: 0.05, balance: 0.01, calibrate: 0.1 }
    }
}

/// The presets: what each changes of the defaults.
pub fn presets() -> Result<BTreeMap<String, Map<String, Value>>, Error> {
    toml::from_str(include_str!("../presets.toml"))
        .map_err(|e| Error::internal(format!("presets.toml: {e}")))
}

impl CalmConfig {
    /// Parses `[config]` as JSON: its preset, overlaid by its fields.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn parse(config: &str) -> Result<Self, Error> {
        let wrong =
            |e: &dyn std::fmt::Display| Error::config(format!("[config] of calm-plugin: {e}"));
        let fields: Map<String, Value> = serde_json::from_str(config).map_err(|e| wrong(&e))?;
        let name = fields.get("preset").map_or(Some("default"), Value::as_str);
        let name = name.ok_or_else(|| wrong(&"`preset` is a name"))?;
        let mut presets = presets()?;
        let Some(mut merged) = presets.remove(name) else {
            let known: Vec<String> = presets.into_keys().collect();
            return Err(wrong(&format!("preset {name:?} is none of {}", known.join(", "))));
        };
        overlay(&mut merged, fields);
        let parsed: Self = serde_json::from_value(Value::Object(merged)).map_err(|e| wrong(&e))?;
        parsed.check().map_err(|e| wrong(&e))?;
        Ok(parsed)
    }

    /// What a field's type does not say.
    fn check(&self) -> Result<(), String> {
        let least = |name: &str, value: i64, least: i64| {
            let wrong = || format!("`{name}` is {value}, but at least {least}");
            (value >= least).then_some(()).ok_or_else(wrong)
        };
        least("width", self.width, HEADS)?;
        if self.width % HEADS != 0 {
            return Err(format!(
                "`width` is {}, but a multiple of {HEADS}, the heads of the pool",
                self.width
            ));
        }
        least("slots", self.slots, 1)?;
        least("experts", self.experts, 2)?;
        if self.prompt == Prompting::Words && self.experts > LABELS.len() as i64 {
            let named = LABELS.len();
            return Err(format!(
                "`experts` is {}, but only {named} have names for `prompt = \"words\"`",
                self.experts
            ));
        }
        least("prompt_tokens", self.prompt_tokens, 1)?;
        least("prompt_width", self.prompt_width, 1)?;
        if let Tune::Lora { rank, .. } = self.tune {
            least("tune.rank", rank, 1)?;
        }
        least("max_tokens", self.max_tokens as i64, 3)?;
        if self.rounds == 0 && self.rounds_at_inference > 0 {
            return Err("`rounds_at_inference` needs a prompt that was trained: set `rounds` to 1"
                .to_owned());
        }
        for (name, value) in
            [("dropout", self.dropout), ("backbone_dropout", self.backbone_dropout.unwrap_or(0.0))]
        {
            if !(0.0..1.0).contains(&value) {
                return Err(format!("`{name}` is {value}, but from 0 to less than 1"));
            }
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return Err(format!("`temperature` is {}, but above 0", self.temperature));
        }
        let loss = &self.loss;
        for (name, value) in [
            ("lexicon_bias", self.lexicon_bias),
            ("delta", self.delta),
            ("eta", self.eta),
            ("culture_lr_scale", self.culture_lr_scale),
            ("loss.contrast", loss.contrast),
            ("loss.disentangle", loss.disentangle),
            ("loss.balance", loss.balance),
            ("loss.calibrate", loss.calibrate),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("`{name}` is {value}, but finite and not negative"));
            }
        }
        Ok(())
    }
}

/// Lays `over` on `base`, table by table.
pub(crate) fn overlay(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (base.get_mut(&name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => overlay(below, above),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_says_its_name() {
        let presets = presets().unwrap();
        assert!(presets.len() > 15, "{}", presets.len());
        for name in presets.keys() {
            let parsed = CalmConfig::parse(&format!(r#"{{"preset": {name:?}}}"#)).unwrap();
            assert_eq!(&parsed.preset, name);
            let differs = parsed != CalmConfig { preset: name.clone(), ..CalmConfig::default() };
            let same = ["default", "first-reconstruction"].contains(&name.as_str());
            assert_eq!(differs, !same, "{name}");
        }
        assert_eq!(CalmConfig::parse("{}").unwrap(), CalmConfig::default());
    }

    #[test]
    fn every_field_says_where_it_comes_from() {
        let source = include_str!("config.rs");
        let structs = source
            .split("pub struct CalmConfig")
            .nth(1)
            .unwrap()
            .split("\n}\n\n/// How")
            .next()
            .unwrap();
        let mut told = String::new();
        for line in structs
            .lines()
            .map(str::trim)
            .take_while(|line| !line.starts_with("#[serde(rename_all"))
        {
            if let Some(text) = line.strip_prefix("///") {
                told.push_str(text);
            } else if line.starts_with("pub ") {
                let tagged = ["[paper]", "[third party]", "[ours]", "harness"]
                    .iter()
                    .any(|tag| told.contains(tag));
                assert!(line.starts_with("pub struct") || tagged, "{line} {told}");
                told.clear();
            }
        }
    }

    #[test]
    fn fields_are_laid_over_the_preset_table_by_table() {
        let parsed = CalmConfig::parse(
            r#"{"preset": "tiny", "loss": {"contrast": 2.0}, "train": {"epochs": 9}}"#,
        )
        .unwrap();
        let tiny = CalmConfig::parse(r#"{"preset": "tiny"}"#).unwrap();
        assert_eq!((parsed.loss.contrast, parsed.train.epochs), (2.0, 9));
        assert_eq!((parsed.train.batch, parsed.width), (tiny.train.batch, tiny.width));
        assert_ne!(tiny.train.batch, Plan::default().batch);
    }

    #[test]
    fn what_was_saved_is_read_back() {
        let config = CalmConfig::parse(r#"{"preset": "ema-calibration", "width": 64}"#).unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert!(!text.contains("\"weights\""), "{text}");
        assert_eq!(CalmConfig::parse(&text).unwrap(), config);
    }

    #[test]
    fn a_wrong_field_is_named() {
        let check = |config: &str, part: &str| {
            let error = CalmConfig::parse(config).unwrap_err();
            assert_eq!(error.kind, plugin_api::ErrorKind::Config);
            assert!(error.message.contains(part), "{part:?} not in {:?}", error.message);
        };
        check(r#"{"slotz": 3}"#, "`slotz`");
        check(r#"{"loss": {"contrst": 3}}"#, "`contrst`");
        check(r#"{"gate": "top3"}"#, "`top3`, expected one of `top2`");
        check(r#"{"preset": "defalt"}"#, "preset \"defalt\" is none of");
        check(r#"{"width": 30}"#, "multiple of 4");
        check(r#"{"experts": 1}"#, "at least 2");
        check(r#"{"experts": 9, "prompt": "words"}"#, "`experts` is 9");
        check(r#"{"rounds": 0}"#, "`rounds_at_inference`");
        check(r#"{"temperature": 0}"#, "`temperature` is 0");
        check(r#"{"dropout": 1.0}"#, "`dropout` is 1");
        check(r#"{"loss": {"balance": -1}}"#, "`loss.balance` is -1");
        check("[]", "[config]");
    }
}
