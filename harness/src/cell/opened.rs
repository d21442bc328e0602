//! A cell with its examples open: what every file of this room works on.

use std::ops::Range;

use super::input::Input;
use super::trouble::harness;
use crate::definition::dataset::Protocol;
use crate::definition::split::Split;
use crate::example::Examples;
use crate::exec::events::Events;
use crate::store::CellFolder;
use crate::store::examples::{self, Table};
use crate::store::log::Log;
use crate::store::record::{CellSpec, Reason, ReasonKind};
use crate::text::template::Template;

/// What every part of a cell needs.
pub(super) struct Cell<'a> {
    pub(super) spec: &'a CellSpec,
    pub(super) folder: &'a CellFolder,
    pub(super) events: &'a Events,
    /// Opened before the plugin is loaded, which could not open it.
    pub(super) table: Table,
    /// The place of the first example that is predicted.
    pub(super) first: usize,
    /// How many are predicted.
    pub(super) n: usize,
}

/// What one way of serving hands back.
pub(super) struct Answered {
    pub(super) variants: Vec<String>,
    pub(super) primary: usize,
    /// All answers, in the order of the examples.
    pub(super) rows: Log,
}

/// Examples that are read at once, about.
pub(super) const WINDOW: usize = 1 << 13;

impl<'a> Cell<'a> {
    pub(super) fn load(
        spec: &'a CellSpec,
        folder: &'a CellFolder,
        events: &'a Events,
    ) -> Result<Self, Reason> {
        let no_data = |e: examples::Error| Reason::new(ReasonKind::NoData, e.to_string());
        let table = Table::open(spec.data.path.as_ref()).map_err(no_data)?;
        let table = table.showing(groups_of_wordings(&spec.protocol));
        let n = table.count(&spec.protocol.eval).map_err(no_data)?;
        let n = if spec.limit > 0 { n.min(spec.limit) } else { n };
        if n == 0 {
            return Err(Reason::new(ReasonKind::NoData, "the evaluated part has no example"));
        }
        let own = match spec.slice {
            Some(slice) => slice.range(n, spec.model.batch.max(1)),
            None => 0..n,
        };
        Ok(Self { spec, folder, events, table, first: own.start, n: own.len() })
    }

    /// All examples of some parts, with their labels.
    pub(super) fn all(&self, parts: &[Split]) -> Result<Examples, Reason> {
        self.table
            .read(parts, &self.spec.task.labels)
            .map_err(|e| Reason::new(ReasonKind::NoData, e.to_string()))
    }

    /// The examples of some parts from the `from`-th on.
    pub(super) fn stream(
        &self,
        parts: &[Split],
        from: usize,
    ) -> Result<examples::Stream, examples::Error> {
        self.table.stream(parts, &self.spec.task.labels, from)
    }

    /// What is predicted, from the `from`-th on. Its labels are never in the process of a plugin.
    pub(super) fn evaluated(&self, from: usize) -> Result<examples::Stream, examples::Error> {
        self.table.questions(&self.spec.protocol.eval, self.first + from)
    }

    /// The cultures that the model is told of: none where the protocol does not show them.
    pub(super) fn cultures(&self) -> &[String] {
        if self.spec.protocol.shows_culture() { &self.spec.cultures } else { &[] }
    }

    pub(super) fn input<'e>(
        &self,
        examples: &'e Examples,
        rows: Range<usize>,
    ) -> Result<Input<'e>, Reason> {
        let CellSpec { protocol, task, .. } = self.spec;
        Input::new(examples, rows, &protocol.input, task, self.cultures()).map_err(harness)
    }
}

/// The tags that decide which file has the words of a prompt.
fn groups_of_wordings(protocol: &Protocol) -> Vec<String> {
    let files = protocol.prompts.iter().filter_map(|prompt| prompt.wording.as_ref()?.file.as_ref());
    let names = files.filter_map(|file| Template::parse(file).ok());
    names.flat_map(|file| file.names().map(str::to_owned).collect::<Vec<_>>()).collect()
}
