//! The plugin: what fit, classify, embed, save, load and explain promise, and what they say to bad input.

use calm_plugin::CalmPlugin;
use plugin_api::{Error, ErrorKind, Host, Matrix, Plugin as _, Scores, Task};
use serde_json::{Map, Value, json};
use tch::Tensor;
use tempfile::TempDir;

use crate::abi::Model;
use crate::model::small;
use crate::tiny::{Bert, Texts, checkpoint, words};

const LABELS: [&str; 3] = ["a", "b", "c"];

fn task() -> Task {
    Task {
        name: "tiny".to_owned(),
        protocol: "finetuned".to_owned(),
        labels: LABELS.map(str::to_owned).to_vec(),
        cultures: vec!["X".to_owned(), "Y".to_owned()],
    }
}

/// `n` texts of differing lengths; the label is told by one word.
pub(crate) fn texts(n: usize, name: &str) -> Texts {
    let mut texts = Texts::default();
    for i in 0..n {
        let label = i % 3;
        let culture = (i / 3) % 2;
        let filler: Vec<String> =
            (0..i * 5 % 9).map(|k| format!("w{}", 8 + (i * 7 + k * 11) % 30)).collect();
        let nation = ["Mexico", "Korean"][culture];
        texts.push(
            format!("{name}-{i}"),
            format!("w{label} {} {nation} w{}", filler.join(" "), 4 + culture),
            culture as u32,
            label as u32,
        );
    }
    texts
}

/// A configuration at the size of `tiny`.
pub(crate) fn config(folder: &TempDir, preset: &str, change: Value) -> String {
    let mut fields: Map<String, Value> = small(preset);
    fields.insert("folder".to_owned(), json!(folder.path()));
    fields.insert("device".to_owned(), json!("cpu"));
    if let Value::Object(change) = change {
        for (name, value) in change {
            match (fields.get_mut(&name), value) {
                (Some(Value::Object(known)), Value::Object(value)) => known.extend(value),
                (_, value) => drop(fields.insert(name, value)),
            }
        }
    }
    Value::Object(fields).to_string()
}

pub(crate) fn create(config: &str, seed: u64) -> Result<CalmPlugin, Error> {
    CalmPlugin::create(config, &task(), &Host::silent(1, seed))
}

pub(crate) fn fitted(config: &str, seed: u64) -> CalmPlugin {
    let mut model = create(config, seed).unwrap();
    model
        .fit(&texts(48, "train").data(), &texts(12, "valid").data(), &Host::silent(1, seed))
        .unwrap();
    model
}

pub(crate) fn classify(model: &mut CalmPlugin, texts: &Texts) -> Vec<f32> {
    let n = texts.ids.len();
    let (mut values, mut answered) = (vec![f32::NAN; n * 3], vec![1; n]);
    model
        .classify(
            &texts.batch(),
            &mut Scores::over(&mut values, &mut answered, 3),
            &Host::silent(1, 0),
        )
        .unwrap();
    assert!(answered.iter().all(|a| *a == 1));
    values
}

/// Some of the texts.
fn part(texts: &Texts, rows: std::ops::Range<usize>) -> Texts {
    Texts {
        ids: texts.ids[rows.clone()].to_vec(),
        texts: texts.texts[rows.clone()].to_vec(),
        cultures: texts.cultures[rows.clone()].to_vec(),
        labels: texts.labels[rows].to_vec(),
    }
}

fn one_by_one(texts: &Texts, size: usize, mut ask: impl FnMut(&Texts) -> Vec<f32>) -> Vec<f32> {
    let n = texts.ids.len();
    (0..n).step_by(size).flat_map(|from| ask(&part(texts, from..(from + size).min(n)))).collect()
}

fn near(one: &[f32], other: &[f32], within: f32) {
    assert_eq!(one.len(), other.len());
    let worst = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
    assert!(worst <= within, "{worst:e}");
}

#[test]
fn it_passes_plugin_check() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let config = config(&folder, "tiny", json!({"train": {"epochs": 2}}));
    let config = serde_json::from_str(&config).unwrap();
    crate::checked::passes("plugin::it_passes_plugin_check", "calm_plugin", &config);
}

