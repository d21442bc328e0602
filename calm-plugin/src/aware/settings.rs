//! `[config]` of the second design: what every model on libtorch has, and one table for each stage. Tags as in [`crate::config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use backbone::train::Plan;
use backbone::{Pooling, Tune};
use plugin_api::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    concepts, consensus, contrast, disentangle, experts, fusion, identity, pool, reflection,
};
use crate::config::overlay;

/// `[config]` of a model's TOML: a preset's name, and fields that differ from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[ours]` Which table of `presets.toml` the other fields start from. Default: `self-aware`.
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

    /// `[ours]` Learn from about this many training examples only, whole items. Default: 0, all.
    pub train_examples: usize,
    /// `[ours]` Judge the training by about this many validation examples only, whole items. Default: 0, all.
    pub valid_examples: usize,
    /// `[ours]` Texts are cut to this many tokens. Default: 128.
    pub max_tokens: usize,
    /// `[ours]` h from H: `mean`, `cls`, or `last` (decoders). Default: `mean`.
    pub pooling: Pooling,
    /// `[ours]` What of the backbone is trained: kind `frozen`, `lora` (with `rank`, `alpha`) or `full`. Default: `full`.
    pub tune: Tune,
    /// `[ours]` The embeddings and so many layers stay as they are. Default: none do (all, where `tune` is frozen).
    pub frozen_layers: Option<usize>,
    /// `[ours]` The output of frozen layers is kept in memory up to this many MiB. Default: 4096; 0 keeps none.
    pub cache_mebibytes: usize,
    /// `[ours]` Dropout inside the backbone in training. Default: what the checkpoint was trained with.
    pub backbone_dropout: Option<f64>,

    /// `[ours]` Cultures as vectors: input and memory.
    pub identity: identity::Settings,
    /// `[ours]` What cultures share, and tau.
    pub consensus: consensus::Settings,
    /// `[paper]` Explicit concepts and latent signals.
    pub concepts: concepts::Settings,
    /// `[paper]` The pool, clusters aligned via cross-attention.
    pub pool: pool::Settings,
    /// `[paper]` A mixture of experts.
    pub experts: experts::Settings,
    /// `[paper]` Fusion with the model's original knowledge.
    pub fusion: fusion::Settings,
    /// `[paper]` Contrastive learning. `[ours]` On judgements.
    pub contrast: contrast::Settings,
    /// `[paper]` Disentanglement, as a penalty beside the consensus.
    pub disentangle: disentangle::Settings,
    /// `[paper]` Self-prompted reflection and self-correction.
    pub reflection: reflection::Settings,
    /// `[ours]` The training loop; a step's `batch` counts items, each with all its cultures.
    pub train: Plan,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            preset: PRESET.to_owned(),
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
            identity: identity::Settings::default(),
            consensus: consensus::Settings::default(),
            concepts: concepts::Settings::default(),
            pool: pool::Settings::default(),
            experts: experts::Settings::default(),
            fusion: fusion::Settings::default(),
            contrast: contrast::Settings::default(),
            disentangle: disentangle::Settings::default(),
            reflection: reflection::Settings::default(),
            train: Plan {
                epochs: 6,
                batch: 16,
                learning_rate: 1e-3,
                patience: 0,
                ..Plan::default()
            },
        }
    }
}

/// The preset with every stage as it is by default.
pub const PRESET: &str = "self-aware";

/// The presets of this design: what each changes of the defaults.
///
/// # Errors
/// Where the file is no TOML.
pub fn presets() -> Result<BTreeMap<String, Map<String, Value>>, Error> {
    toml::from_str(include_str!("presets.toml"))
        .map_err(|e| Error::internal(format!("aware/presets.toml: {e}")))
}

impl Settings {
    /// Whether `[config]` as JSON names a preset of this design.
    ///
    /// # Errors
    /// Where `presets.toml` is no TOML.
    pub fn are_named_in(config: &str) -> Result<bool, Error> {
        let name = serde_json::from_str::<Value>(config)
            .ok()
            .and_then(|value| Some(value.get("preset")?.as_str()?.to_owned()));
        Ok(match name {
            Some(name) => presets()?.contains_key(&name),
            None => false,
        })
    }

