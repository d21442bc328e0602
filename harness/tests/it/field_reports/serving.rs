//! The server of a case: the first rule that fits a prompt answers it.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::case::Rule;
use crate::openai::server::{After, Request, Server, head};

/// Texts whose right label is yes hold one of these.
const GOOD: [&str; 3] = ["lovely", "nice", "bright"];

pub(super) fn start(rules: Vec<Rule>) -> Server {
    let used: Mutex<Vec<usize>> = Mutex::new(vec![0; rules.len()]);
    Server::start(move |_, request, stream| {
        let all = request.body["messages"].to_string();
        let rule = {
            let mut used = used.lock().unwrap();
            let fits = |(i, rule): &(usize, &Rule)| {
                rule.when.as_ref().is_none_or(|when| all.contains(when))
                    && rule.times.is_none_or(|times| used[*i] < times)
            };
            let Some((i, rule)) = rules.iter().enumerate().find(fits) else {
                panic!("no rule for {all}")
            };
            used[i] += 1;
            rule
        };
        answer(rule, request, &all, stream)
    })
}

/// A text with the labels of an example.
pub(super) fn filled(text: &str, good: bool) -> String {
    let [right, other] = if good { ["yes", "no"] } else { ["no", "yes"] };
    let capital = if good { "Yes" } else { "No" };
    text.replace("<y>", right).replace("<o>", other).replace("<Y>", capital)
}

fn answer(rule: &Rule, request: &Request, prompt: &str, stream: &mut TcpStream) -> After {
    let good = GOOD.iter().any(|word| prompt.contains(word));
    let status = rule.status.as_deref().unwrap_or("200 OK");
    let kind = rule.kind.as_deref().unwrap_or("application/json");
    let body = match &rule.body {
        Some(body) => filled(body, good),
        None => whole(rule, good).to_string(),
    };
    assert!(request.path.contains("completions"), "{}", request.path);
    head(stream, status, kind, None, &[]);
    let mut is_there = stream.write_all(body.as_bytes()).is_ok();
    while let Some(more) = rule.then.as_ref().filter(|_| is_there) {
        std::thread::sleep(Duration::from_millis(50));
        is_there = stream.write_all(more.as_bytes()).is_ok();
    }
    After::Close
}

/// An answer in OpenAI's shape.
fn whole(rule: &Rule, good: bool) -> Value {
    let more = |text: &Option<String>| -> Map<String, Value> {
        let text = text.as_deref().map(|text| filled(text, good));
        text.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
    };
    let mut message = Map::from_iter([("role".to_owned(), "assistant".into())]);
    let content = rule.content.as_deref().map(|text| filled(text, good));
    message.insert("content".to_owned(), content.into());
    message.extend(more(&rule.message));
    let mut choice = Map::from_iter([
        ("index".to_owned(), 0.into()),
        ("message".to_owned(), message.into()),
        ("finish_reason".to_owned(), rule.finish.clone().into()),
    ]);
    choice.extend(more(&rule.choice));
    json!({
        "model": "m-1", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}
    })
}
