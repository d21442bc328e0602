//! Pages on loopback: one page, one stream of events, GET only, nothing is written.
//!
//! A browser on this machine may be made to ask for any name that leads here (DNS rebinding), so that a request is
//! answered only where its `Host` is a name of this machine's loopback; one with an `Origin` of another place is refused.

pub mod http;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use http::{Asked, Refused};

/// Connections at once; more are turned away.
const CONNECTIONS: usize = 64;

/// How long a client may take to ask, or to take a piece of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event stream says something at least this often, so that a client that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What is served now.
#[derive(Debug, Default)]
struct Now {
    page: Arc<Vec<u8>>,
    progress: String,
    /// Raised with every change of `progress`.
    version: u64,
}

/// A server that is listening.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    now: Mutex<Now>,
    changed: Condvar,
    connections: AtomicUsize,
    stopped: AtomicBool,
    port: u16,
}

impl Server {
    /// Listens on loopback; port 0: any free one.
    pub fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            now: Mutex::default(),
            changed: Condvar::new(),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            port: address.port(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = accepting.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Ok(Self { shared, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves another page from now on.
    pub fn page(&self, page: Vec<u8>) {
        self.shared.now().page = Arc::new(page);
    }

    /// Tells all listeners how far the run is: one line of JSON.
    pub fn progress(&self, line: String) {
        let mut now = self.shared.now();
        if now.progress != line {
            now.progress = line;
            now.version += 1;
            self.shared.changed.notify_all();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.changed.notify_all();
        // The thread that accepts wakes up once more, and ends.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// The state; a thread that failed while it held it left it whole.
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One connection, one answer. A client that goes away is no error.
    fn serve(&self, mut stream: TcpStream) {
        let before = self.connections.fetch_add(1, Ordering::SeqCst);
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_write_timeout(Some(PATIENCE));
        let _ = if before >= CONNECTIONS {
            http::refuse(&mut stream, &Refused::busy())
        } else {
            match http::read(&mut stream, self.port) {
                Ok(Asked::Page { head_only }) => {
                    let page = self.now().page.clone();
                    http::page(&mut stream, &page, head_only)
                }
                Ok(Asked::Events) => self.events(&mut stream),
                Err(refused) => http::refuse(&mut stream, &refused),
            }
        };
        self.connections.fetch_sub(1, Ordering::SeqCst);
    }

    /// Every change of the progress, until the client or the server goes.
    fn events(&self, stream: &mut TcpStream) -> io::Result<()> {
        http::events(stream)?;
        let mut seen = None;
        while !self.stopped.load(Ordering::SeqCst) {
            let news = {
                let now = self.now();
                let waited = self.changed.wait_timeout_while(now, HEARTBEAT, |now| {
                    seen == Some(now.version) && !self.stopped.load(Ordering::SeqCst)
                });
                let (now, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
                if seen == Some(now.version) || now.progress.is_empty() {
                    None
                } else {
                    Some(now.progress.clone())
                }
                .inspect(|_| seen = Some(now.version))
            };
            if let Some(line) = news {
                write!(stream, "event: progress\ndata: {line}\n\n")?;
            } else {
                write!(stream, ": still here\n\n")?;
                if seen.is_none() {
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
            stream.flush()?;
        }
        Ok(())
    }
}
