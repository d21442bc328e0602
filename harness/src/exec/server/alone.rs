//! A server for a process that runs no cells: `plugin check --model`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::anyhow;
use tempfile::TempDir;

use super::needs::Needs;
use super::pool::{Served, Servers};
use super::relay::{Relay, socket};
use super::running::Running;
use crate::exec::bars::Board;

/// A running server and the socket that leads to it. Dropped, it ends both.
#[derive(Debug)]
pub struct Alone {
    _relay: Relay,
    _running: Arc<Running>,
    _servers: Servers,
    folder: TempDir,
}

impl Alone {
    /// Starts the server of a model; none where it has none.
    ///
    /// # Errors
    /// It does not get ready.
    pub fn start(needs: &Needs<'_>, board: &Board) -> anyhow::Result<Option<Self>> {
        let folder = tempfile::Builder::new().prefix("culture-eval-").tempdir()?;
        let servers = Servers::of(folder.path());
        let running = match servers.serve(needs, board, &AtomicBool::new(false))? {
            Served::Nothing | Served::Stopped => return Ok(None),
            Served::Failed(reason) => return Err(anyhow!("{}", reason.message)),
            Served::By(running) => running,
        };
        let relay = running.relay(folder.path())?;
        Ok(Some(Self { _relay: relay, _running: running, _servers: servers, folder }))
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }
}