    /// Parses `[config]` as JSON: its preset, overlaid by its fields.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn parse(config: &str) -> Result<Self, Error> {
        let wrong =
            |e: &dyn std::fmt::Display| Error::config(format!("[config] of calm-plugin: {e}"));
        let fields: Map<String, Value> = serde_json::from_str(config).map_err(|e| wrong(&e))?;
        let name = fields.get("preset").and_then(Value::as_str).unwrap_or(PRESET);
        let mut presets = presets()?;
        let Some(own) = presets.remove(name) else {
            let known: Vec<String> = presets.into_keys().collect();
            return Err(wrong(&format!("preset {name:?} is none of {}", known.join(", "))));
        };
        // Table by table: a field of `[config.train]` leaves the others as they are here.
        let mut merged = match serde_json::to_value(Self::default()).map_err(|e| wrong(&e))? {
            Value::Object(merged) => merged,
            _ => Map::new(),
        };
        overlay(&mut merged, own);
        overlay(&mut merged, fields);
        let parsed: Self = serde_json::from_value(Value::Object(merged)).map_err(|e| wrong(&e))?;
        parsed.check().map_err(|e| wrong(&e))?;
        Ok(parsed)
    }

    /// What a field's type does not say.
    fn check(&self) -> Result<(), String> {
        let counts = [
            ("identity.unnamed", self.identity.unnamed, 1),
            ("concepts.width", self.concepts.width, 2),
            ("concepts.slots", self.concepts.slots, 1),
            ("pool.prototypes", self.pool.prototypes, 0),
            ("experts.count", self.experts.count, 1),
            ("contrast.near", self.contrast.near, 0),
            ("reflection.questions", self.reflection.questions, 1),
            ("max_tokens", self.max_tokens as i64, 3),
        ];
        for (name, value, least) in counts {
            if value < least {
                return Err(format!("`{name}` is {value}, but at least {least}"));
            }
        }
        let shares = [
            ("consensus.dropout", self.consensus.dropout),
            ("concepts.dropout", self.concepts.dropout),
            ("fusion.dropout", self.fusion.dropout),
            ("backbone_dropout", self.backbone_dropout.unwrap_or(0.0)),
        ];
        if let Some((name, value)) = shares.into_iter().find(|(_, v)| !(0.0..1.0).contains(v)) {
            return Err(format!("`{name}` is {value}, but from 0 to less than 1"));
        }
        let positive = [
            ("contrast.temperature", self.contrast.temperature),
            ("reflection.softness", self.reflection.softness),
        ];
        if let Some((name, value)) =
            positive.into_iter().find(|(_, v)| !(v.is_finite() && *v > 0.0))
        {
            return Err(format!("`{name}` is {value}, but above 0"));
        }
        let weights = [
            ("identity.spread", self.identity.spread),
            ("identity.infer", self.identity.infer),
            ("consensus.prior", self.consensus.prior),
            ("concepts.lexicon_bias", self.concepts.lexicon_bias),
            ("pool.cluster", self.pool.cluster),
            ("pool.dead", self.pool.dead),
            ("experts.balance", self.experts.balance),
            ("fusion.gain", self.fusion.gain),
            ("fusion.own", self.fusion.own),
            ("contrast.weight", self.contrast.weight),
            ("contrast.difference", self.contrast.difference),
            ("disentangle.weight", self.disentangle.weight),
            ("reflection.eta", self.reflection.eta),
            ("reflection.delta", self.reflection.delta),
            ("reflection.hinge", self.reflection.hinge),
            ("reflection.margin", self.reflection.margin),
        ];
        match weights.into_iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            Some((name, value)) => Err(format!("`{name}` is {value}, but finite and not negative")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_none_has_a_name_of_the_first_design() {
        let (own, first) = (presets().unwrap(), crate::config::presets().unwrap());
        assert_eq!(Settings::parse("{}").unwrap(), Settings::default());
        for name in own.keys() {
            let text = format!(r#"{{"preset": {name:?}}}"#);
            let parsed = Settings::parse(&text).unwrap();
            assert_eq!(&parsed.preset, name);
            assert!(Settings::are_named_in(&text).unwrap() && !first.contains_key(name), "{name}");
            let differs = parsed != Settings { preset: name.clone(), ..Settings::default() };
            assert_eq!(differs, name != PRESET, "{name}");
        }
        assert!(!Settings::are_named_in(r#"{"preset": "tiny"}"#).unwrap());
    }

    #[test]
    fn a_field_of_a_table_leaves_the_others() {
        let parsed = Settings::parse(
            r#"{"preset": "self-aware-tiny", "train": {"epochs": 9}, "fusion": {"own": 0.0}}"#,
        );
        let parsed = parsed.unwrap();
        assert_eq!((parsed.train.epochs, parsed.train.batch, parsed.train.patience), (9, 4, 0));
        assert_eq!(
            (parsed.fusion.own, parsed.fusion.gain),
            (0.0, fusion::Settings::default().gain)
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (config, part) in [
            (r#"{"slots": 3}"#, "`slots`"),
            (r#"{"contrast": {"wait": 3}}"#, "`wait`"),
            (r#"{"preset": "self-awre"}"#, "is none of"),
            (r#"{"experts": {"count": 0}}"#, "`experts.count` is 0"),
            (r#"{"fusion": {"dropout": 1.0}}"#, "`fusion.dropout` is 1"),
            (r#"{"consensus": {"prior": -1.0}}"#, "`consensus.prior` is -1"),
            (r#"{"consensus": {"tau": "two-se"}}"#, "`two-se`, expected one of `best`"),
        ] {
            let error = Settings::parse(config).unwrap_err().message;
            assert!(error.contains(part), "{part:?} not in {error:?}");
        }
    }

    #[test]
    fn every_field_of_every_stage_says_where_it_comes_from() {
        let stages = [
            include_str!("identity.rs"),
            include_str!("consensus.rs"),
            include_str!("concepts.rs"),
            include_str!("pool.rs"),
            include_str!("experts.rs"),
            include_str!("fusion.rs"),
            include_str!("contrast.rs"),
            include_str!("disentangle.rs"),
            include_str!("reflection.rs"),
        ];
        for source in stages {
            let own =
                source.split("pub struct Settings {").nth(1).unwrap().split("\n}").next().unwrap();
            let fields = own.lines().filter(|line| line.trim().starts_with("pub ")).count();
            assert_eq!(own.matches("/// `[ours]`").count(), fields, "{own}");
        }
    }
}
