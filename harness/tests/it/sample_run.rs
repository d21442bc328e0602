//! The default run on the SAMPLE: eleven columns, every cell a number or a reason, the same bytes every time.

use std::collections::BTreeSet;

use fs_err as fs;
use serde_json::Value;

use super::program::{Place, assert_says, files_below};

const BENCHMARKS: [&str; 11] = [
    "wvs",
    "pvq-rr",
    "globe",
    "value-prism",
    "univar",
    "crehate",
    "emgsd",
    "cultureatlas",
    "cultureatlas-high",
    "cultureatlas-mid",
    "cultureatlas-low",
];

/// Asserts what holds of every score anywhere.
fn check_score(score: &Value) {
    let of = |name: &str| score[name].as_u64().unwrap_or_else(|| panic!("no {name}: {score}"));
    assert_eq!(
        of("answered") + of("unparsable") + of("missing"),
        of("n") * of("variants"),
        "{score}"
    );
    let value = score["value"].as_f64().unwrap();
    let (low, high) = (score["low"].as_f64().unwrap(), score["high"].as_f64().unwrap());
    assert!(low <= high && value.is_finite(), "{score}");
}

/// Asserts what holds of every board.
fn check_board(summary: &Value) {
    let names = |list: &str| -> BTreeSet<String> {
        summary[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut seen = BTreeSet::new();
    for cell in summary["cells"].as_array().unwrap() {
        seen.insert((
            cell["model"].as_str().unwrap().to_owned(),
            cell["benchmark"].as_str().unwrap().to_owned(),
        ));
        let outcome = &cell["outcome"];
        if outcome["score"].is_object() {
            check_score(&outcome["score"]);
            assert!(!cell["protocol"].as_str().unwrap().is_empty(), "{cell}");
        } else {
            assert!(!outcome["reason"]["message"].as_str().unwrap().is_empty(), "{cell}");
        }
    }
    for detail in summary["scores"].as_array().unwrap() {
        check_score(&detail["score"]);
    }
    for model in names("models") {
        for benchmark in names("benchmarks") {
            assert!(
                seen.contains(&(model.clone(), benchmark.clone())),
                "no cell {model} {benchmark}"
            );
        }
    }
}

#[test]
fn all_eleven_benchmarks_have_a_number_and_the_second_run_runs_nothing() {
    let place = Place::new();
    let args = ["--models", "majority,stratified-random"];
    let first = place.sample(&args).exits(0);
    assert_says(
        &first.err,
        &["14 cells run, 0 reused, 0 failed, 0 not started; 0 cells of the board"],
    );
    let summary = place.summary("default");
    check_board(&summary);
    let columns: Vec<&str> = summary["benchmarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["name"].as_str().unwrap())
        .collect();
    assert_eq!(columns, BENCHMARKS);
    let numbers =
        summary["cells"].as_array().unwrap().iter().filter(|c| c["outcome"]["score"].is_object());
    assert_eq!(numbers.count(), 22);
    // Further tags of the examples have scores of their own.
    let scores = summary["scores"].as_array().unwrap();
    let group = |name: &str| scores.iter().any(|s| s["score"]["subset"]["name"] == name);
    assert!(group("source") && group("model") && group("topic"));

    // SAMPLE is in every format.
    assert_says(&first.out, &["SAMPLE · SAMPLE · SAMPLE", "majority", "stratified-random"]);
    assert!(!first.out.contains('\x1b'));
    let markdown = place.run(&["report", "--format", "md"]).exits(0).out;
    assert_says(&markdown, &["SAMPLE", "ajority"]);
    assert_eq!(
        markdown.trim_end(),
        fs::read_to_string(place.path("runs/default/leaderboard.md")).unwrap().trim_end()
    );
    let csv = place.run(&["report", "--format", "csv"]).exits(0).out;
    assert_eq!(
        csv.trim_end(),
        fs::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap().trim_end()
    );
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let data = rows.headers().unwrap().iter().position(|name| name == "data").unwrap();
    assert!(rows.records().all(|row| &row.unwrap()[data] == "SAMPLE"));
    let json = place.run(&["report", "--format", "json"]).exits(0).lines();
    assert_eq!((json.len(), &json[0]["sample"]), (1, &true.into()));
    assert!(summary["cells"].as_array().unwrap().iter().all(|c| c["sample"] == true));
    assert!(
        summary["benchmarks"].as_array().unwrap().iter().all(|b| b["data"]["kind"] == "sample")
    );

    let board = fs::read(place.path("runs/default/summary.json")).unwrap();
    let second = place.sample(&args).exits(0);
    assert_says(&second.err, &["0 cells run, 14 reused, 0 failed, 0 not started"]);
    assert_eq!(second.out, first.out);
    assert_eq!(fs::read(place.path("runs/default/summary.json")).unwrap(), board);

    // A report elsewhere is the same report, and a run is found by name or folder.
    place.run(&["report", "runs/default", "--out", "elsewhere"]).exits(0);
    for file in ["leaderboard.md", "leaderboard.csv", "summary.json"] {
        let read = |folder: &str| fs::read(place.path(folder).join(file)).unwrap();
        assert_eq!(read("elsewhere"), read("runs/default"), "{file}");
    }
    // Scores are a cache: without it the same numbers come again.
    fs::remove_dir_all(place.path("runs/default/scores")).unwrap();
    assert_eq!(place.run(&["report"]).exits(0).out, first.out);
    let runs = place.run(&["--json", "list", "runs"]).exits(0).lines();
    assert_eq!(
        (&runs[0]["cells"], &runs[0]["done"], &runs[0]["failed"]),
        (&"14".into(), &"14".into(), &"0".into())
    );
    let show = place.run(&["--json", "show", "default"]).exits(0).lines();
    assert!(show.iter().any(|line| line["run"]["harness"] == env!("CARGO_PKG_VERSION")));
}

#[test]
fn two_runs_with_one_seed_are_the_same_bytes() {
    let places = [Place::new(), Place::new()];
    let args =
        ["--models", "majority,stratified-random", "--benchmarks", "crehate,emgsd,cultureatlas"];
    for (place, jobs) in places.iter().zip(["1", "2"]) {
        place.sample(&[&args[..], &["--jobs", jobs]].concat()).exits(0);
    }
    let [one, two] = places.each_ref().map(|place| place.path("runs/default"));
    let files = files_below(&one);
    assert_eq!(files, files_below(&two));
    let mut compared = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if ["timing.json", "log.txt", "lock"].contains(&&*name) {
            continue;
        }
        let is_spec = name == "spec.json" || file.starts_with("specs");
        // Files that name paths of this machine are compared without them.
        let read = |place: &Place, run: &std::path::Path| {
            let bytes = fs::read(run.join(&file)).unwrap();
            match name.as_str() {
                _ if is_spec || name == "manifest.json" => {
                    place.plain(&String::from_utf8(bytes).unwrap()).into_bytes()
                }
                // Its seconds are those of `timing.json`.
                "leaderboard.html" => {
                    let text = String::from_utf8(bytes).unwrap();
                    let from = text.find("id=\"part-times\"").unwrap();
                    let to = from + text[from..].find("</script>").unwrap();
                    [&text[..from], &text[to..]].concat().into_bytes()
                }
                _ => bytes,
            }
        };
        let (a, b) = (read(&places[0], &one), read(&places[1], &two));
        let may_differ = is_spec || name == "manifest.json";
        assert!(a == b || may_differ, "{} differs", file.display());
        if let (true, Ok(a), Ok(b)) =
            (a != b, serde_json::from_slice::<Value>(&a), serde_json::from_slice::<Value>(&b))
        {
            assert_eq!(without_threads(a), without_threads(b), "{}", file.display());
        }
        compared.push(name);
    }
    for wanted in
        ["predictions.parquet", "record.json", "leaderboard.md", "leaderboard.csv", "summary.json"]
    {
        assert!(compared.iter().any(|name| name == wanted), "{wanted}");
    }
}

/// Thread counts and the time of the start are told, and change no answer; the seal of a manifest is over them, too.
fn without_threads(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for name in ["threads", "jobs", "started", "time", "command", "seal"] {
                fields.remove(name);
            }
            for field in fields.values_mut() {
                *field = without_threads(field.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_threads(item.take());
            }
        }
        _ => {}
    }
    value
}

#[test]
fn another_seed_gives_other_answers_and_two_seeds_a_mean() {
    let place = Place::new();
    let args = ["--models", "stratified-random", "--benchmarks", "emgsd"];
    place.sample(&[&args[..], &["--seeds", "1,2", "--name", "two"]].concat()).exits(0);
    place.sample(&[&args[..], &["--seeds", "1", "--name", "one"]].concat()).exits(0);
    let read = |run: &str, start: &str| {
        fs::read(place.cell(run, start).join("predictions.parquet")).unwrap()
    };
    let first = read("two", "stratified-random.emgsd.trained.s1.");
    assert_eq!(first, read("one", "stratified-random.emgsd.trained.s1."));
    assert_ne!(first, read("two", "stratified-random.emgsd.trained.s2."));
    let summary = place.summary("two");
    check_board(&summary);
    assert_eq!(summary["cells"].as_array().unwrap().len(), 1);
    assert_eq!(summary["cells"][0]["seeds"], serde_json::json!([1, 2]));
}

#[test]
fn limit_dry_run_and_name() {
    let place = Place::new();
    let args = ["--models", "majority", "--benchmarks", "emgsd,crehate", "--name", "try"];
    let dry = place.sample(&[&args[..], &["--dry-run"]].concat()).exits(0);
    assert_says(
        &dry.out,
        &[
            "majority  ",
            "emgsd",
            "crehate",
            "trained",
            "finetuned",
            "SAMPLE",
            "2 cells; nothing was run",
        ],
    );
    assert!(!place.path("runs").exists());
    let ran = place.sample(&[&args[..], &["--limit", "7"]].concat()).exits(0);
    assert_says(&ran.out, &["first 7 examples only"]);
    let summary = place.summary("try");
    check_board(&summary);
    for cell in summary["cells"].as_array().unwrap() {
        assert_eq!(cell["outcome"]["score"]["n"], 7, "{cell}");
    }
    // Another limit is another cell; the old ones stay.
    place.sample(&args).exits(0);
    assert_eq!(fs::read_dir(place.path("runs/try/cells")).unwrap().count(), 4);
}

#[test]
fn a_model_that_serves_nothing_and_data_that_cannot_be_had_are_reasons() {
    let place = Place::new();
    place.model("elsewhere", "majority", "tasks = [\"crehate\"]", "");
    place.model("absent", "majorty", "", "");
    let args = ["--models", "elsewhere,absent", "--benchmarks", "emgsd"];
    place.sample(&args);
    let summary = place.summary("default");
    check_board(&summary);
    let reason = |i: usize| summary["cells"][i]["outcome"]["reason"].to_string();
    assert_says(&reason(0), &["not-served", "its TOML limits it to crehate"]);
    assert_says(
        &reason(1),
        &["no-plugin", "majorty", "did you mean `majority`?", "cargo build", "--plugins"],
    );
    place.run(&[
        "run",
        "--data",
        "official",
        "--name",
        "official",
        "--models",
        "majority",
        "--benchmarks",
        "emgsd",
    ]);
    let summary = place.summary("official");
    check_board(&summary);
    assert_says(
        &summary["cells"][0]["outcome"]["reason"].to_string(),
        &["no-data", "emgsd", "drop-in"],
    );
    // auto falls back to the SAMPLE and says why.
    let auto = place
        .run(&["run", "--name", "auto", "--models", "majority", "--benchmarks", "emgsd"])
        .exits(0);
    assert_says(&auto.err, &["EMGSD: SAMPLE data: ", "offline"]);
    assert_says(&auto.out, &["SAMPLE for EMGSD: "]);
}

#[test]
fn contamination_is_marked_in_every_face() {
    let place = Place::new();
    let known = "contamination = [{ benchmark = \"cultureatlas\", reason = \"read Wikipedia | all of it\" }]";
    place.model("well-read", "majority", known, "by = \"all\"");
    let benchmarks = "emgsd,cultureatlas,cultureatlas-high";
    let args = ["--models", "well-read,majority", "--benchmarks", benchmarks, "--limit", "40"];
    let ran = place.sample(&args).exits(0);
    let note = "† well-read on CultureAtlas All: training data known to overlap: read Wikipedia | all of it";
    // A subset of the same task is concerned, another benchmark and another model are not.
    assert_says(&ran.out, &[note, "† well-read on CultureAtlas High: "]);
    assert_eq!(ran.out.matches('†').count(), 4, "two scores, two notes: {}", ran.out);
    let markdown = place.run(&["report", "--format", "md"]).exits(0).out;
    assert_says(&markdown, &["read Wikipedia \\| all of it"]);
    assert_eq!(markdown.matches('†').count(), 4, "{markdown}");
    let csv = place.run(&["report", "--format", "csv"]).exits(0).out;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let head = rows.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    for row in rows.records().map(Result::unwrap) {
        let marked = !row[at("contamination")].is_empty();
        let concerned =
            &row[at("model")] == "well-read" && row[at("benchmark")].starts_with("cult");
        assert_eq!(marked, concerned, "{row:?}");
    }
    let summary = place.summary("default");
    assert_eq!(summary["models"][0]["contamination"].as_array().unwrap().len(), 2);
    let card = place.run(&["show", "well-read"]).exits(0).out;
    assert_says(
        &card,
        &["well-read · well-read", "license", "MIT", "cultureatlas: read Wikipedia"],
    );
}
