//! Answers that were paid for are never asked for again, and nothing else is taken for them.

use fs_err as fs;
use serde_json::json;

use super::server::{Server, answer, refuse, said, send};
use super::{ask, assert_says, model};

#[test]
fn a_rerun_sends_nothing_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let server = Server::honest();
    let with = |more: serde_json::Value| {
        let mut config = json!({ "cache": cache });
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        model(&server, &config)
    };
    assert_eq!(ask(&mut with(json!({})), &["a", "b"]).unwrap(), ["a", "b"].map(said));
    assert_eq!(server.requests().len(), 2);
    assert_eq!(ask(&mut with(json!({})), &["b", "c", "a"]).unwrap(), ["b", "c", "a"].map(said));
    assert_eq!(server.requests().len(), 3, "only `c` is new");
    ask(&mut with(json!({ "temperature": 1.0 })), &["a"]).unwrap();
    assert_eq!(server.requests().len(), 4, "another temperature is another question");
    ask(&mut with(json!({ "stream": true, "concurrency": 1 })), &["a"]).unwrap();
    assert_eq!(server.requests().len(), 4, "how it travels is not");
    let other = Server::honest();
    ask(&mut model(&other, &json!({ "cache": cache })), &["a"]).unwrap();
    assert_eq!(other.requests().len(), 1, "another server is another model");
}

#[test]
fn an_error_costs_no_answer_that_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"cache": folder.path(), "concurrency": 4});
    let prompts: Vec<String> = (0..40).map(|i| i.to_string()).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let server = Server::start(|_, request, stream| {
        if request.count == 20 {
            return refuse(stream, "403 Forbidden", "", "no longer", &[]);
        }
        send(stream, &answer(request))
    });
    let error = ask(&mut model(&server, &config), &prompts).unwrap_err();
    assert_says(&error.message, &["HTTP 403", "no longer"]);
    let sent = server.requests().len();
    // Four were under way, and on a busy machine each of them may be followed by one before the error is read.
    assert!((21..=28).contains(&sent), "{sent}: none is sent after the error");
    let lines = fs::read_to_string(folder.path().join("answers.jsonl")).unwrap().lines().count();
    assert_eq!(lines, sent - 1, "those under way are kept too");
    ask(&mut model(&server, &config), &prompts).unwrap();
    assert_eq!(server.requests().len() - sent, 40 - lines);
}

#[test]
fn log_likelihoods_are_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"cache": folder.path(), "endpoint": "completions"});
    let server = Server::honest();
    let (contexts, options) = (["Is it?", "Is it?"], [" yes", " no"]);
    let first = super::score(&mut model(&server, &config), &contexts, &options).unwrap();
    let sent = server.requests().len();
    assert_eq!(sent, 3, "the question whether it echoes, and two options");
    let again = super::score(&mut model(&server, &config), &contexts, &options).unwrap();
    assert_eq!((first, server.requests().len()), (again, sent));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let config =
        json!({"model": "m", "base_url": "http://127.0.0.1:1/v1", "cache": file.join("below")});
    let error = super::model_at("http://127.0.0.1:1/v1", &config).unwrap_err();
    assert_says(&error.message, &["the cache of answers", "file", "`cache = false`"]);
}
