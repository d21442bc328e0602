//! Bytes from other processes and machines.

use lenient_json::Halves;
use openai_api::answer;
use openai_api::pieces::Pieces;
use openai_api::request::Wanted;
use serde_json::Value;

/// JSON as Python writes it: what is JSON is read as `serde_json` reads it.
pub(crate) fn lenient_json(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 2);
    let halves = [Halves::Replaced, Halves::Marked][choice as usize];
    let mended = lenient_json::mended(rest, halves);
    let read = lenient_json::from_slice::<Value>(rest);
    if let Ok(strict) = serde_json::from_slice::<Value>(rest) {
        assert_eq!(read.ok(), Some(strict), "strict JSON stays as it is");
    } else if let Ok(Value::String(text)) = serde_json::from_slice(&mended) {
        let _ = lenient_json::joined(&text);
    }
}

/// A model's reply: its thought is set aside. What is left is of the reply.
pub(crate) fn reply(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let split = harness::prompts::split(&text);
    assert!(text.len() >= split.answer.len());
    let again = harness::prompts::split(&split.answer);
    assert!(again.answer.len() <= split.answer.len());
}

/// A line of a program behind the plugin `command`.
pub(crate) fn message(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 8);
    let request =
        ["aside", "create", "fit", "fit-end", "classify", "embed", "loglikelihood", "generate"];
    let _ = command::read_line(request[choice as usize], rest);
}

/// An answer of a server: as one body, and as a stream of events in two pieces.
pub(crate) fn answer(bytes: &[u8]) {
    let (choice, rest) = super::choice(bytes, 3);
    let wanted = match choice {
        0 => Wanted::Text,
        1 => Wanted::Top,
        _ => Wanted::Echo { continuation: " offensive".to_owned(), after_blank: false },
    };
    if let Ok(body) = lenient_json::from_slice(rest) {
        let _ = answer::read(&body, &wanted);
        let _ = answer::told(&body);
    }
    let mut pieces = Pieces::default();
    let mut events = openai_api::sse::Events::default();
    let (first, second) = rest.split_at(rest.len() / 2);
    for part in [first, second] {
        events.feed(part, |event| drop(pieces.take(event)));
    }
    events.end(|event| drop(pieces.take(event)));
    if let Some(body) = pieces.whole() {
        let _ = answer::read(&body, &wanted);
    }
}

/// A request to the page that `serve` shows.
pub(crate) fn request(bytes: &[u8]) {
    let _ = harness::serve::http::read(&mut &*bytes, 80);
}
