//! What a plugin's own tests hand to it: the same values as the harness does, over buffers of the test.

use crate::replies::{Replies, Reply};
use crate::safe::{Batch, Matrix, Scores};

/// Columns of a plugin's own tests.
impl<'a> Batch<'a> {
    /// Borrows columns of one length.
    ///
    /// # Panics
    /// Where the lengths differ.
    pub fn of(ids: &[&'a str], texts: &[&'a str], cultures: &'a [u32]) -> Self {
        assert!(
            ids.len() == texts.len() && ids.len() == cultures.len(),
            "columns of different lengths"
        );
        Self { ids: ids.to_vec(), texts: texts.to_vec(), cultures }
    }
}

impl<'a> Matrix<'a> {
    /// Wraps a buffer of `n * columns` values, for a plugin's own tests.
    ///
    /// # Panics
    /// Where the length is no multiple of `columns`.
    pub fn over(values: &'a mut [f32], columns: usize) -> Self {
        assert!(values.len().is_multiple_of(columns.max(1)), "buffer of a wrong length");
        Self { values, columns }
    }
}

impl<'a> Replies<'a> {
    /// Hands each reply to a function, for a plugin's own tests.
    pub fn to(put: &'a mut dyn FnMut(usize, Reply<'_>)) -> Self {
        Self { put }
    }
}

impl<'a> Scores<'a> {
    /// Wraps buffers of `n * labels` and `n` values, for a plugin's own tests.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn over(values: &'a mut [f32], answered: &'a mut [u8], labels: usize) -> Self {
        assert_eq!(values.len(), answered.len() * labels, "buffers of wrong lengths");
        Self { values, answered, labels }
    }
}
