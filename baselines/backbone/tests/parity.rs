//! Each family against what `transformers` computes on the same tiny checkpoint (scripts/parity/backbone_fixture.py), the tokenizers too, and
//! the real all-MiniLM-L6-v2 against sentence-transformers where its weights are in the cache.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../harness/tests/fixtures/skipped.rs"]
mod skipped;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use backbone::features::Cache;
use backbone::{Backbone, Checkpoint, Encoded, Pass, Pooling, Tokens, Tune};
use plugin_api::Host;
use serde::Deserialize;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

const FAMILIES: [&str; 9] = [
    "bert",
    "roberta",
    "xlm-roberta",
    "llama",
    "llama3",
    "llama3-new",
    "mistral",
    "qwen2",
    "qwen2-window",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

struct Loaded {
    store: VarStore,
    backbone: Backbone,
    checkpoint: Checkpoint,
    expected: HashMap<String, Tensor>,
}

fn load(name: &str, tune: Tune, frozen: Option<usize>) -> Loaded {
    tch::set_num_threads(1);
    let checkpoint = Checkpoint::open(Some(&folder(name)), &HashMap::new()).unwrap();
    let store = VarStore::new(Device::Cpu);
    let backbone = Backbone::new(&(store.root() / "backbone"), &checkpoint.config, tune, frozen);
    backbone.load(&store, "backbone", &checkpoint).unwrap();
    let expected = Tensor::read_safetensors(folder(name).join("expected.safetensors")).unwrap();
    Loaded { store, backbone, checkpoint, expected: expected.into_iter().collect() }
}

impl Loaded {
    fn batch(&self) -> (Tensor, Tensor) {
        (self.expected["ids"].shallow_clone(), self.expected["mask"].to_kind(Kind::Bool))
    }
}

/// Largest difference over the largest expected value, at real tokens where there is a mask.
fn far(got: &Tensor, expected: &Tensor, mask: Option<&Tensor>) -> f64 {
    let mut difference = (got - expected).abs();
    if let Some(mask) = mask {
        assert!(!got.isnan().any().int64_value(&[]).eq(&1), "not a number, if only in the padding");
        difference *= mask.to_kind(Kind::Float).unsqueeze(-1);
    }
    difference.max().double_value(&[]) / expected.abs().max().double_value(&[])
}

#[test]
fn hidden_states_of_every_family_are_those_of_transformers() {
    for name in FAMILIES {
        let loaded = load(name, Tune::Full, None);
        let (ids, mask) = loaded.batch();
        let hidden = loaded.backbone.embed(&ids, Pass::default());
        let check = |hidden: &Tensor, layer: usize| {
            let far = far(hidden, &loaded.expected[&format!("hidden_{layer}")], Some(&mask));
            assert!(far < 2e-6, "{name}, layer {layer}: {far}");
        };
        check(&hidden, 0);
        check(&loaded.backbone.run(hidden.shallow_clone(), &mask, 0..1, Pass::default()), 1);
        check(&loaded.backbone.forward(&ids, &mask, Pass::default()), 2);
    }
}

/// The same numbers, whatever a way of training has put before or between the names, and with the older names of LayerNorm.
#[test]
fn names_of_other_tools_load_the_same_model() {
    for name in ["bert", "roberta", "llama"] {
        let plain = load(name, Tune::Full, None);
        let (ids, mask) = plain.batch();
        let expected = plain.backbone.forward(&ids, &mask, Pass::default());
        for before in [
            "module.",
            "_orig_mod.",
            "0.auto_model.",
            "base_model.model.",
            "student.net.",
            "encoder.",
        ] {
            let place = tempfile::tempdir().unwrap();
            for file in ["config.json", "tokenizer.json"] {
                fs_err::copy(folder(name).join(file), place.path().join(file)).unwrap();
            }
            let tensors = Tensor::read_safetensors(folder(name).join("model.safetensors")).unwrap();
            let renamed: Vec<(String, Tensor)> = (tensors.into_iter())
                .map(|(name, tensor)| {
                    let older = name
                        .replace("LayerNorm.weight", "LayerNorm.gamma")
                        .replace("LayerNorm.bias", "LayerNorm.beta")
                        .replace("layer.0.", "layer.0._checkpoint_wrapped_module.");
                    (format!("{before}{older}"), tensor)
                })
                .collect();
            Tensor::write_safetensors(&renamed, place.path().join("model.safetensors")).unwrap();
            let checkpoint = Checkpoint::open(Some(place.path()), &HashMap::new()).unwrap();
            let store = VarStore::new(Device::Cpu);
            let root = store.root() / "backbone";
            let backbone = Backbone::new(&root, &checkpoint.config, Tune::Full, None);
            backbone.load(&store, "backbone", &checkpoint).unwrap();
            let got = backbone.forward(&ids, &mask, Pass::default());
            assert_eq!(got, expected, "{name}, {before}");
        }
    }
}

#[test]
fn kept_hidden_states_go_on_as_if_they_were_computed() {
    for name in ["bert", "llama"] {
        let loaded = load(name, Tune::Full, Some(1));
        let (ids, mask) = loaded.batch();
        let rows: Vec<Vec<i64>> = Vec::try_from(&ids).unwrap();
        let lengths: Vec<i64> =
            Vec::try_from(mask.sum_dim_intlist(&[1i64][..], false, Kind::Int64)).unwrap();
        let items: Vec<Encoded> = (rows.iter().zip(&lengths))
            .map(|(row, length)| Encoded {
                ids: row[..*length as usize].iter().map(|id| *id as u32).collect(),
                ..Encoded::default()
            })
            .collect();
        let cache =
            Cache::build(&loaded.backbone, 1, &items, Device::Cpu, &Host::silent(1, 1)).unwrap();
        let (hidden, kept) = cache.get(&[0, 1, 2, 3]);
        assert_eq!(
            Vec::<Vec<bool>>::try_from(&kept).unwrap(),
            Vec::<Vec<bool>>::try_from(&mask).unwrap()
        );
        let got = loaded.backbone.run(hidden, &kept, 1..2, Pass::default());
        let far = far(&got, &loaded.expected["hidden_2"], Some(&mask));
        assert!(far < 2e-6, "{name}: {far}");
        // Another order, another padding, the same numbers.
        let (hidden, kept) = cache.get(&[2, 1]);
        assert_eq!(hidden.size()[..2], [2, lengths[1]]);
        assert_eq!(kept.get(0).sum(Kind::Int64).int64_value(&[]), lengths[2]);
    }
}

#[test]
fn a_prompt_in_front_is_as_transformers_has_it() {
    for name in ["bert", "llama", "mistral"] {
        let loaded = load(name, Tune::Frozen, None);
        let (ids, mask) = loaded.batch();
        let hidden = loaded.backbone.embed(&ids, Pass::default());
        let prompt = &loaded.expected["prompt"];
        let real = Tensor::ones(&prompt.size()[..2], (Kind::Bool, Device::Cpu));
        let hidden = Tensor::cat(&[prompt, &hidden], 1);
        let mask = Tensor::cat(&[&real, &mask], 1);
        let got = loaded.backbone.run(hidden, &mask, 0..2, Pass { dropout: 0.0, prompt: 3 });
        let far = far(&got, &loaded.expected["prompted"], Some(&mask));
        assert!(far < 2e-6, "{name}: {far}");
    }
}

#[test]
fn gradients_by_name_are_those_of_transformers() {
    for name in ["bert", "llama"] {
        let loaded = load(name, Tune::Full, None);
        let (ids, mask) = loaded.batch();
        let hidden = loaded.backbone.forward(&ids, &mask, Pass::default());
        (hidden * &loaded.expected["readout"]).sum(None::<Kind>).backward();
        let parameters = loaded.store.variables();
        let mut seen = 0;
        for (key, expected) in &loaded.expected {
            let Some(own) = key.strip_prefix("gradient.") else { continue };
            let far = far(&parameters[&format!("backbone.{own}")].grad(), expected, None);
            assert!(far < 2e-5, "{name}, {own}: {far}");
            seen += 1;
        }
        assert_eq!(seen, 8, "{name}");
    }
}

#[test]
fn lora_starts_at_the_checkpoint_and_trains_only_itself() {
    let loaded = load("llama", Tune::Lora { rank: 4, alpha: 8.0 }, Some(1));
    let (ids, mask) = loaded.batch();
    let hidden = loaded.backbone.forward(&ids, &mask, Pass::default());
    assert!(far(&hidden, &loaded.expected["hidden_2"], Some(&mask)) < 2e-6);
    let trained: Vec<String> = loaded
        .store
        .variables()
        .into_iter()
        .filter(|(_, t)| t.requires_grad())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(trained.len(), 4, "{trained:?}");
    assert!(
        trained.iter().all(|name| name.contains("layers.1.self_attn") && name.contains("lora_")),
        "{trained:?}"
    );
    // B is zero: a step moves it, and the hidden states with it.
    hidden.square().sum(None::<Kind>).backward();
    for (name, mut tensor) in loaded.store.variables() {
        if name.ends_with("lora_b") {
            let gradient = tensor.grad();
            assert!(gradient.abs().max().double_value(&[]) > 0.0, "{name}");
            tch::no_grad(|| tensor.copy_(&(&tensor - gradient * 1e-2)));
        }
    }
    let moved = loaded.backbone.forward(&ids, &mask, Pass::default());
    assert!(far(&moved, &loaded.expected["hidden_2"], Some(&mask)) > 1e-3);
}

#[test]
fn frozen_layers_are_not_trained() {
    let trained = |frozen| -> Vec<String> {
        let store = load("bert", Tune::Full, frozen).store;
        store
            .variables()
            .into_iter()
            .filter(|(_, t)| t.requires_grad())
            .map(|(name, _)| name)
            .collect()
    };
    assert!(trained(Some(1)).iter().all(|name| name.contains("encoder.layer.1")));
    assert_eq!(trained(Some(1)).len(), 16);
    assert!(trained(None).len() > trained(Some(0)).len(), "Some(0) still freezes the embeddings");
}

#[test]
fn tensors_that_do_not_fit_are_all_named() {
    let loaded = load("bert", Tune::Full, None);
    let mut wrong = loaded.checkpoint.config.clone();
    wrong.layers = 1;
    wrong.inner = 41;
    let store = VarStore::new(Device::Cpu);
    let backbone = Backbone::new(&(store.root() / "backbone"), &wrong, Tune::Full, None);
    let message = backbone.load(&store, "backbone", &loaded.checkpoint).unwrap_err().message;
    assert!(message.contains("encoder.layer.1") && message.contains("is unexpected"), "{message}");
    assert!(message.contains("and ") && message.contains("more"), "{message}");
    wrong.layers = 3;
    wrong.inner = 40;
    let store = VarStore::new(Device::Cpu);
    let backbone = Backbone::new(&(store.root() / "backbone"), &wrong, Tune::Full, None);
    let message = backbone.load(&store, "backbone", &loaded.checkpoint).unwrap_err().message;
    assert!(message.contains("encoder.layer.2") && message.contains("is missing"), "{message}");
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    ids: Vec<u32>,
    offsets: Option<Vec<(usize, usize)>>,
}

#[test]
fn tokens_are_those_of_the_python_library() {
    for name in FAMILIES {
        let json = fs_err::read_to_string(folder(name).join("expected.json")).unwrap();
        let expected: Texts = serde_json::from_str(&json).unwrap();
        let tokens = Tokens::open(&folder(name).join("tokenizer.json"), 64, 0, i64::MAX).unwrap();
        let texts: Vec<&str> = expected.texts.iter().map(|t| t.text.as_str()).collect();
        for (got, expected) in tokens.encode(&texts).unwrap().iter().zip(&expected.texts) {
            if expected.ids.is_empty() {
                assert_eq!(got.len(), 1, "{name}: a text without a token is given one");
                continue;
            }
            assert_eq!(got.ids, expected.ids, "{name}: {:?}", expected.text);
            if let Some(offsets) = &expected.offsets {
                assert_eq!(&got.offsets, offsets, "{name}: {:?}", expected.text);
            }
        }
        let cut = Tokens::open(&folder(name).join("tokenizer.json"), 3, 0, i64::MAX).unwrap();
        let long = "a word ".repeat(15_000);
        assert!(cut.encode(&[long.as_str()]).unwrap()[0].len() <= 3, "{name}");
    }
}

/// The harness' cache.
fn cache() -> Option<PathBuf> {
    let named = std::env::var_os("CULTURE_EVAL_CACHE").map(PathBuf::from);
    named.or_else(|| {
        let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        Some(
            user.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?
                .join("culture-eval"),
        )
    })
}

/// An object of the cache, where it is there.
fn object(sha256: &str) -> Option<PathBuf> {
    let path = cache()?.join("objects/sha256").join(&sha256[..2]).join(sha256);
    path.is_file().then_some(path)
}

#[derive(Deserialize)]
struct MiniLm {
    texts: Vec<serde_json::Value>,
}

#[test]
fn minilm_gives_the_vectors_of_sentence_transformers() {
    let files = [
        ("config", object("953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41")),
        ("model", object("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")),
        ("tokenizer", object("be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")),
    ];
    let mut paths = HashMap::new();
    for (id, path) in files {
        let Some(path) = path else {
            skipped::skipped("all-MiniLM-L6-v2 in the cache", "culture-eval fetch minilm-probe");
            return;
        };
        paths.insert(id.to_owned(), path.display().to_string());
    }
    tch::set_num_threads(1);
    let checkpoint = Checkpoint::open(None, &paths).unwrap();
    let store = VarStore::new(Device::Cpu);
    let backbone =
        Backbone::new(&(store.root() / "backbone"), &checkpoint.config, Tune::Frozen, None);
    backbone.load(&store, "backbone", &checkpoint).unwrap();
    let json = fs_err::read_to_string(folder("minilm").join("expected.json")).unwrap();
    let expected: MiniLm = serde_json::from_str(&json).unwrap();
    let texts: Vec<&str> =
        expected.texts.iter().map(|t| t.as_str().or_else(|| t["text"].as_str()).unwrap()).collect();
    let vectors: HashMap<String, Tensor> =
        Tensor::read_safetensors(folder("minilm").join("expected.safetensors"))
            .unwrap()
            .into_iter()
            .collect();
    let tokens = checkpoint.tokens(256).unwrap();
    let encoded = tokens.encode(&texts).unwrap();
    let padded = tokens.pad(&encoded.iter().collect::<Vec<&Encoded>>(), Device::Cpu);
    let hidden = tch::no_grad(|| backbone.forward(&padded.ids, &padded.mask, Pass::default()));
    let pooled = Pooling::Mean.pool(&hidden, &padded.mask);
    let unit = &pooled / pooled.norm_scalaropt_dim(2.0, &[1i64][..], true);
    let cosine =
        (unit * &vectors["sentence_embeddings"]).sum_dim_intlist(&[1i64][..], false, Kind::Double);
    let worst = cosine.min().double_value(&[]);
    assert!(worst > 1.0 - 1e-5, "least cosine {worst}");
}

#[derive(Deserialize)]
struct E5 {
    texts: Vec<E5Text>,
}

#[derive(Deserialize)]
struct E5Text {
    text: String,
    tokens: usize,
    vector: Vec<f32>,
}

#[test]
fn e5_in_four_bits_gives_nearly_the_vectors_of_its_own_engine() {
    let Some(packed) = object("1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
    else {
        skipped::skipped("e5-small-q4.bin in the cache", "culture-eval fetch e5-small-probe");
        return;
    };
    tch::set_num_threads(1);
    let files = HashMap::from([("packed".to_owned(), packed.display().to_string())]);
    let checkpoint = Checkpoint::open(None, &files).unwrap();
    let store = VarStore::new(Device::Cpu);
    let backbone =
        Backbone::new(&(store.root() / "backbone"), &checkpoint.config, Tune::Frozen, None);
    backbone.load(&store, "backbone", &checkpoint).unwrap();
    let json = fs_err::read_to_string(folder("e5").join("expected.json")).unwrap();
    let expected: E5 = serde_json::from_str(&json).unwrap();
    let texts: Vec<String> = expected.texts.iter().map(|t| format!("query: {}", t.text)).collect();
    let tokens = checkpoint.tokens(256).unwrap();
    let encoded = tokens.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    for (own, expected) in encoded.iter().zip(&expected.texts) {
        assert_eq!(own.len(), expected.tokens, "{:?}", expected.text);
        let padded = tokens.pad(&[own], Device::Cpu);
        let hidden = tch::no_grad(|| backbone.forward(&padded.ids, &padded.mask, Pass::default()));
        let vector: Vec<f32> = Pooling::Mean.pool(&hidden, &padded.mask).get(0).try_into().unwrap();
        let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        let cosine: f32 = vector.iter().zip(&expected.vector).map(|(a, b)| a * b / norm).sum();
        assert!(cosine > 0.99, "{:?}: cosine {cosine}", expected.text);
    }
}
