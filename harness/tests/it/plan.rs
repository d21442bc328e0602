//! `culture-eval stats plan`: from given variances, and from a run.

use serde_json::Value;

use crate::program::Place;

#[test]
fn a_plan_comes_from_given_variances() {
    let place = Place::new();
    let args = ["stats", "plan", "--difference", "0.02", "--cluster-variance", "0.25"];
    let rest = ["--seed-variance", "0.0001", "--models", "6", "--seeds", "1,40"];
    let text = place.run(&[&args[..], &rest].concat()).exits(0).out;
    assert!(text.contains("A difference of 2.0 points is found with 80 % power"), "{text}");
    assert!(text.contains("over 15 pairs (first step 0.0033)"), "{text}");
    assert!(text.contains("about the trained weights") && text.contains("sd 1.0 points"), "{text}");
    let json = place.run(&[&args[..], &rest, &["--json"]].concat()).exits(0).out;
    let found: Value = serde_json::from_str(&json).unwrap();
    // (2.935 + .8416)^2 .25 / .02^2 = 8,914 by Miller's formula, which has no degrees of freedom.
    let clusters = found["clusters"][0].as_u64().unwrap();
    assert!((8_900..9_000).contains(&clusters), "{found}");
    assert!(found["clusters"][1].as_u64().unwrap() > clusters, "seeds vary, too: {found}");
}

#[test]
fn a_plan_takes_its_variances_from_a_run() {
    let place = Place::new();
    let models = ["--models", "stratified-random,hashed-ngrams", "--benchmarks", "crehate,emgsd"];
    place.sample(&[&models[..], &["--seeds", "1,2,3", "--name", "pilot"]].concat()).exits(0);
    let plan = ["stats", "plan", "--difference", "0.1", "--run", "pilot"];
    let unnamed = place.run(&plan);
    assert!(unnamed.exits(2).err.contains("name one with --benchmark"));
    let text = place.run(&[&plan[..], &["--benchmark", "crehate"]].concat()).exits(0).out;
    assert!(
        text.contains("for one pair with") && text.contains("about the training recipe"),
        "{text}"
    );
    let json = place.run(&[&plan[..], &["--benchmark", "crehate", "--json"]].concat()).exits(0);
    let found: Value = serde_json::from_str(&json.out).unwrap();
    // CREHate's posts have five labels each: five examples a cluster.
    let of = |key: &str| found[key][0].as_u64().unwrap();
    assert_eq!(of("examples"), 5 * of("clusters"), "{found}");
}
