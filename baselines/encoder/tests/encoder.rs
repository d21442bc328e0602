//! The plugin on tiny checkpoints: it learns, saves, resumes, answers the same at any batch size, and says what is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/checked.rs"]
mod checked;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use encoder::Encoder;
use plugin_api::{Batch, Dataset, Error, Host, Matrix, Plugin, Scores, Task};

/// libtorch has one generator of random numbers for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn checkpoint(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../backbone/tests/fixtures").join(name)
}

fn task() -> Task {
    Task {
        name: "t".into(),
        protocol: "trained".into(),
        labels: vec!["no".into(), "yes".into()],
        cultures: vec!["X".into()],
    }
}

fn host() -> Host {
    Host::silent(1, 7)
}

fn model(name: &str, more: serde_json::Value) -> Result<Encoder, Error> {
    let mut config = serde_json::json!({"folder": checkpoint(name), "device": "cpu",
        "train": {"epochs": 60, "batch": 4, "learning_rate": 3e-3, "backbone_rate": 3e-3, "patience": 0}});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    Encoder::create(&config.to_string(), &task(), &host())
}

/// Eight items: the label is whether the guest or the neighbours are spoken of.
const TEXTS: [&str; 8] = [
    "the guest spoke before dawn",
    "the guest is late",
    "a guest came to the feast",
    "bread for the guest",
    "the neighbours share bread",
    "neighbours came late",
    "a feast of the neighbours",
    "neighbours spoke before dawn",
];
const LABELS: [u32; 8] = [1, 1, 1, 1, 0, 0, 0, 0];
const IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn fit(model: &mut Encoder, with_valid: bool) -> Result<(), Error> {
    let data = || Dataset { examples: Batch::of(&IDS, &TEXTS, &[0; 8]), labels: &LABELS };
    let none = Dataset { examples: Batch::of(&[], &[], &[]), labels: &[] };
    if with_valid {
        model.fit(&data(), &data(), &host())
    } else {
        model.fit(&data(), &none, &host())
    }
}

