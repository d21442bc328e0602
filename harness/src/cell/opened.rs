//! A cell with its examples open: what every file of this room works on.

use std::ops::Range;

use super::input::Input;
use super::trouble::harness;
use crate::definition::split::Split;
use crate::example::Examples;
use crate::exec::asked;
use crate::exec::events::Events;
use crate::store::CellFolder;
use crate::store::examples::{self, Table};
use crate::store::record::{CellSpec, Reason, ReasonKind};

/// What every part of a cell needs.
pub(super) struct Cell<'a> {
    pub(super) spec: &'a CellSpec,
    pub(super) folder: &'a CellFolder,
    pub(super) events: &'a Events,
    /// The questions, without their answers ([`asked`]). Opened before the plugin is loaded, which could not open it.
    pub(super) table: Table,
    /// The place of the first example that is predicted.
    pub(super) first: usize,
    /// How many are predicted.
    pub(super) n: usize,
}

/// What one way of serving hands back; the answers are in the log.
pub(super) struct Answered {
    pub(super) variants: Vec<String>,
    pub(super) primary: usize,
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
        let table = asked::open(spec).map_err(no_data)?;
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

    /// The place in the official order of each shown option of a question, in its `draw`-th order.
    pub(super) fn order_of(
        &self,
        questions: &Examples,
        row: usize,
        draw: usize,
    ) -> Result<Vec<usize>, Reason> {
        asked::order_of(&self.spec.protocol, questions, row, draw).ok_or_else(|| {
            let id = questions.ids.get(row);
            harness(format!("the questions have no order of options for `{id}`"))
        })
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
