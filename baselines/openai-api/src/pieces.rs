//! The events of a stream, put together into one answer.

use serde_json::{Value, json};

use crate::answer::{self, told};
use crate::facts;
use crate::sse::Event;

/// Puts the pieces of a stream together into the answer that the server would have sent at once.
#[derive(Debug, Default)]
pub struct Pieces {
    text: String,
    thought: String,
    refusal: String,
    logprobs: Vec<Value>,
    finish: Value,
    usage: Value,
    model: Value,
    error: Option<Value>,
    /// Number of events with a choice.
    choices: usize,
    /// Number of pieces of calls of tools.
    calls: usize,
    chat: bool,
    done: bool,
}

/// What an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A part of the answer, or its end.
    Piece,
    /// Of a kind that is no business of ours: a sign of life at most.
    Foreign,
}

impl Pieces {
    /// Takes one event. One of a kind of its own (`event: tool.progress`) is passed over, unless it holds choices or an error.
    ///
    /// # Errors
    /// Where an event that should be a piece is not JSON.
    pub fn take(&mut self, event: &Event) -> Result<Taken, serde_json::Error> {
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return Ok(Taken::Piece);
        }
        let is_ours = matches!(event.name.as_str(), "" | "message" | "error");
        let piece: Value = match lenient_json::from_piece(&event.data) {
            Ok(piece) => piece,
            Err(_) if !is_ours => return Ok(Taken::Foreign),
            Err(error) => return Err(error),
        };
        if piece["choices"].as_array().is_none_or(Vec::is_empty) && is_error(&piece, &event.name) {
            self.error = Some(piece);
            return Ok(Taken::Piece);
        }
        if piece["choices"].get(0).is_none() && piece["usage"].is_null() {
            return Ok(Taken::Foreign);
        }
        let before = self.brought();
        self.add(&piece);
        // What brings nothing is a sign of life, as a comment is.
        Ok(if self.brought() == before { Taken::Foreign } else { Taken::Piece })
    }

    /// How much is there: what a piece of the answer changes.
    fn brought(&self) -> [usize; 6] {
        let flags = [!self.finish.is_null(), !self.usage.is_null(), self.error.is_some()];
        let flags: usize = flags.into_iter().map(usize::from).sum();
        let texts = [self.text.len(), self.thought.len(), self.refusal.len()];
        [texts[0], texts[1], texts[2], self.logprobs.len() + self.calls, self.choices.min(1), flags]
    }

    fn add(&mut self, piece: &Value) {
        for (kept, sent) in [(&mut self.usage, &piece["usage"]), (&mut self.model, &piece["model"])]
        {
            if !sent.is_null() {
                kept.clone_from(sent);
            }
        }
        let choice = &piece["choices"][0];
        if choice.is_null() {
            return;
        }
        self.choices += 1;
        for holder in [choice, piece] {
            if !holder["error"].is_null() && told(holder).is_some() {
                self.error = Some(json!({ "error": holder["error"] }));
            }
        }
        // Some servers send the whole message as the one piece.
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        self.chat |= delta.is_object();
        self.text.push_str(&answer::written(&delta["content"]));
        self.text.push_str(choice["text"].as_str().unwrap_or_default());
        self.refusal.push_str(&answer::refusal(delta).unwrap_or_default());
        self.thought.push_str(&answer::thought(delta).unwrap_or_default());
        self.calls += usize::from(!delta["tool_calls"].is_null());
        let logprobs = &choice["logprobs"];
        if let Some(more) =
            logprobs["content"].as_array().or_else(|| logprobs["top_logprobs"].as_array())
        {
            self.logprobs.extend(more.iter().cloned());
        }
        // Some servers write an empty reason until there is one.
        if choice["finish_reason"].as_str().is_some_and(|reason| !reason.is_empty()) {
            self.finish = choice["finish_reason"].clone();
        }
    }

    /// Whether the server said that it is the end.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether nothing is missing but, perhaps, the end of the stream.
    pub fn is_whole(&self) -> bool {
        self.error.is_some() || self.choices > 0 && (!self.finish.is_null() || self.done)
    }

    /// The whole answer; none where the stream ended before the reply did, or without a choice.
    pub fn whole(self) -> Option<Value> {
        if let Some(error) = self.error {
            return Some(error);
        }
        let ended = !self.finish.is_null() || self.done && !self.text.is_empty();
        if self.choices == 0 || !ended {
            return None;
        }
        let listed = self.logprobs.first().is_some_and(|first| first.get("token").is_some());
        let logprobs = match (self.logprobs.is_empty(), listed) {
            (true, _) => Value::Null,
            (false, true) => json!({ "content": self.logprobs }),
            (false, false) => json!({ "top_logprobs": self.logprobs }),
        };
        let text = lenient_json::joined(&self.text);
        let mut choice = json!({ "logprobs": logprobs, "finish_reason": self.finish });
        if self.chat {
            let mut message = json!({ "content": text });
            for (name, said) in [("reasoning_content", self.thought), ("refusal", self.refusal)] {
                if !said.is_empty() {
                    message[name] = lenient_json::joined(&said).into();
                }
            }
            choice["message"] = message;
        } else {
            choice["text"] = text.into();
        }
        Some(json!({ "choices": [choice], "usage": self.usage, "model": self.model }))
    }
}

/// Whether an event without a choice is an error of the server's: it is named so, or has the shape of one. A `message` alone is
/// not: progress of tools has it, too.
fn is_error(piece: &Value, name: &str) -> bool {
    let is_named = name == "error" || piece["object"] == "error" || piece["type"] == "error";
    let is_failed = facts::has_failed(piece["status"].as_str());
    (is_named || is_failed || !piece["error"].is_null() || !piece["detail"].is_null())
        && told(piece).is_some()
}

#[cfg(test)]
mod tests;
