//! Why a model of a run answers as it does: the cell's fitted model is taken up again and asked to explain.

use serde::Serialize;
use serde_json::Value;

use super::{Cell, harness, reason};
use crate::definition::family::Capability;
use crate::exec::events::Events;
use crate::plugin;
use crate::store::record::{CellSpec, Reason, ReasonKind};
use crate::store::{self, CellFolder};

/// One example with what the plugin says of it.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The example.
    pub id: String,
    /// What was asked of it, without the protocol's template.
    pub text: String,
    /// Its culture.
    pub culture: String,
    /// Its gold label.
    pub gold: String,
    /// The plugin's own words; its README tells the fields.
    pub explanation: Value,
}

/// Explains the first `limit` evaluated examples of a cell (0: all), batch by batch.
///
/// # Errors
/// The cell was not fitted to its end, the plugin has changed since or cannot explain, or what it says is no JSON.
pub fn explain(
    folder: &CellFolder,
    limit: usize,
    mut each: impl FnMut(Explained) -> Result<(), Reason>,
) -> Result<usize, Reason> {
    let mut spec: CellSpec = store::read_json(&folder.spec()).map_err(harness)?;
    if limit > 0 {
        spec.limit = limit;
    }
    let events = Events::none();
    let cell = Cell::load(&spec, folder, &events)?;
    let library = plugin::load(spec.plugin.path.as_ref()).map_err(|e| reason(&e))?;
    if library.sha256() != spec.plugin.sha256 {
        let message =
            format!("{} is not the plugin of this run any more; run it again", spec.plugin.path);
        return Err(Reason::new(ReasonKind::NoPlugin, message));
    }
    if !library.explains() {
        let message = format!("plugin `{}` cannot explain (capability `explain`)", library.name());
        return Err(Reason::new(ReasonKind::NotServed, message));
    }
    let mut model = cell.create(&library)?;
    if spec.protocol.fit && spec.served != Capability::Embed {
        let state = folder.state();
        if !state.join("complete").is_file() {
            let message =
                format!("{} holds no fitted model; run the cell again", folder.path().display());
            return Err(Reason::new(ReasonKind::Harness, message));
        }
        model.load(&state).map_err(|e| reason(&e))?;
    }
    let mut evaluated = cell.stream(&spec.protocol.eval, cell.first).map_err(harness)?;
    let batch = spec.model.batch.max(1);
    for start in (0..cell.n).step_by(batch) {
        let eval = evaluated.next(batch.min(cell.n - start)).map_err(harness)?;
        let said = cell
            .input(&eval, 0..eval.len())?
            .all(|columns| model.explain(columns))
            .map_err(|e| reason(&e))?;
        for (row, said) in said.into_iter().enumerate() {
            let id = eval.ids.get(row).to_owned();
            let explanation = serde_json::from_str(&said).map_err(|e| {
                let message = format!(
                    "plugin `{}` explains {id} in words that are no JSON: {e}",
                    library.name()
                );
                Reason::new(ReasonKind::Plugin, message)
            })?;
            each(Explained {
                text: eval.texts.get(row).to_owned(),
                culture: eval.cultures.get(row).to_owned(),
                gold: spec.task.labels[eval.labels[row] as usize].clone(),
                id,
                explanation,
            })?;
        }
    }
    Ok(cell.n)
}
