//! Clients that are slow: one connection may take so long in all, and the one that has kept us waiting longest makes room for a new one.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A connection that is given up at a time, however little at once it sends or takes.
#[derive(Debug)]
pub(super) struct Patient<'s> {
    stream: &'s TcpStream,
    until: Instant,
}

impl<'s> Patient<'s> {
    /// For so long from now on.
    pub(super) fn new(stream: &'s TcpStream, patience: Duration) -> Self {
        Self { stream, until: Instant::now() + patience }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        (&mut &*self.stream).read(buffer)
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        (&mut &*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&mut &*self.stream).flush()
    }
}

/// Connections that have not asked to their end, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Asking(Mutex<(u64, BTreeMap<u64, TcpStream>)>);

impl Asking {
    fn held(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, TcpStream>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one; its number.
    pub(super) fn add(&self, stream: &TcpStream) -> io::Result<u64> {
        let stream = stream.try_clone()?;
        let mut held = self.held();
        held.0 += 1;
        let number = held.0;
        held.1.insert(number, stream);
        Ok(number)
    }

    /// It has asked, or is gone.
    pub(super) fn remove(&self, number: u64) {
        self.held().1.remove(&number);
    }

    /// Gives up the one that has been asking longest; false where nobody is.
    pub(super) fn give_up_oldest(&self) -> bool {
        let oldest = self.held().1.pop_first();
        oldest.map(|(_, stream)| stream.shutdown(Shutdown::Both)).is_some()
    }
}
