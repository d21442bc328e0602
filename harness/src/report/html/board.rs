//! The board: columns, rows, cells, and what must be said of them.

use serde_json::{Value, json};

use super::plain;
use crate::compare::Standing;
use crate::report::{interval, legend, mark, percent, remarks};
use crate::results::material::Material;
use crate::results::summary::{Cell, Column, Data, Outcome, lines};
use crate::score::Score;
use crate::text::format::rank;

/// Everything that the first look needs.
pub(super) fn board(material: &Material) -> Value {
    let summary = &material.summary;
    let place = |cell: &Cell| summary.cells.iter().position(|c| std::ptr::eq(c, cell));
    let rows: Vec<Value> = lines(summary)
        .into_iter()
        .map(|(model, line)| {
            let cells: Vec<Option<usize>> = (summary.benchmarks.iter())
                .map(|column| line.get(column.name.as_str()).and_then(|cell| place(cell)))
                .collect();
            let model = summary.models.iter().position(|row| row.name == model);
            json!([model, cells])
        })
        .collect();
    let texts = |lines: Vec<String>| lines.iter().map(|l| plain(l)).collect::<Vec<_>>();
    json!({
        "title": plain(&summary.title),
        "suite": plain(&summary.suite),
        "sample": summary.sample,
        "confidence": format!("{:.0}", summary.confidence * 100.0),
        "legend": texts(legend(summary)),
        "remarks": texts(remarks(summary)),
        "signature": plain(&summary.signature),
        "benchmarks": summary.benchmarks.iter().map(|c| column(material, c)).collect::<Vec<_>>(),
        "models": summary.models.iter().map(|row| json!({
            "name": plain(&row.name),
            "title": plain(&row.title),
            "description": plain(&row.description),
            "imported": texts(row.imported.clone()),
            "contamination": row.contamination,
        })).collect::<Vec<_>>(),
        "rows": rows,
        "cells": summary.cells.iter().map(|c| cell(material, c)).collect::<Vec<_>>(),
        "published": summary.published.iter().map(|p| json!({
            "benchmark": p.benchmark,
            "model": plain(&p.model),
            "metric": plain(&p.metric),
            "subset": p.subset.as_deref().map(plain),
            "value": p.value.to_string(),
            "unit": plain(&p.unit),
            "protocol": plain(&p.protocol),
            "source": plain(&p.source),
            "date": plain(&p.date),
        })).collect::<Vec<_>>(),
    })
}

fn column(material: &Material, column: &Column) -> Value {
    let (data, because, sha256) = match &column.data {
        Data::Official { sha256 } => ("official", String::new(), sha256.clone()),
        Data::Sample { because, sha256 } => ("sample", plain(because), sha256.clone()),
        Data::Missing { reason } => ("missing", plain(&reason.message), Vec::new()),
    };
    let benchmark = material.benchmarks.iter().find(|b| b.name == column.name);
    let task = benchmark.and_then(|b| b.task.as_ref()).and_then(|t| material.tasks.get(t));
    let names = task.map(|t| &t.culture_names);
    json!({
        "name": plain(&column.name),
        "title": plain(&column.title),
        "metric": column.metric,
        "family": column.family,
        "licence": plain(&column.licence),
        "data": data,
        "because": because,
        "sha256": sha256,
        "notes": column.notes.iter().map(|n| plain(n)).collect::<Vec<_>>(),
        "n": material.summary.n_of(&column.name).map(|n| n.to_string()),
        "task": task.map(|t| &t.name),
        "parts": benchmark.map(|b| &b.aggregate),
        "only": benchmark.map(|b| &b.cultures).filter(|c| !c.is_empty()),
        "culture": task.map_or("culture", |t| t.culture_kind.as_str()),
        "cultures": names,
    })
}

/// The standing of a cell in the comparison.
pub(super) fn standing<'a>(material: &'a Material, cell: &Cell) -> Option<&'a Standing> {
    let report = material.comparison.as_ref().ok()?;
    let mut outcomes = report.benchmarks.iter();
    let outcome =
        outcomes.find(|o| o.benchmark == cell.benchmark && o.protocol == cell.protocol)?;
    outcome.models.iter().find(|m| m.model == cell.model)
}

fn cell(material: &Material, cell: &Cell) -> Value {
    let summary = &material.summary;
    let mut value = json!({
        "model": plain(&cell.model),
        "benchmark": plain(&cell.benchmark),
        "protocol": plain(&cell.protocol),
        "served": cell.served,
        "variant": plain(&cell.variant),
        "seeds": cell.seeds,
        "sample": cell.sample,
    });
    match &cell.outcome {
        Outcome::Score(score) => {
            value["score"] = figures(score);
            value["mark"] = mark(summary, &cell.model, &cell.benchmark).into();
            if let Some(standing) = standing(material, cell) {
                value["letters"] = plain(&standing.letters).into();
                value["rank"] = rank(standing.rank).into();
                let (low, high) = standing.rank_interval;
                value["ranks"] = format!("{}–{}", rank(low), rank(high)).into();
                value["best"] = standing.letters.contains('a').into();
                value["first"] = percent(standing.first).into();
                value["of_seeds"] =
                    standing.of_seeds.iter().map(|v| percent(*v)).collect::<Vec<_>>().into();
            }
        }
        Outcome::Reason(reason) => {
            value["reason"] =
                json!({"kind": reason.kind.name(), "message": plain(&reason.message)});
        }
    }
    value
}

/// A score with everything that belongs to it.
pub(super) fn figures(score: &Score) -> Value {
    json!({
        "metric": score.metric,
        "subset": plain(&score.subset.to_string()),
        "value": percent(score.value),
        "low": percent(score.low),
        "high": percent(score.high),
        "interval": interval(score),
        "method": score.method,
        "n": score.n,
        "variants": score.variants,
        "answered": score.answered,
        "out_of_choice": score.out_of_choice,
        "missing": score.missing,
        "clusters": score.clusters,
        "majority": score.majority.map(percent),
    })
}
