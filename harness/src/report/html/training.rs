//! Learning curves: what the plugins of a task reported while they trained.

use std::collections::BTreeMap;

use super::plain;
use crate::plot::learning_curve::{Curves, Point, Series};
use crate::results::material::{CellFacts, Material};

/// Metrics with a curve: name, what the axis says, whether it is a fraction.
const DRAWN: [(&str, &str, bool); 2] =
    [("loss", "training loss", false), ("valid", "score on validation examples, %", true)];

/// The curves of one task, protocol and metric: one a model.
pub(super) struct Training {
    pub(super) task: String,
    pub(super) protocol: String,
    pub(super) metric: &'static str,
    pub(super) title: String,
    pub(super) sample: bool,
    pub(super) curves: Curves,
}

/// All curves of a run, tasks and models in its order.
pub(super) fn training(material: &Material) -> Vec<Training> {
    let mut places: Vec<(&str, &str)> = Vec::new();
    for cell in material.cells.iter().filter(|c| !c.metrics.is_empty()) {
        if !places.contains(&(&*cell.task, &*cell.protocol)) {
            places.push((&cell.task, &cell.protocol));
        }
    }
    let mut found = Vec::new();
    for (task, protocol) in places {
        for (metric, what, percent) in DRAWN {
            let series: Vec<Series> = (material.models.iter())
                .map(|model| {
                    let own = |c: &&CellFacts| {
                        (&*c.model, &*c.task, &*c.protocol) == (&*model.name, task, protocol)
                    };
                    let seeds: Vec<&[(u64, f64)]> = (material.cells.iter().filter(own))
                        .filter_map(|c| c.metrics.get(metric).map(Vec::as_slice))
                        .collect();
                    Series { name: plain(&model.name), points: over_seeds(&seeds) }
                })
                .filter(|series| series.points.len() > 1)
                .collect();
            if series.is_empty() {
                continue;
            }
            let spread = if material.ran.seeds.len() > 1 {
                " (mean over seeds; the band spans them)"
            } else {
                ""
            };
            found.push(Training {
                task: task.to_owned(),
                protocol: protocol.to_owned(),
                metric,
                title: format!("{what} on {task} ({protocol})"),
                sample: material.sets.iter().any(|s| s.task == task && s.sample),
                curves: Curves {
                    x: "step".to_owned(),
                    y: format!("{what}{spread}"),
                    logarithmic: false,
                    percent,
                    series,
                },
            });
        }
    }
    found
}

/// The mean of several runs at the steps that all of them reported, from the least to the greatest.
fn over_seeds(runs: &[&[(u64, f64)]]) -> Vec<Point> {
    let mut steps: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (step, value) in runs.iter().flat_map(|run| run.iter()) {
        steps.entry(*step).or_default().push(*value);
    }
    let all = steps.into_iter().filter(|(_, values)| values.len() == runs.len());
    all.map(|(step, values)| {
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        Point {
            x: step as f64,
            y: values.iter().sum::<f64>() / values.len() as f64,
            interval: (values.len() > 1).then_some((low, high)),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_averaged_where_all_of_them_spoke() {
        let a: &[(u64, f64)] = &[(1, 1.0), (2, 0.5)];
        let points = over_seeds(&[a, &[(1, 3.0)]]);
        assert_eq!(points, [Point { x: 1.0, y: 2.0, interval: Some((1.0, 3.0)) }]);
        assert_eq!(over_seeds(&[a])[1], Point { x: 2.0, y: 0.5, interval: None });
    }
}
