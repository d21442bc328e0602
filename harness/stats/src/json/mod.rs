//! Statistics by name: JSON in, JSON out, so that the crate serves any language. It is what `culture-eval stats` runs.
//! The functions of [`crate::aso`], [`crate::bayes`], [`crate::panel`] and [`crate::seeds`] are reached from that program
//! in this way only.
//!
//! A request is `{"id", "fn", "input": {..}, "opts": {..}}`, an answer `{"id", "answer": {..}}` or `{"id", "error"}`.
//! Infinities (and NaN, on the way in) are strings; a figure that does not exist is `null`.
//!
//! ```
//! use serde_json::json;
//!
//! let table = json!({"only_a": 9, "only_b": 1});
//! let request = json!({"id": 7, "fn": "mcnemar", "input": table, "opts": {"method": "exact"}});
//! let answer = eval_stats::json::answer(&request);
//! let p = answer["answer"]["p_value"].as_f64().unwrap();
//! assert!((p - 22.0 / 1024.0).abs() < 1e-12);
//!
//! let unknown = eval_stats::json::answer(&json!({"id": 8, "fn": "mcnemer"}));
//! assert!(unknown["error"].as_str().unwrap().contains("did you mean `mcnemar`?"));
//! ```

mod annotators;
mod answer;
mod arrays;
mod basics;
mod call;
mod components;
mod effects;
mod function;
mod groups;
mod orders;
mod p_values;
mod paired;
mod posterior;
mod power;
mod resample;
mod several;

use serde_json::{Map, Value, json};

pub use arrays::{Array, Arrays};
pub use function::Function;

use call::Call;

use crate::error::{Result, StatsError};

/// Every function, in reading order.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    [
        paired::FUNCTIONS,
        effects::FUNCTIONS,
        resample::FUNCTIONS,
        groups::FUNCTIONS,
        several::FUNCTIONS,
        p_values::FUNCTIONS,
        power::FUNCTIONS,
        components::FUNCTIONS,
        posterior::FUNCTIONS,
        orders::FUNCTIONS,
        annotators::FUNCTIONS,
        basics::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The function of that name, or a refusal with the nearest name.
pub fn find(name: &str) -> Result<&'static Function> {
    functions().find(|f| f.name == name).ok_or_else(|| {
        let near = functions()
            .map(|f| (strsim::jaro_winkler(f.name, name), f.name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near
            .filter(|(score, _)| *score > 0.8)
            .map_or(String::new(), |(_, n)| format!(", did you mean `{n}`?"));
        StatsError::Request(format!(
            "unknown function `{name}`{hint} (`culture-eval stats --list` shows all)"
        ))
    })
}

/// Calls one function. `input` and `opts` are JSON objects; names neither knows are refused.
pub fn call(
    name: &str,
    input: &Map<String, Value>,
    opts: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    call_with_arrays(name, input, opts, &Arrays::new())
}

/// The same, where some of the lists and tables are arrays.
pub fn call_with_arrays(
    name: &str,
    input: &Map<String, Value>,
    opts: &Map<String, Value>,
    arrays: &Arrays,
) -> Result<Map<String, Value>> {
    let function = find(name)?;
    let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
    for (place, given, known) in [
        ("input", names(input), function.input),
        ("input", arrays.keys().cloned().collect(), function.input),
        ("opts", names(opts), function.opts),
    ] {
        if let Some(key) = given
            .iter()
            .find(|k| !function.input.contains(&k.as_str()) && !function.opts.contains(&k.as_str()))
        {
            return Err(StatsError::Request(format!(
                "`{name}` has no {place} `{key}`: it knows {}",
                listed(known)
            )));
        }
    }
    Ok((function.run)(&Call { input, opts, arrays })?.into_map())
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// Answers one parsed request line.
pub fn answer(request: &Value) -> Value {
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    match answer_of(request) {
        Ok(answer) => json!({ "id": id, "answer": answer }),
        Err(error) => json!({ "id": id, "error": error.to_string() }),
    }
}

fn answer_of(request: &Value) -> Result<Map<String, Value>> {
    let Some(object) = request.as_object() else {
        return Err(StatsError::Request(
            "a request is a JSON object with `fn`, `input` and `opts`".into(),
        ));
    };
    let Some(name) = object.get("fn").and_then(Value::as_str) else {
        return Err(StatsError::Request("`fn` is missing: name the function to call".into()));
    };
    let empty = Map::new();
    let part = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(&empty),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(StatsError::Request(format!("`{key}` must be a JSON object"))),
    };
    call(name, part("input")?, part("opts")?)
}
