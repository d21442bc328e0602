//! Any capability serves any task: vectors, log-likelihoods and replies become scores with their protocol named.

use serde_json::Value;

use super::program::Place;

/// The cells of the board after a run of one model.
fn cells(place: &Place, args: &[&str]) -> Vec<Value> {
    place.sample(&[args, &["--limit", "40"]].concat()).exits(0);
    place.summary("default")["cells"].as_array().unwrap().clone()
}

/// `protocol served variant` and the counts of a cell.
fn told(cell: &Value) -> (String, [u64; 4]) {
    let word = |name: &str| cell[name].as_str().unwrap().to_owned();
    let score = &cell["outcome"]["score"];
    let count = |name: &str| score[name].as_u64().unwrap_or_else(|| panic!("no {name} in {cell}"));
    let how = format!("{} {} {}", word("protocol"), word("served"), word("variant"));
    (how, ["n", "variants", "answered", "unparsable"].map(count))
}

#[test]
fn vectors_serve_the_owners_knn_and_a_head() {
    let place = Place::new();
    let args = ["--models", "hashed-ngrams", "--benchmarks", "wvs,emgsd,univar"];
    let cells = cells(&place, &args);
    assert_eq!(told(&cells[0]), ("frozen embed knn".to_owned(), [40, 1, 40, 0]));
    assert_eq!(told(&cells[1]), ("frozen embed knn".to_owned(), [160, 1, 160, 0]));
    assert_eq!(told(&cells[2]), ("trained embed linear".to_owned(), [40, 1, 40, 0]));
    let csv = fs_err::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert!(
        csv.contains("hashed-ngrams,wvs,frozen,,linear,,no,SAMPLE,acc@5"),
        "the probe too: {csv}"
    );
}

#[test]
fn loglikelihoods_of_options_serve_prompts() {
    let place = Place::new();
    place.model("scorer", "liar", "", "lie = \"none\"");
    let args = ["--models", "scorer", "--benchmarks", "crehate", "--protocols", "zero-shot"];
    let cells = cells(&place, &args);
    assert_eq!(
        told(&cells[0]),
        ("zero-shot (likelihood) loglikelihood mean of 10".to_owned(), [40, 10, 400, 0])
    );
    let csv = fs_err::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert!(csv.contains("w1-ab/per-token"), "the length-normalised variant stands beside it");
}

#[test]
fn replies_are_parsed_and_those_that_are_no_label_counted() {
    let place = Place::new();
    place.model("talker", "talker", "", "");
    let args = ["--models", "talker", "--benchmarks", "crehate,cultureatlas,wvs"];
    let cells = cells(&place, &args);
    assert_eq!(
        cells[0]["outcome"]["reason"]["kind"], "not-served",
        "no prompt asks for 12 classes"
    );
    let (how, [n, variants, answered, odd]) = told(&cells[1]);
    assert_eq!((how.as_str(), n, variants), ("zero-shot (replies) generate mean of 10", 40, 10));
    assert!(
        odd > 0 && answered > 0 && answered + odd == 400,
        "{answered} answered, {odd} unparsable"
    );
    let (how, [n, _, answered, odd]) = told(&cells[2]);
    assert!(how.starts_with("zero-shot (replies) generate"), "{how}");
    assert_eq!(
        (n, answered, odd),
        (40, 40, 0),
        "the owners' parser reads every other reply as False"
    );
    let csv = fs_err::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert!(csv.contains("accuracy-answered") && csv.contains("unparsable"), "both views: {csv}");
}
