//! A model has one interval on a benchmark, wherever it is shown, with one seed or several.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::Place;

/// Value and interval by model and benchmark, as the leaderboard has them.
fn of_leaderboard(summary: &Value) -> BTreeMap<(String, String), [f64; 3]> {
    let cells = summary["cells"].as_array().unwrap().iter();
    cells
        .filter_map(|cell| {
            let score = cell["outcome"].get("score")?;
            let number = |name: &str| score[name].as_f64().unwrap();
            Some((key(&cell["model"], &cell["benchmark"]), ["value", "low", "high"].map(number)))
        })
        .collect()
}

/// The same, as the comparison has them.
fn of_comparison(report: &Value) -> BTreeMap<(String, String), [f64; 3]> {
    let mut found = BTreeMap::new();
    for benchmark in report["benchmarks"].as_array().unwrap() {
        for model in benchmark["models"].as_array().unwrap() {
            let ends = &model["interval"];
            let end = |place: usize, name: &str| {
                ends.get(name).unwrap_or_else(|| &ends[place]).as_f64().unwrap()
            };
            let figures = [model["value"].as_f64().unwrap(), end(0, "low"), end(1, "high")];
            found.insert(key(&model["model"], &benchmark["benchmark"]), figures);
        }
    }
    found
}

fn key(model: &Value, benchmark: &Value) -> (String, String) {
    (model.as_str().unwrap().to_owned(), benchmark.as_str().unwrap().to_owned())
}

#[test]
fn a_model_has_one_interval_on_board_and_in_the_comparison() {
    let place = Place::new();
    let args = ["--models", "majority,stratified-random,tfidf-logreg", "--benchmarks"];
    for (name, seeds) in [("one", "1"), ("three", "1,2,3")] {
        let rest = ["crehate,emgsd,cultureatlas", "--seeds", seeds, "--name", name];
        place.sample(&[&args[..], &rest].concat()).exits(0);
        let board = of_leaderboard(&place.summary(name));
        let report = place.run(&["compare", name, "--format", "json"]).exits(0);
        let compared = of_comparison(&serde_json::from_str(&report.out).unwrap());
        assert!(compared.len() >= 6, "{compared:?}");
        for (who, [value, low, high]) in &compared {
            let [board_value, board_low, board_high] = board[who];
            assert!((value - board_value).abs() < 1e-9, "{who:?}: {value} {board_value}");
            assert_eq!((*low, *high), (board_low, board_high), "{name} {who:?}");
            assert!(low <= value && value <= high, "{name} {who:?}");
        }
    }
}

/// An end lies at least the seeds' own standard error times z away, and no further than Student's t of their degrees of freedom
/// times the standard error of both. (`score::over_seeds` is tested to the digit beside its code.)
#[test]
fn several_seeds_give_their_mean_and_widen_the_interval() {
    let place = Place::new();
    let args = ["--models", "stratified-random", "--benchmarks", "emgsd"];
    let mut alone = Vec::new();
    for seed in ["1", "2", "3"] {
        place.sample(&[&args[..], &["--seeds", seed, "--name", seed]].concat()).exits(0);
        alone.push(of_leaderboard(&place.summary(seed)).into_values().next().unwrap());
    }
    place.sample(&[&args[..], &["--seeds", "1,2,3", "--name", "all"]].concat()).exits(0);
    let [value, low, high] = of_leaderboard(&place.summary("all")).into_values().next().unwrap();
    let mean = alone.iter().map(|a| a[0]).sum::<f64>() / 3.0;
    assert!((value - mean).abs() < 1e-12, "{value} is not the mean of {alone:?}");
    let variance = alone.iter().map(|a| (a[0] - mean).powi(2)).sum::<f64>() / 2.0;
    let of_seeds = (variance / 3.0).sqrt();
    assert!(of_seeds > 1e-4, "the seeds give different scores: {alone:?}");
    // One seed's interval holds all of the examples' part, and more.
    let widest = alone.iter().map(|a| (a[2] - a[1]) / 2.0 / 1.96).fold(0.0, f64::max);
    for half in [value - low, high - value] {
        assert!(half > 1.96 * of_seeds, "[{low}, {high}] lacks the seeds' {of_seeds}");
        // t(.975, 2) = 4.3027 (published tables).
        let most = 4.3027 * widest.hypot(of_seeds);
        assert!(half < most, "{half} is wider than all of it, {most}");
    }
}
