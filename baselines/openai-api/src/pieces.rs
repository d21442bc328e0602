//! The events of a stream, put together into one answer.

use serde_json::{Value, json};

use crate::answer::told;

/// Puts the pieces of a stream together into the answer that the server would have sent at once.
#[derive(Debug, Default)]
pub struct Pieces {
    text: String,
    logprobs: Vec<Value>,
    finish: Value,
    usage: Value,
    model: Value,
    error: Option<Value>,
    chat: bool,
    done: bool,
}

impl Pieces {
    /// Takes the data of one event.
    pub fn take(&mut self, data: &str) -> Result<(), serde_json::Error> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let piece: Value = serde_json::from_str(data)?;
        if piece.get("choices").is_none() && told(&piece).is_some() {
            self.error = Some(piece);
            return Ok(());
        }
        for (kept, sent) in [(&mut self.usage, &piece["usage"]), (&mut self.model, &piece["model"])]
        {
            if !sent.is_null() {
                kept.clone_from(sent);
            }
        }
        let choice = &piece["choices"][0];
        self.chat |= choice["delta"].is_object();
        for part in [&choice["delta"]["content"], &choice["delta"]["refusal"], &choice["text"]] {
            self.text.push_str(part.as_str().unwrap_or_default());
        }
        if let Some(more) = choice["logprobs"]["content"].as_array() {
            self.logprobs.extend(more.iter().cloned());
        } else if let Some(more) = choice["logprobs"]["top_logprobs"].as_array() {
            self.logprobs.extend(more.iter().cloned());
        }
        if !choice["finish_reason"].is_null() {
            self.finish = choice["finish_reason"].clone();
        }
        Ok(())
    }

    /// The whole answer; none where the stream ended before the reply did.
    pub fn whole(self) -> Option<Value> {
        if let Some(error) = self.error {
            return Some(error);
        }
        if !self.done && self.finish.is_null() {
            return None;
        }
        let listed = self.logprobs.first().is_some_and(|first| first.get("token").is_some());
        let logprobs = match (self.logprobs.is_empty(), listed) {
            (true, _) => Value::Null,
            (false, true) => json!({ "content": self.logprobs }),
            (false, false) => json!({ "top_logprobs": self.logprobs }),
        };
        let choice = if self.chat {
            json!({ "message": { "content": self.text }, "logprobs": logprobs, "finish_reason": self.finish })
        } else {
            json!({ "text": self.text, "logprobs": logprobs, "finish_reason": self.finish })
        };
        Some(json!({ "choices": [choice], "usage": self.usage, "model": self.model }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Said, Unread, read};
    use crate::request::Wanted;

    fn reply(body: &Value) -> Result<Said, Unread> {
        read(body, &Wanted::Text).map(|answer| answer.said)
    }

    fn said(text: &str) -> Said {
        Said::Text(text.to_owned())
    }

    #[test]
    fn pieces_of_a_stream_make_the_same_answer() {
        let put = |events: &[Value], end: &[&str]| {
            let mut pieces = Pieces::default();
            for event in events {
                pieces.take(&event.to_string()).unwrap();
            }
            for event in end {
                pieces.take(event).unwrap();
            }
            pieces.whole()
        };
        let delta = |content: Value| json!({"model": "m", "choices": [{"index": 0, "delta": content, "finish_reason": null}]});
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}});
        let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
        let events = [
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "Ye"})),
            delta(json!({"content": "s"})),
            last.clone(),
            usage,
        ];
        let whole = put(&events, &["[DONE]"]).unwrap();
        let answer = read(&whole, &Wanted::Text).unwrap();
        assert_eq!(
            (answer.said, answer.usage, answer.finish.as_deref(), answer.model.as_deref()),
            (said("Yes"), Some((3, 2)), Some("stop"), Some("m"))
        );
        assert!(put(&events[..3], &[]).is_none(), "cut in the middle");
        assert!(put(&[last], &[]).is_some(), "some servers send no [DONE]");
        let completion = json!({"choices": [{"text": "ab", "finish_reason": "length"}]});
        assert_eq!(reply(&put(&[completion], &[]).unwrap()), Ok(said("ab")));
        let token = json!({"choices": [{"delta": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "logprob": -0.5, "top_logprobs": []}]}}]});
        let whole = put(&[token], &["[DONE]"]).unwrap();
        assert_eq!(
            read(&whole, &Wanted::Top).unwrap().said,
            Said::Top(vec![("Yes".to_owned(), -0.5)])
        );
        let failed = put(
            &[events[1].clone(), json!({"error": {"message": "out of memory", "code": 500}})],
            &[],
        );
        assert!(matches!(reply(&failed.unwrap()), Err(Unread::Error(told)) if told.code == "500"));
        assert!(Pieces::default().take("{\"choices\": [").is_err());
    }
}
