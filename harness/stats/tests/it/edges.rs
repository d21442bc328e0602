//! What data look like in practice: missing cluster ids, numbers as tables write them, any scale, empty tables, requests
//! that no memory holds.

use eval_stats::bootstrap::{BootstrapOptions, bootstrap_mean};
use eval_stats::cluster::{clustered_se, paired_clustered_se};
use eval_stats::interval::mean_interval;
use eval_stats::json::answer;
use eval_stats::mcnemar::{Alternative, PairedTable, mcnemar};
use eval_stats::ranking::compact_letters;
use eval_stats::rng::Stream;
use eval_stats::ttest::{independent_effect, paired_t, tost_paired};
use eval_stats::{Direction, MOST_RESAMPLES};
use serde_json::{Value, json};

use crate::support::{METHODS, same};

fn asked(function: &str, input: Value, opts: Value) -> Result<Value, String> {
    let request = json!({ "id": 1, "fn": function, "input": input, "opts": opts });
    let answer = answer(&request);
    match answer.get("error") {
        Some(error) => Err(error.to_string()),
        None => Ok(answer["answer"].clone()),
    }
}

fn p_of(clusters: &Value) -> Result<f64, String> {
    let input = json!({ "differences": [1, 1, 1, 1], "clusters": clusters });
    asked("permutation_mean", input, json!({ "method": "exact" }))
        .map(|answer| answer["p_value"].as_f64().unwrap())
}

/// Sign flips of k clusters that all favour one model: p = 2^(1 - k).
#[test]
fn a_cluster_id_is_its_text() {
    same(p_of(&json!([1, 2, 3, 4])).unwrap(), 0.125);
    same(p_of(&json!([1, 1.0, 2, 2])).unwrap(), 0.5);
    same(p_of(&json!([1, "1", 2.0, "2"])).unwrap(), 0.5);
    same(p_of(&json!([0, -0.0, 0.5, 1.5])).unwrap(), 0.25);
    same(p_of(&json!(["1.0", "1", 2, 3])).unwrap(), 0.125);
    same(p_of(&json!([true, "x", "y", "z"])).unwrap(), 0.125);
    // Neighbours that are one double, and a double beyond all integers.
    same(
        p_of(&json!([9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64, 1e300, 1e300])).unwrap(),
        0.25,
    );
}

#[test]
fn a_missing_cluster_id_is_refused_with_its_place() {
    for missing in [json!(null), json!(""), json!("  "), json!("NaN")] {
        let error = p_of(&json!([1, 2, missing, 2])).unwrap_err();
        assert!(error.contains("`clusters` holds no id at index 2"), "{error}");
    }
    let error = p_of(&json!([1, [2], 3, 3])).unwrap_err();
    assert!(error.contains("a list or an object at index 1"), "{error}");
}

#[test]
fn labels_may_be_written_as_decimals() {
    let by = |gold: Value, a: Value| {
        asked("classification_metrics", json!({ "gold": gold, "pred": a }), json!({}))
    };
    assert_eq!(
        by(json!([1.0, 0.0, 1, 2.0]), json!([1, 0.0, 0.0, 2])).unwrap()["accuracy"],
        json!(0.75)
    );
    for bad in [json!(1.5), json!(-1), json!(65_536), json!(null), json!("1"), json!(true)] {
        let error = by(json!([0, 1]), json!([0, bad])).unwrap_err();
        assert!(error.contains("`pred` holds") && error.contains("at index 1"), "{error}");
    }
}

#[test]
fn more_resamples_than_memory_are_refused() {
    let asked_for = json!({ "resamples": 4_000_000_000_u64 });
    let by_drawing = json!({ "resamples": 4_000_000_000_u64, "method": "mc" });
    let label = json!({ "gold": [0, 1], "pred_a": [0, 1], "pred_b": [1, 1] });
    let scores = json!({ "scores": [[1.0, 2.0], [2.0, 1.0]] });
    for (function, input, opts) in [
        ("bootstrap_mean", json!({ "values": [1.0, 2.0] }), &asked_for),
        ("permutation_mean", json!({ "differences": [1.0, 2.0] }), &by_drawing),
        ("permutation_metric", label, &by_drawing),
        ("friedman_permutation", scores.clone(), &asked_for),
        ("bootstrap_ranks", scores, &asked_for),
    ] {
        let error = asked(function, input, opts.clone()).unwrap_err();
        assert!(error.contains("at most 100,000,000"), "{function}: {error}");
    }
    let options = BootstrapOptions {
        resamples: MOST_RESAMPLES + 1,
        ..BootstrapOptions::new(Stream::new(1, "x"))
    };
    assert!(bootstrap_mean(&[1.0, 2.0], &options).is_err());
}

