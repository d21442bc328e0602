//! `import`: logs that lm-evaluation-harness and inspect_ai wrote (`fixtures/import/make.py`) and plain predictions become
//! rows of the board.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use harness::definition::split::Split;
use harness::example::Examples;
use serde_json::{Value, json};

use super::own_data;
use super::program::{Place, assert_says};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    folder.join(name).display().to_string()
}

/// A place with the four examples that the logs answer.
fn four() -> Place {
    own_data::place(own_data::TRAIN.as_bytes(), own_data::TEST.as_bytes())
}

const OWN: [&str; 7] = ["import", "--data", "official", "--mirror", "mirror", "--benchmark", "own"];

fn import(place: &Place, more: &[&str]) -> Value {
    place.run(&[&["--json"], &OWN[..], more].concat()).exits(0).lines().remove(0)
}

/// Value, n, and the counts `rows by_id by_text unmatched duplicates unparsable missing`.
fn told(line: &Value) -> (f64, u64, [u64; 7]) {
    let score = &line["outcome"]["score"];
    let names = ["rows", "by_id", "by_text", "unmatched", "duplicates", "unparsable", "missing"];
    let counts = names.map(|name| line["counts"][name].as_u64().unwrap());
    (score["value"].as_f64().unwrap(), score["n"].as_u64().unwrap(), counts)
}

