//! What a cell leaves behind: its specification before, its record after.

use std::io::ErrorKind;

use serde::{Deserialize, Serialize};

use super::CellFolder;

pub use super::spec::{CellSpec, FileRef, Imported, Slice};

/// Version of the files of a run folder; raised when old ones need another reader.
pub const FORMAT: u32 = 1;

/// What stands for the version of a record that could not be read; no file has it.
const DAMAGED: u32 = 0;

/// The end of a cell, written last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this file.
    pub format: u32,
    /// The cell's key.
    pub key: String,
    /// Done or failed.
    #[serde(flatten)]
    pub end: End,
    /// SHA-256 over the rest of this file; empty in records of before there were seals.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

impl Record {
    /// A sealed record.
    pub fn new(key: &str, end: End) -> Self {
        let record = Self { format: FORMAT, key: key.to_owned(), end, seal: String::new() };
        Self { seal: record.seal_of_content(), ..record }
    }

    /// Stands for a file that cannot be read: a reason of its cell. The next `run` runs the cell again.
    fn damaged(key: &str, error: &std::io::Error) -> Self {
        let reason = Reason::new(ReasonKind::Harness, error.to_string());
        Self { format: DAMAGED, ..Self::new(key, End::Failed { reason }) }
    }

    /// Whether its file could not be read.
    pub fn is_damaged(&self) -> bool {
        self.format == DAMAGED
    }

    /// Whether it says what was written; nothing where it has no seal.
    pub fn is_as_written(&self) -> Option<bool> {
        (!self.seal.is_empty()).then(|| self.seal == self.seal_of_content())
    }

    fn seal_of_content(&self) -> String {
        let content = serde_json::json!([self.format, self.key, self.end]);
        super::sha256(content.to_string().as_bytes())
    }
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum End {
    /// All answers are there.
    Done {
        /// Hash of `predictions.parquet`.
        predictions: String,
        /// Rows in it.
        rows: u64,
        /// Examples that were asked.
        examples: u64,
        /// Sets of answers in it (`direct`; `knn`, `linear`; one a prompt).
        variants: Vec<String>,
        /// The score is the mean over so many of the first variants; the others are reported beside it.
        primary: usize,
        /// The plugin as it describes itself.
        plugin: PluginIdentity,
    },
    /// There is no answer, and this is why.
    Failed {
        /// The reason.
        reason: Reason,
    },
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it was built.
    pub build: String,
}

/// Why there is not a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The class of the trouble.
    pub kind: ReasonKind,
    /// One line: what, where, and what to do.
    pub message: String,
}

impl Reason {
    /// A reason of a kind.
    pub fn new(kind: ReasonKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Classes of trouble, as short as they are in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// The data are not available.
    NoData,
    /// The weights are not available.
    NoWeights,
    /// The plugin cannot be found or loaded.
    NoPlugin,
    /// The model's server did not get ready.
    NoServer,
    /// The model's server ended while a cell queried it.
    Server,
    /// The model's capabilities serve no protocol of the task.
    NotServed,
    /// The model's configuration is wrong.
    Config,
    /// The plugin returned an error.
    Plugin,
    /// The plugin panicked.
    Panic,
    /// The process ended by itself with an exit code.
    Exit,
    /// The process was killed by a signal.
    Signal,
    /// The process took longer than it may.
    Timeout,
    /// The process took more memory than it may.
    OutOfMemory,
    /// The machine or the job that it ran in was lost.
    Node,
    /// The harness itself could not go on (disk, data).
    Harness,
    /// It was not run: the run was stopped before.
    NotRun,
    /// The metric has no value on these answers.
    NoScore,
}

impl ReasonKind {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoData => "no data",
            Self::NoWeights => "no weights",
            Self::NoPlugin => "no plugin",
            Self::NoServer => "no server",
            Self::Server => "server lost",
            Self::NotServed => "not served",
            Self::Config => "config",
            Self::Plugin => "plugin error",
            Self::Panic => "panic",
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out of memory",
            Self::Node => "node failure",
            Self::Harness => "harness",
            Self::NotRun => "not run",
            Self::NoScore => "no score",
        }
    }
}

/// Seconds and memory of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Reading the examples.
    pub load_seconds: f64,
    /// Fitting.
    pub fit_seconds: f64,
    /// Predicting, fsyncs included.
    pub predict_seconds: f64,
    /// Everything from start to end of the process.
    pub total_seconds: f64,
    /// Largest resident memory.
    pub peak_mib: u64,
    /// Threads it had.
    pub threads: usize,
    /// Times that the cell was started before it was done.
    pub starts: u32,
    /// When it was started last: seconds since 1970; 0 in files of older versions.
    #[serde(default)]
    pub started: u64,
    /// The machine it was started on last.
    #[serde(default)]
    pub host: String,
    /// What kept its plugin in; empty in files of older versions.
    #[serde(default)]
    #[serde(rename = "fence")]
    pub sandbox: String,
}

/// The record of a cell, where it has one of this key.
pub fn record_of(folder: &CellFolder, key: &str) -> std::io::Result<Option<Record>> {
    let record: Record = match super::read_json(&folder.record()) {
        Ok(record) => record,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Ok(Some(Record::damaged(key, &error)));
        }
        Err(error) => return Err(error),
    };
    Ok((record.key == key && record.format <= FORMAT).then_some(record))
}

/// Puts down that a cell failed, unless it has a record by now; returns what its record says.
pub fn fail(folder: &CellFolder, key: &str, reason: Reason) -> std::io::Result<End> {
    let record = Record::new(key, End::Failed { reason });
    if !super::place_json(&folder.record(), &record)? {
        if let Some(there) = record_of(folder, key)?.filter(|there| !there.is_damaged()) {
            return Ok(there.end);
        }
        super::discard(&folder.record())?;
        super::write_json(&folder.record(), &record)?;
    }
    Ok(record.end)
}
