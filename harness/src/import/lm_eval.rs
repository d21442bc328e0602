//! `samples_<task>_<date>.jsonl` of lm-evaluation-harness (read against 0.4.13): a document with its requests and responses
//! on each line, once for each filter. Version and model are in `results_<date>.json` beside it.

use serde_json::Value;

use super::log::Ended;
use super::options::{self, Letters, Request};
use super::{Error, How, Log, Object, Reply, Row, Tool, broken, fields};
use crate::definition::dataset::Capability;
use crate::prompts::{Thought, split};
use crate::score::{Answer, best};

/// The rows of one filter: the one that is asked for, or the only one.
///
/// # Errors
/// There is no such filter, or there are several and none is asked for.
pub(super) fn filtered<'r>(
    name: &str,
    rows: &'r [(String, Object)],
    wanted: Option<&str>,
) -> Result<Vec<&'r (String, Object)>, Error> {
    let filter_of = |row: &'r Object| row.get("filter").and_then(Value::as_str).unwrap_or("none");
    let mut there: Vec<&str> = Vec::new();
    for (_, row) in rows {
        let filter = filter_of(row);
        if !there.contains(&filter) {
            there.push(filter);
        }
    }
    let filter = match (wanted, &there[..]) {
        (Some(wanted), _) => there.iter().find(|filter| **filter == wanted).ok_or_else(|| {
            let there = there.join(", ");
            broken(name, format!("no answers of the filter `{wanted}`; there are {there}"))
        })?,
        (None, [only]) => only,
        (None, _) => {
            let there = there.join(", ");
            let problem = format!("answers of several filters ({there}); choose one with --filter");
            return Err(broken(name, problem));
        }
    };
    Ok(rows.iter().filter(|(_, row)| filter_of(row) == *filter).collect())
}

/// The task that the name of a file tells.
pub(super) fn task_of(name: &str) -> Option<String> {
    Some(name.strip_prefix("samples_")?.rsplit_once('_')?.0.to_owned())
}

pub(super) fn read(name: &str, rows: &[(String, Object)], how: &How) -> Result<Log, Error> {
    let mut served = Capability::Generate;
    let mut letters = Letters::new(&how.known);
    let mut out = Vec::new();
    for (place, row) in filtered(name, rows, how.filter.as_deref())? {
        let doc = row.get("doc").and_then(Value::as_object);
        let doc = doc.ok_or_else(|| broken(place, "no document: the field `doc` is missing"))?;
        let (reply, capability) = reply(place, row, doc, &mut letters)?;
        served = capability;
        out.push(Row {
            place: place.clone(),
            fields: fields(doc),
            epoch: 1,
            ended: Ended::Well,
            reply,
        });
    }
    Ok(Log {
        tool: Tool::LmEval,
        version: None,
        task: task_of(name),
        model: None,
        served,
        rows: out,
        notes: Vec::new(),
    })
}

