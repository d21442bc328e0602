//! The servers of a process, shared by its cells.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::needs::Needs;
use super::running::{NotRunning, Running, Start};
use crate::exec::bars::Board;
use crate::store::lease;
use crate::store::record::{Reason, ReasonKind};

/// The servers of a process that runs cells. Dropped, it ends them.
#[derive(Debug)]
pub struct Servers {
    /// Where their logs and facts go: `RUN/servers`.
    folder: PathBuf,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug)]
struct Slot {
    /// What makes it another server: the model and its files.
    key: String,
    state: State,
    /// Starts so far, which number its files.
    starts: usize,
}

#[derive(Debug)]
enum State {
    Runs(Arc<Running>),
    /// It could not be started: no other cell waits for the same again.
    Failed(Reason),
    Idle,
}

/// What a cell gets.
pub(in crate::exec) enum Served {
    /// The model needs no server.
    Nothing,
    /// This one.
    By(Arc<Running>),
    /// None, and why.
    Failed(Reason),
    /// The run was stopped meanwhile.
    Stopped,
}

impl Servers {
    /// No server yet; their files go below a run's folder.
    pub fn of(run: &Path) -> Self {
        Self { folder: run.join("servers"), slots: Mutex::default() }
    }

    /// The server of a cell, started where it does not run yet. Meanwhile other cells that need one wait.
    pub(in crate::exec) fn serve(
        &self,
        needs: &Needs<'_>,
        board: &Board,
        stop: &AtomicBool,
    ) -> anyhow::Result<Served> {
        let Some(server) = &needs.model.server else { return Ok(Served::Nothing) };
        let key = serde_json::to_string(&(needs.model, needs.weights))?;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if stop.load(Ordering::SeqCst) {
            return Ok(Served::Stopped);
        }
        let place = if let Some(place) = slots.iter().position(|slot| slot.key == key) {
            place
        } else {
            slots.push(Slot { key, state: State::Idle, starts: 0 });
            slots.len() - 1
        };
        match &slots[place].state {
            State::Failed(reason) => return Ok(Served::Failed(reason.clone())),
            State::Runs(running) if running.ended()?.is_none() => {
                return Ok(Served::By(Arc::clone(running)));
            }
            _ => {}
        }
        // Two models need not fit into memory at once: a server that no cell uses makes room.
        for slot in slots.iter_mut() {
            if matches!(&slot.state, State::Runs(running) if Arc::strong_count(running) == 1) {
                slot.state = State::Idle;
            }
        }
        let slot = &mut slots[place];
        slot.starts += 1;
        let model = &needs.model.name;
        let name = format!("{model}.{}.{}.{}", lease::host(), std::process::id(), slot.starts);
        let start = Start { folder: &self.folder, model, name, board, stop };
        match Running::start(needs, server, &start).context("failed to start a server")? {
            Ok(running) => {
                let running = Arc::new(running);
                slot.state = State::Runs(Arc::clone(&running));
                Ok(Served::By(running))
            }
            Err(NotRunning::Stopped) => Ok(Served::Stopped),
            Err(NotRunning::Because(why)) => {
                let reason = Reason::new(ReasonKind::NoServer, why);
                slot.state = State::Failed(reason.clone());
                Ok(Served::Failed(reason))
            }
        }
    }
}
