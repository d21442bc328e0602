//! The cells of a run by model, task and protocol.

use crate::definition::dataset::Protocol;
use crate::results::manifest::{Manifest, PlannedCell};
use crate::store::record::{CellSpec, End, Reason, ReasonKind, record_of};
use crate::store::{self, CellFolder, RunFolder};

/// All seeds of one model on one task by one protocol.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) model: String,
    pub(crate) task: String,
    pub(crate) protocol: String,
    /// In order of seed; the same protocol and variants in all.
    pub(crate) cells: Vec<Done>,
    /// Of the seeds that failed or did not run.
    pub(crate) reasons: Vec<Reason>,
}

impl Group {
    fn of(planned: &PlannedCell, protocol: String) -> Self {
        Self {
            model: planned.model.clone(),
            task: planned.task.clone(),
            protocol,
            cells: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn holds(&self, planned: &PlannedCell, protocol: &str) -> bool {
        (&*self.model, &*self.task, &*self.protocol) == (&*planned.model, &*planned.task, protocol)
    }

    /// Seeds of the finished cells.
    pub(super) fn seeds(&self) -> Vec<u64> {
        self.cells.iter().map(|cell| cell.planned.seed).collect()
    }
}

/// A finished cell.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) planned: PlannedCell,
    pub(crate) spec: CellSpec,
    pub(crate) predictions: String,
    pub(crate) examples: u64,
    pub(crate) variants: Vec<String>,
    pub(crate) primary: usize,
}

/// The protocol with how the model was asked; the cell's specification knows it where the manifest is of an earlier version.
pub(super) fn shown_protocol(folder: &CellFolder, planned: &PlannedCell) -> anyhow::Result<String> {
    let served = match planned.served {
        Some(served) => served,
        None if folder.spec().is_file() => {
            let spec: CellSpec = store::read_json(&folder.spec())?;
            spec.served
        }
        None => return Ok(planned.protocol.clone()),
    };
    Ok(Protocol::shown_as(&planned.protocol, served))
}

/// The cells of the run, all seeds of a model, task and protocol together.
pub(super) fn groups(run: &RunFolder, manifest: &Manifest) -> anyhow::Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for planned in &manifest.cells {
        let folder = run.cell(&planned.folder);
        let protocol = shown_protocol(&folder, planned)?;
        let place = groups.iter().position(|g| g.holds(planned, &protocol)).unwrap_or_else(|| {
            groups.push(Group::of(planned, protocol));
            groups.len() - 1
        });
        match record_of(&folder, &planned.key)?.map(|record| record.end) {
            Some(End::Done { predictions, examples, variants, primary, .. }) => {
                let spec = store::read_json(&folder.spec())?;
                groups[place].cells.push(Done {
                    planned: planned.clone(),
                    spec,
                    predictions,
                    examples,
                    variants,
                    primary,
                });
            }
            Some(End::Failed { reason }) => groups[place].reasons.push(reason),
            None => {
                let message = "not finished; run the suite again to resume";
                groups[place].reasons.push(Reason::new(ReasonKind::NotRun, message));
            }
        }
    }
    for group in &mut groups {
        group.cells.sort_by_key(|c| c.planned.seed);
    }
    Ok(groups)
}

/// For each model and protocol, its groups on the tasks, in order of the tasks. A model may serve the parts of an
/// aggregate by one protocol only.
pub(super) fn by_model_and_protocol<'g>(
    groups: &'g [Group],
    tasks: &[&str],
) -> Vec<(&'g str, Vec<&'g Group>)> {
    let mut found: Vec<(&str, &str, Vec<&Group>)> = Vec::new();
    for group in groups.iter().filter(|g| tasks.contains(&g.task.as_str())) {
        match found
            .iter_mut()
            .find(|(model, protocol, _)| (*model, *protocol) == (&*group.model, &*group.protocol))
        {
            Some((_, _, parts)) => parts.push(group),
            None => found.push((&group.model, &group.protocol, vec![group])),
        }
    }
    for (_, _, parts) in &mut found {
        parts.sort_by_key(|g| tasks.iter().position(|t| *t == g.task));
    }
    found.into_iter().map(|(model, _, parts)| (model, parts)).collect()
}
