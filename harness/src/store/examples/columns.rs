//! Names of the columns that every file has, and how many rows are held at once.

/// Rows of a row group: what is held in memory while writing.
pub(super) const ROWS_A_GROUP: usize = 1 << 16;
/// Rows of a batch handed to the writer, and read at once.
pub(super) const ROWS_A_BATCH: usize = 1 << 13;
pub(super) const COLUMNS: [&str; 6] = ["id", "text", "label", "culture", "cluster", "part"];
pub(super) const GROUP: &str = "group.";
pub(super) const VOTES: &str = "votes";
