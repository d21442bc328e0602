//! Is a server ready? One GET, by hand: a probe needs no more than a status and the beginning of a body.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read.
const MOST: u64 = 1 << 14;

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It can be asked.
    Ready,
    /// Not yet, and what it said.
    NotYet(String),
    /// Nobody listens.
    Silent,
}

/// Asks a port of this machine for a path.
pub(super) fn ask(port: u16, path: &str) -> Answer {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) else {
        return Answer::Silent;
    };
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let mut bytes = Vec::new();
    let asked =
        stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.write_all(head.as_bytes()));
    if asked.is_err() {
        return Answer::Silent;
    }
    // A server that keeps the connection open has said enough when it pauses.
    let _ = stream.take(MOST).read_to_end(&mut bytes);
    read(&bytes)
}

/// What an answer means: 200, unless its body tells an error.
fn read(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        let said = if status.is_empty() { "an empty answer" } else { status };
        return Answer::NotYet(short(&format!("{said} {}", body.trim())));
    }
    let body = body.find('{').map_or("", |at| &body[at..]);
    let told: Option<serde_json::Value> =
        serde_json::Deserializer::from_str(body).into_iter().next().and_then(Result::ok);
    match told.as_ref().and_then(|value| value.get("error")).filter(|error| !error.is_null()) {
        Some(error) => Answer::NotYet(short(&format!("200 with the error {error}"))),
        None => Answer::Ready,
    }
}

fn short(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ").chars().take(200).collect()
}

/// A port that nobody listens on.
///
/// # Errors
/// The system's.
pub(super) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether somebody listens on a port.
pub(super) fn is_held(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_without_an_error_is_ready() {
        let check = |text: &str, expect: Result<(), &str>| {
            let got = match read(text.as_bytes()) {
                Answer::Ready => Ok(()),
                Answer::NotYet(why) => Err(why),
                Answer::Silent => Err("silent".to_owned()),
            };
            assert_eq!(got, expect.map_err(str::to_owned), "{text}");
        };
        check("HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ok\"}", Ok(()));
        check("HTTP/1.1 200 OK\r\n\r\nOllama is running", Ok(()));
        check("HTTP/1.1 200 OK\r\n\r\n{\"error\":null}", Ok(()));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n{\"error\":{\"message\":\"no\"}}\r\n0",
            Err("200 with the error {\"message\":\"no\"}"),
        );
        check(
            "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"error\":\"loading\"}",
            Err("HTTP/1.1 503 Service Unavailable {\"error\":\"loading\"}"),
        );
        check("", Err("an empty answer"));
    }

    #[test]
    fn a_held_port_is_seen() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        assert!(is_held(port));
        assert_eq!(ask(free_port().unwrap(), "/"), Answer::Silent);
    }
}
