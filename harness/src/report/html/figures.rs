//! Drawings that are on the pages as they are (the critical-difference diagram, ranks, calibration, learning curves), and
//! all drawings of a run as files.

use std::collections::BTreeMap;

use serde::Serialize;

use super::explained::{self, KINDS};
use super::{plain, training};
use crate::compare::Report;
use crate::plot::critical_difference::{self, Diagram};
use crate::plot::figures::{self, Sheet};
use crate::plot::heatmap::{self, Heatmap};
use crate::plot::rank_interval::{self, Intervals};
use crate::plot::{Frame, calibration, learning_curve, scatter};
use crate::results::material::{Column, ExampleSet, Material};

/// All drawings of a run, for files.
pub fn drawings(material: &Material, report: &Report) -> Sheet {
    let mut sheet = figures::of(&material.summary, report);
    for set in &material.sets {
        for column in &set.columns {
            let Some(data) = &column.calibration else { continue };
            let name = format!("calibration-{}-{}-{}", set.task, column.protocol, column.model);
            sheet.put(&name, &calibration_title(set, column), set.sample, |frame| {
                calibration::draw(frame, data)
            });
        }
    }
    for found in training::training(material) {
        let name = format!("training-{}-{}-{}", found.metric, found.task, found.protocol);
        sheet.put(&name, &found.title, found.sample, |frame| {
            learning_curve::draw(frame, &found.curves)
        });
    }
    for file in &material.explained {
        let name = plain(&file.name);
        let gate = explained::gate(file);
        if !gate.cultures.is_empty() {
            let title = format!("{name}: the gate by culture");
            let data = Heatmap::gate(&gate.experts, &gate.cultures);
            sheet.put(&format!("gate-{name}"), &title, false, |frame| heatmap::draw(frame, &data));
        }
        for (kind, of) in KINDS.iter().enumerate() {
            let Some(data) = explained::map(file, kind) else { continue };
            let title = format!("{name}: {of} clusters on a plane");
            sheet.put(&format!("clusters-{of}-{name}"), &title, false, |frame| {
                scatter::draw(frame, &data)
            });
        }
    }
    sheet
}

fn calibration_title(set: &ExampleSet, column: &Column) -> String {
    format!("Calibration of {} on {} ({})", column.model, set.task, column.protocol)
}

/// A learning curve.
#[derive(Debug, Serialize)]
pub(super) struct Curve {
    task: String,
    protocol: String,
    metric: &'static str,
    title: String,
    /// SVG.
    drawing: String,
}

/// Learning curves by task and protocol.
pub(super) fn training(material: &Material) -> Vec<Curve> {
    let drawn = training::training(material).into_iter().enumerate().map(|(place, found)| {
        let id = format!("training-{place}");
        let frame = Frame::new(&id, &found.title).without_heading().sample(found.sample);
        Curve {
            drawing: learning_curve::draw(&frame, &found.curves),
            title: plain(&found.title),
            task: found.task,
            protocol: found.protocol,
            metric: found.metric,
        }
    });
    drawn.collect()
}

/// SVG by name: `cd`, `ranks-N` of the N-th outcome.
pub(super) fn figures(material: &Material) -> BTreeMap<String, String> {
    let mut drawn = BTreeMap::new();
    if let Ok(report) = &material.comparison {
        if let Ok(diagram) = Diagram::of(report) {
            let sample = report
                .benchmarks
                .iter()
                .any(|b| b.sample && diagram.benchmarks.contains(&b.benchmark));
            let frame =
                Frame::new("cd", "Mean ranks over benchmarks").without_heading().sample(sample);
            drawn.insert("cd".to_owned(), critical_difference::draw(&frame, &diagram));
        }
        for (place, outcome) in report.benchmarks.iter().enumerate() {
            let id = format!("ranks-{place}");
            let title = format!("Ranks on {} ({})", outcome.title, outcome.protocol);
            let frame = Frame::new(&id, &title).without_heading().sample(outcome.sample);
            let svg = rank_interval::draw(&frame, &Intervals::ranks(outcome));
            drawn.insert(id, svg);
        }
    }
    drawn
}

/// The calibration of every model as SVG: `SET MODEL PROTOCOL`.
pub(super) fn calibrations(material: &Material) -> BTreeMap<String, String> {
    let mut drawn = BTreeMap::new();
    for (place, set) in material.sets.iter().enumerate() {
        for (number, column) in set.columns.iter().enumerate() {
            let Some(data) = &column.calibration else { continue };
            let id = format!("calibration-{place}-{number}");
            let title = calibration_title(set, column);
            let frame = Frame::new(&id, &title).without_heading().sample(set.sample);
            let key = format!("{place} {} {}", column.model, column.protocol);
            drawn.insert(key, calibration::draw(&frame, data));
        }
    }
    drawn
}