#[test]
fn answers_do_not_depend_on_the_batch() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let mut model = fitted(&config(&folder, "tiny", json!({})), 1);
    let test = texts(40, "test");
    let whole = classify(&mut model, &test);
    for row in whole.chunks(3) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
    }
    for size in [1, 8, 32] {
        near(&one_by_one(&test, size, |part| classify(&mut model, part)), &whole, 1e-5);
    }
    assert!(classify(&mut model, &Texts::default()).is_empty());
}

#[test]
fn eight_texts_are_learnt_by_heart() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert { dropout: 0.0, ..Bert::default() }, 1);
    let change = json!({"dropout": 0.0, "train": {"epochs": 150, "learning_rate": 5e-3, "backbone_rate": 5e-3}});
    let mut model = Model::new(&config(&folder, "tiny", change), &LABELS, &["X", "Y"], 1).unwrap();
    let eight = texts(8, "train");
    model.fit(&eight, &Texts::default()).unwrap();
    let task = model.metric("task");
    assert!(task[0] > 0.5 && *task.last().unwrap() < 0.01, "{:?}", task.last());
    let p = model.classify(&eight).unwrap();
    for (row, label) in p.chunks(3).zip(&eight.labels) {
        assert!(row[*label as usize] > 0.95, "{row:?} {label}");
    }
}

#[test]
fn every_term_is_told_by_its_name_and_clusters_too() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let change = json!({"train": {"epochs": 8}});
    let mut model = Model::new(&config(&folder, "tiny", change), &LABELS, &["X", "Y"], 1).unwrap();
    model.fit(&texts(48, "train"), &texts(24, "valid")).unwrap();
    for name in [
        "loss",
        "task",
        "contrast_explicit",
        "contrast_latent",
        "disentangle",
        "balance",
        "calibrate",
    ] {
        let values = model.metric(name);
        assert!(
            !values.is_empty() && values.iter().all(|v| v.is_finite() && *v >= 0.0),
            "{name}: {values:?}"
        );
    }
    for kind in ["explicit", "latent"] {
        for name in ["nmi", "purity", "silhouette"] {
            let values = model.metric(&format!("{name}_{kind}"));
            assert!(
                !values.is_empty() && values.iter().all(|v| (-1.0..=1.0).contains(v)),
                "{name}_{kind}: {values:?}"
            );
        }
    }
}

/// `fixed-fusion` has alpha .5 and `replace-fusion` 1; what is added is longer than 0 once the model has learnt, and no
/// more than E experts share the work.
#[test]
fn whether_the_cultural_path_lives_is_told() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let told = |preset: &str| {
        let change = json!({"train": {"epochs": 4}});
        let mut model =
            Model::new(&config(&folder, preset, change), &LABELS, &["X", "Y"], 1).unwrap();
        model.fit(&texts(48, "train"), &texts(24, "valid")).unwrap();
        ["alpha", "added", "experts_used", "gate_information"].map(|name| model.metric(name))
    };
    for (preset, expected) in
        [("tiny", None), ("fixed-fusion", Some(0.5)), ("replace-fusion", Some(1.0))]
    {
        let [alpha, added, used, known] = told(preset);
        assert_eq!([alpha.len(), added.len(), used.len(), known.len()], [4; 4], "{preset}");
        assert!(
            alpha.iter().all(|a| expected.map_or(*a > 0.0 && *a < 1.0, |e| (a - e).abs() < 1e-6))
        );
        assert!(added.iter().all(|v| v.is_finite() && *v > 0.0), "{preset}: {added:?}");
        assert!(used.iter().all(|v| (1.0..=6.0 + 1e-6).contains(v)), "{preset}: {used:?}");
        assert!(known.iter().all(|v| v.is_finite() && *v >= -1e-9), "{preset}: {known:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let config = config(&folder, "tiny", json!({}));
    let test = texts(20, "test");
    let answers = |seed| classify(&mut fitted(&config, seed), &test);
    let one = answers(5);
    assert_eq!(one, answers(5));
    assert_ne!(one, answers(6));
    // A second fit begins where the first did.
    let mut twice = fitted(&config, 5);
    twice.fit(&texts(48, "train").data(), &texts(12, "valid").data(), &Host::silent(1, 5)).unwrap();
    assert_eq!(one, classify(&mut twice, &test));
}

#[test]
fn an_interrupted_fit_goes_on_to_the_same_bits() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let (train, valid, test) = (texts(48, "train"), texts(12, "valid"), texts(20, "test"));
    // Six steps an epoch: the prototypes' waiting room is not full when it breaks off.
    let run = |stops: &[usize]| {
        let kept = tempfile::tempdir().unwrap();
        let change = json!({"cache": kept.path(), "train": {"epochs": 8}});
        for most in stops {
            let mut model =
                Model::new(&config(&folder, "tiny", change.clone()), &LABELS, &["X", "Y"], 1)
                    .unwrap();
            model.stop_after(Some(*most));
            assert_eq!(model.fit(&train, &valid).unwrap_err(), "cancelled");
        }
        let mut model =
            Model::new(&config(&folder, "tiny", change), &LABELS, &["X", "Y"], 1).unwrap();
        model.fit(&train, &valid).unwrap();
        (
            model.classify(&test).unwrap(),
            model.metric("nmi_explicit").last().copied(),
            model.metric("loss").len(),
        )
    };
    let (whole, nmi, steps) = run(&[]);
    let (parts, parts_nmi, parts_steps) = run(&[9, 13, 20]);
    assert_eq!(whole, parts);
    assert_eq!(nmi, parts_nmi);
    assert!(parts_steps < steps, "nothing was taken up");
}

