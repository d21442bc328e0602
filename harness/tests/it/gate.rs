//! `gate`: GO, NO-GO and NOT ENOUGH DATA with their exit codes, on a SAMPLE run.

use fs_err as fs;

use crate::program::{Place, assert_says};

fn place() -> Place {
    let place = Place::new();
    let models = "majority,hashed-ngrams,tfidf-logreg";
    place
        .run(&[
            "run",
            "--data",
            "sample",
            "--models",
            models,
            "--benchmarks",
            "crehate,emgsd",
            "-q",
        ])
        .exits(0);
    place
}

fn policy(place: &Place, candidate: &str, baseline: &str, rest: &str) -> String {
    let path = place.path("policy.toml");
    let text = format!("candidate = {candidate:?}\nbaseline = {baseline:?}\n{rest}");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_gate_opens_closes_or_asks_for_more_data() {
    let place = place();
    let try_it = "allow_sample = true\n";
    let require = "[[require]]\nbenchmark = \"crehate\"\nlargest_drop = 2\ncultures = [\"SG\", \"ZA\"]\nculture_drop = 20\n";

    // tfidf-logreg is better than majority by some 20 points, on every culture.
    let better = policy(&place, "tfidf-logreg", "majority", &format!("{try_it}{require}"));
    let ran = place.run(&["gate", &better]).exits(0);
    assert_says(
        &ran.out,
        &[
            "GO: tfidf-logreg against majority",
            "crehate on SG",
            "loss < 2.0 points",
            "loss < 20.0 points",
        ],
    );

    // The other way round it is as much worse.
    let worse = policy(&place, "majority", "tfidf-logreg", &format!("{try_it}{require}"));
    let junit = place.path("gate.xml");
    let ran = place.run(&["gate", &worse, "--junit", junit.to_str().unwrap()]).exits(1);
    assert_says(&ran.out, &["NO-GO: majority against tfidf-logreg"]);
    let xml = fs::read_to_string(junit).unwrap();
    assert_says(&xml, &["<failure", "NO-GO", "crehate on SG"]);

    // A few points between two models, and a margin of a tenth of a point: 500 examples cannot tell.
    let open = "[[require]]\nbenchmark = \"emgsd\"\nequivalent_within = 0.1\n";
    let open = policy(&place, "tfidf-logreg", "hashed-ngrams", &format!("{try_it}{open}"));
    let ran = place.run(&["gate", &open]).exits(3);
    assert_says(
        &ran.out,
        &["NOT ENOUGH DATA: tfidf-logreg against hashed-ngrams", "within 0.1 points"],
    );
    let ran = place.run(&["gate", &open, "--json"]).exits(3);
    assert_eq!(ran.lines()[0]["verdict"], "not-enough-data");
}

#[test]
fn what_cannot_be_judged_is_said() {
    let place = place();
    let require = "[[require]]\nbenchmark = \"crehate\"\nlargest_drop_percent = 5\n";
    // SAMPLE data releases no model.
    let path = policy(&place, "tfidf-logreg", "majority", require);
    let ran = place.run(&["gate", &path]).exits(3);
    assert_says(
        &ran.out,
        &["crehate: SAMPLE data says nothing of the benchmark", "allow_sample = true"],
    );
    // A culture that is not there.
    let rest = format!("allow_sample = true\n{require}cultures = [\"XX\"]\n");
    let path = policy(&place, "tfidf-logreg", "majority", &rest);
    let ran = place.run(&["gate", &path]).exits(3);
    assert_says(&ran.out, &["crehate on XX: the culture is not in the comparison"]);
    // Names.
    let ran = place.run(&["gate", &path, "--candidate", "none"]).exits(2);
    assert_says(&ran.err, &["the run has no model `none`: it has"]);
    let bare = place.path("bare.toml");
    fs::write(&bare, require).unwrap();
    let ran = place.run(&["gate", bare.to_str().unwrap()]).exits(2);
    assert_says(&ran.err, &["names no candidate", "--candidate"]);
}