#[test]
fn logs_of_lm_eval() {
    let place = four();
    let choice = fixture("lookup/samples_own_choice_2026-01-02T03-04-05.678901.jsonl");
    let line = import(&place, &[&choice]);
    assert_eq!(told(&line), (0.75, 4, [4, 4, 0, 0, 0, 0, 0]));
    let of = |name: &str| line[name].as_str().unwrap().to_owned();
    assert_eq!(
        (of("model"), of("tool"), of("version")),
        ("tests-lookup".into(), "lm-eval".into(), "0.4.13".into())
    );
    let spec = place.json(&format!("runs/imported/cells/{}/spec.json", cell(&place)));
    let imported = &spec["imported"];
    assert_eq!(
        (&imported["tool"], &imported["task"], &imported["model"]),
        (&"lm-evaluation-harness".into(), &"own_choice".into(), &"tests/Lookup".into())
    );
    assert_eq!(imported["files"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(spec["served"], "loglikelihood");

    // What a model wrote is read as it is told.
    let text = fixture("lookup/samples_own_text_2026-01-02T03-04-05.678901.jsonl");
    let map = ["--map", "Yes.=yes", "--map", "No, it is not.=no", "--model", "writer"];
    assert_eq!(
        told(&import(&place, &[&[text.as_str()], &map[..]].concat())),
        (0.5, 4, [4, 4, 0, 0, 0, 1, 0])
    );
    // Several filters are several answers.
    let filters = fixture("lookup/samples_own_filters_2026-01-02T03-04-05.678901.jsonl");
    let args = [&OWN[..], &[&filters]].concat();
    insta::assert_snapshot!(place.run(&args).exits(2).err, @"error: samples_own_filters_2026-01-02T03-04-05.678901.jsonl: answers of several filters (strict, lower); choose one with --filter");
    let lower = [
        "--filter",
        "lower",
        "--map",
        "yes.=yes",
        "--map",
        "no, it is not.=no",
        "--model",
        "lower",
    ];
    assert_eq!(told(&import(&place, &[&[filters.as_str()], &lower[..]].concat())).0, 0.5);
    // Each model has its row in the one run.
    assert_eq!(place.summary("imported")["models"].as_array().unwrap().len(), 3);
}

/// The only cell's folder.
fn cell(place: &Place) -> String {
    let path: PathBuf = place.cell("imported", "");
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn logs_of_inspect() {
    let place = four();
    let map = ["--map", "Yes.=yes", "--map", "No, it is not.=no"];
    let line = import(&place, &[&[fixture("text.eval").as_str()], &map[..]].concat());
    assert_eq!(told(&line), (0.5, 4, [4, 4, 0, 0, 0, 1, 0]));
    assert_eq!((&line["model"], &line["version"]), (&"mockllm-lookup".into(), &"0.3.285".into()));
    let record = place.json(&format!("runs/imported/cells/{}/record.json", cell(&place)));
    assert_eq!(
        (&record["plugin"]["name"], &record["plugin"]["version"]),
        (&"inspect_ai".into(), &"0.3.285".into())
    );
    assert_says(record["plugin"]["build"].as_str().unwrap(), &["imported: sha256 "]);

    // Two epochs are two sets of answers; letters are options; ids that are none of ours give way to the text.
    let choice = fixture("choice.json");
    let line = import(&place, &[&choice, "--model", "chooser"]);
    assert_eq!(told(&line), (0.75, 4, [8, 0, 8, 0, 0, 1, 0]));
    assert_eq!(line["variants"], json!(["epoch-1", "epoch-2"]));
    let other = place.run(&[&OWN[..], &[&choice, "--scorer", "match"]].concat()).exits(2).err;
    assert_says(&other, &["choice.json, sample 1 epoch 1: no score of `match`; there are choice"]);
}

#[test]
fn plain_predictions() {
    let place = four();
    place.write("p.csv", "id,label,sure\ne1,yes,1\ne2,no,1\ne3,,0\ne9,yes,1\ne1,yes,1\n");
    let ran = place.run(&[&OWN[..], &["p.csv", "--model", "Mine", "--partial"]].concat()).exits(0);
    assert_says(&ran.err, &["1 rows name no example, the first is p.csv, row 4"]);
    insta::assert_snapshot!(place.plain(&ran.out), @r#"
    mine · Own · trained
     predictions
     rows                  5
     matched by id         4
     matched by text       0
     unmatched             1
     duplicates            1
     examples with a row   3
     unparsable            0
     missing               2
    "#);
    place.write(
        "p.jsonl",
        "{\"text\": \"lovely\", \"said\": \"yes\"}\n{\"text\": \"poor\", \"said\": null}\n",
    );
    let line = import(&place, &["p.jsonl", "--model", "other", "--label", "said", "--partial"]);
    assert_eq!(told(&line), (0.25, 4, [2, 0, 2, 0, 0, 0, 3]));
    // The card of a model that the user describes is taken.
    place.model(
        "known",
        "majority",
        "contamination = [{ benchmark = \"own\", reason = \"wrote it\" }]",
        "",
    );
    import(&place, &["p.csv", "--model", "known", "--partial"]);
    let board = place.run(&["report", "imported"]).exits(0).out;
    assert_says(
        &board,
        &[
            "mine: answers imported from predictions; none of them was run here",
            "other",
            "† known on Own: training data known to overlap: wrote it",
        ],
    );
    // The same again changes nothing.
    let before = fs::read(place.path("runs/imported/summary.json")).unwrap();
    import(&place, &["p.csv", "--model", "known", "--partial"]);
    assert_eq!(fs::read(place.path("runs/imported/summary.json")).unwrap(), before);
}

#[test]
fn what_does_not_fit_is_told() {
    let place = four();
    let error = |name: &str, text: &str, more: &[&str]| {
        place.write(name, text);
        let ran =
            place.run(&[&OWN[..], &[name, "--model", "m", "--partial"], more].concat()).exits(2);
        assert_eq!(ran.out, "");
        place.plain(&ran.err)
    };
    insta::assert_snapshot!(error("two.csv", "id,label\ne1,yes\ne2,no\ne1,no\n", &[]), @r#"
    error: different answers to the same example: two.csv, row 1 and two.csv, row 3; keep one row an example

    hint: labels are no, yes; --map what an answer means; --id, --text and --culture name the example
    "#);
    insta::assert_snapshot!(error("strange.csv", "name,label\nx,yes\n", &[]), @r#"
    error: no row names an example of the evaluated part: the first has the fields `name`, `row`; an example is named by an id such as `e1`, or by its exact text; say by --id or --text which field holds it

    hint: labels are no, yes; --map what an answer means; --id, --text and --culture name the example
    "#);
    insta::assert_snapshot!(error("words.csv", "id,label\ne1,good\n", &[]), @r#"
    error: none of the 1 answers is a label of the task; the first is "good"

    hint: labels are no, yes; --map what an answer means; --id, --text and --culture name the example
    "#);
    insta::assert_snapshot!(error("column.csv", "id,answer\ne1,yes\n", &[]), @"error: column.csv: no column `label` with the answer (there are `id`, `answer`); name it with --label");
    insta::assert_snapshot!(error("text.csv", "id,text,label\ne1,awful,yes\n", &["--text", "text"]), @r#"
    error: 1 of 1 rows name no single example: text.csv, row 1: its id is that of `e1`, its text is not

    hint: labels are no, yes; --map what an answer means; --id, --text and --culture name the example
    "#);
    insta::assert_snapshot!(error("half.jsonl", "{\"id\": \"e1\", \"label\": \"yes\"}\n{\"id\":\n", &[]), @"error: half.jsonl, row 2: not a JSON object: EOF while parsing a value at line 1 column 6; each line holds one");
    insta::assert_snapshot!(error("list.jsonl", "[1]\n", &[]), @"error: list.jsonl: not a list of JSON objects: invalid type: integer `1`, expected a map at line 1 column 2; write one object a line");
    insta::assert_snapshot!(error("some.json", "{\"eval\": {}}", &[]), @"error: some.json: no log of inspect_ai: missing field `task` at line 1 column 11");
    insta::assert_snapshot!(error("cut.eval", "PK\u{3}\u{4}rest", &[]), @"error: cut.eval: the zip cannot be read: invalid Zip archive: Could not find EOCD");
    insta::assert_snapshot!(error("none.csv", "", &[]), @"error: none.csv: the file is empty; there is nothing to import");
    insta::assert_snapshot!(error("map.csv", "id,label\ne1,y\n", &["--map", "y=yse"]), @"error: failed to read --map: the import names `yse`, which is not a label of the task: use one of no, yes");
    insta::assert_snapshot!(error("prompt.csv", "id,label\ne1,y\n", &["--prompt", "w1"]), @r#"
    error: protocol `trained` has no prompt `w1`

    hint: it has none
    "#);
    assert!(!place.path("runs").exists(), "nothing is left behind");
}

/// The examples of the SAMPLE's CREHate, all three parts.
fn crehate(place: &Place) -> Examples {
    place.run(&["prepare", "crehate", "--data", "sample"]).exits(0);
    let folder = fs::read_dir(place.path("cache/prepared")).unwrap().next().unwrap().unwrap();
    let labels = ["non-hate", "hate"].map(str::to_owned);
    let parts = [Split::Train, Split::Valid, Split::Test];
    harness::prepare::load(&folder.path().join("examples.parquet"), &parts, &labels).unwrap()
}

/// A log as lm-evaluation-harness writes it, over some rows of the examples.
fn log(examples: &Examples, reply: impl Fn(usize) -> &'static str) -> String {
    let mut out = String::new();
    for row in 0..examples.len() {
        let (post, country) = examples.ids.get(row).rsplit_once('/').unwrap();
        let line = json!({
            "doc_id": row,
            "doc": { "ID": post, "Text": examples.texts.get(row), "country": country },
            "target": "", "filter": "none", "resps": [[reply(row)]], "filtered_resps": [reply(row)],
            "arguments": { "gen_args_0": { "arg_0": "", "arg_1": { "until": ["\n"] } } },
        });
        let _ = writeln!(out, "{line}");
    }
    out
}

#[test]
fn imported_models_stand_beside_ours_and_are_compared() {
    let place = Place::new();
    let examples = crehate(&place);
    place.write(
        "samples_crehate_2026.jsonl",
        log(&examples, |row| if row % 3 == 0 { "Yes." } else { "No" }),
    );
    let base = [
        "import",
        "samples_crehate_2026.jsonl",
        "--data",
        "sample",
        "--benchmark",
        "crehate",
        "--run",
        "both",
    ];
    let with = |more: &[&str]| place.run(&[&["--json"], &base[..], more].concat());
    let by_id = ["--model", "by-id", "--id", "{ID}/{country}"];
    // Replies are no labels by themselves: the wording says what they mean.
    let error = with(&by_id).exits(2).err;
    assert_says(
        &error,
        &["none of the", "the first is \"Yes.\"", "--prompt says which wording was used (w1-ab, "],
    );
    let prompt = ["--prompt", "w1-ab"];
    let one = with(&[&by_id[..], &prompt].concat()).exits(0).lines().remove(0);
    let (value, n, counts) = told(&one);
    let all = examples.len() as u64;
    assert_eq!((n, counts), (all, [all, all, 0, 0, 0, 0, 0]));
    assert_eq!(one["protocol"], "zero-shot");
    // Five countries share a text, and a few posts do.
    let by_text = ["--model", "by-text", "--text", "Text", "--culture", "country"];
    let error = with(&[&by_text[..4], &prompt].concat()).exits(2).err;
    let told_all = format!("{all} of {all} rows name no single example: ");
    assert_says(&error, &[&told_all, "row 1: its text is that of `", "--culture"]);
    let mut seen = std::collections::BTreeMap::new();
    for row in 0..examples.len() {
        *seen.entry((examples.texts.get(row), examples.cultures.get(row))).or_insert(0) += 1;
    }
    // Twins that were answered alike need no names.
    let key = |row: usize| (examples.texts.get(row), examples.cultures.get(row));
    let mut yes = std::collections::BTreeMap::new();
    for row in 0..examples.len() {
        *yes.entry(key(row)).or_insert(0) += i32::from(row % 3 == 0);
    }
    let single = |row: &usize| [0, seen[&key(*row)]].contains(&yes[&key(*row)]);
    let twice = all - (0..examples.len()).filter(single).count() as u64;
    let error = with(&[&by_text[..], &prompt].concat()).exits(2).err;
    assert_says(&error, &[&format!("{twice} of {all} rows name no single example")]);
    let log: String =
        (fs::read_to_string(place.path("samples_crehate_2026.jsonl")).unwrap().lines())
            .enumerate()
            .filter(|(row, _)| single(row))
            .fold(String::new(), |all, (_, line)| all + line + "\n");
    place.write("samples_crehate_2026.jsonl", log);
    let two = with(&[&by_text[..], &prompt].concat()).exits(0).lines().remove(0);
    assert_eq!(told(&two).2, [all - twice, 0, all - twice, 0, 0, 0, twice]);
    assert!((told(&two).0 - value).abs() < 0.05, "but for a few missing answers the same score");

    // A run of the same name keeps them, and compares.
    let run = ["--models", "always-non-hate", "--benchmarks", "crehate", "--name", "both"];
    let ran = place.sample(&run).exits(0);
    assert_says(
        &ran.out,
        &[
            "by-id: answers imported from lm-evaluation-harness; none of them was run here",
            "by-text",
        ],
    );
    assert!(!ran.out.contains("always-non-hate: answers imported"), "{}", ran.out);
    let summary = place.summary("both");
    assert_eq!(summary["cells"].as_array().unwrap().len(), 3);
    let compared = place.run(&["--json", "compare", "both"]).exits(0).lines().remove(0);
    // The logs hold likelihoods: no test with a model that gives labels.
    assert_eq!(compared["benchmarks"][0]["pairs"].as_array().unwrap().len(), 1, "{compared}");
    // Other columns of the imported models say why they are empty; a model of the run keeps its name.
    let more =
        ["--models", "always-non-hate,majority", "--benchmarks", "crehate,emgsd", "--name", "both"];
    place.sample(&more).exits(0);
    let summary = place.summary("both");
    let empty = summary["cells"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["model"] == "by-id" && c["benchmark"] == "emgsd");
    assert_says(&empty.unwrap()["outcome"].to_string(), &["no answers of it were imported"]);
    let taken =
        with(&[&["--model", "majority", "--id", "{ID}/{country}"], &prompt[..]].concat()).exits(2);
    assert_says(&taken.err, &["the run has a model of this name", "--model"]);
}
