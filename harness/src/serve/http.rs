//! As much of HTTP/1.1 (RFC 9112) as pages on loopback need: one GET a connection. Heads are parsed by `httparse`.

use std::io::{self, Read, Write};

/// No head of ours is longer.
const HEAD: usize = 16 << 10;
const HEADERS: usize = 64;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// The page.
    Page {
        /// Only its head.
        head_only: bool,
    },
    /// The stream of events.
    Events,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    status: &'static str,
    message: String,
}

impl Refused {
    fn new(status: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn busy() -> Self {
        Self::new(
            "503 Service Unavailable",
            "too many connections; close some pages of this server",
        )
    }
}

/// Reads the head of a request and decides.
pub fn read(stream: &mut impl Read, port: u16) -> Result<Asked, Refused> {
    let bad = |message: &str| Refused::new("400 Bad Request", message);
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        if head.len() > HEAD {
            return Err(Refused::new(
                "431 Request Header Fields Too Large",
                "the head is too long",
            ));
        }
        let n = stream
            .read(&mut buffer)
            .map_err(|_| Refused::new("408 Request Timeout", "the head did not come"))?;
        if n == 0 {
            return Err(bad("the head is cut short"));
        }
        head.extend_from_slice(&buffer[..n]);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(&head) {
        Ok(httparse::Status::Complete(_)) => decide(&request, port),
        _ => Err(bad("this is not an HTTP request")),
    }
}

fn decide(request: &httparse::Request<'_, '_>, port: u16) -> Result<Asked, Refused> {
    let values = |name: &str| -> Vec<&str> {
        let named = request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        named.map(|h| std::str::from_utf8(h.value).unwrap_or_default()).collect()
    };
    let ours = |host: &str| {
        [format!("127.0.0.1:{port}"), format!("localhost:{port}")]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(host))
    };
    match values("host").as_slice() {
        [host] if ours(host) => {}
        _ => {
            return Err(Refused::new(
                "421 Misdirected Request",
                format!(
                    "this server answers to http://127.0.0.1:{port} and http://localhost:{port} only"
                ),
            ));
        }
    }
    if values("origin").iter().any(|origin| !origin.strip_prefix("http://").is_some_and(ours)) {
        return Err(Refused::new("403 Forbidden", "another page may not read this one"));
    }
    let method = request.method.unwrap_or_default();
    if method != "GET" && method != "HEAD" {
        return Err(Refused::new("405 Method Not Allowed", "this server is read-only: GET it"));
    }
    let path = request.path.unwrap_or_default();
    match path.split(['?', '#']).next() {
        Some("/" | "/index.html" | "/leaderboard.html") => {
            Ok(Asked::Page { head_only: method == "HEAD" })
        }
        Some("/events") if method == "GET" => Ok(Asked::Events),
        _ => Err(Refused::new("404 Not Found", "there is one page here: /")),
    }
}

/// What every answer says: kept by nobody, framed by nobody, of the type that is told.
const SAFE: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n";

pub(super) fn page(stream: &mut impl Write, page: &[u8], head_only: bool) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{SAFE}\r\n",
        page.len()
    )?;
    if !head_only {
        stream.write_all(page)?;
    }
    stream.flush()
}

pub(super) fn events(stream: &mut impl Write) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{SAFE}\r\n")?;
    stream.flush()
}

pub(super) fn refuse(stream: &mut impl Write, refused: &Refused) -> io::Result<()> {
    let Refused { status, message } = refused;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n{SAFE}\r\n{message}\n",
        message.len() + 1
    )?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(head: &str) -> Result<Asked, &'static str> {
        read(&mut head.replace('\n', "\r\n").as_bytes(), 8000).map_err(|r| r.status)
    }

    #[test]
    fn only_a_get_of_this_machine_is_answered() {
        let page = Ok(Asked::Page { head_only: false });
        assert_eq!(ask("GET / HTTP/1.1\nHost: 127.0.0.1:8000\n\n"), page);
        assert_eq!(ask("GET /?a=b HTTP/1.1\nHost: LOCALHOST:8000\n\n"), page);
        assert_eq!(
            ask("GET / HTTP/1.1\nHost: localhost:8000\nOrigin: http://localhost:8000\n\n"),
            page
        );
        assert_eq!(ask("GET /events HTTP/1.1\nHost: localhost:8000\n\n"), Ok(Asked::Events));
        assert_eq!(
            ask("HEAD / HTTP/1.1\nHost: localhost:8000\n\n"),
            Ok(Asked::Page { head_only: true })
        );
        let refused = [
            ("GET / HTTP/1.1\nHost: evil.example:8000\n\n", "421 Misdirected Request"),
            ("GET / HTTP/1.1\nHost: 127.0.0.1.evil.example\n\n", "421 Misdirected Request"),
            ("GET / HTTP/1.1\nHost: localhost:9000\n\n", "421 Misdirected Request"),
            ("GET / HTTP/1.1\n\n", "421 Misdirected Request"),
            (
                "GET / HTTP/1.1\nHost: localhost:8000\nHost: evil.example\n\n",
                "421 Misdirected Request",
            ),
            (
                "GET / HTTP/1.1\nHost: localhost:8000\nOrigin: http://evil.example\n\n",
                "403 Forbidden",
            ),
            ("GET / HTTP/1.1\nHost: localhost:8000\nOrigin: null\n\n", "403 Forbidden"),
            ("POST / HTTP/1.1\nHost: localhost:8000\n\n", "405 Method Not Allowed"),
            ("DELETE /events HTTP/1.1\nHost: localhost:8000\n\n", "405 Method Not Allowed"),
            ("GET /../etc/passwd HTTP/1.1\nHost: localhost:8000\n\n", "404 Not Found"),
            ("\n\n", "400 Bad Request"),
            ("GET / HTTP/1.1\nHost: localhost:8000\n", "400 Bad Request"),
        ];
        for (head, status) in refused {
            assert_eq!(ask(head), Err(status), "{head}");
        }
        let long = format!("GET / HTTP/1.1\nHost: localhost:8000\nX: {}", "x".repeat(2 * HEAD));
        assert_eq!(ask(&long), Err("431 Request Header Fields Too Large"));
    }
}
