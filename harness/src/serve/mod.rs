//! Pages on loopback: one page, one stream of events, GET only, nothing is written.
//!
//! A browser on this machine may be made to ask for any name that leads here (DNS rebinding), so that a request is
//! answered only where its `Host` is a name of this machine's loopback; one with an `Origin` of another place is refused.

pub mod http;
mod patient;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use http::{Asked, Refused};
use patient::{Asking, Patient};

/// Connections at once; more are turned away.
const CONNECTIONS: usize = 64;

/// How long a client may take to ask, or to take an event.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a client may take to take the page.
const PAGE_PATIENCE: Duration = Duration::from_mins(2);

/// How long nobody is accepted after an error: files of this process or of the system have run out.
const PAUSE: Duration = Duration::from_millis(100);

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
    asking: Asking,
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
            asking: Asking::default(),
            stopped: AtomicBool::new(false),
            port: address.port(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                match stream {
                    Ok(stream) => accept(&accepting, stream),
                    // A client that went away before, or too many open files: the next one may be served.
                    Err(_) => std::thread::sleep(PAUSE),
                }
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

/// Serves a connection in a thread; without room for one more, the client that has been asking longest is given up.
fn accept(shared: &Arc<Shared>, stream: TcpStream) {
    if shared.connections.load(Ordering::SeqCst) >= CONNECTIONS && !shared.asking.give_up_oldest() {
        let _ = http::refuse(&mut Patient::new(&stream, PAUSE), &Refused::busy());
        return;
    }
    let Ok(number) = shared.asking.add(&stream) else { return };
    shared.connections.fetch_add(1, Ordering::SeqCst);
    let own = shared.clone();
    let started = std::thread::Builder::new().spawn(move || {
        // A client that goes away is no error.
        let _ = own.serve(&stream, number);
        own.connections.fetch_sub(1, Ordering::SeqCst);
    });
    if started.is_err() {
        shared.asking.remove(number);
        shared.connections.fetch_sub(1, Ordering::SeqCst);
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

    /// One connection, one answer.
    fn serve(&self, stream: &TcpStream, number: u64) -> io::Result<()> {
        let asked = http::read(&mut Patient::new(stream, PATIENCE), self.port);
        self.asking.remove(number);
        match asked {
            Ok(Asked::Page { head_only }) => {
                let page = self.now().page.clone();
                http::page(&mut Patient::new(stream, PAGE_PATIENCE), &page, head_only)
            }
            Ok(Asked::Events) => {
                stream.set_write_timeout(Some(PATIENCE))?;
                self.events(&mut &*stream)
            }
            Err(refused) => http::refuse(&mut Patient::new(stream, PATIENCE), &refused),
        }
    }

    /// Every change of the progress, until the client or the server goes.
    fn events(&self, stream: &mut impl Write) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asks(server: &Server) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let host = server.address();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }

    /// Clients that say nothing, or a byte now and then, keep nobody out.
    #[test]
    fn slow_clients_make_room() {
        let server = Server::start(0).unwrap();
        server.page(b"the page".to_vec());
        let mut slow: Vec<TcpStream> =
            (0..3 * CONNECTIONS).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        for stream in &mut slow {
            // The oldest have been given up by now.
            let _ = stream.write_all(b"G");
        }
        assert!(asks(&server).ends_with("the page"));
        drop(slow);
        assert!(asks(&server).ends_with("the page"));
    }

    #[test]
    fn a_connection_is_given_up_however_little_it_sends() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let mut patient = Patient::new(&stream, Duration::from_millis(50));
        client.write_all(b"a").unwrap();
        let mut byte = [0];
        assert_eq!(patient.read(&mut byte).unwrap(), 1);
        assert!(patient.read(&mut byte).is_err(), "nothing more comes");
        client.write_all(b"b").unwrap();
        assert!(patient.read(&mut byte).is_err(), "its time is over");
        drop(client);
    }
}
