//! What a run keeps of its earlier manifest: a command that asks for less, or for something else, takes no row, column or seed off
//! the board.

use std::collections::BTreeSet;

use super::manifest::{Manifest, PlannedCell, tasks_of};
use crate::definition::catalogue::Catalogue;
use crate::store::record::CellSpec;

/// A cell's place in a run.
type Place<'c> = (&'c str, &'c str, &'c str, u64);

fn place(cell: &PlannedCell) -> Place<'_> {
    (&cell.model, &cell.task, &cell.protocol, cell.seed)
}

impl Manifest {
    /// Takes up what an earlier manifest of the run has and this one does not ask for. Lines say what was kept, and what does
    /// not fit and why.
    pub fn keep(&mut self, before: &Self, catalogue: &Catalogue) -> Vec<String> {
        let mut notes = self.keep_cells(before);
        notes.extend(self.keep_imported(before));
        let order: Vec<&str> = catalogue.models().map(|model| &*model.name).collect();
        // Models that no definition names come last, by their names.
        self.models.sort_by_key(|model| {
            let known = order.iter().position(|name| *name == model.name);
            (
                known.unwrap_or(usize::MAX),
                if known.is_some() { String::new() } else { model.name.clone() },
            )
        });
        self.settle(catalogue);
        notes
    }

    /// Takes up the imported cells of another manifest of the run, with the rows and columns that they need. Those that do
    /// not fit come back as lines that say why.
    pub fn take_imported(&mut self, other: &Self, catalogue: &Catalogue) -> Vec<String> {
        let left = self.keep_imported(other);
        self.settle(catalogue);
        left
    }

    /// Whether it plans a cell of this model, task, protocol and seed.
    pub fn plans(&self, cell: &CellSpec) -> bool {
        let wanted = PlannedCell::of(cell);
        self.cells.iter().any(|own| own.imported.is_none() && place(own) == place(&wanted))
    }

    /// Columns in the order of the board, and its rows.
    fn settle(&mut self, catalogue: &Catalogue) {
        let number = |name: &str| self.benchmarks.iter().find(|b| b.name == name).map(|b| b.number);
        self.columns.sort_by_key(|column| number(&column.name));
        self.make_rows(catalogue);
    }

    /// Cells that were run.
    fn keep_cells(&mut self, before: &Self) -> Vec<String> {
        let planned: BTreeSet<Place<'_>> = self.cells.iter().map(place).collect();
        let asked = |cell: &PlannedCell| {
            planned.contains(&place(cell))
                || self.missing.iter().any(|m| m.model == cell.model && m.task == cell.task)
        };
        let others: Vec<PlannedCell> = (before.cells.iter())
            .filter(|cell| cell.imported.is_none() && !asked(cell))
            .cloned()
            .collect();
        if others.is_empty() && before.columns.len() <= self.columns.len() {
            return Vec::new();
        }
        if before.limit != self.limit {
            let of = |limit: usize| match limit {
                0 => "all examples".to_owned(),
                n => format!("the first {n} examples"),
            };
            return vec![format!(
                "{} earlier cells of this run are of {} and leave the board, which is of {} now; `--name NAME` makes a board of its own",
                others.len(),
                of(before.limit),
                of(self.limit)
            )];
        }
        let (mut kept, mut notes) = (0, BTreeSet::new());
        for cell in &others {
            if self.other_data(before, cell) {
                notes.insert(format!(
                    "earlier cells on `{}` use other data than this run and leave the board",
                    cell.task
                ));
                continue;
            }
            let model = |of: &Self| of.models.iter().find(|m| m.name == cell.model).cloned();
            let (Some(theirs), ours) = (model(before), model(self)) else { continue };
            if ours.as_ref().is_some_and(|ours| *ours != theirs) {
                notes.insert(format!(
                    "earlier cells of {} are of another definition of it and leave the board",
                    cell.model
                ));
                continue;
            }
            if ours.is_none() {
                self.models.push(theirs);
            }
            self.cells.push(cell.clone());
            self.make_room(before, cell);
            kept += 1;
        }
        self.keep_what_was_missing(before);
        let seeds: BTreeSet<u64> =
            self.cells.iter().map(|cell| cell.seed).chain(self.seeds.iter().copied()).collect();
        if kept > 0 {
            self.seeds = seeds.into_iter().collect();
            self.protocols = match (self.protocols.is_empty(), before.protocols.is_empty()) {
                (false, false) => {
                    let all = self.protocols.iter().chain(&before.protocols);
                    all.collect::<BTreeSet<_>>().into_iter().cloned().collect()
                }
                _ => Vec::new(),
            };
        }
        let mut lines: Vec<String> = notes.into_iter().collect();
        if kept > 0 {
            lines.push(format!(
                "{kept} earlier cells of this run stay on its board; `--name NAME` makes a board of its own"
            ));
        }
        lines
    }

