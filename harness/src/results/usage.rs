//! What the cells of a run took against what was asked for them: waiting, running, memory. From `timing.json` of each cell
//! and the run's jobs, by model.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::exec::jobs::{self, Job};
use crate::results::manifest::Manifest;
use crate::store::record::record_of;
use crate::store::record::{End, Timing};
use crate::store::{self, RunFolder};

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The model.
    pub model: String,
    /// Its cells that are done.
    pub cells: usize,
    /// Mean seconds from the last submission to the start; none where no scheduler was used.
    pub wait_mean: Option<f64>,
    /// The longest of them.
    pub wait_max: Option<f64>,
    /// Mean seconds that the cells ran, in their last start.
    pub run_mean: f64,
    /// The longest.
    pub run_max: f64,
    /// Minutes asked for; the most of all its cells.
    pub asked_minutes: Option<u64>,
    /// Largest resident memory of any of them.
    pub peak_mib: u64,
    /// MiB asked for; the most of all its cells.
    pub asked_mib: Option<u64>,
    /// Starts before they were done.
    pub starts: u32,
}

impl Row {
    /// The part of the memory asked for that was used.
    pub fn memory_share(&self) -> Option<f64> {
        self.asked_mib.map(|asked| self.peak_mib as f64 / asked as f64)
    }
}

/// Reads a run; models in order of name.
pub fn read(run: &RunFolder) -> io::Result<Vec<Row>> {
    let manifest = Manifest::read(run).map_err(io::Error::other)?;
    let jobs = jobs::read(run)?;
    let of: BTreeMap<String, &Job> = jobs
        .iter()
        .flat_map(|(_, job)| {
            // Slices stand for their cell.
            let name = |cell: &'_ String| cell.split("/slices/").next().map(str::to_owned);
            job.cells.iter().filter_map(name).map(move |cell| (cell, job))
        })
        .collect();
    let mut models: BTreeMap<&str, Vec<(Timing, Option<&Job>)>> = BTreeMap::new();
    for cell in &manifest.cells {
        let folder = run.cell(&cell.folder);
        let done =
            record_of(&folder, &cell.key)?.is_some_and(|r| matches!(r.end, End::Done { .. }));
        // A file of seconds that cannot be read costs its row of them.
        if done && let Ok(timing) = store::read_json(&folder.timing()) {
            models
                .entry(&cell.model)
                .or_default()
                .push((timing, of.get(cell.folder.as_str()).copied()));
        }
    }
    Ok(models.into_iter().map(|(model, cells)| row(model, &cells)).collect())
}

fn row(model: &str, cells: &[(Timing, Option<&Job>)]) -> Row {
    let waits: Vec<f64> = (cells.iter())
        .filter_map(|(timing, job)| {
            Some(timing.started.checked_sub(job.as_ref()?.submitted)? as f64)
        })
        .collect();
    let runs: Vec<f64> = cells.iter().map(|(timing, _)| timing.total_seconds).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let jobs = || cells.iter().filter_map(|(_, job)| *job);
    Row {
        model: model.to_owned(),
        cells: cells.len(),
        wait_mean: (!waits.is_empty()).then(|| mean(&waits)),
        wait_max: (!waits.is_empty()).then(|| most(&waits)),
        run_mean: mean(&runs),
        run_max: most(&runs),
        asked_minutes: jobs().filter_map(|job| job.resources.time).max(),
        peak_mib: cells.iter().map(|(timing, _)| timing.peak_mib).max().unwrap_or(0),
        asked_mib: jobs().filter_map(|job| job.resources.memory).max(),
        starts: cells.iter().map(|(timing, _)| timing.starts).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::resources::Resources;

    #[test]
    fn what_was_used_stands_beside_what_was_asked() {
        let job = Job {
            executor: "slurm".into(),
            id: "7".into(),
            submitted: 1000,
            resources: Resources { memory: Some(400), time: Some(5), ..Resources::default() },
            cells: vec![],
        };
        let timing = |started, total_seconds, peak_mib| Timing {
            started,
            total_seconds,
            peak_mib,
            starts: 1,
            ..Timing::default()
        };
        let cells = [
            (timing(1010, 3.0, 100), Some(&job)),
            (timing(1030, 5.0, 60), Some(&job)),
            (timing(0, 1.0, 50), None),
        ];
        let row = row("m", &cells);
        assert_eq!((row.wait_mean, row.wait_max), (Some(20.0), Some(30.0)));
        assert_eq!((row.run_mean, row.run_max, row.starts), (3.0, 5.0, 3));
        assert_eq!((row.peak_mib, row.asked_mib, row.memory_share()), (100, Some(400), Some(0.25)));
        assert_eq!(super::row("m", &cells[2..]).wait_mean, None);
    }
}
