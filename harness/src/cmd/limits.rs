//! The limits of each model as a table and as JSON: `run --dry-run` and `config --suite` show them.

use serde_json::{Value, json};

use super::table;
use crate::definition::model::Model;
use crate::exec::options::{Limits, Options, Place};
use crate::settings::Settings;

/// Cells that run at once here.
pub(super) fn jobs(settings: &Settings) -> usize {
    if settings.jobs == 0 { cores() } else { settings.jobs }
}

/// This machine, its cores shared by the cells that run at once.
pub(super) fn here(settings: &Settings) -> Place {
    Place::Here { share: (cores() / jobs(settings)).max(1) }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A row for each model; what is not built in has its origin in parentheses.
pub(super) fn as_table<'m>(models: impl Iterator<Item = &'m Model>, options: &Options) -> String {
    let head = ["model", "timeout s", "memory MiB", "threads", "slice"];
    let rows = models.map(|model| {
        let Limits { timeout, memory, threads, slice, .. } = options.of(model);
        let limits = [timeout.to_string(), memory.to_string(), threads.to_string()];
        [vec![model.name.clone()], limits.to_vec(), vec![slice.to_string()]].concat()
    });
    table(&head, rows)
}

/// The limits of one model, each as `{"value", "origin"}`.
pub(super) fn as_json(model: &Model, options: &Options) -> Value {
    let Limits { timeout, memory, threads, slice, .. } = options.of(model);
    json!({ "timeout": timeout, "memory": memory, "threads": threads, "slice": slice })
}
