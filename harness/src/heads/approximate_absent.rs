//! What stands for the approximate nearest neighbours in a program built without the feature `approximate`: it can be asked
//! for, and says how to get it.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::Vectors;
use crate::score::ScoreError;

/// Whether this program can build the graph.
pub const BUILT: bool = false;

/// No graph: there is none without the feature.
#[derive(Debug)]
pub struct Index<'a>(Infallible, PhantomData<&'a ()>);

impl<'a> Index<'a> {
    /// No graph.
    ///
    /// # Errors
    /// Always.
    pub fn new(_: Vectors<'a>, candidates: usize, _: u64) -> Result<Self, ScoreError> {
        Err(ScoreError::OutOfRange {
            argument: "approximate",
            got: candidates.to_string(),
            allowed: "none, or build the program with the feature `approximate`".to_owned(),
        })
    }

    /// Never called: there is no graph.
    ///
    /// # Errors
    /// None.
    pub fn classify(
        &self,
        _: &[u32],
        _: usize,
        _: Vectors<'_>,
        _: usize,
    ) -> Result<Vec<u32>, ScoreError> {
        match self.0 {}
    }

    /// Never called: there is no graph.
    ///
    /// # Errors
    /// None.
    pub fn recall(&self, _: Vectors<'_>, _: usize) -> Result<f64, ScoreError> {
        match self.0 {}
    }
}