    /// Why models of the earlier manifest make no cell, where this one does not ask.
    fn keep_what_was_missing(&mut self, before: &Self) {
        for missing in &before.missing {
            let known = |m: &str, t: &str| m == missing.model && t == missing.task;
            let answered = self.missing.iter().any(|m| known(&m.model, &m.task))
                || self.cells.iter().any(|c| known(&c.model, &c.task));
            if answered {
                continue;
            }
            self.missing.push(missing.clone());
            if self.models.iter().all(|m| m.name != missing.model) {
                self.models.extend(before.models.iter().find(|m| m.name == missing.model).cloned());
            }
        }
        for (task, reason) in &before.no_data {
            if !self.data.contains_key(task) {
                self.no_data.entry(task.clone()).or_insert_with(|| reason.clone());
            }
        }
        let known: BTreeSet<String> = (self.cells.iter().map(|cell| &cell.task))
            .chain(self.missing.iter().map(|missing| &missing.task))
            .cloned()
            .collect();
        self.add_columns(before, &|tasks| tasks.iter().any(|task| known.contains(*task)));
    }

    /// Imported cells.
    fn keep_imported(&mut self, before: &Self) -> Vec<String> {
        let mut left = Vec::new();
        for cell in before.cells.iter().filter(|cell| cell.imported.is_some()) {
            if self.other_data(before, cell) {
                left.push(format!(
                    "the imported answers of {} use other data of `{}` than the run; import them again",
                    cell.model, cell.task
                ));
                continue;
            }
            if self.cells.iter().any(|own| own.model == cell.model && own.imported.is_none()) {
                left.push(format!(
                    "the imported answers of {} are left out: the run has a model of this name",
                    cell.model
                ));
                continue;
            }
            self.cells.retain(|own| place(own) != place(cell));
            self.cells.push(cell.clone());
            if let Some(model) = before.models.iter().find(|m| m.name == cell.model) {
                self.models.retain(|own| own.name != model.name);
                self.models.push(model.clone());
            }
            self.make_room(before, cell);
        }
        left
    }

    /// Whether a cell's task has other data here.
    fn other_data(&self, before: &Self, cell: &PlannedCell) -> bool {
        let known = self.data.get(&cell.task).zip(before.data.get(&cell.task));
        known.is_some_and(|(ours, theirs)| ours.sha256 != theirs.sha256)
    }

    /// The data and the columns of a cell.
    fn make_room(&mut self, before: &Self, cell: &PlannedCell) {
        for (task, file) in &before.data {
            self.data.entry(task.clone()).or_insert_with(|| file.clone());
        }
        self.add_columns(before, &|tasks| tasks.contains(&&*cell.task));
    }

    /// Columns of the earlier manifest, by their tasks.
    fn add_columns(&mut self, before: &Self, wanted: &dyn Fn(&[&str]) -> bool) {
        for column in &before.columns {
            let benchmark = before.benchmarks.iter().find(|b| b.name == column.name);
            let concerned = benchmark.is_some_and(|b| wanted(&tasks_of(b, &before.benchmarks)));
            if concerned && self.columns.iter().all(|own| own.name != column.name) {
                self.columns.push(column.clone());
                self.published.extend(
                    before.published.iter().filter(|p| p.benchmark == column.name).cloned(),
                );
            }
        }
        for benchmark in &before.benchmarks {
            if self.benchmarks.iter().all(|own| own.name != benchmark.name) {
                self.benchmarks.push(benchmark.clone());
            }
        }
    }
}
