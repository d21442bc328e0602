//! A benchmark with each metric that can be negative, through the whole program: run, report, score, compare.

use fs_err as fs;
use serde_json::Value;

use super::own_data;
use super::program::assert_says;

const N: usize = 60;

/// Gold of question `i`, and the answer of `name`: one model is mostly right, the other one seldom.
fn answer(name: &str, i: usize) -> (bool, bool) {
    let right = if name == "mostly" { i % 10 < 8 } else { i % 10 < 2 };
    let gold = i.is_multiple_of(3);
    (gold, gold == right)
}

/// The metric from the four counts, by its textbook formula for two classes.
fn by_hand(metric: &str, name: &str) -> f64 {
    let count =
        |gold, answered| (0..N).filter(|i| answer(name, *i) == (gold, answered)).count() as f64;
    let (tp, fp) = (count(true, true), count(false, true));
    let (fn_, tn) = (count(true, false), count(false, false));
    let n = N as f64;
    let (gold, answered) = (tp + fn_, tp + fp);
    if metric == "mcc" {
        (tp * tn - fp * fn_) / (answered * gold * (n - gold) * (n - answered)).sqrt()
    } else {
        let chance = (answered * gold + (n - answered) * (n - gold)) / (n * n);
        ((tp + tn) / n - chance) / (1.0 - chance)
    }
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

#[test]
fn correlations_are_scored_and_compared_below_zero_too() {
    let questions: Vec<String> = (0..N)
        .map(|i| {
            let label = if answer("mostly", i).0 { "good" } else { "bad" };
            let country = if i % 2 == 0 { "SG" } else { "ZA" };
            format!("e{i},text {i},{label},{country}\n")
        })
        .collect();
    let test = format!("id,text,label,country\n{}", questions.concat());
    for metric in ["mcc", "cohen-kappa"] {
        let place = own_data::place(own_data::TRAIN.as_bytes(), test.as_bytes());
        let dataset = own_data::dataset().replace("\"accuracy\"", &format!("\"{metric}\""));
        place.write("defs/own.toml", dataset);
        for name in ["mostly", "seldom"] {
            let label = |i| if answer(name, i).1 { "yes" } else { "no" };
            let rows: Vec<String> = (0..N).map(|i| format!("e{i},{}\n", label(i))).collect();
            let rows = rows.concat();
            let file = place.write(&format!("{name}.csv"), format!("id,label\n{rows}"));
            let config = format!("path = \"{}\"\nkey = \"id\"\nlabel = \"label\"", file.display());
            let top = "tasks = [\"own\"]\nprotocols = [\"trained\"]";
            place.model(name, "replay", top, &config);
        }
        place.run(&["validate"]).exits(0);
        let data = ["--data", "official", "--mirror", "mirror"];
        let run = ["run", "--models", "mostly,seldom", "--benchmarks", "own"];
        place.run(&[&run[..], &data].concat()).exits(0);

        let summary = place.summary("default");
        for cell in summary["cells"].as_array().unwrap() {
            let (name, score) = (cell["model"].as_str().unwrap(), &cell["outcome"]["score"]);
            let (low, value, high) =
                (number(score, "low"), number(score, "value"), number(score, "high"));
            let expect = by_hand(metric, name);
            assert!((value - expect).abs() < 1e-12, "{metric} of {name}: {value}, {expect}");
            assert!(-1.0 <= low && low < value && value < high && high <= 1.0, "{score}");
            assert_eq!(value < 0.0, name == "seldom", "{score}");

            let file = format!("{name}.csv");
            let args = ["--json", "score", "--benchmark", "own", "--predictions", &file];
            let again = place.run(&[&args[..], &data].concat()).exits(0).lines().remove(0);
            assert_eq!(&again["scores"][0]["value"], &score["value"]);
        }

        let compared = place.run(&["--json", "compare", "default"]).exits(0).lines().remove(0);
        let benchmark = &compared["benchmarks"][0];
        assert_eq!(benchmark["metric"], metric);
        assert_eq!(benchmark["test"]["name"], "approximate-randomisation");
        let pair = &benchmark["pairs"][0];
        assert!(number(pair, "p") < 0.001, "{pair}");
        assert_eq!(pair["effects"].as_array().map_or(0, Vec::len), 0, "{pair}");
        let difference = number(pair, "difference").abs();
        let expect = by_hand(metric, "mostly") - by_hand(metric, "seldom");
        assert!((difference - expect).abs() < 1e-12 && difference > 1.0, "{pair}");
        for model in benchmark["models"].as_array().unwrap() {
            assert!(number(&model["cultures"], "gap") >= 0.0, "{model}");
        }
        place.run(&["report", "default", "--format", "terminal,svg", "--out", "out"]).exits(0);
        let board = fs::read_to_string(place.path("out/leaderboard.txt")).unwrap();
        let shown = format!("{:.1}", 100.0 * by_hand(metric, "seldom"));
        assert!(shown.starts_with('-'));
        assert_says(&board, &[&shown]);
    }
}