#[test]
fn a_loaded_model_answers_the_same_bits_and_refuses_another_models_files() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let own = config(&folder, "tiny", json!({}));
    let mut before = fitted(&own, 1);
    let saved = tempfile::tempdir().unwrap();
    before.save(saved.path()).unwrap();
    let mut after = create(&own, 2).unwrap();
    after.load(saved.path()).unwrap();
    let test = texts(20, "test");
    assert_eq!(classify(&mut before, &test), classify(&mut after, &test));
    assert_eq!(before.explain(&test.batch()).unwrap(), after.explain(&test.batch()).unwrap());

    let mut other = create(&config(&folder, "tiny", json!({"slots": 3})), 1).unwrap();
    let message = other.load(saved.path()).unwrap_err().message;
    assert!(message.contains("`slots` was 2, and is 3 now"), "{message}");
    let path = saved.path().join("weights.safetensors");
    let tensors = Tensor::read_safetensors(&path).unwrap();
    assert!(tensors.iter().any(|(name, _)| name == "clusters.explicit"));
    let without: Vec<_> =
        tensors.iter().filter(|(name, _)| name != "head.bias").map(|(n, t)| (n, t)).collect();
    Tensor::write_safetensors(&without, &path).unwrap();
    let message = after.load(saved.path()).unwrap_err().message;
    assert!(message.contains("head.bias is missing"), "{message}");
    fs_err::write(saved.path().join("config.json"), "{}").unwrap();
    let message = after.load(saved.path()).unwrap_err().message;
    assert!(message.contains("config.json") && message.contains("another version"), "{message}");
}

#[test]
fn before_a_fit_it_embeds_as_the_backbone_does() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let embed = |embedding: &str| {
        let mut model =
            create(&config(&folder, "tiny", json!({"embedding": embedding})), 1).unwrap();
        let test = texts(20, "test");
        let width = model.dimension();
        let mut ask = |part: &Texts| {
            let mut values = vec![f32::NAN; part.ids.len() * width];
            model
                .embed(&part.batch(), &mut Matrix::over(&mut values, width), &Host::silent(1, 1))
                .unwrap();
            values
        };
        let whole = ask(&test);
        near(&one_by_one(&test, 3, ask), &whole, 1e-5);
        Tensor::from_slice(&whole).view([20, width as i64])
    };
    let (identity, pooled) = (embed("identity"), embed("backbone"));
    let normed = pooled.layer_norm::<Tensor>(&[16], None, None, 1e-5, true);
    assert!((identity - normed).abs().max().double_value(&[]) < 1e-5);
    assert_eq!(embed("task").size(), [20, 16]);
    let mut early = create(&config(&folder, "tiny", json!({})), 1).unwrap();
    let (mut values, mut answered) = (vec![0.0; 3], vec![1]);
    let error = early.classify(
        &texts(1, "x").batch(),
        &mut Scores::over(&mut values, &mut answered, 3),
        &Host::silent(1, 1),
    );
    assert!(error.unwrap_err().message.contains("fit or load it first"));
}

