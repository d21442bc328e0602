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
    assert!(csv.contains("w1-ab/per-token"), "the length-normalised variant is beside it");
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
        "the official parser reads every other reply as False"
    );
    let csv = fs_err::read_to_string(place.path("runs/default/leaderboard.csv")).unwrap();
    assert!(csv.contains("accuracy-answered") && csv.contains("unparsable"), "both views: {csv}");
}

/// GloVe has 20 neighbours on UniVaR, and the name of its answers says so.
#[test]
fn a_model_may_have_its_own_number_of_neighbours() {
    let place = Place::new();
    place.model("near", "hashed-ngrams", "neighbours = 20", "");
    let cells = cells(&place, &["--models", "near", "--benchmarks", "wvs"]);
    assert_eq!(told(&cells[0]), ("frozen embed knn-20".to_owned(), [40, 1, 40, 0]));
}

/// Always True finds every true assertion and no false one.
#[test]
fn a_constant_answer_is_the_reference_of_cultureatlas() {
    let place = Place::new();
    place.sample(&["--models", "always-true", "--benchmarks", "cultureatlas"]).exits(0);
    let summary = place.summary("default");
    let protocols: Vec<&str> = summary["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["protocol"].as_str().unwrap())
        .collect();
    assert_eq!(protocols, ["trained", "zero-shot"]);
    let of = |metric: &str| {
        let scores = summary["scores"].as_array().unwrap().iter();
        let mut own = scores
            .filter(|d| d["score"]["metric"] == metric && d["score"]["subset"]["kind"] == "all");
        own.next().unwrap()["score"]["value"].as_f64().unwrap()
    };
    let share = of("accuracy");
    let f1 = summary["cells"][0]["outcome"]["score"]["value"].as_f64().unwrap();
    assert!((f1 - 2.0 * share / (1.0 + share)).abs() < 1e-5, "{f1} {share}");
    assert!((of("recall") - 1.0).abs() < 1e-5);
    assert_eq!(of("harmonic-recall").to_bits(), 0.0_f64.to_bits());
}

#[test]
fn replies_and_likelihoods_are_never_compared() {
    let place = Place::new();
    place.model("scorer", "liar", "", "lie = \"none\"");
    place.model("talker", "talker", "", "");
    let args = ["--models", "scorer,talker", "--benchmarks", "crehate", "--protocols", "zero-shot"];
    let cells = cells(&place, &args);
    let protocols: Vec<&Value> = cells.iter().map(|cell| &cell["protocol"]).collect();
    assert_eq!(protocols, ["zero-shot (likelihood)", "zero-shot (replies)"]);
    let report = place.run(&["compare", "--format", "json"]).exits(0).lines().remove(0);
    assert_eq!(report["benchmarks"].as_array().unwrap().len(), 0, "{report}");
    let text = report.to_string();
    for protocol in ["zero-shot (likelihood)", "zero-shot (replies)"] {
        let alone = format!("the only model that ran by protocol {protocol}");
        assert!(text.contains(&alone), "{alone} is not in {text}");
    }
}

/// UniVaR's column is a micro mean and says so; the macro mean and the means of further metrics are beside it.
#[test]
fn the_mean_of_corpora_says_which_mean_it_is() {
    let place = Place::new();
    place.sample(&["--models", "stratified-random", "--benchmarks", "univar"]).exits(0);
    let summary = place.summary("default");
    assert_eq!(summary["benchmarks"][0]["metric"], "accuracy, micro mean");
    let scores = summary["scores"].as_array().unwrap();
    let value = |metric: &str| {
        let found = scores.iter().find(|d| d["score"]["metric"] == metric);
        found.unwrap_or_else(|| panic!("no {metric}"))["score"]["value"].as_f64().unwrap()
    };
    let mean = value("accuracy, macro mean");
    for metric in ["weighted-f1", "weighted-f1, macro mean", "acc@5", "acc@10, macro mean"] {
        assert!((0.0..=1.0).contains(&value(metric)), "{metric}");
    }
    let board = place.run(&["report", "--format", "md"]).exits(0).out;
    assert!(
        board.contains("micro mean") && board.contains(&format!("macro {:.1}", 100.0 * mean)),
        "{board}"
    );
}
