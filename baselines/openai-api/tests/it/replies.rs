//! Prompts become requests, answers become replies.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{After, STREAM_END, Server, answer, chat, head, said, send, stream_reply};
use super::{ask, model};

#[test]
fn both_endpoints_answer_in_the_order_of_the_prompts() {
    let prompts: Vec<String> = (0..40).map(|i| format!("Is {i} \"odd\"?\n")).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    // The server of completions says that the limit of tokens ended each reply.
    for (endpoint, blank) in [("chat", ""), ("completions", "[cut]  ")] {
        let server = Server::honest();
        let found = ask(&mut model(&server, &json!({ "endpoint": endpoint })), &prompts).unwrap();
        let expect: Vec<String> = prompts.iter().map(|p| format!("{blank}{}", said(p))).collect();
        assert_eq!(found, expect);
        assert_eq!(server.requests().len(), 40);
    }
}

#[test]
fn what_the_table_says_is_sent() {
    let server = Server::honest();
    let more = json!({"messages": true, "max_tokens": 5, "stop": ["\n"], "temperature": 0.5,
                      "body": {"top_p": 0.9}, "omit": ["seed"]});
    let prompt = json!([{"role": "system", "content": "You live in Kenya."}, {"role": "user", "content": "Hi"}]);
    ask(&mut model(&server, &more), &[&prompt.to_string()]).unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.path, "/v1/chat/completions");
    assert!(!request.headers.contains_key("authorization"), "no key was named");
    assert_eq!(
        request.body,
        json!({"model": "fake", "messages": prompt, "max_tokens": 5, "stop": ["\n"], "temperature": 0.5, "top_p": 0.9})
    );
}

#[test]
fn a_reply_without_text_is_empty() {
    let server = Server::start(|_, request, stream| {
        let finish = ["length", "content_filter", "stop"][request.count % 3];
        send(stream, &chat(&Value::Null, finish))
    });
    let found = ask(&mut model(&server, &json!({ "concurrency": 1 })), &["a", "b", "c"]).unwrap();
    assert_eq!(found, ["[cut] ", "[missing] the server's moderation withheld the reply", ""]);
    assert_eq!(server.requests().len(), 3, "it is an answer: nothing is asked again");
}

#[test]
fn no_prompt_no_request() {
    let server = Server::honest();
    assert_eq!(ask(&mut model(&server, &json!({})), &[]).unwrap(), [""; 0]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn equal_prompts_are_asked_once() {
    let server = Server::honest();
    let found = ask(&mut model(&server, &json!({})), &["a", "b", "a", "a"]).unwrap();
    assert_eq!(found, ["a", "b", "a", "a"].map(said));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_stream_is_the_same_reply() {
    let server = Server::start(|_, request, stream| {
        assert_eq!(request.body["stream"], true);
        let usage = if request.count < 2 { json!({ "include_usage": true }) } else { Value::Null };
        assert_eq!(request.body["stream_options"], usage);
        stream_reply(stream, &["", "Ye", "s, ü"], Duration::ZERO, &STREAM_END)
    });
    let mut streaming = model(&server, &json!({ "stream": true }));
    assert_eq!(ask(&mut streaming, &["a", "b"]).unwrap(), ["Yes, ü", "Yes, ü"]);
    let more = json!({"stream": true, "omit": ["stream_options"]});
    assert_eq!(ask(&mut model(&server, &more), &["c"]).unwrap(), ["Yes, ü"]);
}

/// It is alive: it takes longer than `timeout` in all, and `idle_timeout` never passes without a piece.
#[test]
fn a_slow_stream_is_waited_for() {
    let server = Server::start(|_, _, stream| {
        stream_reply(stream, &["x"; 45], Duration::from_millis(50), &STREAM_END)
    });
    let more = json!({"stream": true, "timeout": 2, "idle_timeout": 30, "retries": 0});
    assert_eq!(ask(&mut model(&server, &more), &["a"]).unwrap(), ["x".repeat(45)]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_does_not_stream_is_read_all_the_same() {
    let server = Server::honest();
    assert_eq!(ask(&mut model(&server, &json!({ "stream": true })), &["a"]).unwrap(), [said("a")]);
}

/// Servers close connections that stand idle, just when they are used again.
#[test]
fn connections_that_went_stale_cost_nothing() {
    let server = Server::start(|_, request, stream| {
        let body = answer(request).to_string();
        head(stream, "200 OK", "application/json", Some(body.len()), &[]);
        let _ = std::io::Write::write_all(stream, body.as_bytes());
        // It said nothing of closing.
        After::Close
    });
    let mut model = model(&server, &json!({ "retries": 2 }));
    for round in 0..10 {
        let prompt = format!("{round}");
        assert_eq!(ask(&mut model, &[&prompt]).unwrap(), [said(&prompt)]);
    }
}
