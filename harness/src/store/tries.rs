//! Starts of a cell that were lost through no answer of its model: time, memory, the machine. After a few the cell is given up.

use std::io;

use serde::{Deserialize, Serialize};

use super::record::Reason;
use super::{CellFolder, lease, read_json, write_json};

/// One start that was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The scheduler's name for the job; empty if there is none.
    pub job: String,
    /// When that was known: seconds since 1970.
    pub at: u64,
    /// Why.
    pub reason: Reason,
}

/// The failed attempts of a cell.
pub fn read(folder: &CellFolder) -> io::Result<Vec<Try>> {
    match read_json(&folder.tries()) {
        // A damaged list costs a start more, not the run.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) =>
        {
            Ok(Vec::new())
        }
        other => other,
    }
}

/// Adds a failed attempt and returns all of them.
pub fn add(folder: &CellFolder, job: &str, reason: Reason) -> io::Result<Vec<Try>> {
    let mut tries = read(folder)?;
    tries.push(Try { job: job.to_owned(), at: lease::now(), reason });
    write_json(&folder.tries(), &tries)?;
    Ok(tries)
}

/// Forgets them.
pub fn clear(folder: &CellFolder) -> io::Result<()> {
    match fs_err::remove_file(folder.tries()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The reason of a cell that is given up: that of its last start, and how many there were.
pub fn given_up(tries: &[Try]) -> Option<Reason> {
    let Reason { kind, message } = tries.last()?.reason.clone();
    Some(match tries.len() {
        1 => Reason { kind, message },
        n => Reason::new(kind, format!("{message}; given up after {n} tries")),
    })
}
