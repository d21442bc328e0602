//! The real CREHate and EMGSD, where the shared data are.

use std::path::PathBuf;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, assert_says};
use super::skipped::skipped;

#[track_caller]
fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("CULTURE_EVAL_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let data = root.join("data");
    if data.join("crehate").is_dir() && data.join("emgsd").is_dir() {
        return Some(data);
    }
    skipped(&format!("the shared data at {}", data.display()), "set CULTURE_EVAL_SHARED");
    None
}

fn run(place: &Place, mirror: &str, model: &str, benchmark: &str) -> Value {
    let args = [
        "run",
        "--data",
        "official",
        "--mirror",
        mirror,
        "--models",
        model,
        "--benchmarks",
        benchmark,
    ];
    place.run(&args).exits(0);
    let summary = place.summary("default");
    assert_eq!(summary["sample"], false);
    summary
}

/// Rates of the commonest label, `benchmarks.md`; counted from the authors' own annotation file.
#[test]
fn always_non_hate_is_right_as_often_as_posts_are_not_hate() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    let summary = run(&place, &data.to_string_lossy(), "always-non-hate", "crehate");
    let cell = &summary["cells"][0];
    assert_eq!(
        (&cell["protocol"], &cell["outcome"]["score"]["n"]),
        (&"zero-shot".into(), &7900.into())
    );
    let mut of = std::collections::BTreeMap::new();
    let csv = fs::read(place.path("runs/default/leaderboard.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(&csv[..]);
    let head = rows.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    for row in rows.records() {
        let row = row.unwrap();
        assert_eq!(&row[at("data")], "official");
        if &row[at("metric")] == "accuracy" {
            let value: f64 = row[at("value")].parse().unwrap();
            of.insert(
                row[at("subset")].to_owned(),
                (format!("{:.2}", value * 100.0), row[at("n")].to_owned()),
            );
        }
    }
    for (country, value) in
        [("US", "60.19"), ("AU", "52.53"), ("GB", "54.94"), ("ZA", "56.90"), ("SG", "51.52")]
    {
        let found = of.iter().find(|(subset, _)| {
            subset.split(|c: char| !c.is_alphanumeric()).any(|word| word == country)
        });
        assert_eq!(
            found.map(|(_, found)| found),
            Some(&(value.to_owned(), "1580".to_owned())),
            "{country}: {of:?}"
        );
    }
    let board = fs::read_to_string(place.path("runs/default/leaderboard.md")).unwrap();
    assert!(!board.contains("SAMPLE"), "{board}");
}

#[test]
fn counts_of_the_official_test_parts() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    let summary = run(&place, &data.to_string_lossy(), "majority", "crehate,emgsd");
    let of = |i: usize| {
        let cell = &summary["cells"][i];
        (
            cell["protocol"].as_str().unwrap().to_owned(),
            cell["outcome"]["score"]["n"].as_u64().unwrap(),
        )
    };
    assert_eq!([of(0), of(1)], [("finetuned".to_owned(), 1185), ("trained".to_owned(), 11441)]);
}

/// The same data through a definition of the user's: the reduced train file as JSON lines, the official test file.
#[test]
fn an_own_definition_over_the_same_files_gives_the_same_score() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    for file in ["train_binary.jsonl", "test.csv"] {
        fs::create_dir_all(place.path("mirror/mine")).unwrap();
        fs::copy(data.join("emgsd").join(file), place.path("mirror/mine").join(file)).unwrap();
    }
    let own = super::dataset::Own {
        name: "mine",
        sources: [("train", "train_binary.jsonl"), ("test", "test.csv")],
        task: "labels = [\"other\", \"stereotype\"]\nculture_kind = \"group\"\n",
        inputs: r#"
[[task.input]]
source = "train"
part = "train"
columns = ["text", "label"]

[[task.input.step]]
do = "map"
column = "label"
to = "category"
values = { "0" = "neutral", "1" = "stereotype" }

[[task.input.step]]
do = "set"
column = "stereotype_type"
template = ""

[[task.input]]
source = "test"
part = "test"
columns = ["stereotype_type", "text", "category"]
"#,
        example: r#"
[task.example]
id = "{part}/{row}"
text = "{text|trim}"
label = "{category}"
label_map = { stereotype = "stereotype", neutral = "other", unrelated = "other" }
culture = "{stereotype_type}"

[task.split]
method = "given"
valid = { share = 0.2, seed = 1 }
"#,
        metric: "macro-f1",
    };
    let dataset = own.toml();
    place.write("defs/mine.toml", dataset);
    place.run(&["validate"]).exits(0);
    let mirrors = [place.path("mirror"), data].map(|path| path.display().to_string());
    let args = [
        "run",
        "--data",
        "official",
        "--mirror",
        &mirrors[0],
        "--mirror",
        &mirrors[1],
        "--models",
        "majority",
        "--benchmarks",
        "mine,emgsd",
    ];
    place.run(&args).exits(0);
    let summary = place.summary("default");
    let score = |benchmark: &str| {
        let cells = summary["cells"].as_array().unwrap();
        let score =
            &cells.iter().find(|c| c["benchmark"] == benchmark).unwrap()["outcome"]["score"];
        ["n", "answered", "value"].map(|name| score[name].clone())
    };
    assert_eq!(score("mine")[0], 11441);
    assert_eq!(score("mine"), score("emgsd"));
}

