//! Why a model of a run answers as it does: the cell's fitted model is taken up again and asked to explain, in a process of its
//! own like the cell's, which does not read the labels; who started it joins them.

use std::path::PathBuf;
use std::process::Stdio;

use serde::Serialize;
use serde_json::Value;

use super::{Cell, WINDOW, follow_parent, gate, harness, opaque_id, reason, sandbox, told};
use crate::definition::dataset::Capability;
use crate::example::Examples;
use crate::exec::events::{Event, Events};
use crate::exec::{asked, sandboxed};
use crate::plugin;
use crate::process;
use crate::store::CellFolder;
use crate::store::examples::{self, Table};
use crate::store::record::{CellSpec, Reason, ReasonKind};

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
    /// The plugin's own words; its README lists the fields.
    pub explanation: Value,
}

/// Explains the first `limit` evaluated examples of a cell (0: all) in a child process, behind the cell's sandbox; without limits of
/// time and memory. `note` is told what there is to tell beside.
///
/// # Errors
/// The cell was not fitted to its end, the plugin has changed since or cannot explain, what it says is not JSON, or it ended.
pub fn explain(
    folder: &CellFolder,
    limit: usize,
    hidden: &[PathBuf],
    note: impl Fn(&str),
    mut each: impl FnMut(Explained) -> Result<(), Reason>,
) -> Result<usize, Reason> {
    let spec = specification(folder, limit)?;
    asked::prepare(&spec)?;
    let mut examples = Joined::new(&spec)?;
    let (mut command, _scratch) =
        sandboxed::command(&spec.model.access, spec.threads).map_err(harness)?;
    command.arg("cell").arg(folder.path()).arg("--explain").arg(limit.to_string());
    for hidden in hidden {
        command.arg("--hide").arg(hidden);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(harness)?;
    let mut count = 0;
    let mut take = |event: Event| -> Result<(), Reason> {
        match event {
            Event::Failed(reason) => return Err(reason),
            Event::Explained { id, explanation } => {
                each(examples.next(&id, explanation)?)?;
                count += 1;
            }
            Event::Log(text) => note(&text),
            Event::Phase(_) | Event::Progress { .. } | Event::Timing(_) | Event::Answered(_) => {}
        }
        Ok(())
    };
    let said = sandboxed::follow(&mut child, &mut take);
    if said.is_err() {
        process::kill(&mut child).map_err(harness)?;
    }
    let status = said.map_err(|mut reason| {
        reason.message += sandboxed::hint(&reason.message, &spec.model.access);
        reason
    })?;
    if status.success() && count == examples.n {
        return Ok(count);
    }
    let message = format!(
        "the plugin's process ended with {status} after {count} of {} examples",
        examples.n
    );
    Err(Reason::new(ReasonKind::Plugin, message))
}

/// The examples of a cell with their labels, one after the other.
struct Joined<'a> {
    stream: examples::Stream,
    labels: &'a [String],
    piece: Examples,
    next: usize,
    /// How many are explained.
    n: usize,
}

impl<'a> Joined<'a> {
    fn new(spec: &'a CellSpec) -> Result<Self, Reason> {
        let table = Table::open(spec.data.path.as_ref()).map_err(harness)?;
        let eval = &spec.protocol.eval;
        let n = table.count(eval).map_err(harness)?;
        let n = if spec.limit > 0 { n.min(spec.limit) } else { n };
        let mut stream = table.stream(eval, &spec.task.labels, 0).map_err(harness)?;
        let piece = stream.next(WINDOW).map_err(harness)?;
        Ok(Self { stream, labels: &spec.task.labels, piece, next: 0, n })
    }

    /// The next example, which is the one that was explained.
    fn next(&mut self, asked: &str, explanation: Value) -> Result<Explained, Reason> {
        if self.next == self.piece.len() {
            self.piece = self.stream.next(WINDOW).map_err(harness)?;
            self.next = 0;
        }
        let (piece, row) = (&self.piece, self.next);
        if row == piece.len() || opaque_id(piece.ids.get(row)) != asked {
            return Err(harness(format!("{asked} was explained out of turn")));
        }
        self.next += 1;
        Ok(Explained {
            text: piece.texts.get(row).to_owned(),
            culture: piece.cultures.get(row).to_owned(),
            gold: self.labels[piece.labels[row] as usize].clone(),
            id: piece.ids.get(row).to_owned(),
            explanation,
        })
    }
}

/// What the child of [`explain`] does: sends what the plugin says of each example; `false` where it could not.
pub fn send(folder: &CellFolder, limit: usize, hidden: &[PathBuf], events: &Events) -> bool {
    let followed = follow_parent().map_err(harness);
    told(followed.and_then(|()| send_all(folder, limit, hidden, events)), events)
}

fn send_all(
    folder: &CellFolder,
    limit: usize,
    hidden: &[PathBuf],
    events: &Events,
) -> Result<(), Reason> {
    let spec = specification(folder, limit)?;
    let cell = Cell::load(&spec, folder, events)?;
    let state = folder.state();
    // A link that the plugin left there would lead out of the cell.
    let is_link = state.symlink_metadata().is_ok_and(|state| state.is_symlink());
    if is_link {
        return Err(harness(format!("{}: a link; run the cell again", state.display())));
    }
    let gate = gate(&spec, hidden).and_then(|gate| gate.reads(&state)).map_err(harness)?;
    sandbox::around(&gate).map_err(harness)?;
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
        if !state.join("complete").is_file() {
            let message =
                format!("{} holds no fitted model; run the cell again", folder.path().display());
            return Err(Reason::new(ReasonKind::Harness, message));
        }
        model.load(&state).map_err(|e| reason(&e))?;
    }
    let mut evaluated = cell.evaluated(0).map_err(harness)?;
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
                let name = library.name();
                let message =
                    format!("plugin `{name}` explains {id} in words that are not JSON: {e}");
                Reason::new(ReasonKind::Plugin, message)
            })?;
            events.send(&Event::Explained { id, explanation });
        }
    }
    Ok(())
}

fn specification(folder: &CellFolder, limit: usize) -> Result<CellSpec, Reason> {
    let mut spec = folder.read_spec().map_err(harness)?;
    if limit > 0 {
        spec.limit = limit;
    }
    Ok(spec)
}
