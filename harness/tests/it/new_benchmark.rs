//! `new-benchmark`: from a file of each kind to a number, with the commands that it prints.

use serde_json::{Value, json};

use super::program::{Place, Ran, assert_says};

/// Runs `new-benchmark FILE --json` and gives what it tells.
fn made(place: &Place, file: &str, more: &[&str]) -> Value {
    let args = [&["--json", "new-benchmark", file, "--folder", "made"], more].concat();
    place.run(&args).exits(0).lines().remove(0)
}

/// The definition is valid, and a run of this model gives a number for each example.
fn scores(place: &Place, name: &str, model: &str, n: u64) -> f64 {
    let definition = format!("made/{name}.toml");
    place.write("defs/.keep", "");
    let common = ["--definitions", &definition, "--definitions", "defs", "--drop-in", "."];
    place.run(&[&["validate"], &common[..]].concat()).exits(0);
    let run = ["run", "--data", "official", "--models", model, "--benchmarks", name];
    place.run(&[&run, &common[..]].concat()).exits(0);
    let summary = place.summary("default");
    let cell = &summary["cells"][0];
    let score = &cell["outcome"]["score"];
    assert_eq!((&cell["benchmark"], score["n"].as_u64()), (&json!(name), Some(n)), "{cell}");
    score["value"].as_f64().unwrap_or_else(|| panic!("no number in {cell}"))
}

fn rows(head: &str, n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).fold(format!("{head}\n"), |all, i| all + &row(i) + "\n")
}

const COUNTRIES: [&str; 2] = ["SG", "ZA"];

#[test]
fn labels() {
    let place = Place::new();
    let label = |i: usize| ["hate", "non-hate"][usize::from(i.is_multiple_of(3))];
    let text = rows("post,label,country", 90, |i| {
        format!("\"a post, {i}\",{},{}", label(i), COUNTRIES[i % 2])
    });
    place.write("posts.csv", text);
    let told = made(&place, "posts.csv", &[]);
    assert_eq!(
        (&told["name"], &told["examples"], &told["cultures"]),
        (&json!("posts"), &json!(90), &json!(2))
    );
    assert_eq!(told["roles"]["answer"], "a label: `label` (`hate`, `non-hate`)");
    let definition = place.path("made/posts.toml");
    let split: toml::Table = fs_err::read_to_string(&definition).unwrap().parse().unwrap();
    assert_eq!(split["task"][0]["split"]["method"].as_str(), Some("hash"));
    let common = ["--definitions", "made/posts.toml", "--drop-in", "."];
    let run =
        ["run", "--data", "official", "--models", "majority,tfidf-logreg", "--benchmarks", "posts"];
    place.run(&[&run, &common[..]].concat()).exits(0);
    let summary = place.summary("default");
    for cell in summary["cells"].as_array().unwrap() {
        assert_eq!(cell["protocol"], "trained", "{cell}");
        assert!(cell["outcome"]["score"]["value"].is_f64(), "{cell}");
    }
}

/// The commands that it prints run as they are: what a shell reads is what was meant.
#[test]
fn the_printed_commands_run() {
    let place = Place::new();
    place.write(
        "my files/our posts.csv",
        rows("text,label,country", 60, |i| format!("post {i},{},SG", ["x", "y"][i % 2])),
    );
    let told = made(&place, "my files/our posts.csv", &[]);
    for command in told["commands"].as_array().unwrap() {
        let command = command.as_str().unwrap();
        let line = command.replacen("culture-eval", env!("CARGO_BIN_EXE_culture-eval"), 1);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).current_dir(place.path("")).env("HOME", place.path("home"));
        shell.env("CULTURE_EVAL_RESAMPLES", "500");
        let ran = Ran::of(&mut shell).exits(0);
        assert!(!ran.out.contains("SAMPLE"), "{command}\n{}", ran.out);
    }
}

#[test]
fn choices_with_letters_in_lower_case() {
    let place = Place::new();
    let text = rows("qid,question,A,B,C,answer_key,country", 12, |i| {
        format!(
            "q{i},what is eaten on day {i}?,rice {i},bread {i},soup {i},{},{}",
            ["a", "b", "c"][i % 3],
            COUNTRIES[i % 2]
        )
    });
    place.write("quiz.csv", text);
    made(&place, "quiz.csv", &[]);
    let value = scores(&place, "quiz", "hashed-ngrams", 12);
    assert!((0.0..=1.0).contains(&value));
}

