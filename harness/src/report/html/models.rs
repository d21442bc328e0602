//! A page for each model: its card, confusions, calibration, cost.

use serde_json::{Value, json};

use super::{plain, plain_lines};
use crate::report::card;
use crate::report::percent;
use crate::results::material::{Column, Material};

/// Card and tables of every model, in board order.
pub(super) fn models(material: &Material) -> Value {
    let of = |name: &str| {
        let model = material.models.iter().find(|m| m.name == name);
        let card: Option<Vec<[String; 2]>> = model.map(|m| {
            card::rows(m)
                .into_iter()
                .map(|(name, value)| [name.to_owned(), plain_lines(&without_folder(name, &value))])
                .collect()
        });
        let answered: Vec<Value> = (material.sets.iter().enumerate())
            .flat_map(|(place, set)| {
                let columns = set.columns.iter().filter(|c| c.model == name);
                columns.map(move |c| answered(place, &set.task, &set.labels, c))
            })
            .collect();
        json!({"card": card, "answered": answered})
    };
    let names = material.summary.models.iter();
    names.map(|row| (plain(&row.name), of(&row.name))).collect::<serde_json::Map<_, _>>().into()
}

fn answered(set: usize, task: &str, labels: &[String], column: &Column) -> Value {
    json!({
        "set": set,
        "task": plain(task),
        "protocol": column.protocol,
        "of": column.of,
        "labels": if column.confusion.is_empty() { json!(null) } else { json!(labels.iter().map(|l| plain(l)).collect::<Vec<_>>()) },
        "confusion": column.confusion,
        "calibration": column.calibration.as_ref().map(|c| json!({
            "ece": percent(c.ece),
            "n": c.n,
            "bins": c.bins.iter().filter(|b| b.n > 0).map(|b| json!([
                percent(b.low), percent(b.high), b.n, percent(b.confidence), percent(b.accuracy),
                b.interval.map(|(low, high)| [percent(low), percent(high)]),
            ])).collect::<Vec<_>>(),
        })),
    })
}

/// Seconds and memory of every cell that ran on this machine: the one part of a page that differs between two runs of the same.
pub(super) fn times(material: &Material) -> Value {
    let cells = material.cells.iter().filter_map(|c| c.timing.as_ref().map(|t| (c, t)));
    let rows = cells.map(|(c, t)| {
        let seconds = |s: f64| format!("{s:.1}");
        json!([
            plain(&c.model),
            plain(&c.task),
            c.protocol,
            c.seed,
            seconds(t.fit_seconds),
            seconds(t.predict_seconds),
            seconds(t.total_seconds),
            t.peak_mib,
            t.threads,
        ])
    });
    json!(rows.collect::<Vec<_>>())
}

/// Files of this machine by name only.
fn without_folder(name: &str, value: &str) -> String {
    match (name, value.rsplit_once(['/', '\\'])) {
        ("plugin", Some((_, file))) => file.to_owned(),
        ("file", Some((_, file))) => {
            let id = value.split(": ").next().unwrap_or_default();
            format!("{id}: {file}")
        }
        _ => value.to_owned(),
    }
}
