//! A small HTTP server on loopback that can be as bad as a test wants: cut, stall, lie, redirect.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// With the query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// 0 for the first request to this server.
    pub(crate) count: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The N of `Range: bytes=N-`.
    pub(crate) fn start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

pub(crate) struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// One thread and one request per connection.
    pub(crate) fn start(
        handler: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (handler, seen) = (Arc::new(handler), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, handler, seen) =
                    (stream.unwrap(), Arc::clone(&handler), Arc::clone(&seen));
                std::thread::spawn(move || {
                    let Some(mut request) = read(&stream) else { return };
                    {
                        let mut seen = seen.lock().unwrap();
                        request.count = seen.len();
                        seen.push(request.clone());
                    }
                    handler(&request, &mut stream);
                });
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    Some(Request { path, headers, count: 0 })
}

/// Sends a head; `length` is what is claimed, whatever follows.
pub(crate) fn head(
    stream: &mut TcpStream,
    status: &str,
    length: Option<usize>,
    headers: &[(&str, &str)],
) {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    if let Some(length) = length {
        let _ = write!(text, "Content-Length: {length}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{text}\r\n").as_bytes());
}

/// An honest answer.
pub(crate) fn reply(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    head(stream, status, Some(body.len()), headers);
    let _ = stream.write_all(body);
}

/// An honest answer to a request that may have a range; `If-Range` is compared with the tag.
pub(crate) fn reply_range(request: &Request, stream: &mut TcpStream, etag: &str, body: &[u8]) {
    let current = request.header("if-range").is_none_or(|tag| tag == etag);
    match request.start().filter(|_| current) {
        Some(start) if start >= body.len() => {
            reply(
                stream,
                "416 Range Not Satisfiable",
                &[("Content-Range", &format!("bytes */{}", body.len()))],
                b"",
            );
        }
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
            reply(
                stream,
                "206 Partial Content",
                &[("Content-Range", &range), ("ETag", etag)],
                &body[start..],
            );
        }
        None => reply(stream, "200 OK", &[("ETag", etag)], body),
    }
}

/// Says no more, and waits until the other side hangs up: a client without patience of its own never ends.
pub(crate) fn until_hung_up(stream: &mut TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|n| n > 0) {}
}

/// Claims the whole, sends a part, hangs up.
pub(crate) fn cut(stream: &mut TcpStream, headers: &[(&str, &str)], body: &[u8], sent: usize) {
    head(stream, "200 OK", Some(body.len()), headers);
    let _ = stream.write_all(&body[..sent]);
}
