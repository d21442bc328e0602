//! What a cell reports to its parent: JSON lines on a pipe of their own.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fs_err::File;
use serde::{Deserialize, Serialize};

use crate::plugin::Listener;
use crate::store::metrics;
use crate::store::record::{PluginIdentity, Reason, Timing};

/// One message of a running cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A new phase begins: `load`, `fit`, `predict`, `embed`, `score`.
    Phase(String),
    /// How far the phase is.
    Progress {
        /// Steps done.
        done: u64,
        /// Steps in all; 0 = unknown.
        total: u64,
    },
    /// Something worth a line on the screen.
    Log(String),
    /// What the plugin says of an answer (`explain`).
    Explained {
        /// The example.
        id: String,
        /// The plugin's words.
        explanation: serde_json::Value,
    },
    /// Seconds and memory so far, and which sandbox is around the plugin.
    Timing(Timing),
    /// All answers are in the log.
    Answered(Answered),
    /// The cell cannot continue.
    Failed(Reason),
}

/// What the process of a plugin says of its answers, which are in its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Sets of answers.
    pub variants: Vec<String>,
    /// So many of the first make the score.
    pub primary: usize,
    /// The plugin as it describes itself.
    pub plugin: PluginIdentity,
}

/// The sending end: thread-safe, progress at most ten times a second.
#[derive(Debug)]
pub struct Events {
    pipe: Mutex<(Option<File>, Option<Instant>)>,
}

impl Events {
    /// Sends to a pipe; a parent that is gone is no error.
    pub fn to(pipe: File) -> Self {
        Self { pipe: Mutex::new((Some(pipe), None)) }
    }

    /// Sends nowhere.
    pub fn none() -> Self {
        Self { pipe: Mutex::new((None, None)) }
    }

    /// Sends one event.
    pub fn send(&self, event: &Event) {
        let Ok(mut guard) = self.pipe.lock() else { return };
        if let Event::Progress { done, total } = event {
            let early = guard.1.is_some_and(|last| last.elapsed() < Duration::from_millis(100));
            if early && done < total {
                return;
            }
            guard.1 = Some(Instant::now());
        }
        if let (Some(pipe), Ok(mut line)) = (guard.0.as_mut(), serde_json::to_vec(event)) {
            line.push(b'\n');
            let _ = pipe.write_all(&line);
        }
    }

    /// A new phase begins.
    pub fn phase(&self, name: &str) {
        self.send(&Event::Phase(name.to_owned()));
    }

    /// `done` of `total` steps are done.
    pub fn progress(&self, done: usize, total: usize) {
        self.send(&Event::Progress { done: done as u64, total: total as u64 });
    }
}

/// What a plugin says goes to the cell's log, its progress to the parent.
impl Listener for Events {
    fn log(&self, message: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{message}");
    }

    fn progress(&self, done: u64, total: u64) {
        self.send(&Event::Progress { done, total });
    }

    fn metric(&self, name: &str, step: u64, value: f64) {
        let _ = writeln!(std::io::stderr().lock(), "{}", metrics::line(name, step, value));
    }

    /// A cell that should stop is killed: its log resumes it.
    fn is_cancelled(&self) -> bool {
        false
    }
}
