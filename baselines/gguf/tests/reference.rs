//! Log-likelihoods and greedy replies of an independent forward pass (NumPy, float64). `scripts/gguf-fixture.py` writes the fixtures.

use std::path::{Path, PathBuf};

use gguf::Gguf;
use plugin_api::{Host, Plugin, Task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    loglikelihood: Vec<Pair>,
    replies: Vec<Reply>,
}

#[derive(Deserialize)]
struct Pair {
    context: String,
    continuation: String,
    sum: f64,
    tokens: u64,
    greedy: bool,
}

#[derive(Deserialize)]
struct Reply {
    prompt: String,
    reply: String,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn create(model: &Path) -> Result<Gguf, String> {
    create_with(model, serde_json::json!({}))
}

/// A model with more in its configuration than the file.
fn create_with(model: &Path, mut config: serde_json::Value) -> Result<Gguf, String> {
    let task = Task { name: "t".into(), protocol: "p".into(), labels: vec![], cultures: vec![] };
    config["weights"] = serde_json::json!({ "model": model });
    Gguf::create(&config.to_string(), &task, &Host::silent(1, 1)).map_err(|e| e.message)
}

#[test]
fn loglikelihoods_and_replies_are_the_references() {
    let expected: Expected =
        serde_json::from_str(&fs_err::read_to_string(fixture("expected.json")).unwrap()).unwrap();
    assert_eq!(expected.cases.len(), 3);
    for case in expected.cases {
        let mut model = create(&fixture(&case.file)).unwrap();
        let contexts: Vec<&str> = case.loglikelihood.iter().map(|p| p.context.as_str()).collect();
        let continuations: Vec<&str> =
            case.loglikelihood.iter().map(|p| p.continuation.as_str()).collect();
        let host = Host::silent(1, 1);
        let got = model.loglikelihood(&contexts, &continuations, &host).unwrap();
        let tolerance = 1e-4;
        for (got, pair) in got.iter().zip(&case.loglikelihood) {
            let what = format!(
                "{}: {:?} {:?}: {got:?}, reference {}",
                case.file, pair.context, pair.continuation, pair.sum
            );
            assert_eq!(got.tokens, pair.tokens, "{what}");
            assert!((got.sum - pair.sum).abs() <= tolerance * (1.0 + pair.sum.abs()), "{what}");
            assert_eq!(got.greedy, pair.greedy, "{what}");
        }
        let mut anew =
            create_with(&fixture(&case.file), serde_json::json!({ "share_context": false }))
                .unwrap();
        assert_eq!(anew.loglikelihood(&contexts, &continuations, &host).unwrap(), got);
        // One by one, and in another order: an answer depends on its prompt alone.
        for i in (0..contexts.len()).rev() {
            let alone =
                model.loglikelihood(&contexts[i..=i], &continuations[i..=i], &host).unwrap();
            assert_eq!(alone[0], got[i], "{}: {:?}", case.file, contexts[i]);
        }
        for reply in &case.replies {
            assert_eq!(model.reply_to(&reply.prompt, 8, 0.0, &host).unwrap().text, reply.reply);
        }
        let prompt = &case.replies[0].prompt;
        let warm = |model: &mut Gguf, seed| {
            model.reply_to(prompt, 8, 1.0, &Host::silent(1, seed)).unwrap()
        };
        assert_eq!(warm(&mut model, 1), warm(&mut model, 1));
    }
}

#[test]
fn what_cannot_be_served_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs_err::read(fixture("f32.gguf")).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs_err::write(&path, bytes).unwrap();
        path
    };
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let refused = |path: &Path, expect: &str| {
        let message = create(path).unwrap_err();
        assert!(message.contains(expect), "{message}");
    };
    refused(&write("cut", &bytes[..bytes.len() / 2]), "cut");
    refused(&write("prose", b"no model at all"), "prose");
    refused(
        &write("pre", &changed("smollm", "strang")),
        "give a tokenizer.json as the weights `tokenizer`",
    );
    refused(
        &write("name", &changed("output_norm.weight", "output_form.weight")),
        "output_norm.weight",
    );
    refused(&folder.path().join("absent"), "absent");

    let mut model = create(&fixture("f32.gguf")).unwrap();
    let long = "x".repeat(97);
    let error = model.loglikelihood(&["a", "b"], &["b", &long], &Host::silent(1, 1)).unwrap_err();
    assert_eq!(error.kind, plugin_api::ErrorKind::Input(1));
    assert!(error.message.contains("98 tokens; 96 is the most"), "{}", error.message);
    let few =
        create_with(&fixture("f32.gguf"), serde_json::json!({ "max_tokens": 7 })).unwrap_err();
    assert!(few.contains("`max_tokens` is 7; give 8 or more"), "{few}");
    let odd = create_with(&fixture("f32.gguf"), serde_json::json!({ "max_token": 9 })).unwrap_err();
    assert!(odd.contains("max_token") && odd.contains("[config]"), "{odd}");
}

/// Of 96 tokens a quarter is kept free for the option, and what the reply may take; every byte here is a token.
#[test]
fn of_a_long_context_the_end_is_kept() {
    let host = Host::silent(1, 1);
    for (file, begins) in [("f32.gguf", 0), ("q8.gguf", 1)] {
        let mut model = create(&fixture(file)).unwrap();
        let long = format!("{}{}", "z".repeat(500), "x".repeat(72 - begins));
        let end = "x".repeat(72 - begins);
        let more = format!("z{end}");
        let mut of = |context: &str| model.loglikelihood(&[context], &["c"], &host).unwrap()[0];
        assert_eq!(of(&long), of(&end), "{file}");
        assert_eq!(of(&more), of(&end), "{file}");
        assert_ne!(of(&end), of(&end[1..]), "{file}: 72 tokens are kept");
        let (long, end) =
            (format!("{}{}", "z".repeat(500), "x".repeat(88 - begins)), "x".repeat(88 - begins));
        let mut reply = |prompt: &str| model.reply_to(prompt, 8, 0.0, &host).unwrap();
        let (long, end) = (reply(&long), reply(&end));
        assert_eq!(long.text, end.text, "{file}");
        assert!(long.is_prompt_cut && !end.is_prompt_cut, "{file}");
    }
}

/// A reply says whether a token of the model ended it or the limit: with the end token among those that may follow, each happens.
#[test]
fn a_reply_that_the_limit_cut_is_reported() {
    let mut model = create(&fixture("f32.gguf")).unwrap();
    let (mut whole, mut cut) = (0, 0);
    for seed in 0..40 {
        let host = Host::silent(1, seed);
        // Hot enough that every token is about as likely as any other.
        let written = model.reply_to("ab", 40, 1e6, &host).unwrap();
        let longer = model.reply_to("ab", 41, 1e6, &host).unwrap();
        if written.is_cut {
            assert!(longer.is_cut || longer.text == written.text, "one more token, or the end");
            cut += 1;
        } else {
            assert_eq!(written, longer, "a reply that ended stays as it is");
            whole += 1;
        }
        assert!(!written.is_prompt_cut);
    }
    assert!(whole > 0 && cut > 0, "{whole} whole, {cut} cut");
    let nothing = model.reply_to("ab", 0, 0.0, &Host::silent(1, 1)).unwrap();
    assert!(nothing.is_cut && nothing.text.is_empty());
}
