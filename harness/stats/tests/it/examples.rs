//! The worked examples of the shared design, when they are at hand: interface, conventions and tolerances.

use std::path::PathBuf;

use serde_json::Value;

fn examples() -> Option<Vec<Value>> {
    let shared = std::env::var_os("CULTURE_EVAL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(shared.join("tests/statistics/examples.jsonl")).ok()?;
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).expect("an example is a JSON line"))
            .collect(),
    )
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
    let Some(examples) = examples() else {
        println!(
            "skipped: no shared examples (set CULTURE_EVAL_SHARED to the folder that holds tests/statistics)"
        );
        return;
    };
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
