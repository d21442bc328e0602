//! A culture that the data lack is told in every format, and a benchmark that is not whole has no score unless it allows that.

use fs_err as fs;

use super::own_data::{TRAIN, dataset};
use super::program::{Place, assert_says};

/// The data write the name in decomposed Unicode, the definition in the composed form.
const TEST: &str = "id,text,label,country\ne1,lovely,good,Tu\u{308}rkiye\ne2,awful,bad,Kenya\ne3,nice,good,Tu\u{308}rkiye\ne4,poor,bad,Kenya\n";

fn place(benchmark: &str) -> Place {
    let place = Place::new();
    let toml =
        dataset().replace("metric = \"accuracy\"", &format!("metric = \"accuracy\"\n{benchmark}"));
    place.write("defs/own.toml", toml);
    place.write("mirror/own/train.csv", TRAIN);
    place.write("mirror/own/test.csv", TEST);
    place
}

const FROM: [&str; 4] = ["--data", "official", "--mirror", "mirror"];

fn run(place: &Place) -> serde_json::Value {
    let args = ["run", "--models", "majority", "--benchmarks", "own"];
    place.run(&[&args[..], &FROM].concat()).exits(0);
    place.summary("default")
}

#[test]
fn names_are_compared_in_one_form_of_unicode() {
    let place = place("cultures = [\"T\u{fc}rkiye\", \"Kenya\"]");
    let said = place.run(&[&["prepare", "own"][..], &FROM].concat()).exits(0);
    assert!(!said.err.contains("not in the data"), "{}", said.err);
    let summary = run(&place);
    assert_eq!(summary["cells"][0]["outcome"]["score"]["n"], 4);
    // Two examples a culture are too few for a gap, and that is all that is refused.
    for refused in summary["refusals"].as_array().unwrap() {
        assert_says(refused["cause"].as_str().unwrap(), &["a comparison needs two"]);
    }
}

#[test]
fn a_benchmark_that_is_not_whole_has_no_score() {
    let place = place("cultures = [\"T\u{fc}rkiye\", \"Kenia\"]");
    let warned = "culture `Kenia` of `own` is not in the data; did you mean `Kenya`?";
    let said = place.run(&[&["prepare", "own"][..], &FROM].concat()).exits(0);
    assert_says(&said.err, &[warned]);
    let summary = run(&place);
    let reason = &summary["cells"][0]["outcome"]["reason"];
    assert_eq!(reason["kind"], "no-score");
    assert_says(
        reason["message"].as_str().unwrap(),
        &["no example of culture `Kenia`: the benchmark is not whole"],
    );
    assert_eq!(summary["benchmarks"][0]["warnings"][0], warned);
}

#[test]
fn what_has_no_score_stands_in_every_format() {
    let place = place("cultures = [\"T\u{fc}rkiye\", \"Kenia\"]\nabsent_cultures = \"allow\"");
    let summary = run(&place);
    assert_eq!(
        summary["cells"][0]["outcome"]["score"]["n"], 2,
        "the score of those that are there"
    );
    assert_eq!(summary["format"], 3);
    let refusals = summary["refusals"].as_array().unwrap();
    let absent = refusals.iter().find(|r| r["subset"]["name"] == "Kenia").unwrap();
    assert_eq!((&absent["model"], &absent["metric"]), (&"majority".into(), &"accuracy".into()));
    let formats = "terminal,md,csv,json,latex,junit";
    place.run(&["report", "--format", formats, "--out", "all"]).exits(0);
    let files = [
        "leaderboard.txt",
        "leaderboard.md",
        "leaderboard.csv",
        "leaderboard.tex",
        "summary.json",
        "junit.xml",
    ];
    let page = fs::read_to_string(place.path("runs/default/leaderboard.html")).unwrap();
    let texts = files.map(|file| (file, fs::read_to_string(place.path("all").join(file)).unwrap()));
    for (file, text) in texts.into_iter().chain([("leaderboard.html", page)]) {
        // LaTeX may break a line at a full stop, Markdown escapes the marks.
        let text = text.replace("\\allowbreak{}", "").replace('\\', "");
        for part in ["did you mean", "Kenya", "Kenia", "check its spelling against the data"] {
            assert!(text.contains(part), "{part} is not in {file}: {text}");
        }
    }
}
