//! A view of row-major float32 vectors.

use crate::score::{ScoreError, same_length};

/// `data` holds one vector of `dims` values per row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vectors<'a> {
    data: &'a [f32],
    dims: usize,
}

impl<'a> Vectors<'a> {
    /// Refuses a length that is no multiple of `dims`, and NaN or infinite values. `argument` names the matrix in errors.
    pub fn new(argument: &'static str, data: &'a [f32], dims: usize) -> Result<Self, ScoreError> {
        if dims == 0 || !data.len().is_multiple_of(dims) {
            return Err(ScoreError::OutOfRange {
                argument,
                got: format!("{} values of vectors with {dims} dimensions", data.len()),
                allowed: "row-major vectors of one length, at least 1".to_owned(),
            });
        }
        match data.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(ScoreError::NotFinite { argument, row: at / dims, column: at % dims }),
            None => Ok(Self { data, dims }),
        }
    }

    /// Number of vectors.
    pub fn len(&self) -> usize {
        self.data.len() / self.dims
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Length of each vector.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Vector `i`.
    ///
    /// # Panics
    /// Where `i >= len()`.
    pub fn row(&self, i: usize) -> &'a [f32] {
        &self.data[i * self.dims..(i + 1) * self.dims]
    }

    /// All values, row after row.
    pub fn data(&self) -> &'a [f32] {
        self.data
    }

    /// Refuses matrices whose vectors differ in length.
    pub(crate) fn same_dims(
        self,
        name: &str,
        other: Self,
        other_name: &str,
    ) -> Result<(), ScoreError> {
        same_length(
            &format!("{name} (dimensions)"),
            self.dims,
            &format!("{other_name} (dimensions)"),
            other.dims,
        )
    }

    /// Refuses labels that do not fit.
    pub(crate) fn check_labels(
        self,
        argument: &'static str,
        labels: &[u32],
        classes: usize,
    ) -> Result<(), ScoreError> {
        same_length("vectors", self.len(), argument, labels.len())?;
        match labels.iter().position(|&l| l as usize >= classes) {
            Some(row) => {
                Err(ScoreError::UnknownLabel { argument, row, label: labels[row], classes })
            }
            None => Ok(()),
        }
    }
}