#[test]
fn a_table_without_discordant_pairs_has_p_1_with_and_without_examples() {
    for method in METHODS {
        for alternative in [Alternative::TwoSided, Alternative::Greater, Alternative::Less] {
            for both_right in [0, 9] {
                let table = PairedTable { both_right, ..PairedTable::default() };
                same(mcnemar(&table, method, alternative).unwrap().p_value, 1.0);
            }
        }
    }
    let short = asked("mcnemar", json!({ "only_a": 0, "only_b": 0 }), json!({})).unwrap();
    let full = json!({ "both_right": 0, "only_a": 0, "only_b": 0, "both_wrong": 0 });
    assert_eq!(asked("mcnemar", full, json!({})).unwrap(), short);
    same(short["p_value"].as_f64().unwrap(), 1.0);
}

/// What has no unit does not change with the unit; what has one changes with it.
#[test]
fn results_are_right_at_any_scale() {
    let (a, b) = ([3.0, 5.0, 4.0, 7.0, 6.0], [2.0, 5.5, 2.0, 4.0, 5.0]);
    let (clusters, d) = ([0, 0, 1, 1, 2], [1.0, -0.5, 2.0, 3.0, 1.0]);
    let t = paired_t(&d, Alternative::TwoSided, 0.95).unwrap();
    // scipy.stats.ttest_1samp([1, -.5, 2, 3, 1], 0)
    same(t.statistic, 2.229_481_606_852_615);
    same(t.p_value, 0.089_662_517_020_345_2);
    let plain = (
        independent_effect(&a, &b).unwrap(),
        clustered_se(&d, &clusters).unwrap(),
        paired_clustered_se(&a, &b, &clusters).unwrap(),
        mean_interval(&d, 0.95).unwrap(),
        tost_paired(&d, -3.0, 3.0).unwrap(),
    );
    for scale in [1e-300, 1e-160, 1e160, 1e200, 1e300] {
        let [a, b, d] = [a, b, d].map(|list| list.map(|v| v * scale));
        let s = paired_t(&d, Alternative::TwoSided, 0.95).unwrap();
        same(s.statistic, t.statistic);
        same(s.p_value, t.p_value);
        same(s.se / scale, t.se);
        same(s.cohens_dz, t.cohens_dz);
        same(s.interval.low / scale, t.interval.low);
        let e = independent_effect(&a, &b).unwrap();
        same(e.cohens_d.unwrap(), plain.0.cohens_d.unwrap());
        same(e.welch.unwrap().p_value, plain.0.welch.unwrap().p_value);
        let c = clustered_se(&d, &clusters).unwrap();
        same(c.se_cr1 / scale, plain.1.se_cr1);
        same(c.se_clustered_miller / scale, plain.1.se_clustered_miller);
        same(c.design_effect.unwrap(), plain.1.design_effect.unwrap());
        let p = paired_clustered_se(&a, &b, &clusters).unwrap();
        same(p.t.unwrap().1, plain.2.t.unwrap().1);
        same(p.correlation.unwrap(), plain.2.correlation.unwrap());
        same(p.se_unpaired / scale, plain.2.se_unpaired);
        same(mean_interval(&d, 0.95).unwrap().high / scale, plain.3.high);
        same(tost_paired(&d, -3.0 * scale, 3.0 * scale).unwrap().p_value, plain.4.p_value);
    }
}

/// Models whose pairs (0, 1), (2, 3), ... differ have 2^(k/2) maximal sets without a differing pair.
#[test]
fn letters_of_disjoint_pairs_are_few() {
    for k in [4, 36, 120] {
        let differs: Vec<Vec<bool>> =
            (0..k).map(|i| (0..k).map(|j| i != j && i / 2 == j / 2).collect()).collect();
        let scores: Vec<f64> = (0..k).map(|i| f64::from(i as u32)).collect();
        let letters = compact_letters(&scores, &differs, Direction::HigherIsBetter).unwrap();
        let sets: Vec<Vec<String>> = letters.iter().map(|text| letters_of(text)).collect();
        for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let share = sets[i].iter().any(|letter| sets[j].contains(letter));
            assert_eq!(share, !differs[i][j], "{i} {j}: {letters:?}");
        }
        let most = sets.iter().map(Vec::len).max().unwrap();
        assert!(most <= k, "{most} letters of {k} models");
    }
}

/// "aa1b" is a, a1, b.
fn letters_of(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for c in text.chars() {
        match found.last_mut().filter(|_| c.is_ascii_digit()) {
            Some(last) => last.push(c),
            None => found.push(c.to_string()),
        }
    }
    found
}

/// Models that differ when further apart than a yardstick: the letters are the maximal groups within it.
#[test]
fn letters_of_a_yardstick_are_its_maximal_groups() {
    let scores = [9.0, 8.5, 8.0, 7.0, 6.5, 4.0, 3.9, 1.0];
    let differs: Vec<Vec<bool>> =
        scores.iter().map(|a| scores.iter().map(|b| f64::abs(a - b) > 1.6).collect()).collect();
    let letters = compact_letters(&scores, &differs, Direction::HigherIsBetter).unwrap();
    assert_eq!(letters, ["a", "ab", "abc", "bc", "c", "d", "d", "e"]);
    let turned = compact_letters(&scores, &differs, Direction::LowerIsBetter).unwrap();
    assert_eq!(turned, ["e", "de", "cde", "cd", "c", "b", "b", "a"]);
}
