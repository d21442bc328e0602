//! What the process of a cell tells while it runs, and what its record of seconds makes of it.

use std::time::{Duration, Instant};

use super::bars::CellBar;
use super::events::{Answered, Event};
use crate::store::lease::{host, now};
use crate::store::record::{CellSpec, Reason, Timing};
use crate::store::{self, CellFolder};

/// How long a plugin may take to end after its last answer.
const GOODBYE: Duration = Duration::from_secs(10);

/// What the process of a cell has told.
pub(super) struct Heard<'a> {
    pub(super) told: Option<Reason>,
    /// What it said of its answers, and when.
    pub(super) answered: Option<(Answered, Instant)>,
    pub(super) times: Times<'a>,
    bar: &'a CellBar<'a>,
}

impl<'a> Heard<'a> {
    pub(super) fn new(times: Times<'a>, bar: &'a CellBar<'a>) -> Self {
        Self { told: None, answered: None, times, bar }
    }

    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::Failed(reason) => self.told = Some(reason),
            Event::Answered(all) => self.answered = Some((all, Instant::now())),
            Event::Timing(timing) => {
                self.bar.sandboxed(&timing.sandbox);
                self.times.tell(timing);
            }
            other => self.bar.event(&other),
        }
    }

    /// What a plugin does after its last answer changes nothing: it is waited for a while.
    pub(super) fn is_overdue(&self) -> bool {
        self.answered.as_ref().is_some_and(|(_, at)| at.elapsed() > GOODBYE)
    }
}

/// Seconds and memory of a cell, as its process reports them.
pub(super) struct Times<'a> {
    folder: &'a CellFolder,
    timing: Timing,
    start: Instant,
}

impl<'a> Times<'a> {
    pub(super) fn begin(spec: &CellSpec, folder: &'a CellFolder) -> std::io::Result<Self> {
        // One that cannot be read costs the count of starts.
        let mut timing: Timing = store::read_json(&folder.timing()).unwrap_or_default();
        timing.starts += 1;
        timing.sandbox.clear();
        timing.threads = spec.threads;
        (timing.started, timing.host) = (now(), host());
        let times = Self { folder, timing, start: Instant::now() };
        times.write()?;
        Ok(times)
    }

    pub(super) fn tell(&mut self, told: Timing) {
        let Timing { starts, threads, started, host, sandbox, .. } =
            std::mem::take(&mut self.timing);
        // The first word counts: it was said before the plugin was loaded.
        let sandbox = if sandbox.is_empty() { told.sandbox.clone() } else { sandbox };
        self.timing = Timing { threads, starts, started, host, sandbox, ..told };
    }

    pub(super) fn write(&self) -> std::io::Result<()> {
        store::discard_unless_plain(&self.folder.timing())?;
        store::write_json(&self.folder.timing(), &self.timing)
    }

    pub(super) fn end(&mut self) -> std::io::Result<()> {
        self.timing.total_seconds = self.start.elapsed().as_secs_f64();
        self.write()
    }
}
