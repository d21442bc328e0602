//! The answers of WordLlama and model2vec (Python) on the same texts. `scripts/vector-fixtures.py` writes the fixtures.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../harness/tests/fixtures/skipped.rs"]
mod skipped;

use std::path::{Path, PathBuf};

use half::f16;
use plugin_api::{Host, Plugin, Task};
use serde::Deserialize;
use serde_json::{Value, json};
use static_embeddings::StaticEmbeddings;

/// How far float32 numbers of the originals may be.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Originals {
    texts: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    tokenizer: String,
    config: Value,
    rounded_to: Option<String>,
    vectors: Vec<Vec<f32>>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn model(mut config: Value, vectors: &Path, tokenizer: &Path, threads: usize) -> StaticEmbeddings {
    config["weights"] = json!({ "vectors": vectors, "tokenizer": tokenizer });
    let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
    StaticEmbeddings::create(&config.to_string(), &task, &Host::silent(threads, 1)).unwrap()
}

fn embed(model: &StaticEmbeddings, texts: &[String]) -> Vec<Vec<f32>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut values = vec![9.0; texts.len() * model.dimension()];
    model.embed_texts(&texts, &mut values, &Host::silent(1, 1)).unwrap();
    values.chunks(model.dimension()).map(<[f32]>::to_vec).collect()
}

/// The largest difference; every text of every case must be there.
fn apart(got: &[Vec<f32>], expect: &[Vec<f32>]) -> f64 {
    assert_eq!(got.len(), expect.len());
    let rows = got.iter().zip(expect).flat_map(|(got, expect)| {
        assert_eq!(got.len(), expect.len());
        got.iter().zip(expect)
    });
    rows.map(|(a, b)| f64::from(*a) - f64::from(*b)).fold(0.0, |most, d| d.abs().max(most))
}

#[test]
fn small_tables_give_the_originals_numbers() {
    let originals: Originals =
        serde_json::from_str(&fs_err::read_to_string(fixtures().join("originals.json")).unwrap())
            .unwrap();
    assert_eq!(originals.cases.len(), 8);
    for case in originals.cases {
        let vectors = fixtures().join(format!("{}.safetensors", case.name));
        let tokenizer = fixtures().join(format!("{}.tokenizer.json", case.tokenizer));
        for threads in [1, 3] {
            let model = model(case.config.clone(), &vectors, &tokenizer, threads);
            // Twice: the second time words come out of the memory.
            for _ in 0..2 {
                let mut got = embed(&model, &originals.texts);
                if case.rounded_to.is_some() {
                    got.iter_mut().flatten().for_each(|v| *v = f16::from_f32(*v).to_f32());
                }
                let apart = apart(&got, &case.vectors);
                assert!(apart <= TOLERANCE, "{}: {apart:e}", case.name);
            }
        }
    }
}

/// An object of the program's cache, where a fetch has put it.
fn cached(sha256: &str) -> Option<PathBuf> {
    let home = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = home("CULTURE_EVAL_CACHE")
        .or_else(|| home("XDG_CACHE_HOME").map(|d| d.join("culture-eval")))
        .or_else(|| home("HOME").map(|d| d.join(".cache/culture-eval")))?;
    let path = cache.join("objects/sha256").join(&sha256[..2]).join(sha256);
    path.is_file().then_some(path)
}

#[test]
fn the_real_table_gives_wordllamas_numbers() {
    #[derive(Deserialize)]
    struct Real {
        texts: Vec<String>,
        vectors: Vec<Vec<f32>>,
    }
    let (Some(vectors), Some(tokenizer)) = (
        cached("64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"),
        cached("93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"),
    ) else {
        skipped::skipped("WordLlama's table in the cache", "culture-eval fetch wordllama-256");
        return;
    };
    let real: Real = serde_json::from_str(
        &fs_err::read_to_string(fixtures().join("wordllama-256.json")).unwrap(),
    )
    .unwrap();
    let model = model(json!({}), &vectors, &tokenizer, 2);
    let apart = apart(&embed(&model, &real.texts), &real.vectors);
    assert!(apart <= TOLERANCE, "{apart:e}");
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let refused = |config: Value, vectors: &Path, tokenizer: &str| {
        let mut config = config;
        config["weights"] = json!({ "vectors": vectors, "tokenizer": fixtures().join(tokenizer) });
        let task =
            Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
        StaticEmbeddings::create(&config.to_string(), &task, &Host::silent(1, 1))
            .unwrap_err()
            .message
    };
    let file = |name: &str| fixtures().join(name);
    let message = refused(json!({}), &file("model2vec-f32.safetensors"), "llama.tokenizer.json");
    assert!(message.contains("the two files do not belong together"), "{message}");
    let message = refused(
        json!({"tensor": "none"}),
        &file("model2vec-mapped.safetensors"),
        "bert.tokenizer.json",
    );
    assert!(message.contains("no tensor `none`; it has embeddings, mapping, weights"), "{message}");
    let message = refused(
        json!({"tensor": "weights"}),
        &file("model2vec-mapped.safetensors"),
        "bert.tokenizer.json",
    );
    assert!(message.contains("must be tokens x dimensions"), "{message}");
    let message = refused(
        json!({"most_dimensions": 7}),
        &file("model2vec-f32.safetensors"),
        "bert.tokenizer.json",
    );
    assert!(message.contains("has 6 dimensions"), "{message}");
    let message = refused(json!({}), &file("bert.tokenizer.json"), "bert.tokenizer.json");
    assert!(message.contains("no safetensors file"), "{message}");
    let message =
        refused(json!({}), &file("model2vec-f32.safetensors"), "model2vec-f32.safetensors");
    assert!(message.contains("no tokenizer.json"), "{message}");
    let message = refused(json!({}), &file("absent"), "bert.tokenizer.json");
    assert!(message.contains("absent"), "{message}");
    let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
    let message = StaticEmbeddings::create("{}", &task, &Host::silent(1, 1)).unwrap_err().message;
    assert!(message.contains("`[[weights]]` with the ids `vectors` and `tokenizer`"), "{message}");
}