fn classify(model: &mut Encoder, texts: &[&str]) -> Vec<f32> {
    let ids: Vec<String> = (0..texts.len()).map(|i| i.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (mut values, mut answered) = (vec![9.0; texts.len() * 2], vec![1; texts.len()]);
    let cultures = vec![0; texts.len()];
    model
        .classify(
            &Batch::of(&ids, texts, &cultures),
            &mut Scores::over(&mut values, &mut answered, 2),
            &host(),
        )
        .unwrap();
    values
}

fn embed(model: &mut Encoder, texts: &[&str]) -> Vec<f32> {
    let width = model.dimension();
    let mut values = vec![9.0; texts.len() * width];
    let cultures = vec![0; texts.len()];
    model
        .embed(
            &Batch::of(&vec!["x"; texts.len()], texts, &cultures),
            &mut Matrix::over(&mut values, width),
            &host(),
        )
        .unwrap();
    values
}

fn right(scores: &[f32]) -> usize {
    scores.chunks(2).zip(LABELS).filter(|(row, label)| u32::from(row[1] > row[0]) == *label).count()
}

#[test]
fn it_passes_plugin_check() {
    let config = serde_json::json!({"folder": checkpoint("bert"), "device": "cpu",
        "train": {"epochs": 2, "batch": 8}});
    checked::passes("it_passes_plugin_check", "encoder", &config);
}

#[test]
fn every_way_of_tuning_learns_eight_items() {
    let _alone = alone();
    let ways = [
        ("bert", serde_json::json!({})),
        ("bert", serde_json::json!({"frozen_layers": 1})),
        ("xlm-roberta", serde_json::json!({"tune": {"kind": "lora", "rank": 8, "alpha": 16.0}})),
        ("llama", serde_json::json!({"pooling": "last", "head_width": 16})),
    ];
    for (name, more) in ways {
        let mut model = model(name, more.clone()).unwrap();
        fit(&mut model, true).unwrap();
        let scores = classify(&mut model, &TEXTS);
        assert_eq!(right(&scores), 8, "{name} {more}: {scores:?}");
        assert!(scores.chunks(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-5), "probabilities");
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let _alone = alone();
    let run = |dropout: f64| {
        let mut model = model("bert", serde_json::json!({"dropout": dropout})).unwrap();
        fit(&mut model, false).unwrap();
        classify(&mut model, &TEXTS)
    };
    assert_eq!(run(0.2), run(0.2));
    assert_ne!(run(0.2), run(0.0));
}

#[test]
fn saved_and_loaded_it_answers_the_same() {
    let _alone = alone();
    for more in [
        serde_json::json!({}),
        serde_json::json!({"frozen_layers": 2}),
        serde_json::json!({"tune": {"kind": "lora", "rank": 2, "alpha": 2.0}}),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut first = model("bert", more.clone()).unwrap();
        fit(&mut first, true).unwrap();
        first.save(folder.path()).unwrap();
        let mut second = model("bert", more).unwrap();
        assert_ne!(classify(&mut second, &TEXTS), classify(&mut first, &TEXTS));
        second.load(folder.path()).unwrap();
        assert_eq!(classify(&mut second, &TEXTS), classify(&mut first, &TEXTS));
        let message =
            model("llama", serde_json::json!({})).unwrap().load(folder.path()).unwrap_err().message;
        assert!(message.contains("saved by another model"), "{message}");
    }
}

#[test]
fn a_frozen_backbone_does_not_move_and_its_head_learns() {
    let _alone = alone();
    let mut model = model("bert", serde_json::json!({"tune": {"kind": "frozen"}})).unwrap();
    let before = embed(&mut model, &TEXTS);
    fit(&mut model, true).unwrap();
    assert_eq!(embed(&mut model, &TEXTS), before);
    assert!(right(&classify(&mut model, &TEXTS)) >= 6);
}

#[test]
fn batch_size_order_and_length_change_nothing() {
    let _alone = alone();
    let mut model = model("bert", serde_json::json!({})).unwrap();
    let long = "bread ".repeat(16_000);
    let texts = ["", "guest", &long, "the neighbours share bread", "🍞 für die Gäste"];
    let together = embed(&mut model, &texts);
    let width = model.dimension();
    let alone: Vec<f32> = texts.iter().flat_map(|text| embed(&mut model, &[text])).collect();
    let far = together.iter().zip(&alone).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-5, "{far}");
    let turned: Vec<&str> = texts.iter().rev().copied().collect();
    let turned = embed(&mut model, &turned);
    for (row, own) in turned.chunks(width).rev().enumerate() {
        let far = own
            .iter()
            .zip(&together[row * width..])
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(far < 1e-5, "row {row}: {far}");
    }
    let norms = together.chunks(width).map(|row| row.iter().map(|v| v * v).sum::<f32>());
    assert!(norms.into_iter().all(|norm| (norm - 1.0).abs() < 1e-4));
}

#[test]
fn a_prefix_stands_before_every_text_and_long_texts_are_cut() {
    let _alone = alone();
    let mut plain = model("bert", serde_json::json!({})).unwrap();
    let mut with = model("bert", serde_json::json!({"prefix": "the guest "})).unwrap();
    assert_eq!(embed(&mut with, &["came late"]), embed(&mut plain, &["the guest came late"]));
    assert_ne!(embed(&mut with, &["came late"]), embed(&mut plain, &["came late"]));
    // Two tokens beside the two that every text has: what comes behind the second word is not read.
    let mut short = model("bert", serde_json::json!({"max_tokens": 4})).unwrap();
    let (one, other) = (["the guest came late"], ["the guest shares bread"]);
    assert_eq!(embed(&mut short, &one), embed(&mut short, &other));
    assert_ne!(embed(&mut plain, &one), embed(&mut plain, &other));
    let mut raw = model("bert", serde_json::json!({"normalise": false})).unwrap();
    let norm = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
    let (own, unit) = (embed(&mut raw, &["bread"]), embed(&mut plain, &["bread"]));
    assert!((norm(&own) - 1.0).abs() > 0.01, "{}", norm(&own));
    assert!(own.iter().zip(&unit).all(|(a, b)| (a / norm(&own) - b).abs() < 1e-6));
}

#[test]
fn a_fit_that_is_done_leaves_no_checkpoint() {
    let _alone = alone();
    let cache = tempfile::tempdir().unwrap();
    let more = serde_json::json!({"cache": cache.path(), "train": {"epochs": 3, "batch": 4, "learning_rate": 1e-2, "backbone_rate": 1e-2, "patience": 0}});
    let mut one = model("bert", more.clone()).unwrap();
    fit(&mut one, true).unwrap();
    assert_eq!(fs_err::read_dir(cache.path()).unwrap().count(), 0);
    let mut other = model("bert", more).unwrap();
    fit(&mut other, true).unwrap();
    assert_eq!(classify(&mut other, &TEXTS), classify(&mut one, &TEXTS));
}

#[test]
fn what_is_wrong_is_named() {
    let _alone = alone();
    let message = |name: &str, more: serde_json::Value| model(name, more).unwrap_err().message;
    assert!(message("bert", serde_json::json!({"max_token": 3})).contains("max_token"));
    assert!(
        message("bert", serde_json::json!({"max_tokens": 1}))
            .contains("`max_tokens` is at least 2")
    );
    assert!(message("bert", serde_json::json!({"dropout": 1.0})).contains("`dropout`"));
    assert!(message("bert", serde_json::json!({"device": "gpu"})).contains("\"auto\""));
    assert!(
        message("bert", serde_json::json!({"tune": {"kind": "lora", "rank": 0, "alpha": 1.0}}))
            .contains("`tune.rank`")
    );
    assert!(message("nowhere", serde_json::json!({})).contains("no such file"));
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs_err::copy(checkpoint("bert").join(file), folder.path().join(file)).unwrap();
    }
    let bytes = [&b"\x10\0\0\0\0\0\0\0not a header...."[..], &vec![0; 100_000]].concat();
    fs_err::write(folder.path().join("model.safetensors"), bytes).unwrap();
    assert!(
        message("bert", serde_json::json!({"folder": folder.path()}))
            .contains("not a safetensors file")
    );
    fs_err::copy(checkpoint("llama").join("tokenizer.json"), folder.path().join("tokenizer.json"))
        .unwrap();
    let mixed = message("bert", serde_json::json!({"folder": folder.path()}));
    assert!(
        mixed.contains("take both from one checkpoint") || mixed.contains("not a safetensors"),
        "{mixed}"
    );
}
