//! What a model is given: what the protocol says and nothing else, at fit, test, embed and explain.

use fs_err as fs;

use super::own_data::dataset;
use super::program::{Place, assert_says};

const TAGGED: &str = "id,text,label,country\nt1/good,fine,good,SG\nt2/bad,\"so, so\",bad,ZA\nt3/good,great,good,ZA\nt4/bad,dull,bad,SG\nt5/good,warm,good,SG\n";
const PLAIN: &str = "id,text,label\nt1/good,fine,good\nt2/bad,\"so, so\",bad\nt3/good,great,good\nt4/bad,dull,bad\nt5/good,warm,good\n";
const TEST: &str =
    "id,text,label,country\ne1/SG,lovely,good,SG\ne2/ZA,awful,bad,ZA\ne3/SG,nice,good,SG\n";

/// As EMGSD: a train file with tags, or one that was reduced to texts and labels in its place. `protocol` goes into the protocols.
fn place(train: (&str, &str), protocol: &str) -> Place {
    let place = Place::new();
    let reduced = r#"
[[source]]
id = "reduced"
path = "reduced.csv"
from = { kind = "drop-in", hint = "from the tests" }

[[task]]"#;
    let stands_in = r#"
[[task.input]]
source = "reduced"
instead_of = "train"
part = "train"
columns = ["id", "text", "label"]

[[task.input.step]]
do = "set"
column = "country"
template = ""

[task.example]"#;
    let embedded = r#"
[[task.protocol]]
name = "frozen"
eval = ["test"]
accepts = ["embed"]
embedding = { kind = "knn-and-probe", k = 1, epochs = 1, batch = 2, learning_rate = 1e-3 }

[[benchmark]]"#;
    let toml = dataset()
        .replacen("[[task]]", reduced, 1)
        .replacen("[task.example]", stands_in, 1)
        .replacen("[[benchmark]]", embedded, 1)
        .replace("fit = true\n", &format!("fit = true\n{protocol}\n"));
    place.write("defs/own.toml", toml);
    place.write(&format!("mirror/own/{}", train.0), train.1);
    place.write("mirror/own/test.csv", TEST);
    let config = format!("file = \"{}\"", place.path("calls").display());
    place.model("words", "tfidf-logreg", "", "c = [1.0]\nmin_df = 1");
    for (name, protocol) in [("ear", "trained"), ("ear-frozen", "frozen")] {
        place.model(name, "recorder", &format!("batch = 4\nprotocols = [\"{protocol}\"]"), &config);
    }
    place
}

/// Runs and explains; the recorder's lines, and the hashes of what `majority` and a `tfidf-logreg` answered.
fn run(place: &Place) -> (String, Vec<String>) {
    let base = ["--data", "official", "--mirror", "mirror", "--benchmarks", "own"];
    place
        .run(&[&["run", "--models", "ear,ear-frozen,majority,words"], &base[..]].concat())
        .exits(0);
    let explain = ["explain", "default", "--model", "ear", "--benchmark", "own"];
    place.run(&explain).exits(0);
    let calls = fs::read_to_string(place.path("calls")).unwrap();
    let answers = ["majority.", "words."].map(|model| {
        let record = fs::read_to_string(place.cell("default", model).join("record.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        record["predictions"].as_str().unwrap().to_owned()
    });
    (calls, answers.to_vec())
}

#[test]
fn what_is_not_seen_reaches_no_plugin() {
    let (calls, _) = run(&place(("train.csv", TAGGED), ""));
    for call in ["create", "fit", "classify", "embed", "explain"] {
        assert!(calls.lines().any(|line| line.starts_with(call)), "{call} is not in {calls}");
    }
    assert_says(&calls, &["lovely", "fine"]);
    // Neither a culture, nor an id, which may hold a label or a culture.
    for hidden in ["SG", "ZA", "good", "/bad", "t1/", "e1/"] {
        assert!(!calls.contains(hidden), "{hidden} is in {calls}");
    }
    // No culture is known, so every example is of the one after the last: all alike.
    for line in calls.lines().filter(|line| line.starts_with("create")) {
        assert_says(line, &["[no yes] []"]);
    }
    for line in calls.lines().filter(|l| l.starts_with("classify") || l.starts_with("explain")) {
        assert!(line.ends_with("[0, 0, 0]"), "{line}");
    }
}

#[test]
fn a_protocol_may_show_the_culture() {
    let (calls, _) = run(&place(("train.csv", TAGGED), "sees = [\"text\", \"culture\"]"));
    let of = |call: &str| calls.lines().find(|line| line.starts_with(call)).unwrap();
    assert_says(of("create own trained"), &["[no yes] [SG ZA]"]);
    assert!(of("classify").ends_with("[0, 1, 0]"), "{calls}");
    assert!(of("explain").ends_with("[0, 1, 0]"), "{calls}");
    // The other protocol of the task does not show it.
    assert_says(of("create own frozen"), &["[no yes] []"]);
    assert!(of("embed").ends_with("[0, 0, 0, 0]"), "{calls}");
}

#[test]
fn tags_that_are_not_seen_change_no_model() {
    let tagged = run(&place(("train.csv", TAGGED), ""));
    let plain = run(&place(("reduced.csv", PLAIN), ""));
    assert_eq!(tagged, plain, "the same calls, the same answers");
    let seen = "sees = [\"text\", \"culture\"]";
    let seen =
        [("train.csv", TAGGED), ("reduced.csv", PLAIN)].map(|train| run(&place(train, seen)));
    assert_ne!(seen[0].1, seen[1].1, "where they are seen, they do");
}

#[test]
fn a_wording_that_names_what_is_not_seen_is_refused() {
    let place = place(("train.csv", TAGGED), "sees = [\"text\"]\ninput = \"[{culture}] {text}\"");
    let said = place.plain(&place.run(&["validate"]).exits(1).out);
    assert_says(
        &said,
        &[
            "task.own.protocol.trained.sees: `input` or a prompt names the culture, which `sees` does not list; add `culture`, or take it out of the wording",
        ],
    );
}
