//! A server on loopback that speaks the OpenAI protocol, honestly or as badly as a test wants. Tests of the harness use it too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// One request, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    /// 0 for the first request to this server.
    pub(crate) count: usize,
    pub(crate) at: Instant,
}

impl Request {
    /// The prompt, or the last message of the conversation.
    pub(crate) fn prompt(&self) -> &str {
        let last = self.body["messages"].as_array().and_then(|messages| messages.last());
        let text = last.map_or(&self.body["prompt"], |message| &message["content"]);
        text.as_str().unwrap_or_default()
    }
}

/// Whether the connection is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Close,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<Request>,
    in_flight: usize,
    most: usize,
}

/// A running server; it ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    address: String,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// Starts a server; the handler writes the answer to each request.
    pub(crate) fn start(
        handler: impl Fn(&Server, &Request, &mut TcpStream) -> After + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let server = Self { address, seen: Arc::default() };
        let (told, handler) = (server.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server, handler) =
                    (stream.unwrap(), told.clone(), Arc::clone(&handler));
                std::thread::spawn(move || server.serve(&stream, &*handler));
            }
        });
        server
    }

    /// A server that answers everything it is asked.
    pub(crate) fn honest() -> Self {
        Self::start(|_, request, stream| send(stream, &answer(request)))
    }

    fn serve(
        &self,
        stream: &TcpStream,
        handler: &(impl Fn(&Self, &Request, &mut TcpStream) -> After + ?Sized),
    ) {
        let _ = stream.set_nodelay(true);
        let (mut reader, mut writer) = (BufReader::new(stream), stream.try_clone().unwrap());
        while let Some(mut request) = read(&mut reader) {
            {
                let mut seen = self.seen();
                request.count = seen.requests.len();
                seen.requests.push(request.clone());
                seen.in_flight += 1;
                seen.most = seen.most.max(seen.in_flight);
            }
            let after = handler(self, &request, &mut writer);
            self.seen().in_flight -= 1;
            if after == After::Close {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The base address.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen().requests.clone()
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.seen().in_flight
    }

    /// The most requests that were under way at one time.
    pub(crate) fn most(&self) -> usize {
        self.seen().most
    }

    /// Waits until something holds of this server; a minute later it is a failure.
    pub(crate) fn wait_until(&self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(start.elapsed() < Duration::from_mins(1), "the server waited in vain");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let at = Instant::now();
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Some(Request { path, headers, body, count: 0, at })
}

/// The head of an answer; `length` is what is claimed, whatever follows.
pub(crate) fn head(
    stream: &mut TcpStream,
    status: &str,
    kind: &str,
    length: Option<usize>,
    more: &[(&str, &str)],
) {
    let mut text = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n");
    match length {
        Some(length) => {
            let _ = write!(text, "Content-Length: {length}\r\n");
        }
        None => text.push_str("Connection: close\r\n"),
    }
    for (name, value) in more {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{text}\r\n").as_bytes());
}

/// A whole answer with a status.
pub(crate) fn reply(
    stream: &mut TcpStream,
    status: &str,
    more: &[(&str, &str)],
    body: &str,
) -> After {
    head(stream, status, "application/json", Some(body.len()), more);
    let _ = stream.write_all(body.as_bytes());
    After::Keep
}

/// A whole answer.
pub(crate) fn send(stream: &mut TcpStream, body: &Value) -> After {
    reply(stream, "200 OK", &[], &body.to_string())
}

/// An error in OpenAI's form.
pub(crate) fn refuse(
    stream: &mut TcpStream,
    status: &str,
    code: &str,
    message: &str,
    more: &[(&str, &str)],
) -> After {
    let body = json!({"error": {"message": message, "type": "error", "param": null, "code": code}});
    reply(stream, status, more, &body.to_string())
}

/// Claims the whole, sends a part, hangs up.
pub(crate) fn cut(stream: &mut TcpStream, body: &Value, sent: usize) -> After {
    let body = body.to_string();
    head(stream, "200 OK", "application/json", Some(body.len()), &[]);
    let _ = stream.write_all(&body.as_bytes()[..sent]);
    After::Close
}

/// Streams a reply as events, with a pause after each; `end` are the last ones.
pub(crate) fn stream_reply(
    stream: &mut TcpStream,
    pieces: &[&str],
    pause: Duration,
    end: &[&str],
) -> After {
    head(stream, "200 OK", "text/event-stream; charset=utf-8", None, &[]);
    let piece = |text: &&str| {
        json!({"model": "fake-1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}).to_string()
    };
    for data in pieces.iter().map(piece).chain(end.iter().map(|data| (*data).to_owned())) {
        if stream.write_all(format!("data: {data}\n\n").as_bytes()).is_err() {
            break;
        }
        std::thread::sleep(pause);
    }
    After::Close
}

/// The end of a streamed reply that is whole.
pub(crate) const STREAM_END: [&str; 3] = [
    r#"{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}"#,
    r#"{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}"#,
    "[DONE]",
];

/// A number that depends on a text alone (FNV-1a).
fn number(text: &str) -> u64 {
    further(START, text)
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

fn further(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What the honest server replies to a prompt.
pub(crate) fn said(prompt: &str) -> &'static str {
    if number(prompt).is_multiple_of(3) { "No." } else { "Yes." }
}

/// A whole answer with this reply.
pub(crate) fn chat(text: &Value, finish: &str) -> Value {
    json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "fake-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": null, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
    })
}

/// What an honest server answers: a reply that depends on the prompt alone, log-probabilities where they are asked for.
pub(crate) fn answer(request: &Request) -> Value {
    let (body, prompt) = (&request.body, request.prompt());
    if request.path == "/v1/chat/completions" {
        let mut answer = chat(&said(prompt).into(), "stop");
        if body["logprobs"] == true {
            let yes = 0.05 + 0.9 * (number(prompt) % 1000) as f64 / 1000.0;
            let token =
                |text: &str, p: f64| json!({"token": text, "logprob": p.ln(), "bytes": null});
            let mut first = token("Yes", yes);
            first["top_logprobs"] =
                json!([token("Yes", yes), token("No", 0.97 - yes), token(" ", 0.01)]);
            answer["choices"][0]["logprobs"] = json!({ "content": [first] });
        }
        return answer;
    }
    let mut answer = json!({
        "id": "x", "object": "text_completion", "created": 1, "model": "fake-1",
        "choices": [{"index": 0, "text": format!(" {}", said(prompt)), "logprobs": null, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 1, "total_tokens": 12},
    });
    if body["echo"] == true {
        // Words with the blank before them, as tokenizers cut.
        let mut tokens: Vec<String> = vec!["<s>".to_owned()];
        for part in prompt.split_inclusive(' ') {
            let (word, blank) = (part.trim_end_matches(' '), part.ends_with(' '));
            match tokens.last_mut() {
                Some(last) if last == " " && !word.is_empty() => last.push_str(word),
                _ => tokens.push(word.to_owned()),
            }
            if blank {
                tokens.push(" ".to_owned());
            }
        }
        tokens.push(".".to_owned());
        // Of each token the number of the text up to its end, in one pass.
        let mut hash = START;
        let values: Vec<Value> = tokens
            .iter()
            .enumerate()
            .map(|(i, token)| {
                hash = further(hash, token);
                if i == 0 { Value::Null } else { (-1e-3 * (hash % 5000) as f64).into() }
            })
            .collect();
        answer["choices"][0]["text"] = format!("{prompt}.").into();
        answer["choices"][0]["logprobs"] = json!({"tokens": tokens, "token_logprobs": values, "top_logprobs": null, "text_offset": []});
    } else if body["logprobs"].is_number() {
        answer["choices"][0]["logprobs"] = json!({"tokens": [" yes"], "token_logprobs": [-0.2], "top_logprobs": [{" yes": -0.2, " no": -1.9}]});
    }
    answer
}
