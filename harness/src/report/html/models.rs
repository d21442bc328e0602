//! A page for each model: its card, confusions, calibration, cost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ends, plain, plain_all, plain_lines};
use crate::report::card;
use crate::report::percent;
use crate::results::material::{Column, Material};
use crate::score::calibration::{Bin, Calibration};

/// The page of a model.
#[derive(Debug, Serialize)]
pub(super) struct ModelPage<'a> {
    /// None where the run has no card of it.
    card: Option<Vec<CardRow>>,
    answered: Vec<Answered<'a>>,
}

/// A line of a card.
#[derive(Debug, Serialize)]
pub(super) struct CardRow {
    name: &'static str,
    value: String,
}

/// What a model answered to a set of examples.
#[derive(Debug, Serialize)]
pub(super) struct Answered<'a> {
    /// The place of the set.
    set: usize,
    task: String,
    protocol: &'a str,
    /// Seeds times wordings.
    of: usize,
    /// None where there are too many to show.
    labels: Option<Vec<String>>,
    /// Gold label × answer; the last two answers are unparsable and missing.
    confusion: &'a [Vec<u64>],
    calibration: Option<Curve>,
}

/// How often a model is right by its confidence, percent.
#[derive(Debug, Serialize)]
pub(super) struct Curve {
    /// Expected calibration error.
    ece: String,
    n: u64,
    bins: Vec<CurveBin>,
}

/// Answers of about the same confidence.
#[derive(Debug, Serialize)]
pub(super) struct CurveBin {
    low: String,
    high: String,
    n: u64,
    confidence: String,
    accuracy: String,
    interval: Option<Ends>,
}

/// What a cell took.
#[derive(Debug, Serialize)]
pub(super) struct Time<'a> {
    model: String,
    task: String,
    protocol: &'a str,
    seed: u64,
    /// Seconds.
    fit: String,
    /// Seconds.
    predict: String,
    /// Seconds.
    total: String,
    /// MiB.
    memory: u64,
    threads: usize,
}

/// Card and tables of every model by its name.
pub(super) fn models(material: &Material) -> BTreeMap<String, ModelPage<'_>> {
    let names = material.summary.models.iter();
    names.map(|row| (plain(&row.name), page(material, &row.name))).collect()
}

fn page<'a>(material: &'a Material, name: &str) -> ModelPage<'a> {
    let model = material.models.iter().find(|m| m.name == name);
    let line = |(name, value): (&'static str, String)| CardRow {
        name,
        value: plain_lines(&without_folder(name, &value)),
    };
    let answered = material.sets.iter().enumerate().flat_map(|(place, set)| {
        let columns = set.columns.iter().filter(move |c| c.model == name);
        columns.map(move |c| answered(place, &set.task, &set.labels, c))
    });
    ModelPage {
        card: model.map(|m| card::rows(m).into_iter().map(line).collect()),
        answered: answered.collect(),
    }
}

fn answered<'a>(set: usize, task: &str, labels: &[String], column: &'a Column) -> Answered<'a> {
    Answered {
        set,
        task: plain(task),
        protocol: &column.protocol,
        of: column.of,
        labels: (!column.confusion.is_empty()).then(|| plain_all(labels)),
        confusion: &column.confusion,
        calibration: column.calibration.as_ref().map(curve),
    }
}

fn curve(found: &Calibration) -> Curve {
    let bin = |b: &Bin| CurveBin {
        low: percent(b.low),
        high: percent(b.high),
        n: b.n,
        confidence: percent(b.confidence),
        accuracy: percent(b.accuracy),
        interval: b.interval.map(|(low, high)| Ends::percent(low, high)),
    };
    Curve {
        ece: percent(found.ece),
        n: found.n,
        bins: found.bins.iter().filter(|b| b.n > 0).map(bin).collect(),
    }
}

/// Seconds and memory of every cell that ran on this machine: the one part of a page that differs between two runs of the same.
pub(super) fn times(material: &Material) -> Vec<Time<'_>> {
    let seconds = |s: f64| format!("{s:.1}");
    let cells = material.cells.iter().filter_map(|c| c.timing.as_ref().map(|t| (c, t)));
    cells
        .map(|(c, t)| Time {
            model: plain(&c.model),
            task: plain(&c.task),
            protocol: &c.protocol,
            seed: c.seed,
            fit: seconds(t.fit_seconds),
            predict: seconds(t.predict_seconds),
            total: seconds(t.total_seconds),
            memory: t.peak_mib,
            threads: t.threads,
        })
        .collect()
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
