//! The models of `experiments/`: every ablation has one, every configuration parses, every card says the true size.

use std::collections::BTreeMap;

use backbone::ModelConfig;
use calm_plugin::aware::model::Model;
use calm_plugin::aware::settings::Settings;
use calm_plugin::config::{CalmConfig, presets};
use calm_plugin::model::Calm;
use tch::nn::VarStore;
use tch::{Device, Tensor, no_grad};

/// all-MiniLM-L6-v2's sizes.
const MINILM: &str = r#"{
    "model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6,
    "num_attention_heads": 12, "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "pad_token_id": 0
}"#;

/// A model's TOML, laid over those that it extends.
fn model(folder: &str, name: &str) -> toml::Table {
    let text = fs_err::read_to_string(format!("{folder}/{name}.toml")).unwrap();
    let mut own: toml::Table = toml::from_str(&text).unwrap();
    let Some(base) = own.remove("extends") else { return own };
    let mut merged = model(folder, base.as_str().unwrap());
    let config = own.remove("config").unwrap_or_else(|| toml::Table::new().into());
    merged.extend(own);
    merged["config"].as_table_mut().unwrap().extend(config.as_table().unwrap().clone());
    merged
}

#[test]
fn every_ablation_has_a_model_and_every_card_is_true() {
    let _alone = crate::alone();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments");
    let sizes = ModelConfig::parse(MINILM).unwrap();
    let mut left = presets().unwrap();
    let (mut wrong, mut counted) = (Vec::new(), BTreeMap::new());
    for entry in fs_err::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".toml") else { continue };
        if name.starts_with("suite-") {
            continue;
        }
        let model = model(folder, name);
        assert_eq!(model["name"].as_str(), Some(name));
        if model["plugin"].as_str() != Some("calm-plugin") {
            continue;
        }
        let text = serde_json::to_string(&model["config"]).unwrap();
        if Settings::are_named_in(&text).unwrap() {
            let store = VarStore::new(Device::Cpu);
            let settings = Settings::parse(&text).unwrap();
            // Five cultures, as CREHate has.
            no_grad(|| Model::new(&store, &sizes, &settings, [5, 2], 1));
            let count = store
                .variables()
                .values()
                .filter(|t| t.requires_grad())
                .map(Tensor::numel)
                .sum::<usize>();
            if model["parameters"].as_integer() != Some(count as i64) {
                wrong.push(format!("{name}: parameters = {count}, not {}", model["parameters"]));
            }
            continue;
        }
        let config = CalmConfig::parse(&text).unwrap();
        if config.preset != "default" {
            assert_eq!(name, format!("calm-{}", config.preset));
        }
        left.remove(&config.preset);
        // Two labels, as CREHate and EMGSD have. Switches that declare the same parts are counted once.
        let parts = format!(
            "{:?} {:?} {:?} {:?} {:?} {} {}",
            config.tune,
            config.pool,
            config.gate,
            config.fusion,
            config.prompt,
            config.experts,
            config.rounds
        );
        let count = *counted.entry(parts).or_insert_with(|| {
            let store = VarStore::new(Device::Cpu);
            no_grad(|| Calm::new(&store, &sizes, &config, 2, 1));
            store.variables().values().map(Tensor::numel).sum::<usize>()
        });
        if model["parameters"].as_integer() != Some(count as i64) {
            wrong.push(format!("{name}: parameters = {count}, not {}", model["parameters"]));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["first-reconstruction", "tiny"]);
}
