//! Is a server ready? One GET, by hand: a probe needs no more than a status and the beginning of a body.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read.
const MOST: u64 = 1 << 20;

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

/// Asks a port of this machine whether it is ready.
pub(super) fn ask(port: u16, path: &str) -> Answer {
    get(port, path).map_or(Answer::Silent, |bytes| read(&bytes))
}

/// The chat template that llama.cpp's server tells; none of a server that tells none.
pub(super) fn chat_template(port: u16) -> Option<String> {
    let bytes = get(port, "/props")?;
    let text = String::from_utf8_lossy(&bytes);
    let (_, body) = text.split_once("\r\n\r\n").filter(|(head, _)| head.contains(" 200 "))?;
    let props: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(props.get("chat_template")?.as_str()?.to_owned()).filter(|text| !text.is_empty())
}

/// All that a port of this machine answers to a GET; none where nobody listens.
fn get(port: u16, path: &str) -> Option<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let mut bytes = Vec::new();
    let asked =
        stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.write_all(head.as_bytes()));
    asked.ok()?;
    // A server that keeps the connection open has said enough when it pauses.
    let _ = stream.take(MOST).read_to_end(&mut bytes);
    Some(bytes)
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
    fn a_chat_template_is_read_where_it_is_told() {
        let told = |status: &str, body: &str| {
            let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = server.local_addr().unwrap().port();
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let serving = std::thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                let mut asked = [0; 1024];
                let n = std::io::Read::read(&mut stream, &mut asked).unwrap();
                stream.write_all(text.as_bytes()).unwrap();
                String::from_utf8_lossy(&asked[..n]).lines().next().unwrap().to_owned()
            });
            let template = chat_template(port);
            assert_eq!(serving.join().unwrap(), "GET /props HTTP/1.1");
            template
        };
        let template = "{% for m in messages %}{{ m }}{% endfor %}";
        let body = serde_json::json!({ "chat_template": template, "n_ctx": 1 }).to_string();
        assert_eq!(told("200 OK", &body).as_deref(), Some(template));
        assert_eq!(told("404 Not Found", &body), None);
        assert_eq!(told("200 OK", "{\"chat_template\":\"\"}"), None);
        assert_eq!(told("200 OK", "Ollama is running"), None);
    }

    #[test]
    fn a_held_port_is_seen() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        assert!(is_held(port));
        assert_eq!(ask(free_port().unwrap(), "/"), Answer::Silent);
    }
}