#[test]
fn choices_of_jsonl_with_nested_options_and_places_from_1() {
    let place = Place::new();
    let text: String = (0..12)
        .map(|i| {
            let options: Vec<String> = (0..2 + i % 2).map(|o| format!("dish {o} of {i}")).collect();
            json!({ "question": { "stem": format!("what is dish {i}?") }, "choices": { "text": options }, "answerKey": 1 + i % (2 + i % 2), "n": i })
                .to_string()
                + "\n"
        })
        .collect();
    place.write("arc.jsonl", text);
    made(&place, "arc.jsonl", &["--one-culture", "ID"]);
    scores(&place, "arc", "hashed-ngrams", 12);
}

#[test]
fn short_answers_of_a_json_document() {
    let place = Place::new();
    place.model("talker", "talker", "", "");
    let all: Vec<Value> = (0..12)
        .map(|i| json!({ "question": format!("what do people eat on day {i}?"), "answers": ["rice", format!("rice {i}")], "region": "SG" }))
        .collect();
    place.write("everyday.json", json!({ "version": 2, "items": all }).to_string());
    let told = made(&place, "everyday.json", &[]);
    assert_eq!(told["roles"]["answer"], "a few words: `answers` has the right ones");
    scores(&place, "everyday", "talker", 12);
}

#[test]
fn votes_of_people() {
    let place = Place::new();
    place.model("scorer", "liar", "", "lie = \"none\"");
    let text = rows("question\tvotes_Yes\tvotes_No\tcountry", 12, |i| {
        format!("is day {} good?\t{}\t{}\t{}", i / 2, 1 + i, 12 - i, COUNTRIES[i % 2])
    });
    place.write("survey.tsv", text);
    let told = made(&place, "survey.tsv", &[]);
    assert_eq!(told["roles"]["options"], "the names of the columns: `Yes`, `No`");
    let value = scores(&place, "survey", "scorer", 12);
    assert!((0.0..=1.0).contains(&value));
}

#[test]
fn two_sentences() {
    let place = Place::new();
    place.model("scorer", "liar", "", "lie = \"none\"");
    place.write(
        "pairs.csv",
        rows("sent_more,sent_less,bias_type", 12, |i| {
            format!("they lie {i},we lie {i},{}", ["age", "race"][i % 2])
        }),
    );
    made(&place, "pairs.csv", &[]);
    scores(&place, "pairs", "scorer", 12);
}

#[test]
fn what_cannot_be_read_or_guessed_writes_nothing() {
    let place = Place::new();
    let error = |text: &str, more: &[&str]| {
        place.write("mine.csv", text);
        let ran = place.run(&[&["new-benchmark", "mine.csv"], more].concat()).exits(2);
        assert!(!place.path("mine.toml").exists());
        place.plain(&ran.err)
    };
    insta::assert_snapshot!(error("text,label\na b,x\nc d,y\n", &[]), @"error: failed to guess the columns of mine.csv: cannot guess the column of the culture; give it with `--culture COLUMN`, or with `--one-culture TAG` if all rows are about the same culture. The columns are: `text`, `label`");
    assert_says(
        &error("text,label,country\na b,x\n", &[]),
        &["mine.csv, row 1", "2 fields where the header has 3"],
    );
    assert_says(
        &error("question,a,b,gold,country\nwhat?,x,x,A,SG\n", &[]),
        &["nothing was written", "the options A and B are equal"],
    );
    let wide: Vec<String> = (0..1001).map(|i| format!("{{\"m{i}\": 1}}\n")).collect();
    place.write("wide.jsonl", wide.concat());
    let ran = place.run(&["new-benchmark", "wide.jsonl"]).exits(2);
    assert_says(&ran.err, &["wide.jsonl, row 1001", "more than 1,000 different members"]);
    assert_says(
        &error("text,label,country\na,x,SG\nb,y,SG\nc,x,SG\nd,y,SG\n", &["--name", "emgsd"]),
        &["already", "--name"],
    );
}

/// Two datasets in one folder have two numbers, and neither is that of a known benchmark.
#[test]
fn numbers_are_free() {
    let place = Place::new();
    place.write(
        "mine.csv",
        rows("text,label,country", 8, |i| format!("post {i},{},SG", ["x", "y"][i % 2])),
    );
    made(&place, "mine.csv", &[]);
    made(&place, "mine.csv", &["--name", "other"]);
    place.run(&["validate", "made"]).exits(0);
    let again = place.run(&["new-benchmark", "mine.csv", "--folder", "made"]).exits(2);
    assert_says(&again.err, &["already exists", "--name"]);
}
