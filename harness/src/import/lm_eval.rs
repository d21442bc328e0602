//! `samples_<task>_<date>.jsonl` of lm-evaluation-harness (read against 0.4.13): a document with its requests and responses
//! on each line, once for each filter. Version and model stand in `results_<date>.json` beside it.

use serde_json::Value;

use super::{Error, How, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;
use crate::score::{Answer, best};

pub(super) fn read(name: &str, rows: Vec<(String, Object)>, how: &How) -> Result<Log, Error> {
    let filter_of =
        |row: &Object| row.get("filter").and_then(Value::as_str).unwrap_or("none").to_owned();
    let mut filters: Vec<String> = Vec::new();
    for (_, row) in &rows {
        let filter = filter_of(row);
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    let filter = match (&how.filter, &filters[..]) {
        (Some(wanted), there) if there.contains(wanted) => wanted.clone(),
        (Some(wanted), there) => {
            let problem =
                format!("no answers of the filter `{wanted}`; there are {}", there.join(", "));
            return Err(broken(name, problem));
        }
        (None, [only]) => only.clone(),
        (None, several) => {
            let problem = format!(
                "answers of several filters ({}); choose one with --filter",
                several.join(", ")
            );
            return Err(broken(name, problem));
        }
    };
    let mut served = Capability::Generate;
    let mut out = Vec::new();
    for (place, row) in rows.iter().filter(|(_, row)| filter_of(row) == filter) {
        let doc = row.get("doc").and_then(Value::as_object);
        let doc = doc.ok_or_else(|| broken(place, "no document: the field `doc` is missing"))?;
        let (reply, capability) = reply(place, row)?;
        served = capability;
        out.push(Row { place: place.clone(), fields: fields(doc), epoch: 1, reply });
    }
    let task = name.strip_prefix("samples_").and_then(|rest| Some(rest.rsplit_once('_')?.0));
    Ok(Log {
        tool: Tool::LmEval,
        version: None,
        task: task.map(str::to_owned),
        model: None,
        served,
        rows: out,
    })
}

/// The text of a generating task; the likeliest continuation of a multiple-choice one.
fn reply(place: &str, row: &Object) -> Result<(Reply, Capability), Error> {
    let odd = |what: &str| broken(place, format!("{what}; is it a log of another version?"));
    let answers = row.get("filtered_resps").and_then(Value::as_array);
    let answers = answers.ok_or_else(|| odd("`filtered_resps` is no list"))?;
    let arguments = row.get("arguments").and_then(Value::as_object);
    let arguments = arguments.ok_or_else(|| odd("`arguments` is no object"))?;
    let argument = |request: usize, which: &str| {
        arguments.get(&format!("gen_args_{request}"))?.get(which)?.as_str()
    };
    // The second argument of a generation is an object: how to generate.
    if argument(0, "arg_1").is_none() {
        return match &answers[..] {
            [Value::String(text)] => Ok((Reply::Text(text.clone()), Capability::Generate)),
            [Value::Array(repeats)] => match &repeats[..] {
                [Value::String(text)] => Ok((Reply::Text(text.clone()), Capability::Generate)),
                _ => Err(odd(
                    "several generations for one document: log one, or a filter that picks one",
                )),
            },
            _ => Err(odd("no generation for the document")),
        };
    }
    // Each request is a pair of context and continuation, its answer the log-likelihood and whether it is greedy.
    let context = argument(0, "arg_0").ok_or_else(|| odd("the first request has no context"))?;
    let (mut options, mut sums) = (Vec::new(), Vec::new());
    for (request, answer) in answers.iter().enumerate() {
        // Unconditional likelihoods, which some metrics ask for too, have another context.
        if argument(request, "arg_0") != Some(context) {
            continue;
        }
        let option =
            argument(request, "arg_1").ok_or_else(|| odd("a request has no continuation"))?;
        let sum = match answer.get(0) {
            Some(Value::String(text)) => text.parse().ok(),
            Some(number) => number.as_f64(),
            None => None,
        };
        sums.push(sum.ok_or_else(|| odd("an answer is no log-likelihood"))?);
        options.push(option);
    }
    let likeliest = best::likeliest(&sums, None, options.len())
        .map_err(|_| odd("no options to choose from"))?
        .sum;
    let reply = match likeliest.first() {
        Some(Answer::Label(place)) => Reply::Text(options[*place as usize].trim().to_owned()),
        _ => Reply::Missing("a log-likelihood is not a number".to_owned()),
    };
    Ok((reply, Capability::Loglikelihood))
}

/// What the results beside the samples tell: version of the tool and name of the model.
pub fn beside(results: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let results: Value = lenient_json::from_slice(results).ok()?;
    let text = |name: &str| Some(results.get(name)?.as_str()?.to_owned());
    Some((text("lm_eval_version"), text("model_name")))
}