#[test]
fn kept_hidden_states_change_nothing() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let test = texts(20, "test");
    for change in [
        json!({"tune": {"kind": "frozen"}, "prompt_layer": 2}),
        json!({"frozen_layers": 2, "prompt_layer": 1}),
    ] {
        let answers = |mebibytes: usize| {
            let mut change = change.clone();
            change["cache_mebibytes"] = json!(mebibytes);
            classify(&mut fitted(&config(&folder, "tiny", change), 1), &test)
        };
        near(&answers(4096), &answers(0), 1e-4);
    }
}

#[test]
fn every_preset_fits_and_answers() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let test = texts(6, "test");
    for preset in calm_plugin::config::presets().unwrap().keys() {
        let mut model = fitted(&config(&folder, preset, json!({"train": {"epochs": 1}})), 1);
        let p = classify(&mut model, &test);
        assert!(p.iter().all(|p| p.is_finite() && (0.0..=1.0).contains(p)), "{preset}: {p:?}");
    }
}

#[test]
fn odd_texts_are_read() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let mut model = fitted(&config(&folder, "tiny", json!({})), 1);
    let mut odd = Texts::default();
    let long = "w3 Mexico ".repeat(10_000);
    for (i, text) in
        ["", "   ", &long, "Mexico", "unknown words only", "\u{0}\u{301}🙂"].into_iter().enumerate()
    {
        odd.push(format!("odd-{i}"), text.to_owned(), 0, 0);
    }
    assert_eq!(odd.texts[2].len(), 100_000);
    let p = classify(&mut model, &odd);
    assert!(p.iter().all(|p| p.is_finite()), "{p:?}");
    near(&one_by_one(&odd, 1, |part| classify(&mut model, part)), &p, 1e-5);
    assert_eq!(model.explain(&odd.batch()).unwrap().len(), 6);
}

#[test]
fn explanations_tell_what_was_seen() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let mut model = fitted(&config(&folder, "tiny", json!({"rounds_at_inference": 2})), 1);
    let test = texts(10, "test");
    let told = model.explain(&test.batch()).unwrap();
    assert_eq!(told.len(), 10);
    for (i, one) in told.iter().enumerate() {
        assert_eq!(one.id, test.ids[i]);
        assert_eq!((one.experts.len(), one.gate.len(), one.fired.len()), (4, 4, 2));
        assert!((one.gate.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!((one.deviation.len(), one.rounds.len()), (2, 3));
        assert_eq!(one.rounds[2], one.probabilities);
        assert!(one.clusters.unwrap().iter().all(|cluster| *cluster < 2));
        for slot in one.explicit.iter().chain(&one.latent) {
            assert!((slot.tokens.iter().map(|t| t.weight).sum::<f32>() - 1.0).abs() < 1e-5);
            let read: Vec<&str> =
                slot.tokens.iter().map(|t| t.text.as_str()).filter(|t| !t.is_empty()).collect();
            assert_eq!(
                read.join(" "),
                test.texts[i].split_whitespace().collect::<Vec<_>>().join(" ")
            );
        }
        let nation = |slot: &calm_plugin::SlotAttention| {
            slot.tokens.iter().find(|t| t.lexicon).unwrap().weight
        };
        assert!(nation(&one.explicit[0]) > 0.0 && nation(&one.latent[0]) == 0.0);
    }
    let probabilities = classify(&mut model, &test);
    near(
        &told.iter().flat_map(|one| one.probabilities.clone()).collect::<Vec<_>>(),
        &probabilities,
        1e-5,
    );
    let text = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Vec<calm_plugin::Explanation>>(&text).unwrap(), told);
    // Places on a plane that stays the same whatever is asked together.
    let places = |one: &calm_plugin::Explanation| one.places.unwrap();
    assert!(told.iter().any(|one| places(one)[0][0].abs() > 1e-4));
    let alone = &model.explain(&part(&test, 3..4).batch()).unwrap()[0];
    for (here, there) in places(alone).into_iter().zip(places(&told[3])) {
        near(&here, &there, 1e-5);
    }
}

