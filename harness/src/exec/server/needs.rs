//! What a model needs of a server.

use std::collections::BTreeMap;

use crate::definition::model::Model;
use crate::store::record::{CellSpec, FileRef};

/// What a model needs of a server.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// The model, whose definition says how it is started.
    pub model: &'a Model,
    /// Its weights and files by id.
    pub weights: &'a BTreeMap<String, FileRef>,
    /// Threads that it may use.
    pub threads: usize,
}

impl<'a> Needs<'a> {
    /// Those of a cell.
    pub fn of(spec: &'a CellSpec) -> Self {
        Self { model: &spec.model, weights: &spec.weights, threads: spec.threads }
    }
}
