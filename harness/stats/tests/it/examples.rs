//! The worked examples of `tests/fixtures/examples.jsonl`: a request, what it must answer within which tolerance, and
//! where that value comes from (`source`).

use std::collections::BTreeSet;

use serde_json::Value;

fn examples() -> Vec<Value> {
    include_str!("../fixtures/examples.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("an example is a JSON line"))
        .collect()
}

/// A number as the examples write it: NaN and infinities as words, null as NaN.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Null => Some(f64::NAN),
        Value::String(word) => match word.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn fits(expected: &Value, got: &Value) -> bool {
    if let Some(options) = expected.get("any").and_then(Value::as_array) {
        return options.iter().any(|option| fits(option, got));
    }
    if let Some(list) = expected.get("list").and_then(Value::as_array) {
        return got
            .as_array()
            .is_some_and(|g| g.len() == list.len() && list.iter().zip(g).all(|(e, g)| fits(e, g)));
    }
    if let Some(equal) = expected.get("eq") {
        return match (number(equal), number(got)) {
            (Some(a), Some(b)) if !equal.is_boolean() => a == b || a.is_nan() && b.is_nan(),
            _ => equal == got,
        };
    }
    let Some(got) = number(got).filter(|g| !g.is_nan()) else { return false };
    if let Some(range) = expected.get("range").and_then(Value::as_array) {
        return number(&range[0]).is_some_and(|l| l <= got)
            && number(&range[1]).is_some_and(|h| got <= h);
    }
    let part = |key: &str| expected.get(key).and_then(number).unwrap_or(0.0);
    let value = part("v");
    if value.is_infinite() {
        got == value
    } else {
        (value - got).abs() <= (part("rel") * value.abs()).max(part("abs"))
    }
}

#[test]
fn worked_examples_are_answered_within_their_tolerance() {
    let examples = examples();
    let mut wrong = Vec::new();
    for example in &examples {
        let answer = eval_stats::json::answer(example);
        let id = &example["id"];
        if example.get("expect_error").is_some() {
            if answer.get("error").is_none() {
                wrong.push(format!("{id} should have been refused: {answer}"));
            }
            continue;
        }
        for (key, expected) in example["expect"].as_object().expect("an example expects something")
        {
            // A trailing underscore is a second expectation of the same figure.
            let key = key.strip_suffix('_').unwrap_or(key);
            let got = &answer["answer"][key];
            let degenerate = answer.get("error").is_some()
                && expected["any"].as_array().is_some_and(|a| a.iter().any(|o| o["eq"] == "NaN"));
            if !degenerate && !fits(expected, got) {
                wrong.push(format!(
                    "{id} {key}: expected {expected}, got {got} {}",
                    answer.get("error").unwrap_or(&Value::Null)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} examples:\n{}",
        wrong.len(),
        examples.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_function_has_an_example_that_is_answered() {
    let examples = examples();
    let answered: BTreeSet<&str> = examples
        .iter()
        .filter(|example| example.get("expect").is_some())
        .filter_map(|example| example["fn"].as_str())
        .collect();
    let without: Vec<&str> =
        eval_stats::json::functions().map(|f| f.name).filter(|n| !answered.contains(n)).collect();
    assert!(without.is_empty(), "add an example of {without:?} to fixtures/examples.jsonl");
}

#[test]
fn every_example_has_an_id_and_a_source() {
    let examples = examples();
    let ids: BTreeSet<&str> = examples.iter().filter_map(|e| e["id"].as_str()).collect();
    assert_eq!(ids.len(), examples.len(), "an id is missing or used twice");
    for example in &examples {
        let source = example["source"].as_str().unwrap_or_default();
        assert!(!source.is_empty(), "{} does not tell where its values come from", example["id"]);
    }
}

/// The tests above are only as strong as their comparison.
#[test]
fn a_wrong_answer_does_not_fit() {
    let fits = |expected: &str, got: &str| {
        let [expected, got] = [expected, got].map(|text| serde_json::from_str(text).unwrap());
        fits(&expected, &got)
    };
    assert!(fits(r#"{"v": 0.5, "rel": 1e-9, "abs": 1e-12}"#, "0.5000000001"));
    assert!(!fits(r#"{"v": 0.5, "rel": 1e-9, "abs": 1e-12}"#, "0.500000001"));
    assert!(!fits(r#"{"v": 0.5, "rel": 1e-9, "abs": 1e-12}"#, "null"));
    assert!(fits(r#"{"range": [1, 2]}"#, "2") && !fits(r#"{"range": [1, 2]}"#, "2.01"));
    assert!(!fits(r#"{"list": [{"v": 1}, {"v": 2}]}"#, "[1]"));
    assert!(fits(r#"{"eq": "NaN"}"#, "null") && !fits(r#"{"eq": "NaN"}"#, "1"));
    assert!(fits(r#"{"any": [{"eq": 1}, {"eq": "NaN"}]}"#, "1"));
}
