//! Drawings that stand on the pages as they are: the critical-difference diagram, ranks, calibration.

use serde_json::{Map, Value};

use super::material::Material;
use crate::plot::critical_difference::{self, Diagram};
use crate::plot::rank_interval::{self, Intervals};
use crate::plot::{Frame, calibration};

/// By name: `cd`, `ranks-N` of the N-th outcome.
pub(super) fn figures(material: &Material) -> Value {
    let mut drawn = Map::new();
    if let Ok(report) = &material.comparison {
        if let Ok(diagram) = Diagram::of(report) {
            let sample = report
                .benchmarks
                .iter()
                .any(|b| b.sample && diagram.benchmarks.contains(&b.benchmark));
            let frame =
                Frame::new("cd", "Mean ranks over benchmarks").without_heading().sample(sample);
            drawn.insert("cd".into(), critical_difference::draw(&frame, &diagram).into());
        }
        for (place, outcome) in report.benchmarks.iter().enumerate() {
            let id = format!("ranks-{place}");
            let title = format!("Ranks on {} ({})", outcome.title, outcome.protocol);
            let frame = Frame::new(&id, &title).without_heading().sample(outcome.sample);
            let svg = rank_interval::draw(&frame, &Intervals::ranks(outcome));
            drawn.insert(id, svg.into());
        }
    }
    drawn.into()
}

/// Calibration of every model: `SET-COLUMN`.
pub(super) fn calibrations(material: &Material) -> Value {
    let mut drawn = Map::new();
    for (place, set) in material.sets.iter().enumerate() {
        for (number, column) in set.columns.iter().enumerate() {
            let Some(data) = &column.calibration else { continue };
            let id = format!("calibration-{place}-{number}");
            let title =
                format!("Calibration of {} on {} ({})", column.model, set.task, column.protocol);
            let frame = Frame::new(&id, &title).without_heading().sample(set.sample);
            let key = format!("{place} {} {}", column.model, column.protocol);
            drawn.insert(key, calibration::draw(&frame, data).into());
        }
    }
    drawn.into()
}
