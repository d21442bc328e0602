//! A server behind HTTPS on this machine, with a certificate of the test's making.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that answers every request with the same JSON or text.
pub(crate) struct Https {
    pub(crate) port: u16,
    asked: Arc<AtomicUsize>,
}

impl Https {
    pub(crate) fn start(
        certificate: CertificateDer<'static>,
        key: &KeyPair,
        body: &'static str,
    ) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let (config, asked) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let count = Arc::clone(&count);
                let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
                std::thread::spawn(move || {
                    while request(&mut stream).is_some() {
                        count.fetch_add(1, Ordering::SeqCst);
                        if answer(stream.get_mut(), body).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { port, asked }
    }

    /// Requests that came through the handshake.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One request, read to its end; nothing where the other side has hung up.
fn request(stream: &mut BufReader<impl Read>) -> Option<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()
}

fn answer(stream: &mut impl Write, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    stream.flush()
}
