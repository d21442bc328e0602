//! Streams as servers send them.

use super::*;
use crate::answer::{Answer, Said, Unread, read};
use crate::request::Wanted;

fn reply(body: &Value) -> Result<Said, Unread> {
    read(body, &Wanted::Text).map(|answer| answer.said)
}

fn said(text: &str) -> Said {
    Said::Text(text.to_owned())
}

fn event(data: &str) -> Event {
    Event { name: String::new(), data: data.to_owned() }
}

fn put(events: &[Value], end: &[&str]) -> Option<Value> {
    let mut pieces = Pieces::default();
    for data in events.iter().map(Value::to_string).chain(end.iter().map(|one| (*one).to_owned())) {
        pieces.take(&event(&data)).unwrap();
    }
    pieces.whole()
}

fn delta(content: Value) -> Value {
    json!({"model": "m", "choices": [{"index": 0, "delta": content, "finish_reason": null}]})
}

fn last() -> Value {
    json!({"choices": [{"delta": {}, "finish_reason": "stop"}]})
}

fn answer(events: &[Value]) -> Answer {
    read(&put(events, &["[DONE]"]).unwrap(), &Wanted::Text).unwrap()
}

#[test]
fn pieces_of_a_stream_make_the_same_answer() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}});
    let events = [
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"content": "Ye"})),
        delta(json!({"content": "s"})),
        last(),
        usage,
    ];
    let whole = answer(&events);
    assert_eq!(
        (whole.said, whole.usage, whole.finish.as_deref(), whole.model.as_deref()),
        (said("Yes"), Some((3, 2)), Some("stop"), Some("m"))
    );
    assert!(put(&events[..3], &[]).is_none(), "cut in the middle");
    assert!(put(&[last()], &[]).is_some(), "some servers send no [DONE]");
    assert!(put(&events[..3], &["[DONE]"]).is_some(), "and some no reason of the end");
    let completion = json!({"choices": [{"text": "ab", "finish_reason": "length"}]});
    assert_eq!(reply(&put(&[completion], &[]).unwrap()), Ok(said("ab")));
    let message = json!({"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]});
    assert_eq!(reply(&put(&[message], &[]).unwrap()), Ok(said("ab")));
    let token = json!({"choices": [{"delta": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "logprob": -0.5, "top_logprobs": []}]}}]});
    let whole = put(&[token], &["[DONE]"]).unwrap();
    let top = read(&whole, &Wanted::Top).unwrap().said;
    assert_eq!(top, Said::Top(vec![("Yes".to_owned(), -0.5)]));
    assert!(Pieces::default().take(&event("{\"choices\": [")).is_err());
}

/// Half way or at the end, with and without text before: never an answer.
#[test]
fn a_stream_that_failed_is_no_answer() {
    let error = json!({"message": "out of memory", "code": 500});
    let inside =
        json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": error}]});
    let beside =
        json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}], "error": error});
    for failed in
        [json!({ "error": error }), json!({"choices": [], "error": error}), inside, beside]
    {
        for before in [vec![], vec![delta(json!({"content": "Ye"}))]] {
            let events: Vec<Value> = before.into_iter().chain([failed.clone()]).collect();
            let body = put(&events, &["[DONE]"]).unwrap();
            assert!(
                matches!(reply(&body), Err(Unread::Error(told)) if told.code == "500"),
                "{events:?}"
            );
        }
    }
    let mute = json!({"choices": [{"delta": {"content": "no"}, "finish_reason": "error"}]});
    assert!(matches!(reply(&put(&[mute], &["[DONE]"]).unwrap()), Err(Unread::Nothing(_))));
}

/// An empty reason is none: a connection that breaks then has no answer.
#[test]
fn an_empty_reason_ends_nothing() {
    let piece =
        |text: &str| json!({"choices": [{"delta": {"content": text}, "finish_reason": ""}]});
    assert_eq!(put(&[piece("No, "), piece("that")], &[]), None);
    assert_eq!(answer(&[piece("No"), piece(".")]).said, said("No."));
}

/// A piece that brings nothing is no data, as a comment is none.
#[test]
fn what_brings_nothing_is_a_sign_of_life() {
    let mut pieces = Pieces::default();
    let mut check = |piece: Value, expect: Taken| {
        assert_eq!(pieces.take(&event(&piece.to_string())).unwrap(), expect, "{piece}");
    };
    check(delta(json!({"role": "assistant", "content": ""})), Taken::Piece);
    for empty in [json!({}), json!({"content": ""}), json!({"role": "assistant", "content": null})]
    {
        check(delta(empty), Taken::Foreign);
    }
    check(delta(json!({"reasoning": "a"})), Taken::Piece);
    check(delta(json!({"tool_calls": [{"index": 0}]})), Taken::Piece);
    check(delta(json!({"content": "yes"})), Taken::Piece);
    check(delta(json!({"content": ""})), Taken::Foreign);
    check(last(), Taken::Piece);
    check(json!({"choices": [], "usage": {"prompt_tokens": 3}}), Taken::Piece);
}