#[test]
fn one_changed_byte_is_refused_and_never_replaced_by_the_sample() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    let splits = "crehate/finetune/data_splits";
    fs::create_dir_all(place.path(&format!("mirror/{splits}"))).unwrap();
    for part in ["train", "valid", "test"] {
        let file = format!("{splits}/CREHate_{part}.csv");
        let mut bytes = fs::read(data.join(&file)).unwrap();
        if part == "test" {
            *bytes.last_mut().unwrap() ^= 1;
        }
        fs::write(place.path("mirror").join(&file), bytes).unwrap();
    }
    let args = [
        "run",
        "--mirror",
        "mirror",
        "--models",
        "majority,always-non-hate",
        "--benchmarks",
        "crehate",
    ];
    let ran = place.run(&args);
    let summary = place.summary("default");
    for cell in summary["cells"].as_array().unwrap() {
        let reason = &cell["outcome"]["reason"];
        assert_eq!(reason["kind"], "no-data", "{cell}");
        let pinned = "4ae9bb563fbb7ceeb0da7f7c7e89bfd5cdc3e897c2fbcef166fb988774d5a5c2";
        assert_says(
            reason["message"].as_str().unwrap(),
            &["crehate/test", "CREHate_test.csv", "sha256", pinned, "remove or replace"],
        );
    }
    assert_eq!(summary["sample"], false);
    assert!(!ran.out.contains("SAMPLE") && !ran.err.contains("SAMPLE"), "{}{}", ran.out, ran.err);
}

/// Scores of a file by benchmark, with the metric and subset that are asked for.
fn scored(place: &Place, args: &[&str]) -> Value {
    place
        .run(&[&["--json", "score", "--data", "official"], args].concat())
        .exits(0)
        .lines()
        .remove(0)
}

fn value(line: &Value, metric: &str, subset: &Value) -> f64 {
    let scores = line["scores"].as_array().unwrap();
    let found = scores.iter().find(|s| s["metric"] == metric && s["subset"] == *subset);
    found.unwrap_or_else(|| panic!("no {metric} on {subset}"))["value"].as_f64().unwrap()
}

/// HEARTS' own split and its released answers, as they are: the printed figures 81.5 / 80.2 / 97.4 / 87.3, to another digit
/// by scikit-learn (`design/review-statistics.md`).
#[test]
fn released_predictions_of_hearts_have_the_printed_figures() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    let mirror = data.to_string_lossy().into_owned();
    let more = format!("{}/../benchmarks/more", env!("CARGO_MANIFEST_DIR"));
    let file = data.join("hearts/Model Explainability/full_results_albertv2.csv");
    let file = file.to_string_lossy().into_owned();
    let map = ["--map", "1=stereotype", "--map", "0=non-stereotype"];
    let args = ["--benchmark", "hearts", "--predictions", &file, "--label", "predicted_label"];
    let more = ["--mirror", &mirror, "--definitions", &more];
    let line = scored(&place, &[&args[..], &map, &more].concat());
    assert_eq!(line["counts"]["covered"], 11_441);
    assert_eq!(line["counts"]["unmatched"], 0);
    let of = |component: &str| {
        let subset = serde_json::json!({"kind": "group", "name": "component", "value": component});
        (value(&line, "macro-f1", &subset) * 1e4).round() / 1e2
    };
    let all = (value(&line, "macro-f1", &serde_json::json!({"kind": "all"})) * 1e4).round() / 1e2;
    let found =
        [all, of("MGSD"), of("Winoqueer - GPT Augmentation"), of("SeeGULL - GPT Augmentation")];
    assert_eq!(found, [81.46, 80.24, 97.41, 87.25]);

    // On the split of the published files the same answers name a fifth of the examples: no score.
    let file_alone = ["--benchmark", "emgsd", "--predictions", &file, "--label", "predicted_label"];
    let args = [&["score", "--data", "official"], &file_alone[..], &map, &more[..2]].concat();
    let refused = place.run(&args).exits(2);
    assert_says(&refused.err, &["of 11441 examples", "have a row", "--partial"]);
    let partial = place.run(&[&args[..], &["--partial"]].concat()).exits(0);
    assert_says(&partial.err, &["rows of", "name no example"]);
}

/// CREHate's annotation file as it is, a column a country, is the gold labels. Against the votes it has the divergence that
/// `tests/benchmarks-2/golden.json` gives for the published label.
#[test]
fn the_annotation_file_of_crehate_predicts_itself() {
    let Some(data) = shared() else { return };
    let place = Place::new();
    let mirror = data.to_string_lossy().into_owned();
    let file = data.join("crehate/data/CREHate_final_annotations.csv");
    let file = file.to_string_lossy().into_owned();
    let args = ["--benchmark", "crehate", "--protocol", "zero-shot", "--predictions", &file];
    let names = ["--id", "{ID}/{country}", "--label", "{country}_Hate", "--mirror", &mirror];
    let maps = [
        "1.0=hate",
        "0.0=non-hate",
        "country:United_States=US",
        "country:Australia=AU",
        "country:United_Kingdom=GB",
        "country:South_Africa=ZA",
        "country:Singapore=SG",
    ];
    let maps: Vec<&str> = maps.iter().flat_map(|map| ["--map", map]).collect();
    let line = scored(&place, &[&args[..], &names, &maps].concat());
    assert_eq!(line["counts"]["by_id"], 7900);
    assert_eq!(value(&line, "accuracy", &serde_json::json!({"kind": "culture-mean"})), 1.0);
    for (country, jsd) in [("US", 0.088_215), ("AU", 0.100_503), ("SG", 0.111_646)] {
        let subset = serde_json::json!({"kind": "culture", "name": country});
        let found = value(&line, "jsd", &subset);
        assert!((found - jsd).abs() < 1e-6, "{country}: {found}");
    }
}
