//! What a cell and its plugin write to stderr, in the cell's `log.txt`: so much at most, and never through a link.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::store::{self, CellFolder};

/// Bytes of one start that are kept.
const MOST: u64 = 16 << 20;

/// Bytes of a failed cell's messages that its reason quotes.
const QUOTED: usize = 400;

/// How long the last words of a process that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a process says, as it says it.
#[derive(Debug)]
pub(super) struct Messages {
    last: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Messages {
    /// Keeps what a child says, until nobody is left who could.
    ///
    /// # Errors
    /// The log cannot be opened.
    pub(super) fn keep(child: &mut Child, folder: &CellFolder) -> io::Result<Self> {
        let path = folder.messages();
        store::discard_unless_plain(&path)?;
        let log = store::plain(&path, fs::OpenOptions::new().create(true).append(true))?;
        let (last, pipe) = (Arc::new(Mutex::new(Vec::new())), child.stderr.take());
        let own = last.clone();
        let thread = std::thread::spawn(move || {
            // A full disk costs the log; the cell finds out by itself.
            let _ = pipe.map(|pipe| copy(pipe, log, &own));
        });
        Ok(Self { last, thread })
    }

    /// The end of what it said.
    pub(super) fn tail(&self) -> String {
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(1));
        }
        let text = String::from_utf8_lossy(&held(&self.last)).into_owned();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn held(last: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    last.lock().unwrap_or_else(PoisonError::into_inner)
}

fn copy(mut pipe: ChildStderr, mut log: fs::File, last: &Mutex<Vec<u8>>) -> io::Result<()> {
    let (mut left, mut full) = (MOST, Ok(()));
    let mut buffer = [0; 1 << 13];
    loop {
        let n = match pipe.read(&mut buffer) {
            Ok(0) => return full,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..n];
        let mut tail = held(last);
        tail.extend_from_slice(bytes);
        let over = tail.len().saturating_sub(QUOTED);
        tail.drain(..over);
        drop(tail);
        // It is read to its end all the same: whoever writes must not wait for us.
        if full.is_err() || left == 0 {
            continue;
        }
        let kept = (n as u64).min(left);
        left -= kept;
        full = log.write_all(&bytes[..kept as usize]);
        if left == 0 && full.is_ok() {
            full = writeln!(log, "\n[the rest is left out: more than {} MiB]", MOST >> 20);
        }
    }
}
