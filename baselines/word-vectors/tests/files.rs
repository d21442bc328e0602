//! Every format gives the same vectors, pooling gives NumPy's numbers. `scripts/vector-fixtures.py` writes the fixtures.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use plugin_api::{Host, Plugin, Task};
use serde::Deserialize;
use serde_json::{Value, json};
use word_vectors::WordVectors;
use word_vectors::config::Config;
use word_vectors::read::{self, Table};

#[derive(Deserialize)]
struct Expected {
    words: Vec<String>,
    vectors: Vec<Vec<f32>>,
    texts: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    config: Value,
    vectors: Vec<Vec<f64>>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn expected() -> Expected {
    serde_json::from_str(&fs_err::read_to_string(fixture("expected.json")).unwrap()).unwrap()
}

fn create(config: &Value, threads: usize) -> Result<WordVectors, String> {
    let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
    WordVectors::create(&config.to_string(), &task, &Host::silent(threads, 1))
        .map_err(|e| e.message)
}

fn embed(model: &mut WordVectors, texts: &[&str]) -> Vec<f32> {
    let mut rows = vec![9.0; texts.len() * model.dimension()];
    model.embed_texts(texts, &mut rows, &Host::silent(1, 1)).unwrap();
    rows
}

fn table(config: &Value) -> Result<Table, String> {
    read::table(&Config::parse(&config.to_string()).unwrap()).map_err(|e| e.message)
}

#[test]
fn every_format_gives_the_same_words_and_vectors() {
    let expected = expected();
    let mut compared = 0;
    for (file, index, format) in [
        ("glove.txt", None, "text"),
        ("glove.txt.gz", None, "text"),
        ("word2vec.txt", None, "text"),
        ("word2vec.bin", None, "word2vec binary"),
        ("rows.npy", Some("index.txt"), "npy"),
        ("columns.npy", Some("index.parquet"), "npy"),
    ] {
        for most in [0, 7] {
            let mut config = json!({ "weights": { "vectors": fixture(file) }, "most_words": most });
            if let Some(index) = index {
                config["weights"]["index"] = json!(fixture(index));
            }
            let table = table(&config).unwrap();
            let words = if most == 0 { expected.words.len() } else { most };
            assert_eq!((table.len(), table.dims, table.format), (words, 5, format), "{file}");
            for (i, (word, vector)) in expected.words.iter().zip(&expected.vectors).enumerate() {
                let place = table.find(word);
                assert_eq!(place, (i < words).then_some(i as u32), "{file}: {word}");
                if let Some(place) = place {
                    assert_eq!(table.vector(place), vector, "{file}: {word}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 6 * (12 + 7));
}

#[test]
fn pooling_gives_numpys_numbers() {
    let expected = expected();
    let texts: Vec<&str> = expected.texts.iter().map(String::as_str).collect();
    assert_eq!(expected.cases.len(), 5);
    for case in &expected.cases {
        let mut config = case.config.clone();
        config["weights"] = json!({ "vectors": fixture("glove.txt") });
        if let Some(counts) = config.as_object_mut().unwrap().remove("counts") {
            config["weights"]["counts"] = json!(fixture(counts.as_str().unwrap()));
        }
        for threads in [1, 3] {
            let got = embed(&mut create(&config, threads).unwrap(), &texts);
            for (got, expect) in got.iter().zip(case.vectors.iter().flatten()) {
                assert!((f64::from(*got) - expect).abs() <= 1e-6, "{config}: {got} {expect}");
            }
        }
    }
}

#[test]
fn a_text_stands_alone_and_unknown_words_are_counted() {
    let config = json!({ "weights": { "vectors": fixture("glove.txt") }, "pooling": "sif" });
    let mut model = create(&config, 2).unwrap();
    let texts = ["The old river", "zyzzyva", "", "BREAD, zyzzyva-map and \u{1f35e}"];
    let together = embed(&mut model, &texts);
    assert_eq!(model.unknown(), (2, 9));
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(embed(&mut create(&config, 1).unwrap(), &[text]), together[i * 5..(i + 1) * 5]);
    }
    assert!(together[5..15].iter().all(|v| *v == 0.0));
    assert!(together[..5].iter().any(|v| *v != 0.0));
    let mut cased = config.clone();
    cased["lowercase"] = json!(false);
    let mut cased = create(&cased, 1).unwrap();
    embed(&mut cased, &["BREAD bread"]);
    assert_eq!(cased.unknown(), (1, 2));
}

#[test]
fn broken_files_are_refused_with_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs_err::write(&path, bytes).unwrap();
        path
    };
    let refused = |path: &Path, index: Option<&Path>, expect: &str| {
        let mut config = json!({ "weights": { "vectors": path } });
        if let Some(index) = index {
            config["weights"]["index"] = json!(index);
        }
        let message = table(&config).unwrap_err();
        assert!(message.contains(expect), "{message}");
    };
    refused(&write("cut.txt", b"3 2\na 1 2\nb 3 4\n"), None, "promises 3 words, it has 2");
    refused(&write("short.txt", b"a 1 2\nb 3\n"), None, "line 2 is not a word with 2 numbers");
    refused(
        &write("nan.txt", b"a 1 2\nb nan 3\n"),
        None,
        "vector 1 has a value that is not a number",
    );
    refused(&write("empty.txt", b""), None, "no vector in it");
    refused(&write("prose.txt", b"word\n"), None, "line 1 is not `word number number ...`");
    let binary = fs_err::read(fixture("word2vec.bin")).unwrap();
    refused(&write("cut.bin", &binary[..binary.len() - 9]), None, "it ends in word 12 of 12");
    refused(&fixture("rows.npy"), None, "give them as the weights `index`");
    refused(&fixture("glove.txt"), Some(&fixture("index.txt")), "remove the weights `index`");
    refused(&fixture("rows.npy"), Some(&write("few", b"a\nb\n")), "2 words for 12 vectors");
    let npy = fs_err::read(fixture("rows.npy")).unwrap();
    let double: Vec<u8> =
        String::from_utf8_lossy(&npy[..128]).replace("<f4", "<f8").bytes().collect();
    assert_ne!(double, npy[..128]);
    let double = [&npy[..8], &double[double.len() - 120..]].concat();
    refused(
        &write("double.npy", &double),
        Some(&fixture("index.txt")),
        "save it as little-endian float32",
    );
    refused(
        &write("cut.npy", &npy[..npy.len() - 4]),
        Some(&fixture("index.txt")),
        "12 x 5 float32 need another number",
    );
    refused(&folder.path().join("absent"), None, "absent");

    let mut config = json!({ "weights": { "vectors": fixture("glove.txt"), "counts": write("counts", b"the many\n") }, "pooling": "sif" });
    assert!(create(&config, 1).unwrap_err().contains("line 1 is not `word count`"));
    config["weights"]["counts"] = json!(write("other", b"elsewhere 3\n"));
    assert!(create(&config, 1).unwrap_err().contains("it counts no word of the vectors"));
    let bad = |field: &str, value: Value| {
        let mut config = json!({ "weights": { "vectors": fixture("glove.txt") } });
        config[field] = value;
        create(&config, 1).unwrap_err()
    };
    assert!(bad("a", json!(0.0)).contains("give more than 0"));
    assert!(bad("typical_words", json!(0.5)).contains("give 1 or more"));
    assert!(bad("poolin", json!("sif")).contains("poolin"));
    assert!(create(&json!({}), 1).unwrap_err().contains("`[[weights]]` with the id `vectors`"));
}

#[test]
fn doubled_words_and_words_that_are_no_text_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    fs_err::write(&path, b"a 1 2\nb 3 4\na 5 6\n\xff 7 8\n. . . 9 10\n").unwrap();
    let table = table(&json!({ "weights": { "vectors": path } })).unwrap();
    assert_eq!((table.len(), table.left_out), (5, 2));
    assert_eq!(table.vector(table.find("a").unwrap()), [1.0, 2.0]);
    assert_eq!(table.vector(table.find(". . .").unwrap()), [9.0, 10.0]);
    assert!(table.to_string().contains("2 left out"), "{table}");
}