/// The text of a generating task; the likeliest option of a multiple-choice one.
fn reply(
    place: &str,
    row: &Object,
    doc: &Object,
    letters: &mut Letters<'_>,
) -> Result<(Reply, Capability), Error> {
    let odd = |what: &str| broken(place, format!("{what}; is it a log of another version?"));
    let answers = answers(row).ok_or_else(|| odd("`filtered_resps` is not a list"))?;
    let requests = requests(row)
        .ok_or_else(|| odd("`arguments` holds no requests of a context and what follows it"))?;
    // The second argument of a generation is an object: how to generate.
    if requests.first().is_some_and(|request| request.continuation.is_none()) {
        return match answers[..] {
            // What a filter found in a thought that was cut is no answer.
            [_] if cut_thought(row).is_some() => {
                let text = cut_thought(row).unwrap_or_default().to_owned();
                Ok((Reply::Cut(text), Capability::Generate))
            }
            [Value::String(text)] => Ok((Reply::Text(text.clone()), Capability::Generate)),
            [Value::Null] => Ok((Reply::Missing("no generation".to_owned()), Capability::Generate)),
            [Value::Number(_)] => Err(odd(
                "a log-likelihood of the whole text, so nothing was chosen: the task is of another kind",
            )),
            [Value::Array(repeats)] => match &repeats[..] {
                [Value::String(text)] => Ok((Reply::Text(text.clone()), Capability::Generate)),
                [Value::Null] => {
                    Ok((Reply::Missing("no generation".to_owned()), Capability::Generate))
                }
                _ => Err(odd(
                    "several generations for one document: log one, or a filter that picks one",
                )),
            },
            _ => Err(odd("no generation for the document")),
        };
    }
    let asked = options::conditional(&requests);
    let options = options::names(asked, doc, letters).map_err(|what| broken(place, what))?;
    // The answer to a request is its log-likelihood and whether it is greedy.
    let sums = answers
        .iter()
        .copied()
        .take(options.len())
        .map(log_likelihood)
        .collect::<Option<Vec<f64>>>();
    let sums = sums
        .filter(|sums| sums.len() == options.len())
        .ok_or_else(|| odd("an answer is not a log-likelihood"))?;
    let likeliest = best::likeliest(&sums, None, options.len())
        .map_err(|_| odd("no options to choose from"))?
        .sum;
    let reply = match likeliest.first() {
        Some(Answer::Label(place)) => Reply::Text(options[*place as usize].clone()),
        _ => Reply::Missing("a log-likelihood is not a number".to_owned()),
    };
    Ok((reply, Capability::Loglikelihood))
}

/// The answers to a document's requests: what the filter left, or, in logs of versions before 0.4, each request's only answer.
fn answers(row: &Object) -> Option<Vec<&Value>> {
    if let Some(filtered) = row.get("filtered_resps") {
        return filtered.as_array().map(|all| all.iter().collect());
    }
    let only = |request: &'_ Value| request.as_array().is_some_and(|repeats| repeats.len() == 1);
    let all = row.get("resps")?.as_array().filter(|all| all.iter().all(only))?;
    Some(all.iter().map(|request| &request[0]).collect())
}

/// The raw reply of a generation whose thought was cut.
fn cut_thought(row: &Object) -> Option<&str> {
    let raw = row.get("resps")?.get(0)?;
    let raw = raw.as_str().or_else(|| raw.get(0)?.as_str())?;
    (split(raw).thought == Thought::Cut).then_some(raw)
}

/// As a text or as a number; NaN, which is null here, stays NaN.
fn log_likelihood(answer: &Value) -> Option<f64> {
    match answer.get(0).unwrap_or(answer) {
        Value::String(text) => text.parse().ok(),
        Value::Null => Some(f64::NAN),
        number => lenient_json::number(number),
    }
}

/// The requests of a document: `{"gen_args_0": {"arg_0": ..., "arg_1": ...}}`, or pairs in a list as versions before 0.4.3 log them.
fn requests(row: &Object) -> Option<Vec<Request<'_>>> {
    fn request<'a>(
        context: Option<&'a Value>,
        continuation: Option<&'a Value>,
    ) -> Option<Request<'a>> {
        let continuation = continuation.and_then(Value::as_str);
        Some(Request { context: context?.as_str()?, continuation })
    }
    match row.get("arguments")? {
        Value::Object(all) => (0..all.len())
            .map(|i| {
                let one = all.get(&format!("gen_args_{i}"))?;
                request(one.get("arg_0"), one.get("arg_1"))
            })
            .collect(),
        Value::Array(all) => all.iter().map(|one| request(one.get(0), one.get(1))).collect(),
        _ => None,
    }
}

/// What the results beside the samples tell: version of the tool and name of the model.
pub fn beside(results: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let results: Value = lenient_json::from_slice(results).ok()?;
    let text = |name: &str| Some(results.get(name)?.as_str()?.to_owned());
    Some((text("lm_eval_version"), text("model_name")))
}