/// Mistral's models that think stream lists of parts.
#[test]
fn pieces_may_be_lists_of_parts() {
    let thinking = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "no?"}]}]);
    let whole = answer(&[
        delta(json!({"content": thinking})),
        delta(json!({"content": [{"type": "text", "text": "Ye"}]})),
        delta(json!({"content": "s"})),
        last(),
    ]);
    assert_eq!((whole.thought.as_deref(), whole.said), (Some("no?"), said("Yes")));
    let whole = answer(&[
        delta(json!({"reasoning_details": [{"type": "reasoning.text", "text": "no?"}]})),
        delta(json!({"content": "yes"})),
        last(),
    ]);
    assert_eq!((whole.thought.as_deref(), whole.said), (Some("no?"), said("yes")));
}

#[test]
fn a_stream_without_a_choice_is_no_answer() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0}});
    let role = delta(json!({"role": "assistant", "content": ""}));
    for events in
        [vec![], vec![usage.clone()], vec![role], vec![json!({"usage": {"prompt_tokens": 3}})]]
    {
        assert!(put(&events, &["[DONE]"]).is_none(), "{events:?}");
    }
}

#[test]
fn thoughts_and_refusals_are_no_text() {
    for name in ["reasoning_content", "reasoning", "thinking"] {
        let whole = answer(&[
            delta(json!({name: "no"})),
            delta(json!({name: "?", "content": null})),
            delta(json!({"content": "yes"})),
            last(),
        ]);
        assert_eq!((whole.thought.as_deref(), whole.said), (Some("no?"), said("yes")));
    }
    let whole =
        answer(&[delta(json!({"refusal": "No, "})), delta(json!({"refusal": "sorry"})), last()]);
    assert_eq!((whole.refusal.as_deref(), whole.said), (Some("No, sorry"), said("")));
}

/// Escapes as written: JSON has no half characters, servers send them all the same.
#[test]
fn halves_of_a_character_come_in_two_events() {
    let raw = |text: &str| {
        format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#)
    };
    let check = |parts: &[&str], expect: &str| {
        let mut pieces = Pieces::default();
        for part in parts {
            assert_eq!(pieces.take(&event(&raw(part))).unwrap(), Taken::Piece);
        }
        pieces.take(&event(&last().to_string())).unwrap();
        assert_eq!(reply(&pieces.whole().unwrap()), Ok(said(expect)), "{parts:?}");
    };
    check(&["yes ", r"\ud83d", r"\ude00"], "yes \u{1f600}");
    check(&[r"yes \ud83d", r"\ude00!"], "yes \u{1f600}!");
    check(&[r"yes \ud83d"], "yes \u{fffd}");
    check(&[r"\ude00", r"\ud83d", "x"], "\u{fffd}\u{fffd}x");
}

#[test]
fn foreign_events_are_passed_over() {
    let named = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
    let mut pieces = Pieces::default();
    for foreign in [
        named("tool.progress", r#"{"tool":"x","message":"running","status":"running"}"#),
        named("ping", "not JSON"),
        named("", r#"{"type":"ping"}"#),
        named("", r#"{"message":"queued","position":3}"#),
        named("tool.progress", r#"{"detail":null}"#),
        named("metadata", "[1]"),
        named("", "3"),
        named("", r#"{"choices":[]}"#),
    ] {
        assert_eq!(pieces.take(&foreign).unwrap(), Taken::Foreign, "{foreign:?}");
    }
    let piece = named("chat.completion.chunk", &delta(json!({"content": "yes"})).to_string());
    assert_eq!(pieces.take(&piece).unwrap(), Taken::Piece);
    pieces.take(&event("[DONE]")).unwrap();
    assert_eq!(reply(&pieces.whole().unwrap()), Ok(said("yes")));
    for error in [
        named("error", r#"{"message":"busy","code":503}"#),
        named("", r#"{"object":"error","message":"busy","code":503}"#),
        named("x", r#"{"error":{"message":"busy","code":503}}"#),
    ] {
        let mut pieces = Pieces::default();
        pieces.take(&error).unwrap();
        let body = pieces.whole().unwrap();
        assert!(
            matches!(reply(&body), Err(Unread::Error(told)) if told.code == "503"),
            "{error:?}"
        );
    }
}
