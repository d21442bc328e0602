//! The body of an answer: one JSON, or a stream of events, whatever its label says.

use std::time::Duration;

use plugin_api::Error;
use reqwest::Response;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Again, Client, Trouble, lost, quoted};
use crate::pieces::{Pieces, Taken};
use crate::sse::{Event, Events};

/// No answer to our questions is larger.
const MOST_BYTES: usize = 16 << 20;
/// How long a connection is kept for reuse after the end of a stream.
const LINGER: Duration = Duration::from_millis(200);

impl Client {
    /// All bytes of an answer that comes in one piece.
    pub(super) async fn bytes(
        &self,
        mut response: Response,
        end: Instant,
    ) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        loop {
            match timeout_at(end, response.chunk()).await {
                Err(_) => return Err(self.too_late()),
                Ok(Err(error)) => return Err(lost(&error)),
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            }
            fits(bytes.len())?;
        }
    }

    /// The body of an answer. What it is, its beginning tells: servers label streams as `text/plain` and whole answers as streams.
    pub(super) async fn body(
        &self,
        mut response: Response,
        end: Instant,
    ) -> Result<Value, Trouble> {
        let mut start = Vec::new();
        while begins_events(&start).is_none() {
            match timeout_at(end, response.chunk()).await {
                Err(_) => return Err(self.too_late()),
                Ok(Err(error)) => return Err(lost(&error)),
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => start.extend_from_slice(&chunk),
            }
            fits(start.len())?;
        }
        if begins_events(&start) == Some(true) {
            return self.pieces(response, start, end).await;
        }
        start.extend(self.bytes(response, end).await?);
        let text = String::from_utf8_lossy(&start);
        lenient_json::from_str(&text).or_else(|e| {
            of_lines(&text).ok_or_else(|| {
                Again::because(format!("the answer is not JSON ({e}): {}", quoted(&text)))
            })
        })
    }

    /// A streamed answer, put together. Once it has begun it may take as long as it likes while pieces keep coming; comments that
    /// keep the connection alive are none, nor are events of another kind.
    async fn pieces(
        &self,
        mut response: Response,
        start: Vec<u8>,
        end: Instant,
    ) -> Result<Value, Trouble> {
        let (mut events, mut pieces) = (Events::default(), Pieces::default());
        let (mut size, mut broken) = (0, None);
        let (mut until, mut has_begun) = (end, false);
        let mut chunk = Some(start);
        while let Some(bytes) = chunk {
            size += bytes.len();
            fits(size)?;
            let mut came = false;
            events.feed(&bytes, |event| came |= take(&mut pieces, event, &mut broken));
            if came {
                has_begun = true;
                until = Instant::now() + self.idle_timeout;
            }
            if pieces.is_done() {
                until = until.min(Instant::now() + LINGER);
            }
            chunk = match timeout_at(until, response.chunk()).await {
                // Some servers keep the connection open after the end.
                Err(_) if pieces.is_whole() || pieces.is_done() => None,
                Err(_) if !has_begun => return Err(self.too_late()),
                Err(_) => {
                    let seconds = self.idle_timeout.as_secs_f64();
                    let why = format!("the stream stood still for {seconds} s (`idle_timeout`)");
                    return Err(Again::because(why));
                }
                Ok(Err(error)) => return Err(lost(&error)),
                Ok(Ok(chunk)) => chunk.map(|bytes| bytes.to_vec()),
            };
        }
        events.end(|event| {
            take(&mut pieces, event, &mut broken);
        });
        if let Some(why) = broken {
            return Err(Again::because(why));
        }
        pieces.whole().ok_or_else(|| {
            Again::because("the stream ended before the reply did, or without a choice")
        })
    }
}

/// Hands an event over; whether it was a piece of the answer. What is broken is told at the end.
fn take(pieces: &mut Pieces, event: &Event, broken: &mut Option<String>) -> bool {
    match pieces.take(event) {
        Ok(taken) => taken == Taken::Piece,
        Err(error) => {
            broken.get_or_insert_with(|| format!("a piece of the stream is not JSON ({error})"));
            false
        }
    }
}

/// Pieces as lines of JSON (`application/x-ndjson`), put together.
fn of_lines(text: &str) -> Option<Value> {
    let mut pieces = Pieces::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        pieces.take(&Event { name: String::new(), data: line.to_owned() }).ok()?;
    }
    pieces.whole()
}

/// Whether a body begins as server-sent events do; none where too little of it is there.
fn begins_events(start: &[u8]) -> Option<bool> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let fields: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];
    if fields.iter().any(|field| text.starts_with(field)) {
        return Some(true);
    }
    let may_begin = fields.iter().any(|field| field.starts_with(text));
    (!may_begin).then_some(false)
}

fn fits(bytes: usize) -> Result<(), Trouble> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let message = format!("the answer is larger than {} MiB; lower `max_tokens`", MOST_BYTES >> 20);
    Err(Trouble::Fatal(Error::internal(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_may_be_lines() {
        let piece = |text: &str, reason: &str| {
            format!(
                "{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":{reason}}}]}}\n"
            )
        };
        let whole = of_lines(&(piece("Ye", "null") + &piece("s", "\"stop\""))).unwrap();
        assert_eq!(whole["choices"][0]["message"]["content"], "Yes");
        for none in [piece("Ye", "null"), "{\"choices\": [".to_owned(), "<html>{".to_owned()] {
            assert_eq!(of_lines(&none), None, "{none}");
        }
    }

    #[test]
    fn a_body_tells_what_it_is() {
        let check = |start: &str, expect| {
            assert_eq!(begins_events(start.as_bytes()), expect, "{start:?}");
        };
        for begun in ["", " \n", "d", "data", "\u{feff}even"] {
            check(begun, None);
        }
        for events in
            [": keep-alive", "data: {", "\n\nevent: x", "id:1", "retry: 3", "\u{feff}data:"]
        {
            check(events, Some(true));
        }
        for whole in ["{", "[", "<html>", "date: x", "NaN"] {
            check(whole, Some(false));
        }
    }
}