#[test]
fn bad_input_is_named() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let check = |error: Error, kind: ErrorKind, part: &str| {
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(part), "{part:?} not in {:?}", error.message);
    };
    let refused = |change| create(&config(&folder, "tiny", change), 1).unwrap_err();
    check(refused(json!({"slotz": 1})), ErrorKind::Config, "`slotz`");
    check(
        refused(json!({"frozen_layers": 9})),
        ErrorKind::Config,
        "`frozen_layers` is 9, but the checkpoint has 4 layers",
    );
    check(refused(json!({"prompt_layer": 4})), ErrorKind::Config, "`prompt_layer`");
    check(refused(json!({"device": "gpu"})), ErrorKind::Config, "device \"gpu\"");
    let one = Task { labels: vec!["a".to_owned()], ..task() };
    let mut lonely =
        CalmPlugin::create(&config(&folder, "tiny", json!({})), &one, &Host::silent(1, 1)).unwrap();
    let error = lonely
        .fit(&texts(4, "t").data(), &Texts::default().data(), &Host::silent(1, 1))
        .unwrap_err();
    check(error, ErrorKind::Config, "two labels");
    let mut none = create(&config(&folder, "tiny", json!({})), 1).unwrap();
    let error = none
        .fit(&Texts::default().data(), &Texts::default().data(), &Host::silent(1, 1))
        .unwrap_err();
    check(error, ErrorKind::Config, "no example");

    let path = folder.path().join("model.safetensors");
    let mut tensors = Tensor::read_safetensors(&path).unwrap();
    let gone = tensors.remove(
        tensors.iter().position(|(name, _)| name.ends_with("layer.1.output.dense.bias")).unwrap(),
    );
    tensors.push(("encoder.layer.1.output.dense.bais".to_owned(), gone.1));
    Tensor::write_safetensors(&tensors, &path).unwrap();
    let error = create(&config(&folder, "tiny", json!({})), 1).unwrap_err();
    check(error.clone(), ErrorKind::Load, "encoder.layer.1.output.dense.bias");
    check(error, ErrorKind::Load, "encoder.layer.1.output.dense.bais");
}

#[test]
fn a_loss_that_is_no_number_stops_with_step_and_examples() {
    let _turn = crate::alone();
    let folder = checkpoint(&words(), Bert::default(), 1);
    let change = json!({"train": {"learning_rate": 1e30, "backbone_rate": 1e30, "epochs": 5}});
    let mut model = create(&config(&folder, "tiny", change), 1).unwrap();
    let error = model
        .fit(&texts(48, "train").data(), &texts(12, "valid").data(), &Host::silent(1, 1))
        .unwrap_err();
    assert!(
        error.message.contains("at step ") && error.message.contains("lower `learning_rate`"),
        "{error}"
    );
    assert!(error.message.contains("train-") || error.message.contains("gradient"), "{error}");
}

#[test]
fn a_decoder_prompts_itself_in_words_and_tells_them() {
    let _turn = crate::alone();
    let llama = concat!(env!("CARGO_MANIFEST_DIR"), "/../baselines/backbone/tests/fixtures/llama");
    let mut fields = small("word-prompt");
    fields.insert("folder".to_owned(), json!(llama));
    fields.insert("device".to_owned(), json!("cpu"));
    let config = Value::Object(fields).to_string();
    let (mut model, asked) = (fitted(&config, 3), texts(10, "test"));
    let answers = classify(&mut model, &asked);
    let (told, folder) = (model.explain(&asked.batch()).unwrap(), tempfile::tempdir().unwrap());
    for one in &told {
        let mut order: Vec<usize> = (0..one.gate.len()).collect();
        order.sort_by(|a, b| one.gate[*b].total_cmp(&one.gate[*a]));
        let [first, second] = [0, 1].map(|place| one.experts[order[place]].as_str());
        assert_eq!(one.told, [format!("Read this with an eye to {first} and {second}:")]);
    }
    model.save(folder.path()).unwrap();
    let mut again = create(&config, 3).unwrap();
    again.load(folder.path()).unwrap();
    assert_eq!(classify(&mut again, &asked), answers);
}
